/*
 * plugins/ops/image/image.h - the operators of this plugin, declared from the list
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_IMAGE_H
#define OPS_IMAGE_H

#include <imgcls/plugin.h>

#define IMAGE_OP(name) extern const struct imgcls_op name;
#include "image.list.h"
#undef IMAGE_OP

#endif
