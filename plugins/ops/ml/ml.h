/*
 * plugins/ops/ml/ml.h - the operators of this plugin, declared from the list
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_ML_H
#define OPS_ML_H

#include <imgcls/plugin.h>

#define ML_OP(name) extern const struct imgcls_op name;
#include "ml.list.h"
#undef ML_OP

#endif
