/*
 * plugins/ops/loss/loss.h - the operators of this plugin, declared from the list
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_LOSS_H
#define OPS_LOSS_H

#include <imgcls/plugin.h>

#define LOSS_OP(name) extern const struct imgcls_op name;
#include "loss.list.h"
#undef LOSS_OP

#endif
