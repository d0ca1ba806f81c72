/*
 * src/plan/host_infer.h - the host's functions for an operator's infer
 *
 * Signatures are those of the table in imgcls/plugin.h, which src/registry/host.c fills.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_HOST_INFER_H
#define ICL_HOST_INFER_H

#include "src/context/context.h"

imgcls_status icl_host_infer_output(const struct imgcls_host *host,
                                    struct imgcls_infer *infer, size_t index, int32_t type,
                                    int32_t rank, const int64_t *dims);
imgcls_status icl_host_infer_like(const struct imgcls_host *host,
                                  struct imgcls_infer *infer, size_t output, size_t input);
imgcls_status icl_host_infer_kind(const struct imgcls_host *host,
                                  struct imgcls_infer *infer, size_t index, int32_t kind,
                                  int32_t type);
imgcls_status icl_host_broadcast(const struct imgcls_host *host,
                                 const struct imgcls_node *node, int32_t rank_a,
                                 const int64_t *a, int32_t rank_b, const int64_t *b,
                                 int32_t *rank, int64_t *out);

#endif
