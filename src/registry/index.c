/*
 * src/registry/index.c - which plugins speak of an operator, and its kernels
 *
 * All entries of all accepted plugins stand in one array sorted by domain and type, entries
 * of the same operator in the order of registration. A question is a binary search; only
 * the plugins found by it are loaded.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/registry/plugins.h"

#include <stdlib.h>
#include <string.h>

static int compare_names(const char *domain_a, const char *type_a, const char *domain_b,
                         const char *type_b)
{
    int order = strcmp(type_a, type_b);
    return order ? order : strcmp(domain_a, domain_b);
}

static int compare(const void *left, const void *right)
{
    const struct icl_op_index *a = left, *b = right;
    int order = compare_names(a->domain, a->type, b->domain, b->type);
    if (order)
        return order;
    if (a->file->order != b->file->order)
        return a->file->order < b->file->order ? -1 : 1;
    return a->op < b->op ? -1 : a->op > b->op;
}

static bool is_usable(const struct icl_plugin_file *file)
{
    return file->state == IMGCLS_PLUGIN_READY || file->state == IMGCLS_PLUGIN_LOADED;
}

bool icl_registry_index(struct icl_registry *registry)
{
    size_t count = 0, at = 0;
    for (size_t i = 0; i < registry->file_count; i++)
        if (is_usable(registry->files[i]))
            count += registry->files[i]->verdict.offers.op_count;
    struct icl_op_index *ops = icl_shelf_take(&registry->shelf, count, sizeof *ops);
    if (!ops)
        return false;
    for (size_t i = 0; i < registry->file_count; i++) {
        struct icl_plugin_file *file = registry->files[i];
        for (size_t k = 0; is_usable(file) && k < file->verdict.offers.op_count; k++) {
            const struct icl_op_offer *op = &file->verdict.offers.ops[k];
            ops[at++] = (struct icl_op_index){op->domain, op->type, file, k};
        }
    }
    qsort(ops, count, sizeof *ops, compare);
    registry->ops = ops;
    registry->op_count = count;
    registry->kernel_lists = NULL;
    registry->architectures = NULL;
    return true;
}

static const char *plain_domain(const char *domain)
{
    return !domain || strcmp(domain, "ai.onnx") == 0 ? "" : domain;
}

/* First entry of the operator; entries of it follow while they match. */
static size_t lower_bound(const struct icl_registry *registry, const char *domain,
                          const char *type)
{
    size_t low = 0, high = registry->op_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct icl_op_index *op = &registry->ops[middle];
        if (compare_names(op->domain, op->type, domain, type) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_same(const struct icl_registry *registry, size_t at, const char *domain,
                    const char *type)
{
    return at < registry->op_count &&
           compare_names(registry->ops[at].domain, registry->ops[at].type, domain, type) ==
               0;
}

static const struct icl_op_offer *offer_of(const struct icl_op_index *entry)
{
    return &entry->file->verdict.offers.ops[entry->op];
}

static bool covers(const struct icl_op_index *entry, int64_t version)
{
    const struct icl_op_offer *offer = offer_of(entry);
    return version >= offer->since_first && version <= offer->since_last;
}

/* Loaded, the descriptor has the same entries as the offers, or loading had failed. */
static const struct imgcls_op *loaded_op(struct icl_registry *registry,
                                         const struct icl_op_index *entry)
{
    return icl_registry_load(registry, entry->file) ? &entry->file->loaded.ops[entry->op]
                                                    : NULL;
}

const struct imgcls_op *icl_registry_op(struct icl_registry *registry, const char *domain,
                                        const char *type, int64_t version)
{
    const struct imgcls_op *op = NULL;
    domain = plain_domain(domain);
    pthread_mutex_lock(&registry->lock);
    for (size_t at = lower_bound(registry, domain, type);
         !op && is_same(registry, at, domain, type); at++)
        if (offer_of(&registry->ops[at])->claims && covers(&registry->ops[at], version))
            op = loaded_op(registry, &registry->ops[at]);
    pthread_mutex_unlock(&registry->lock);
    return op;
}

static struct icl_kernel_list *find_list(const struct icl_registry *registry,
                                         const char *domain, const char *type,
                                         int64_t version)
{
    struct icl_kernel_list *list = registry->kernel_lists;
    while (list && (list->version != version ||
                    compare_names(list->domain, list->type, domain, type) != 0))
        list = list->next;
    return list;
}

static struct icl_kernel_list *make_list(struct icl_registry *registry, const char *domain,
                                         const char *type, int64_t version)
{
    size_t first = lower_bound(registry, domain, type), most = 0;
    for (size_t at = first; is_same(registry, at, domain, type); at++)
        most += offer_of(&registry->ops[at])->kernel_count;
    struct icl_kernel_list *list = icl_shelf_take(&registry->shelf, 1, sizeof *list);
    if (!list || !(list->kernels =
                       icl_shelf_take(&registry->shelf, most + 1, sizeof *list->kernels)))
        return NULL;
    list->version = version;
    for (size_t at = first; is_same(registry, at, domain, type); at++) {
        const struct icl_op_index *entry = &registry->ops[at];
        list->domain = entry->domain;
        list->type = entry->type;
        if (!covers(entry, version) || offer_of(entry)->kernel_count == 0)
            continue;
        const struct imgcls_op *op = loaded_op(registry, entry);
        for (size_t k = 0; op && op->kernels[k]; k++)
            list->kernels[list->count++] = op->kernels[k];
    }
    if (list->domain) {
        list->next = registry->kernel_lists;
        registry->kernel_lists = list;
    }
    return list;
}

const struct imgcls_kernel *const *icl_registry_kernels(struct icl_registry *registry,
                                                        const char *domain,
                                                        const char *type, int64_t version,
                                                        size_t *count)
{
    domain = plain_domain(domain);
    pthread_mutex_lock(&registry->lock);
    struct icl_kernel_list *list = find_list(registry, domain, type, version);
    if (!list)
        list = make_list(registry, domain, type, version);
    pthread_mutex_unlock(&registry->lock);
    *count = list ? list->count : 0;
    return list ? list->kernels : NULL;
}

int64_t icl_registry_newest(struct icl_registry *registry, const char *domain)
{
    int64_t newest = 0;
    domain = plain_domain(domain);
    pthread_mutex_lock(&registry->lock);
    for (size_t i = 0; i < registry->op_count; i++) {
        const struct icl_op_offer *offer = offer_of(&registry->ops[i]);
        if (offer->since_last > newest && strcmp(offer->domain, domain) == 0)
            newest = offer->since_last;
    }
    pthread_mutex_unlock(&registry->lock);
    return newest;
}
