/*
 * plugins/ops/reduce/reduce.h - the operators of this plugin, declared from the list
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_REDUCE_REDUCE_H
#define OPS_REDUCE_REDUCE_H

#include <imgcls/plugin.h>

#define REDUCE_OP(name) extern const struct imgcls_op name;
#include "reduce.list.h"
#undef REDUCE_OP

#endif
