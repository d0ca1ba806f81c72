/*
 * plugins/ops/training/training.h - the operators of this plugin, declared from the list
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_TRAINING_H
#define OPS_TRAINING_H

#include <imgcls/plugin.h>

#define TRAINING_OP(name) extern const struct imgcls_op name;
#include "training.list.h"
#undef TRAINING_OP

#endif
