/*
 * src/registry/conform.c - asks a plugin what every plugin must answer (imgcls-plugin test)
 *
 * One table of rules. Each rule runs in a child process of its own, since it calls the
 * plugin's functions with hostile input; a crash is then that rule's problem and the next
 * rule runs all the same. What is found travels back as (subject, problem) pairs.
 *
 * Not here: whether kernels compute the right numbers (tests/kernels, imgcls-verify).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "src/registry/plugins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/checkpoint/checkpoint.h"
#include "src/file/file.h"
#include "src/graph/graph.h"
#include "src/registry/child.h"

#define RULE_LIMIT_MS 20000
#define KNOWN_ISA                                                                          \
    (IMGCLS_ISA_AVX2 | IMGCLS_ISA_AVX512 | IMGCLS_ISA_AVX512_VNNI |                        \
     IMGCLS_ISA_AVX512_BF16 | IMGCLS_ISA_AVX_VNNI | IMGCLS_ISA_AMX_INT8 |                  \
     IMGCLS_ISA_AMX_BF16 | IMGCLS_ISA_NEON | IMGCLS_ISA_NEON_DOTPROD |                     \
     IMGCLS_ISA_NEON_BF16 | IMGCLS_ISA_SVE)
/* Traits by which the host computes an operator without a kernel. */
#define COMPUTED_BY_HOST (IMGCLS_TRAIT_VIEW | IMGCLS_TRAIT_IDENTITY | IMGCLS_TRAIT_SUBGRAPH)

struct probe {
    struct icl_registry *registry;
    const struct icl_descriptor *plugin;
    struct icl_packer *out;
    void (*rule)(struct probe *probe);
};

static void say(struct probe *probe, const char *subject, const char *problem)
{
    icl_pack_text(probe->out, subject);
    icl_pack_text(probe->out, problem ? problem : "");
}

static const struct imgcls_host *host_of(const struct probe *probe)
{
    return &probe->registry->ctx->host;
}

static void op_text(const struct imgcls_op *op, char *text, size_t capacity)
{
    snprintf(text, capacity, "%s %s", *op->domain ? op->domain : "ai.onnx", op->type);
}

/* ---- Operators ------------------------------------------------------------------------*/

static void every_entry_has_a_meaning(struct probe *probe)
{
    char subject[600];
    for (size_t i = 0; i < probe->plugin->op_count; i++) {
        const struct imgcls_op *op = &probe->plugin->ops[i];
        op_text(op, subject, sizeof subject);
        const char *problem = NULL;
        if (!icl_op_claims(op) &&
            !icl_registry_op(probe->registry, op->domain, op->type, op->since_first))
            problem = "adds kernels to an operator that no plugin defines";
        else if (icl_op_claims(op) && !op->infer && !op->decompose)
            problem = "neither infer nor decompose: nothing gives its outputs a shape";
        say(probe, subject, problem);
    }
}

static bool has_portable_kernel(struct probe *probe, const struct imgcls_op *op)
{
    size_t count;
    const struct imgcls_kernel *const *kernels =
        icl_registry_kernels(probe->registry, op->domain, op->type, op->since_last, &count);
    for (size_t i = 0; i < count; i++)
        if (kernels[i]->isa == 0 && kernels[i]->accepts && kernels[i]->run)
            return true;
    return false;
}

static void every_operator_can_be_computed(struct probe *probe)
{
    char subject[600];
    for (size_t i = 0; i < probe->plugin->op_count; i++) {
        const struct imgcls_op *op = &probe->plugin->ops[i];
        op_text(op, subject, sizeof subject);
        bool computed = op->decompose || (op->traits & COMPUTED_BY_HOST) ||
                        !icl_op_claims(op) || has_portable_kernel(probe, op);
        say(probe, subject,
            computed ? NULL : "no portable kernel (isa 0) and no decompose");
    }
}

static const char *kernel_problem(const struct imgcls_kernel *kernel)
{
    if (!kernel->accepts)
        return "accepts is missing: it is never chosen";
    if (!kernel->run)
        return "run is missing";
    if (kernel->isa & ~KNOWN_ISA)
        return "needs instruction sets that plugin.h does not name";
    if (kernel->epilogues & ~((IMGCLS_EPILOGUE_BIT(IMGCLS_EPILOGUE_BIAS) << 1) - 2))
        return "applies epilogues that plugin.h does not name";
    if (kernel->release && !kernel->prepare)
        return "release without prepare";
    return NULL;
}

static void every_kernel_is_whole(struct probe *probe)
{
    char subject[600];
    for (size_t i = 0; i < probe->plugin->op_count; i++) {
        const struct imgcls_kernel *const *kernels = probe->plugin->ops[i].kernels;
        for (size_t k = 0; kernels[k]; k++) {
            const char *problem = kernel_problem(kernels[k]);
            for (size_t j = 0; j < k && !problem; j++)
                if (strcmp(kernels[j]->name, kernels[k]->name) == 0)
                    problem = "another kernel of this operator has its name";
            snprintf(subject, sizeof subject, "%s of %s", kernels[k]->name,
                     probe->plugin->ops[i].type);
            say(probe, subject, problem);
        }
    }
}

/* ---- Formats --------------------------------------------------------------------------*/

static const char *format_problem(const struct imgcls_format *format)
{
    if ((format->read || format->read_checkpoint) && !format->bid)
        return "reads, but has no bid";
    if (format->bid && !format->read && !format->read_checkpoint)
        return "bids, but reads nothing";
    if (!format->bid_values != !format->read_values)
        return "bid_values and read_values go together";
    if (!format->bid && !format->write && !format->bid_values && !format->write_value)
        return "neither reads nor writes anything";
    if (!format->description)
        return "no description";
    if (format->write && (!format->extensions || !format->extensions[0]))
        return "writes, but no extension asks for it";
    for (size_t i = 0; format->extensions && format->extensions[i]; i++)
        if (format->extensions[i][0] != '.' || !format->extensions[i][1])
            return "an extension begins with a dot and goes on";
    return NULL;
}

static void every_format_is_whole(struct probe *probe)
{
    for (size_t i = 0; i < probe->plugin->format_count; i++)
        say(probe, probe->plugin->formats[i].name,
            format_problem(&probe->plugin->formats[i]));
}

/* Contents that are no model of any kind. */
#define GARBAGE_KINDS 4
static const char *const garbage_names[GARBAGE_KINDS] = {
    "an empty file", "one byte", "4096 zeros", "4096 bytes of noise"};

static struct imgcls_source *make_garbage(struct probe *probe, int kind,
                                          const char *extension)
{
    static const size_t sizes[GARBAGE_KINDS] = {0, 1, 4096, 4096};
    struct imgcls_context *ctx = probe->registry->ctx;
    struct icl_source *source = icl_alloc(ctx, 1, sizeof *source);
    unsigned char *bytes = icl_alloc(ctx, sizes[kind] + 1, 1);
    struct imgcls_storage *storage = NULL;
    char path[300];
    snprintf(path, sizeof path, "garbage%.255s", extension ? extension : "");
    /* A child that is about to end: what is half made is not freed. */
    if (!source || !bytes || !(source->path = icl_text_copy(ctx, path)))
        return NULL;
    uint32_t noise = 12345; /* Numerical Recipes' generator: the same bytes everywhere */
    for (size_t i = 0; i < sizes[kind] && kind != 2; i++)
        bytes[i] = (unsigned char)((noise = noise * 1664525u + 1013904223u) >> 24);
    if (icl_storage_own(ctx, bytes, sizes[kind], &storage) != IMGCLS_OK)
        return NULL;
    source->ctx = ctx;
    source->source = (struct imgcls_source){.struct_size = sizeof source->source,
                                            .path = source->path,
                                            .bytes = icl_storage_bytes(storage),
                                            .size = sizes[kind],
                                            .storage = storage};
    return &source->source;
}

static void bids_are_modest(struct probe *probe)
{
    char subject[600], problem[200];
    for (size_t i = 0; i < probe->plugin->format_count; i++) {
        const struct imgcls_format *format = &probe->plugin->formats[i];
        for (int kind = 0; kind < GARBAGE_KINDS; kind++) {
            struct imgcls_source *source = make_garbage(probe, kind, NULL);
            int32_t bid = source && format->bid ? format->bid(host_of(probe), source) : 0;
            int32_t values = source && format->bid_values
                                 ? format->bid_values(host_of(probe), source)
                                 : 0;
            int32_t most = bid > values ? bid : values, least = bid < values ? bid : values;
            snprintf(subject, sizeof subject, "%s on %s", format->name,
                     garbage_names[kind]);
            snprintf(problem, sizeof problem,
                     "bids %d, allowed are 0 to 50 where there is no magic number",
                     least < 0 ? least : most);
            say(probe, subject, least >= 0 && most <= 50 ? NULL : problem);
        }
    }
}

static const char *read_garbage(struct probe *probe, const struct imgcls_format *format,
                                int kind)
{
    struct imgcls_context *ctx = probe->registry->ctx;
    struct imgcls_graph *graph = NULL;
    struct imgcls_checkpoint *checkpoint = NULL;
    struct imgcls_source *source =
        make_garbage(probe, kind, format->extensions ? format->extensions[0] : "");
    if (!source || icl_graph_create(ctx, NULL, &graph) != IMGCLS_OK ||
        icl_checkpoint_create(ctx, &checkpoint) != IMGCLS_OK)
        return "no memory for the test";
    icl_forgive(ctx);
    imgcls_status status =
        format->read ? format->read(host_of(probe), source, graph)
                     : format->read_checkpoint(host_of(probe), source, checkpoint);
    if (status == IMGCLS_OK)
        return "reads it as a model";
    return *imgcls_error(ctx) ? NULL : "fails without a message (host->fail)";
}

static void garbage_is_refused_in_words(struct probe *probe)
{
    char subject[600];
    for (size_t i = 0; i < probe->plugin->format_count; i++) {
        const struct imgcls_format *format = &probe->plugin->formats[i];
        for (int kind = 0; kind < GARBAGE_KINDS; kind++) {
            if (!format->read && !format->read_checkpoint)
                continue;
            snprintf(subject, sizeof subject, "%s on %s", format->name,
                     garbage_names[kind]);
            say(probe, subject, read_garbage(probe, format, kind));
        }
    }
}

/* ---- Architectures and services -------------------------------------------------------*/

static const char *architecture_problem(struct probe *probe,
                                        const struct imgcls_architecture *architecture)
{
    struct imgcls_checkpoint *nothing;
    char evidence[256];
    if (!architecture->recognise)
        return "recognise is missing";
    if (!architecture->build)
        return "build is missing";
    if (icl_checkpoint_create(probe->registry->ctx, &nothing) != IMGCLS_OK)
        return "no memory for the test";
    memset(evidence, 'x', sizeof evidence);
    evidence[0] = '\0';
    int32_t bid = architecture->recognise(host_of(probe), nothing, evidence, 16);
    icl_checkpoint_destroy(nothing);
    if (bid != 0)
        return "recognises a checkpoint without tensors";
    return evidence[16] == 'x' ? NULL : "writes past the end of its evidence";
}

static void every_architecture_is_whole(struct probe *probe)
{
    for (size_t i = 0; i < probe->plugin->architecture_count; i++)
        say(probe, probe->plugin->architectures[i].name,
            architecture_problem(probe, &probe->plugin->architectures[i]));
}

static void every_service_has_an_owner(struct probe *probe)
{
    for (size_t i = 0; i < probe->plugin->service_count; i++) {
        const struct imgcls_service *service = &probe->plugin->services[i];
        say(probe, service->name,
            !strchr(service->name, '.') ? "a name has an owner's prefix: org.example.thing"
            : service->version < 1      ? "versions count from 1"
                                        : NULL);
    }
}

static void it_offers_something(struct probe *probe)
{
    const struct icl_descriptor *plugin = probe->plugin;
    bool anything = plugin->op_count || plugin->format_count ||
                    plugin->architecture_count || plugin->service_count;
    say(probe, plugin->name, anything ? NULL : "offers nothing");
}

static const struct {
    const char *name; /* docs/plugin-guide.md explains each */
    void (*run)(struct probe *probe);
} rules[] = {
    {"offers-something", it_offers_something},
    {"operator-has-meaning", every_entry_has_a_meaning},
    {"operator-is-computable", every_operator_can_be_computed},
    {"kernel-is-whole", every_kernel_is_whole},
    {"format-is-whole", every_format_is_whole},
    {"format-bids-modestly", bids_are_modest},
    {"format-refuses-garbage", garbage_is_refused_in_words},
    {"architecture-is-whole", every_architecture_is_whole},
    {"service-is-named", every_service_has_an_owner},
};

/* ---- Running them ---------------------------------------------------------------------*/

static void run_rule(void *argument, struct icl_packer *out)
{
    struct probe *probe = argument;
    probe->out = out;
    probe->rule(probe);
}

static const char *child_problem(const struct icl_child *child, char *text, size_t capacity)
{
    if (child->outcome == ICL_CHILD_CRASHED && child->signal)
        snprintf(text, capacity, "crashed (signal %d, %s)", child->signal,
                 strsignal(child->signal));
    else if (child->outcome == ICL_CHILD_CRASHED)
        snprintf(text, capacity, "ended the process");
    else if (child->outcome == ICL_CHILD_TIMED_OUT)
        snprintf(text, capacity, "did not finish within %d s", RULE_LIMIT_MS / 1000);
    else
        snprintf(text, capacity, "no process to test it in: %s", strerror(child->error));
    return text;
}

imgcls_status imgcls_plugin_test(struct imgcls_context *context, size_t index,
                                 void (*report)(void *argument, const char *rule,
                                                const char *subject, const char *problem),
                                 void *argument)
{
    struct icl_registry *registry;
    struct imgcls_plugin_info info;
    icl_forgive(context);
    imgcls_status status = icl_context_registry(context, &registry);
    if (status == IMGCLS_OK)
        status = icl_registry_plugin_at(registry, index, &info);
    if (status != IMGCLS_OK)
        return status;
    pthread_mutex_lock(&registry->lock);
    struct icl_plugin_file *file = registry->files[index];
    bool loaded = icl_registry_load(registry, file);
    pthread_mutex_unlock(&registry->lock);
    if (!loaded)
        return icl_fail(context, IMGCLS_MISMATCH, "%s: %s", file->path, file->reason);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct probe probe = {registry, &file->loaded, NULL, rules[i].run};
        struct icl_child child;
        char text[200];
        icl_child_run(run_rule, &probe, RULE_LIMIT_MS, &child);
        struct icl_unpacker found = {child.report, child.report + child.report_size, false};
        if (child.outcome == ICL_CHILD_STOPPED)
            return icl_fail(context, IMGCLS_INTERRUPTED, "%s: interrupted", file->path);
        if (child.outcome != ICL_CHILD_DONE) {
            report(argument, rules[i].name, file->loaded.name,
                   child_problem(&child, text, sizeof text));
            status = IMGCLS_MISMATCH;
        }
        while (child.report && !found.failed && found.at < found.end) {
            const char *subject = icl_unpack_text(&found);
            const char *problem = icl_unpack_text(&found);
            report(argument, rules[i].name, subject, *problem ? problem : NULL);
            status = *problem ? IMGCLS_MISMATCH : status;
        }
        free(child.report);
    }
    if (status == IMGCLS_MISMATCH)
        icl_fail(context, status, "%s: not all rules hold", file->path);
    return status;
}
