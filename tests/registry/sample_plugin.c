/*
 * tests/registry/sample_plugin.c - plugins for the registry's tests, one per SAMPLE_ number
 *
 * Compiled once for each row of tests/registry/local.mk. SAMPLE_GOOD offers one of each
 * kind; SAMPLE_OLDER and SAMPLE_NEWER are the same as headers of another age would have it;
 * the others are broken, each in its own way. None is ever installed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <imgcls/plugin.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define SAMPLE_GOOD        1
#define SAMPLE_OLDER       2
#define SAMPLE_NEWER       3
#define SAMPLE_KERNELS     4
#define SAMPLE_CRASH_LOAD  10
#define SAMPLE_CRASH_ENTRY 11
#define SAMPLE_HANG_LOAD   12
#define SAMPLE_HANG_ENTRY  13
#define SAMPLE_EXIT        14
#define SAMPLE_MAJOR       15
#define SAMPLE_MINOR       16
#define SAMPLE_SMALL       17
#define SAMPLE_NULL        18
#define SAMPLE_NO_SYMBOL   19
#define SAMPLE_WILD        20
#define SAMPLE_ENDLESS     21
#define SAMPLE_NAMELESS    22
#define SAMPLE_ESCAPE      23
#define SAMPLE_UNBOUND     24
#define SAMPLE_RANGE       25

/* Not every sample offers everything. */
#define MAYBE __attribute__((unused))

#if SAMPLE == SAMPLE_KERNELS
#define NAME "sample-kernels"
#else
#define NAME "sample"
#endif

static imgcls_status infer(const struct imgcls_host *host, struct imgcls_infer *node)
{
    return host->infer_like(host, node, 0, 0);
}

static int32_t accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return node->inputs[0]->type == IMGCLS_F32;
}

static imgcls_status run(const struct imgcls_host *host, const struct imgcls_run *job)
{
    (void)host;
    const struct imgcls_tensor *x = imgcls_input(job, 0);
    memcpy(imgcls_output(job, 0)->data, x->data, x->size_bytes);
    return IMGCLS_OK;
}

static int32_t bid(const struct imgcls_host *host, const struct imgcls_source *source)
{
    (void)host;
    return source->size >= 4 && memcmp(source->bytes, "SMPL", 4) == 0 ? 90 : 0;
}

static imgcls_status read_model(const struct imgcls_host *host,
                                const struct imgcls_source *source,
                                struct imgcls_graph *graph)
{
    (void)source;
    return host->graph_set_name(host, graph, NAME);
}

static imgcls_status write_model(const struct imgcls_host *host,
                                 const struct imgcls_graph *graph, struct imgcls_sink *sink)
{
    (void)graph;
    return sink->write(host, sink, "SMPL", 4);
}

static int32_t recognise(const struct imgcls_host *host,
                         const struct imgcls_checkpoint *checkpoint, char *evidence,
                         size_t capacity)
{
    (void)host;
    (void)checkpoint;
    (void)evidence;
    (void)capacity;
    return 0;
}

static const int service_table = 42;

/* Structs of another age: shorter by the fields that came last, or longer by fields that
 * this host does not know and must not read. */
#if SAMPLE == SAMPLE_OLDER
#define KERNEL_SIZE offsetof(struct imgcls_kernel, release)
#define OP_SIZE     offsetof(struct imgcls_op, macs)
#define FORMAT_SIZE offsetof(struct imgcls_format, write)
#define PLUGIN_SIZE offsetof(struct imgcls_plugin, services)
#elif SAMPLE == SAMPLE_NEWER
#define TAIL        void *tail[4];
#define KERNEL_SIZE sizeof(struct long_kernel)
#define OP_SIZE     sizeof(struct long_op)
#define FORMAT_SIZE sizeof(struct long_format)
#define PLUGIN_SIZE sizeof(struct long_plugin)
#else
#define KERNEL_SIZE sizeof(struct imgcls_kernel)
#define OP_SIZE     sizeof(struct imgcls_op)
#define FORMAT_SIZE sizeof(struct imgcls_format)
#define PLUGIN_SIZE sizeof(struct imgcls_plugin)
#endif
#ifndef TAIL
#define TAIL
#define SET_TAIL
#else
#define SET_TAIL .tail = {(void *)1, (void *)2, (void *)3, (void *)4},
#endif

struct long_kernel {
    struct imgcls_kernel own;
    TAIL
};
struct long_op {
    struct imgcls_op own;
    TAIL
};
struct long_format {
    struct imgcls_format own;
    TAIL
};
struct long_plugin {
    struct imgcls_plugin own;
    TAIL
};

/* What the older ones' shortened structs hide must not be looked at: it would crash. */
#define HIDDEN(type) ((type)(SAMPLE == SAMPLE_OLDER ? 1 : 0))

static const struct long_kernel portable = {
    .own =
        {
            .struct_size = KERNEL_SIZE,
            .name = NAME "_copy_portable",
            .accepts = accepts,
            .run = run,
            .release = HIDDEN(void (*)(const struct imgcls_host *, void *)),
        },
    SET_TAIL};

static const struct imgcls_kernel *const kernels[] = {&portable.own, NULL};

MAYBE static const struct long_op op = {
    .own =
        {
            .struct_size = OP_SIZE,
            .domain = "org.test",
            .type = "Copy",
#if SAMPLE == SAMPLE_RANGE
            .since_first = 3,
            .since_last = 2,
#else
            .since_first = 2,
            .since_last = 4,
#endif
            .infer = SAMPLE == SAMPLE_KERNELS ? NULL : infer,
#if SAMPLE == SAMPLE_OLDER
            .kernels = (const struct imgcls_kernel *const *)1,
#else
            .kernels = kernels,
#endif
        },
    SET_TAIL};

#if SAMPLE <= SAMPLE_NEWER
static const struct long_op onnx_op = {
    .own =
        {
            /* Of this age at least, so that the older sample has kernels to look at. */
            .struct_size = SAMPLE == SAMPLE_NEWER ? OP_SIZE : sizeof(struct imgcls_op),
            .domain = "ai.onnx",
            .type = "Frobnicate",
            .since_first = 1,
            .since_last = 28,
            .infer = infer,
            .kernels = kernels,
        },
    SET_TAIL};
#endif

MAYBE static const struct long_format format = {
    .own =
        {
            .struct_size = FORMAT_SIZE,
            .name = "sample",
            .description = "four bytes and nothing else",
            .extensions = (const char *const[]){".smpl", ".sample", NULL},
            .bid = bid,
            .read = read_model,
            .write = SAMPLE == SAMPLE_OLDER ? NULL : write_model,
        },
    SET_TAIL};

MAYBE static const struct imgcls_architecture architecture = {
    .struct_size = sizeof architecture,
    .name = "samplenet",
    .variants = (const char *const[]){"samplenet18", NULL},
    .recognise = recognise,
};

MAYBE static const struct imgcls_service service = {
    .struct_size = sizeof service,
    .name = "org.test.answer",
    .version = 2,
    .table = &service_table,
};

MAYBE static const struct long_plugin plugin = {
    .own =
        {
            .abi_major = SAMPLE == SAMPLE_MAJOR ? IMGCLS_ABI_MAJOR + 7 : IMGCLS_ABI_MAJOR,
            .abi_minor_needed = SAMPLE == SAMPLE_MINOR ? IMGCLS_ABI_MINOR + 1 : 0,
            .struct_size = SAMPLE == SAMPLE_SMALL ? 16 : PLUGIN_SIZE,
            .name = SAMPLE == SAMPLE_NAMELESS ? NULL
                    : SAMPLE == SAMPLE_ESCAPE ? "sample\x1b[2J"
                                              : NAME,
            .version = "1.2.3",
            .licence = "Apache-2.0",
#if SAMPLE == SAMPLE_WILD
            .ops = (const struct imgcls_op *const *)16,
#else
            .ops = (const struct imgcls_op *const[]){&op.own,
#if SAMPLE <= SAMPLE_NEWER
                                                     &onnx_op.own,
#endif
                                                     NULL},
#endif
#if SAMPLE != SAMPLE_KERNELS
            .formats = (const struct imgcls_format *const[]){&format.own, NULL},
            .architectures =
                (const struct imgcls_architecture *const[]){&architecture, NULL},
#if SAMPLE == SAMPLE_OLDER
            .services = (const struct imgcls_service *const *)1,
#else
            .services = (const struct imgcls_service *const[]){&service, NULL},
#endif
#endif
        },
    SET_TAIL};

#if SAMPLE == SAMPLE_CRASH_LOAD || SAMPLE == SAMPLE_HANG_LOAD
__attribute__((constructor)) static void constructor(void)
{
#if SAMPLE == SAMPLE_CRASH_LOAD
    raise(SIGSEGV);
#else
    for (;;)
        pause();
#endif
}
#endif

#if SAMPLE == SAMPLE_UNBOUND
/* Nobody defines it: RTLD_NOW refuses the library, the loader names the symbol. */
extern int imgcls_sample_missing_function(void);
#endif

#if SAMPLE == SAMPLE_NO_SYMBOL
IMGCLS_EXPORT const struct imgcls_plugin *other_entry(void);
const struct imgcls_plugin *other_entry(void)
{
    return &plugin.own;
}
#else
const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host)
{
#if SAMPLE == SAMPLE_CRASH_ENTRY
    raise(SIGSEGV);
#elif SAMPLE == SAMPLE_HANG_ENTRY
    for (;;)
        pause();
#elif SAMPLE == SAMPLE_EXIT
    _exit(3);
#elif SAMPLE == SAMPLE_NULL
    host->fail(host, IMGCLS_UNSUPPORTED, "only on %s", "Tuesdays");
    return NULL;
#elif SAMPLE == SAMPLE_UNBOUND
    if (imgcls_sample_missing_function())
        return NULL;
#elif SAMPLE == SAMPLE_ENDLESS
    /* More entries than any plugin has: a list without its NULL. */
    static const struct imgcls_op *endless[10000];
    static struct imgcls_plugin copy;
    for (size_t i = 0; i < sizeof endless / sizeof endless[0]; i++)
        endless[i] = &op.own;
    copy = plugin.own;
    copy.ops = endless;
    return &copy;
#endif
    /* A host offers no service while it loads: it must say so rather than hang. */
    if (host->service && host->service(host, "org.test.answer", 2))
        return NULL;
    return &plugin.own;
}
#endif
