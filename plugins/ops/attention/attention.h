/*
 * plugins/ops/attention/attention.h - the operators of this plugin, declared from the list
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_ATTENTION_ATTENTION_H
#define OPS_ATTENTION_ATTENTION_H

#include <imgcls/plugin.h>

#define ATTENTION_OP(name) extern const struct imgcls_op name;
#include "attention.list.h"
#undef ATTENTION_OP

#endif
