/*
 * plugins/examples/scaled-tanh/network.h - the plugin's architecture, for its descriptor
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SCALED_TANH_NETWORK_H
#define SCALED_TANH_NETWORK_H

#include <imgcls/plugin.h>

extern const struct imgcls_architecture scaled_tanh_net;

#endif
