/*
 * plugins/formats/safetensors/safetensors.h - named tensors behind a header in JSON
 *
 * Eight bytes of header length, the header, the data
 * (https://huggingface.co/docs/safetensors, "Format"). The tensors tile the data exactly.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SAFETENSORS_H
#define SAFETENSORS_H

#include <imgcls/plugin.h>

#define SAFETENSORS_HEADER_MAX 100000000 /* bytes; the reference's own limit */

int32_t safetensors_bid(const struct imgcls_host *host, const struct imgcls_source *source);
imgcls_status safetensors_read(const struct imgcls_host *host,
                               const struct imgcls_source *source,
                               struct imgcls_checkpoint *checkpoint);
imgcls_status safetensors_write(const struct imgcls_host *host,
                                const struct imgcls_graph *graph, struct imgcls_sink *sink);
/* dtype.c: "F32" and the like; UNDEFINED and NULL where there is none. */
int32_t safetensors_type(const char *dtype);
const char *safetensors_dtype(int32_t type);

#endif
