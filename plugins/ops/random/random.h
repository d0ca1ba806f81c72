/*
 * plugins/ops/random/random.h - the operators of this plugin, declared from the list
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_RANDOM_H
#define OPS_RANDOM_H

#include <imgcls/plugin.h>

#define RANDOM_OP(name) extern const struct imgcls_op name;
#include "random.list.h"
#undef RANDOM_OP

#endif
