/*
 * plugins/ops/elementwise/elementwise.h - the operators of this plugin, declared from the
 * list
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_ELEMENTWISE_ELEMENTWISE_H
#define OPS_ELEMENTWISE_ELEMENTWISE_H

#include <imgcls/plugin.h>

#define ELEMENTWISE_OP(name) extern const struct imgcls_op name;
#include "elementwise.list.h"
#undef ELEMENTWISE_OP

/* Fails where input 1 is of an integer type and holds a 0 (modulo.c). */
imgcls_status elementwise_check_divisor(const struct imgcls_host *host,
                                        const struct imgcls_run *run);

#endif
