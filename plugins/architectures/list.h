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
extern const struct imgcls_architecture architecture_convnext;
extern const struct imgcls_architecture architecture_deit;
extern const struct imgcls_architecture architecture_densenet;
extern const struct imgcls_architecture architecture_efficientnet;
extern const struct imgcls_architecture architecture_lenet;
extern const struct imgcls_architecture architecture_mobilenet_v2;
extern const struct imgcls_architecture architecture_mobilenet_v3;
extern const struct imgcls_architecture architecture_nextvit;
extern const struct imgcls_architecture architecture_regnet;
extern const struct imgcls_architecture architecture_resnet;
extern const struct imgcls_architecture architecture_shufflenet;
extern const struct imgcls_architecture architecture_squeezenet;
extern const struct imgcls_architecture architecture_swin;
extern const struct imgcls_architecture architecture_swinv2;
extern const struct imgcls_architecture architecture_vgg;
extern const struct imgcls_architecture architecture_vit;

#endif
