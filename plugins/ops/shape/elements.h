/*
 * plugins/ops/shape/elements.h - moving elements of any type as if all were whole bytes
 *
 * Operators that move elements without looking at them are written once, for elements of 1,
 * 2, 4, 8 or 16 bytes. Types packed below a byte are moved as bytes, and strings (which
 * belong to their values) as their numbers in the inputs; both are put back afterwards.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_SHAPE_ELEMENTS_H
#define OPS_SHAPE_ELEMENTS_H

#include "plugins/ops/op.h"

#define ELEMENTS_ALL UINT64_MAX

/*
 * Calls move with a run whose data inputs (bit i of data: input i; bit 63: all from 63 on)
 * and outputs have elements of whole bytes: the node's own run where its type has them.
 * Data inputs have one type, which all outputs have as well; every output is allocated
 * already. move must not ask the host for outputs.
 */
imgcls_status
elements_run(const struct imgcls_host *host, const struct imgcls_run *run, uint64_t data,
             imgcls_status (*move)(const struct imgcls_host *host,
                                   const struct imgcls_run *run, void *argument),
             void *argument);

/* accepts of such operators whose other inputs (if any) are int32 or int64: row-major, any
 * element type. */
int32_t elements_accepts(const struct imgcls_host *host, const struct imgcls_node *node);

#endif
