/*
 * plugins/ops/nn/service.h - the service "imgcls.gemm" of include/imgcls/gemm.h
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPS_NN_SERVICE_H
#define OPS_NN_SERVICE_H

#include <imgcls/gemm.h>

extern const struct imgcls_service gemm_service;

#endif
