/*
 * plugins/architectures/list.h - the architectures that ship, one file each
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ARCHITECTURES_LIST_H
#define ARCHITECTURES_LIST_H

#include <imgcls/plugin.h>

extern const struct imgcls_architecture architecture_alexnet;
extern const struct imgcls_architecture architecture_beit;
extern const struct imgcls_architecture architecture_deit;
extern const struct imgcls_architecture architecture_nextvit;
extern const struct imgcls_architecture architecture_resnet;
extern const struct imgcls_architecture architecture_swin;
extern const struct imgcls_architecture architecture_swinv2;
extern const struct imgcls_architecture architecture_vit;

#endif
