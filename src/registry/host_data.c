/*
 * src/registry/host_data.c - the host's functions over values and checkpoints
 *
 * Not here: the work (src/tensor, src/checkpoint), the promises (include/imgcls/plugin.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/registry/host.h"

#include "src/checkpoint/checkpoint.h"
#include "src/tensor/tensor.h"

/* ---- Values ---------------------------------------------------------------------------*/

imgcls_status icl_host_value_tensor(const struct imgcls_host *host, int32_t type,
                                    int32_t rank, const int64_t *dims,
                                    struct imgcls_value **out)
{
    return icl_value_tensor(icl_host_context(host), type, rank, dims, out);
}

imgcls_status icl_host_value_set_string(const struct imgcls_host *host,
                                        struct imgcls_value *value, size_t index,
                                        const char *bytes, size_t length)
{
    return icl_value_set_string(icl_host_context(host), value, index, bytes, length);
}

imgcls_status icl_host_value_list(const struct imgcls_host *host, int32_t kind,
                                  int32_t type, size_t count, struct imgcls_value **items,
                                  struct imgcls_value **out)
{
    return icl_value_list(icl_host_context(host), kind, type, count, items, out);
}

void icl_host_value_release(const struct imgcls_host *host, struct imgcls_value *value)
{
    icl_value_release(icl_host_context(host), value);
}

imgcls_status icl_host_size_of(const struct imgcls_host *host, int32_t type, int64_t count,
                               size_t *bytes)
{
    *bytes = 0;
    if (icl_type_bits(type) == 0)
        return icl_fail(icl_host_context(host), IMGCLS_BAD_INPUT, "unknown element type %d",
                        type);
    if (count < 0 || !icl_type_size(type, count, bytes)) {
        *bytes = 0;
        return icl_fail(icl_host_context(host), IMGCLS_BAD_INPUT,
                        "%lld elements of %s are more than memory can hold",
                        (long long)count, icl_type_name(type));
    }
    return IMGCLS_OK;
}

/* ---- Values of a data file ------------------------------------------------------------*/

imgcls_status icl_host_values_create(const struct imgcls_host *host, void **values)
{
    struct icl_named_values *list;
    imgcls_status status = icl_named_values_create(icl_host_context(host), &list);
    *values = list;
    return status;
}

imgcls_status icl_host_values_add(const struct imgcls_host *host, void *values,
                                  const char *name, struct imgcls_value *value)
{
    (void)host;
    return icl_named_values_add(values, name, value);
}

const struct imgcls_named_value *icl_host_values_at(const struct imgcls_host *host,
                                                    const void *values, size_t index)
{
    const struct icl_named_values *list = values;
    (void)host;
    return index < list->count ? &list->items[index] : NULL;
}

void icl_host_values_release(const struct imgcls_host *host, void *values)
{
    (void)host;
    icl_named_values_destroy(values);
}

/* ---- Checkpoints ----------------------------------------------------------------------*/

imgcls_status icl_host_checkpoint_add(const struct imgcls_host *host,
                                      struct imgcls_checkpoint *checkpoint,
                                      const char *name, const struct imgcls_tensor *tensor,
                                      struct imgcls_storage *storage)
{
    (void)host;
    return icl_checkpoint_add(checkpoint, name, tensor, storage);
}

imgcls_status icl_host_checkpoint_set_text(const struct imgcls_host *host,
                                           struct imgcls_checkpoint *checkpoint,
                                           const char *key, const char *text)
{
    (void)host;
    return icl_checkpoint_set_text(checkpoint, key, text);
}

const char *icl_host_checkpoint_text(const struct imgcls_host *host,
                                     const struct imgcls_checkpoint *checkpoint,
                                     const char *key)
{
    (void)host;
    return icl_checkpoint_text(checkpoint, key);
}

const struct imgcls_tensor *
icl_host_checkpoint_find(const struct imgcls_host *host,
                         const struct imgcls_checkpoint *checkpoint, const char *name)
{
    (void)host;
    return icl_checkpoint_find(checkpoint, name);
}

const char *icl_host_checkpoint_at(const struct imgcls_host *host,
                                   const struct imgcls_checkpoint *checkpoint, size_t index,
                                   const struct imgcls_tensor **tensor)
{
    (void)host;
    return icl_checkpoint_at(checkpoint, index, tensor);
}

imgcls_status icl_host_graph_add_parameter(const struct imgcls_host *host,
                                           struct imgcls_graph *graph,
                                           const struct imgcls_checkpoint *checkpoint,
                                           const char *name)
{
    (void)host;
    return icl_checkpoint_to_graph(checkpoint, name, graph);
}

void icl_host_checkpoint_missing(const struct imgcls_host *host,
                                 const struct imgcls_checkpoint *checkpoint,
                                 const char *name, const char *why)
{
    (void)host;
    icl_checkpoint_missing(checkpoint, name, why);
}

void icl_host_checkpoint_use(const struct imgcls_host *host,
                             const struct imgcls_checkpoint *checkpoint, const char *name)
{
    (void)host;
    icl_checkpoint_use(checkpoint, name);
}

int64_t icl_host_checkpoint_int(const struct imgcls_host *host,
                                const struct imgcls_checkpoint *checkpoint,
                                const char *path, int64_t fallback)
{
    (void)host;
    return icl_checkpoint_int(checkpoint, path, fallback);
}

double icl_host_checkpoint_real(const struct imgcls_host *host,
                                const struct imgcls_checkpoint *checkpoint,
                                const char *path, double fallback)
{
    (void)host;
    return icl_checkpoint_real(checkpoint, path, fallback);
}

const char *icl_host_checkpoint_string(const struct imgcls_host *host,
                                       const struct imgcls_checkpoint *checkpoint,
                                       const char *path, const char *fallback)
{
    (void)host;
    return icl_checkpoint_string(checkpoint, path, fallback);
}
