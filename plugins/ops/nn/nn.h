/*
 * plugins/ops/nn/nn.h - the operators of this plugin, declared from the list
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_NN_NN_H
#define OPS_NN_NN_H

#include <imgcls/plugin.h>

#define NN_OP(name) extern const struct imgcls_op name;
#include "nn.list.h"
#undef NN_OP

#endif
