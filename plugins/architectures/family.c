/*
 * plugins/architectures/family.c - which scheme explains a checkpoint, and what it builds
 *
 * Every scheme of the family is tried in a survey, which costs one look-up a parameter. The
 * one with the fewest contradictions is the checkpoint's; none missing, none surplus and no
 * misfit is certainty, for the names and shapes of two architectures never agree in all.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What every library's files may hold besides parameters. */
static const char *const buffers[] = {"*.num_batches_tracked", NULL};

static struct net start(const struct family *family, const struct scheme *scheme,
                        const struct imgcls_host *host,
                        const struct imgcls_checkpoint *checkpoint, const char *variant)
{
    return (struct net){.host = host,
                        .checkpoint = checkpoint,
                        .family = family,
                        .scheme = scheme,
                        .variant = variant,
                        .eps = 1e-5};
}

static int by_address(const void *a, const void *b)
{
    uintptr_t left = (uintptr_t)((const struct taken *)a)->tensor;
    uintptr_t right = (uintptr_t)((const struct taken *)b)->tensor;
    return (left > right) - (left < right);
}

static void count_surplus(struct net *net)
{
    const struct imgcls_tensor *tensor;
    const char *name;
    if (net->taken_count)
        qsort(net->taken, net->taken_count, sizeof *net->taken, by_address);
    for (size_t i = 0;
         (name = net->host->checkpoint_at(net->host, net->checkpoint, i, &tensor)); i++) {
        const struct taken key = {.tensor = tensor};
        if (net->taken_count &&
            bsearch(&key, net->taken, net->taken_count, sizeof *net->taken, by_address))
            net->survey.matched++;
        else if (!name_is_one_of(name, buffers) &&
                 !name_is_one_of(name, net->scheme->ignored))
            net->survey.surplus++;
    }
}

static imgcls_status look(const struct family *family, const struct scheme *scheme,
                          const struct imgcls_host *host,
                          const struct imgcls_checkpoint *checkpoint, const char *variant,
                          struct survey *survey)
{
    struct net net = start(family, scheme, host, checkpoint, variant);
    family->compose(&net);
    count_surplus(&net);
    *survey = net.survey;
    net_clear(&net);
    return net.status;
}

static size_t contradictions(const struct survey *survey)
{
    return survey->missing + survey->surplus + survey->misfits;
}

/* Share of the names in question that agree, 0 to 1. */
static double agreement(const struct survey *survey)
{
    size_t all = survey->matched + contradictions(survey);
    return all ? (double)survey->matched / (double)all : 0.0;
}

static imgcls_status choose(const struct family *family, const struct imgcls_host *host,
                            const struct imgcls_checkpoint *checkpoint, const char *variant,
                            const struct scheme **scheme, struct survey *best)
{
    *scheme = NULL;
    *best = (struct survey){0};
    for (size_t i = 0; i < family->scheme_count; i++) {
        struct survey survey;
        imgcls_status status =
            look(family, &family->schemes[i], host, checkpoint, variant, &survey);
        if (status != IMGCLS_OK)
            return status;
        if (survey.matched && (!*scheme || agreement(&survey) > agreement(best))) {
            *scheme = &family->schemes[i];
            *best = survey;
        }
    }
    return IMGCLS_OK;
}

int32_t family_recognise(const struct family *family, const struct imgcls_host *host,
                         const struct imgcls_checkpoint *checkpoint, char *evidence,
                         size_t capacity)
{
    const struct scheme *scheme;
    struct survey survey;
    const char *variant =
        host->checkpoint_string(host, checkpoint, IMGCLS_META_ARCHITECTURE, NULL);
    if (choose(family, host, checkpoint, variant, &scheme, &survey) != IMGCLS_OK || !scheme)
        return 0;
    if (contradictions(&survey) == 0) {
        snprintf(evidence, capacity, "all %zu parameters by %s names%s%s", survey.matched,
                 scheme->name, *survey.assumed ? "; assumed: " : "", survey.assumed);
        return 100;
    }
    double agrees = agreement(&survey);
    if (agrees < 0.5)
        return 0;
    snprintf(evidence, capacity,
             "%zu parameters by %s names, but %zu missing, %zu left over%s%s",
             survey.matched, scheme->name, survey.missing, survey.surplus,
             *survey.misfit ? ", " : "", survey.misfit);
    return (int32_t)(90.0 * agrees);
}

/* Tensors that a file of this scheme may have and no network needs. */
static void use_ignored(const struct scheme *scheme, const struct imgcls_host *host,
                        const struct imgcls_checkpoint *checkpoint)
{
    const struct imgcls_tensor *tensor;
    const char *name;
    for (size_t i = 0; (name = host->checkpoint_at(host, checkpoint, i, &tensor)); i++)
        if (name_is_one_of(name, scheme->ignored))
            host->checkpoint_use(host, checkpoint, name);
}

imgcls_status family_build(const struct family *family, const struct imgcls_host *host,
                           const struct imgcls_checkpoint *checkpoint, const char *variant,
                           struct imgcls_graph *graph)
{
    const struct scheme *scheme;
    struct survey survey;
    imgcls_status status = choose(family, host, checkpoint, variant, &scheme, &survey);
    if (status != IMGCLS_OK)
        return status;
    if (!scheme)
        return host->fail(host, IMGCLS_BAD_INPUT,
                          "no parameter has a name that %s of any library has",
                          family->name);
    struct net net = start(family, scheme, host, checkpoint, variant);
    net.graph = graph;
    net_try(&net, host->graph_set_name(host, graph, variant ? variant : family->name));
    net_try(&net, host->graph_set_opset(host, graph, "", 17));
    family->compose(&net);
    use_ignored(scheme, host, checkpoint);
    status = net.status;
    net_clear(&net);
    return status;
}
