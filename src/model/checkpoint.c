/*
 * src/model/checkpoint.c - weights without a graph get the graph that their architecture
 * has
 *
 * A format reads names, tensors and texts; an architecture, named by --arch, by the source,
 * or found by who recognises most, builds the graph. Around that stands what holds for all
 * of them: the input's size (--shape, else the recipe's crop, else the source's setting),
 * the refusal of parameters that do not fit, and the metadata: recipe, class names, how the
 * architecture was known, what could not be taken over exactly.
 *
 * Not here: what a library's settings mean (plugins/formats/settings).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/model/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/checkpoint/checkpoint.h"
#include "src/checkpoint/edits.h"
#include "src/model/model.h"
#include "src/recipe/recipe.h"

#define EVIDENCE_CAPACITY 512

struct reading {
    struct imgcls_context *ctx;
    const struct imgcls_source *source;
    const struct icl_read_options *options;
    struct imgcls_checkpoint *checkpoint;
    struct imgcls_graph *graph;
    const struct imgcls_architecture *const *all;
    size_t count;
};

/* ---- The input's size -----------------------------------------------------------------*/

static imgcls_status set_size(const struct reading *in, int64_t height, int64_t width)
{
    char text[32];
    if (height < 1 || width < 1)
        return IMGCLS_OK;
    snprintf(text, sizeof text, "%lld", (long long)height);
    imgcls_status status =
        icl_checkpoint_set_text(in->checkpoint, IMGCLS_META_HEIGHT, text);
    snprintf(text, sizeof text, "%lld", (long long)width);
    return status == IMGCLS_OK
               ? icl_checkpoint_set_text(in->checkpoint, IMGCLS_META_WIDTH, text)
               : status;
}

static imgcls_status size_by_recipe(const struct reading *in)
{
    struct icl_recipe recipe;
    const char *text = in->options->recipe;
    if (!text)
        text = icl_checkpoint_text(in->checkpoint, IMGCLS_META_RECIPE);
    if (!text)
        return IMGCLS_OK;
    imgcls_status status = icl_recipe_parse(in->ctx, text, &recipe);
    if (status != IMGCLS_OK)
        return status;
    if (recipe.crop_width)
        return set_size(in, recipe.crop_height, recipe.crop_width);
    return recipe.resize == ICL_RESIZE_SQUASH
               ? set_size(in, recipe.resize_height, recipe.resize_width)
               : IMGCLS_OK;
}

/* --shape is read against an input as every architecture makes it. What does not fit that
 * is left for the graph itself to refuse. */
static imgcls_status size_by_shape(const struct reading *in, const char *text)
{
    static const int64_t open[] = {-1, -1, -1, -1};
    struct imgcls_graph *graph;
    imgcls_status status = icl_graph_create(in->ctx, NULL, &graph);
    if (status != IMGCLS_OK)
        return status;
    status =
        icl_graph_add_input(graph, "input", IMGCLS_KIND_TENSOR, IMGCLS_F32, 4, open, NULL);
    int64_t height = 0, width = 0;
    if (status == IMGCLS_OK && icl_shape_option(graph, text) == IMGCLS_OK) {
        height = graph->inputs[0]->info.dims[2];
        width = graph->inputs[0]->info.dims[3];
    } else if (status == IMGCLS_OK) {
        icl_forgive(in->ctx);
    }
    icl_graph_destroy(graph);
    return status == IMGCLS_OK ? set_size(in, height, width) : status;
}

static imgcls_status find_size(const struct reading *in)
{
    imgcls_status status = size_by_recipe(in);
    for (size_t i = 0; status == IMGCLS_OK && in->options->shapes && in->options->shapes[i];
         i++)
        status = size_by_shape(in, in->options->shapes[i]);
    return status;
}

/* ---- The architecture -----------------------------------------------------------------*/

static const struct imgcls_architecture *named(const struct reading *in, const char *arch)
{
    for (size_t i = 0; i < in->count; i++) {
        const struct imgcls_architecture *one = in->all[i];
        if (strcmp(one->name, arch) == 0)
            return one;
        for (size_t v = 0; one->variants && one->variants[v]; v++)
            if (strcmp(one->variants[v], arch) == 0)
                return one;
    }
    return NULL;
}

static int32_t ask(const struct reading *in, const struct imgcls_architecture *one,
                   char evidence[EVIDENCE_CAPACITY])
{
    evidence[0] = 0;
    return one->recognise
               ? one->recognise(&in->ctx->host, in->checkpoint, evidence, EVIDENCE_CAPACITY)
               : 0;
}

static const struct imgcls_architecture *recognised(const struct reading *in)
{
    const struct imgcls_architecture *best = NULL;
    int32_t best_bid = 0;
    for (size_t i = 0; i < in->count; i++) {
        char evidence[EVIDENCE_CAPACITY];
        int32_t bid = ask(in, in->all[i], evidence);
        if (bid > 0)
            icl_log(in->ctx, IMGCLS_LOG_INFO, "architecture %s bids %d: %s",
                    in->all[i]->name, (int)bid, evidence);
        if (bid > best_bid) {
            best = in->all[i];
            best_bid = bid;
        }
    }
    return best;
}

/* "vit, swin, resnet" into text. */
static void list_names(const struct reading *in, char *text, size_t capacity)
{
    size_t used = 0;
    snprintf(text, capacity, "%s", in->count ? "" : "none are loaded");
    for (size_t i = 0; i < in->count && used < capacity; i++) {
        int wrote =
            snprintf(text + used, capacity - used, "%s%s", i ? ", " : "", in->all[i]->name);
        used += wrote > 0 ? (size_t)wrote : capacity;
    }
}

#define NEAR_MOST 3 /* names to suggest */

/* "'resnet50' or 'resnet18'" into text: the names that are nearest to what was asked for, equally
 * near; false where none is near. */
static bool list_near(const struct reading *in, const char *arch, char *text, size_t capacity)
{
    const char *near[NEAR_MOST];
    size_t least = strlen(arch) / 3 + 1, count = 0, used = 0;
    for (size_t i = 0; i < in->count; i++) {
        const char *const alone[] = {NULL}, *const *variant = in->all[i]->variants;
        const char *name = in->all[i]->name; /* first, then its variants */
        for (variant = variant ? variant : alone; name; name = *variant++) {
            size_t distance = icl_edits(arch, name);
            bool known = false;
            if (distance < least) {
                least = distance;
                count = 0;
            }
            for (size_t n = 0; n < count; n++)
                known |= strcmp(near[n], name) == 0;
            if (distance == least && !known && count < NEAR_MOST)
                near[count++] = name;
        }
    }
    for (size_t n = 0; n < count && used < capacity; n++)
        used += (size_t)snprintf(text + used, capacity - used, "%s'%.40s'",
                                 n == 0 ? "" : n + 1 < count ? ", " : " or ", near[n]);
    return count > 0;
}

static imgcls_status nobody(const struct reading *in)
{
    const char *arch = in->options->arch;
    char near[NEAR_MOST * 48];
    if (arch && list_near(in, arch, near, sizeof near))
        return icl_fail(in->ctx, IMGCLS_UNSUPPORTED,
                        "%s: architecture '%s' is not known; did you mean %s? "
                        "imgcls-plugin list --verbose shows all", in->source->path, arch, near);
    char names[512];
    list_names(in, names, sizeof names);
    if (in->options->arch)
        return icl_fail(in->ctx, IMGCLS_UNSUPPORTED,
                        "%s: architecture '%s' is not known (%s)", in->source->path,
                        in->options->arch, names);
    return icl_fail(in->ctx, IMGCLS_UNSUPPORTED,
                    "%s: no architecture recognises this checkpoint (%s)", in->source->path,
                    names);
}

/* How the architecture came to be known, for whoever converts; and what it assumed. */
static void tell_evidence(const struct reading *in,
                          const struct imgcls_architecture *chosen, const char *variant,
                          bool by_name, char text[EVIDENCE_CAPACITY * 2])
{
    char evidence[EVIDENCE_CAPACITY];
    const size_t capacity = EVIDENCE_CAPACITY * 2;
    int32_t bid = ask(in, chosen, evidence);
    int used;
    if (in->options->arch)
        used =
            snprintf(text, capacity, "%s, as asked (%s)", chosen->name, in->options->arch);
    else if (by_name)
        used =
            snprintf(text, capacity, "%s, as the source says (%s)", chosen->name, variant);
    else
        used =
            snprintf(text, capacity, "%s, recognised (%d of 100)", chosen->name, (int)bid);
    if (*evidence && used > 0 && (size_t)used < capacity)
        snprintf(text + used, capacity - (size_t)used, ": %s", evidence);
}

/* The architecture, NULL where nobody knows it, and what build is to be told. */
static const struct imgcls_architecture *
choose(const struct reading *in, const char **variant, char text[EVIDENCE_CAPACITY * 2])
{
    const char *arch = in->options->arch;
    *variant = arch ? arch : icl_checkpoint_text(in->checkpoint, IMGCLS_META_ARCHITECTURE);
    const struct imgcls_architecture *chosen = *variant ? named(in, *variant) : NULL;
    bool by_name = chosen != NULL;
    if (!chosen && !arch)
        chosen = recognised(in);
    if (chosen)
        tell_evidence(in, chosen, *variant, by_name, text);
    return chosen;
}

imgcls_status icl_checkpoint_recognise(struct imgcls_context *ctx,
                                       struct icl_registry *registry,
                                       struct imgcls_checkpoint *checkpoint,
                                       const char *arch)
{
    const struct icl_read_options options = {.arch = arch};
    struct reading in = {.ctx = ctx, .options = &options, .checkpoint = checkpoint};
    char text[EVIDENCE_CAPACITY * 2];
    const char *variant;
    in.all = icl_registry_architectures(registry, &in.count);
    return choose(&in, &variant, text)
               ? icl_checkpoint_set_text(checkpoint, IMGCLS_META_EVIDENCE, text)
               : IMGCLS_OK;
}

static imgcls_status build(const struct reading *in)
{
    char text[EVIDENCE_CAPACITY * 2];
    const char *variant;
    const struct imgcls_architecture *chosen = choose(in, &variant, text);
    if (!chosen)
        return nobody(in);
    imgcls_status status = icl_graph_set_meta(in->graph, IMGCLS_META_EVIDENCE, text);
    if (status != IMGCLS_OK)
        return status;
    status = chosen->build(&in->ctx->host, in->checkpoint, variant, in->graph);
    return icl_checkpoint_settle(in->checkpoint, chosen->name, status);
}

/* ---- Metadata -------------------------------------------------------------------------*/

static int64_t label_offset(const struct reading *in)
{
    return icl_checkpoint_int(in->checkpoint, "pretrained_cfg.label_offset",
                              icl_checkpoint_int(in->checkpoint, "label_offset", 0));
}

/* A count in the settings that is not the head's: one of the two belongs to another model, and
 * so may the class names. The weight file alone says nothing of the kind. */
static imgcls_status compare_count(const struct reading *in)
{
    static const char *const paths[] = {"head.num_classes", "num_classes", "num_labels"};
    if (in->graph->output_count != 1 || in->graph->outputs[0]->info.rank != 2)
        return IMGCLS_OK;
    int64_t rows = in->graph->outputs[0]->info.dims[1];
    int64_t background = label_offset(in) == 1; /* a row that timm does not count */
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        int64_t said = icl_checkpoint_int(in->checkpoint, paths[i], rows);
        if (said == rows || rows < 1 || said + background == rows)
            continue;
        return icl_fail(in->ctx, IMGCLS_BAD_INPUT,
                        "%s: settings say %lld classes (%s), the weights have %lld; the "
                        "weight file alone can be converted",
                        in->source->path, (long long)said, paths[i], (long long)rows);
    }
    return IMGCLS_OK;
}

/* timm's label_offset 1: the weights have a background class first that the names have not.
 */
static imgcls_status name_background(const struct reading *in)
{
    const char *labels = icl_checkpoint_text(in->checkpoint, IMGCLS_META_LABELS);
    if (!labels || in->graph->output_count != 1 || label_offset(in) != 1)
        return IMGCLS_OK;
    int64_t lines = 0, rows = in->graph->outputs[0]->info.dims[1];
    for (const char *p = labels; *p; p++)
        lines += *p == '\n' || !p[1];
    if (lines + 1 != rows)
        return IMGCLS_OK;
    static const char first[] = "background\n";
    size_t size = strlen(labels) + sizeof first;
    char *text = icl_alloc(in->ctx, size, 1);
    if (!text)
        return icl_alloc_status(in->ctx);
    snprintf(text, size, "%s%s", first, labels);
    imgcls_status status =
        icl_checkpoint_set_text(in->checkpoint, IMGCLS_META_LABELS, text);
    icl_free(in->ctx, text);
    return status;
}

/* Initializers that came from the checkpoint, one a line, so that they can be written back.
 */
static imgcls_status list_parameters(const struct reading *in)
{
    size_t size = 1;
    const char *name;
    for (size_t i = 0; (name = icl_checkpoint_at(in->checkpoint, i, NULL)); i++)
        size += strlen(name) + 1;
    char *text = icl_alloc(in->ctx, size, 1), *end = text;
    if (!text)
        return icl_alloc_status(in->ctx);
    for (size_t i = 0; (name = icl_checkpoint_at(in->checkpoint, i, NULL)); i++) {
        const struct icl_value *value = icl_graph_find(in->graph, name);
        if (!value || !value->info.constant || strchr(name, '\n'))
            continue;
        size_t length = strlen(name);
        memcpy(end, name, length);
        end[length] = '\n';
        end += length + 1;
    }
    imgcls_status status = icl_graph_set_meta(in->graph, IMGCLS_META_PARAMETERS, text);
    icl_free(in->ctx, text);
    return status;
}

static imgcls_status copy_texts(const struct reading *in)
{
    static const char *const keys[] = {IMGCLS_META_RECIPE,      IMGCLS_META_LABELS,
                                       IMGCLS_META_PRODUCER,    IMGCLS_META_LIBRARY,
                                       IMGCLS_META_NOTES,       IMGCLS_META_PREFIX,
                                       IMGCLS_META_ARCHITECTURE};
    imgcls_status status = IMGCLS_OK;
    for (size_t i = 0; i < sizeof keys / sizeof *keys && status == IMGCLS_OK; i++) {
        const char *text = icl_checkpoint_text(in->checkpoint, keys[i]);
        if (text && !icl_graph_meta(in->graph, keys[i]))
            status = icl_graph_set_meta(in->graph, keys[i], text);
    }
    return status;
}

static imgcls_status describe(const struct reading *in)
{
    imgcls_status status = compare_count(in);
    if (status == IMGCLS_OK)
        status = name_background(in);
    if (status == IMGCLS_OK)
        status = list_parameters(in);
    return status == IMGCLS_OK ? copy_texts(in) : status;
}

imgcls_status icl_read_checkpoint(struct imgcls_context *ctx, struct icl_registry *registry,
                                  const struct imgcls_format *format,
                                  const struct imgcls_source *source,
                                  const struct icl_read_options *options,
                                  struct imgcls_graph *graph)
{
    struct reading in = {.ctx = ctx, .source = source, .options = options, .graph = graph};
    imgcls_status status = icl_checkpoint_create(ctx, &in.checkpoint);
    if (status == IMGCLS_OK)
        status = format->read_checkpoint(&ctx->host, source, in.checkpoint);
    if (status == IMGCLS_OK)
        status = icl_checkpoint_unwrap(in.checkpoint);
    if (status == IMGCLS_OK)
        status = find_size(&in);
    if (status == IMGCLS_OK) {
        in.all = icl_registry_architectures(registry, &in.count);
        status = build(&in);
    }
    if (status == IMGCLS_OK)
        status = describe(&in);
    icl_checkpoint_destroy(in.checkpoint);
    return status;
}
