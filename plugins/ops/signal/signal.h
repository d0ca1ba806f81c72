/*
 * plugins/ops/signal/signal.h - the operators of this plugin, declared from the list
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_SIGNAL_H
#define OPS_SIGNAL_H

#include <imgcls/plugin.h>

#define SIGNAL_OP(name) extern const struct imgcls_op name;
#include "signal.list.h"
#undef SIGNAL_OP

#endif
