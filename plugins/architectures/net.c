/*
 * plugins/architectures/net.c - parameters of a network in the making
 *
 * Every look-up goes by part, scheme and struct at. net_parameter asks: what is asked for
 * and not there is missing, what is there and was never asked for is surplus (family.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/net.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void net_try(struct net *net, imgcls_status status)
{
    if (net->status == IMGCLS_OK)
        net->status = status;
}

void net_clear(struct net *net)
{
    for (size_t i = 0; i < net->taken_count; i++)
        net->host->release(net->host, net->taken[i].name);
    net->host->release(net->host, net->taken);
    net->taken = NULL;
    net->taken_count = net->taken_capacity = 0;
}

/* ---- Names
 * --------------------------------------------------------------------------------*/

bool net_name(const struct net *net, int part, struct at at, const char *suffix, char *name)
{
    const char *pattern = net->scheme->parts[part];
    if (!pattern || !name_expand(pattern, at, name, NAME_CAPACITY))
        return false;
    size_t used = strlen(name), more = strlen(suffix);
    if (more >= NAME_CAPACITY - used)
        return false;
    memcpy(name + used, suffix, more + 1);
    return true;
}

const struct imgcls_tensor *net_peek(const struct net *net, int part, struct at at,
                                     const char *suffix)
{
    char name[NAME_CAPACITY];
    return net_name(net, part, at, suffix, name)
               ? net->host->checkpoint_find(net->host, net->checkpoint, name)
               : NULL;
}

bool net_has(const struct net *net, int part, struct at at, const char *suffix)
{
    return net_peek(net, part, at, suffix) != NULL;
}

int64_t net_dim(const struct net *net, int part, struct at at, const char *suffix, int dim)
{
    const struct imgcls_tensor *tensor = net_peek(net, part, at, suffix);
    return tensor && dim < tensor->rank ? tensor->dims[dim] : -1;
}

/* ---- Writing down what does not fit
 * -------------------------------------------------------*/

/* That `name` does not fit: counted, the first one kept, and told to the host when it is
 * for good. */
static void note(struct net *net, const char *name, const char *why)
{
    struct survey *survey = &net->survey;
    if (!survey->misfits++)
        snprintf(survey->misfit, sizeof survey->misfit, "'%s' %s", name, why);
    if (net->graph)
        net->host->checkpoint_missing(net->host, net->checkpoint, name, why);
}

void net_expect(struct net *net, bool good, const char *format, ...)
{
    char why[NAME_CAPACITY];
    if (good || net->status != IMGCLS_OK)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    note(net, *net->where ? net->where : net->family->name, why);
}

void net_assume(struct net *net, const char *format, ...)
{
    char *text = net->survey.assumed;
    size_t used = strlen(text), capacity = sizeof net->survey.assumed;
    int wrote = snprintf(text + used, capacity - used, "%s", used ? ", " : "");
    used += wrote > 0 ? (size_t)wrote : 0;
    if (used >= capacity)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, capacity - used, format, arguments);
    va_end(arguments);
}

static void dims_text(int rank, const int64_t *dims, char *text, size_t capacity)
{
    size_t used = 0;
    snprintf(text, capacity, "%s", rank ? "" : "a single number");
    for (int i = 0; i < rank && used < capacity; i++) {
        int wrote = dims[i] < 0
                        ? snprintf(text + used, capacity - used, "%sN", i ? "x" : "")
                        : snprintf(text + used, capacity - used, "%s%lld", i ? "x" : "",
                                   (long long)dims[i]);
        used += wrote > 0 ? (size_t)wrote : capacity;
    }
}

/* Why a tensor cannot be this parameter, in words; false where it can. */
static bool misfit(const struct imgcls_tensor *tensor, int rank, const int64_t *dims,
                   char *why, size_t capacity)
{
    char found[96], wanted[96];
    bool fits = tensor->rank == rank;
    for (int i = 0; i < tensor->rank; i++)
        fits = fits && tensor->dims[i] > 0 && (dims[i] < 0 || dims[i] == tensor->dims[i]);
    dims_text(tensor->rank, tensor->dims, found, sizeof found);
    dims_text(rank, dims, wanted, sizeof wanted);
    if (!fits)
        snprintf(why, capacity, "is %s, must be %s", found, wanted);
    else if (tensor->type != IMGCLS_F32 && tensor->type != IMGCLS_F16 &&
             tensor->type != IMGCLS_BF16 && tensor->type != IMGCLS_F64)
        snprintf(why, capacity,
                 "has element type %d, must be float32, float16, bfloat16 or "
                 "float64",
                 (int)tensor->type);
    else
        return false;
    return true;
}

/* ---- Parameters
 * ---------------------------------------------------------------------------*/

static struct taken *take(struct net *net, const struct imgcls_tensor *tensor)
{
    for (size_t i = 0; i < net->taken_count; i++)
        if (net->taken[i].tensor == tensor)
            return &net->taken[i];
    if (net->taken_count == net->taken_capacity) {
        size_t wanted = net->taken_capacity ? 2 * net->taken_capacity : 256;
        struct taken *larger = net->host->alloc(net->host, wanted, sizeof *larger);
        if (!larger) {
            net_try(net, IMGCLS_NO_MEMORY);
            return NULL;
        }
        if (net->taken_count)
            memcpy(larger, net->taken, net->taken_count * sizeof *larger);
        net->host->release(net->host, net->taken);
        net->taken = larger;
        net->taken_capacity = wanted;
    }
    struct taken *taken = &net->taken[net->taken_count++];
    *taken = (struct taken){.tensor = tensor};
    return taken;
}

static char *copy(struct net *net, const char *text)
{
    char *own = net->host->alloc(net->host, strlen(text) + 1, 1);
    if (own)
        memcpy(own, text, strlen(text));
    else
        net_try(net, IMGCLS_NO_MEMORY);
    return own;
}

/* Into the graph under its own name, and as float32 where it is of another type. */
static void place(struct net *net, struct taken *taken, const char *name)
{
    const char *inputs[] = {name, NULL}, *value = name;
    net_try(net,
            net->host->graph_add_parameter(net->host, net->graph, net->checkpoint, name));
    if (taken->tensor->type != IMGCLS_F32) {
        struct imgcls_node *cast = net_node(net, "Cast", inputs, &value);
        net_int(net, cast, "to", IMGCLS_F32);
    }
    taken->name = copy(net, value);
}

const char *net_parameter(struct net *net, int part, struct at at, const char *suffix,
                          int rank, const int64_t *dims)
{
    char name[NAME_CAPACITY], why[NAME_CAPACITY];
    if (net->status != IMGCLS_OK)
        return "";
    if (!net_name(net, part, at, suffix, name)) {
        net_expect(net, false, "%s names have no such layer", net->scheme->name);
        return "";
    }
    snprintf(net->where, sizeof net->where, "%s", name);
    net->where[strlen(name) - strlen(suffix)] = '\0';
    const struct imgcls_tensor *tensor =
        net->host->checkpoint_find(net->host, net->checkpoint, name);
    if (!tensor) {
        net->survey.missing++;
        if (net->graph)
            net->host->checkpoint_missing(net->host, net->checkpoint, name, NULL);
        return "";
    }
    if (misfit(tensor, rank, dims, why, sizeof why)) {
        note(net, name, why);
        net_skip(net, part, at, suffix);
        return "";
    }
    struct taken *taken = take(net, tensor);
    if (!taken || !net->graph)
        return "";
    if (!taken->name)
        place(net, taken, name);
    return taken->name ? taken->name : "";
}

void net_skip(struct net *net, int part, struct at at, const char *suffix)
{
    char name[NAME_CAPACITY];
    const struct imgcls_tensor *tensor = net_peek(net, part, at, suffix);
    if (!tensor)
        return;
    take(net, tensor);
    if (net->graph && net_name(net, part, at, suffix, name))
        net->host->checkpoint_use(net->host, net->checkpoint, name);
}

void net_expect_depths(struct net *net, const struct depths *table, const int *counts)
{
    for (; table->variant; table++) {
        if (!net->variant || strcmp(net->variant, table->variant) != 0)
            continue;
        for (int s = 0; table->counts[s]; s++)
            net_expect(net, counts[s] == table->counts[s],
                       "is of a network with %d blocks in stage %d, %s has %d", counts[s],
                       s + 1, table->variant, table->counts[s]);
    }
}

/* ---- What the source says of itself
 * -------------------------------------------------------*/

int64_t net_setting(const struct net *net, const char *path, int64_t fallback)
{
    return net->host->checkpoint_int(net->host, net->checkpoint, path, fallback);
}

double net_setting_real(const struct net *net, const char *path, double fallback)
{
    return net->host->checkpoint_real(net->host, net->checkpoint, path, fallback);
}

/* Bids, which have no graph, refuse nothing. */
static void refuse_setting(struct net *net, const char *path, const char *wanted)
{
    if (net->graph)
        net_try(net, net->host->fail(net->host, IMGCLS_BAD_INPUT, "setting '%s' is %s", path,
                                     wanted));
}

int64_t net_setting_count(struct net *net, const char *path, int64_t fallback)
{
    int64_t said = net_setting(net, path, 0);
    bool number = said == net_setting(net, path, 1);
    if (number ? said > 0 : !net_setting_text(net, path, NULL))
        return number ? said : fallback;
    refuse_setting(net, path, "no number from 1 on");
    return fallback;
}

double net_setting_epsilon(struct net *net, const char *path, double fallback)
{
    double said = net_setting_real(net, path, NAN);
    bool number = !isnan(said);
    if (number ? said >= 0.0 && said < 1.0 : !net_setting_text(net, path, NULL))
        return number ? said : fallback;
    refuse_setting(net, path, "no number from 0 to less than 1");
    return fallback;
}

const char *net_setting_text(const struct net *net, const char *path, const char *fallback)
{
    return net->host->checkpoint_string(net->host, net->checkpoint, path, fallback);
}

bool net_is_from(const struct net *net, const char *library)
{
    return strcmp(net_setting_text(net, IMGCLS_META_LIBRARY, ""), library) == 0;
}

bool net_variant_begins(const struct net *net, const char *start)
{
    return net->variant && strncmp(net->variant, start, strlen(start)) == 0;
}
