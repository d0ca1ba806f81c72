/*
 * plugins/ops/channels_last/channels_last.h - the operators of this plugin, declared
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_CHANNELS_LAST_CHANNELS_LAST_H
#define OPS_CHANNELS_LAST_CHANNELS_LAST_H

#include <imgcls/plugin.h>

#define CHANNELS_LAST_DOMAIN "imgcls.channels_last"

#define CHANNELS_LAST_OP(name) extern const struct imgcls_op name;
#include "channels_last.list.h"
#undef CHANNELS_LAST_OP

#endif
