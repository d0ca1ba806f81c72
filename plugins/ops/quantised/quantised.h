/*
 * plugins/ops/quantised/quantised.h - the operators of this plugin, declared from the list
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_QUANTISED_H
#define OPS_QUANTISED_H

#include <imgcls/plugin.h>

#define QUANTISED_OP(name) extern const struct imgcls_op name;
#include "quantised.list.h"
#undef QUANTISED_OP

#endif
