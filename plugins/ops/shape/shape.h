/*
 * plugins/ops/shape/shape.h - the operators of this plugin, declared from the list
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_SHAPE_SHAPE_H
#define OPS_SHAPE_SHAPE_H

#include <imgcls/plugin.h>

#define SHAPE_OP(name) extern const struct imgcls_op name;
#include "shape.list.h"
#undef SHAPE_OP

#endif
