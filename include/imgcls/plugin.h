/*
 * include/imgcls/plugin.h - all that a plugin includes, and all that it needs
 *
 * A plugin is a shared object with one exported symbol, imgcls_plugin_entry, that links
 * nothing of ours: whatever it needs from the host comes in a table of functions. Formats,
 * operators and architectures that ship with imgcls use exactly this header; there is no
 * private door.
 *
 * Recipe for an operator (docs/plugin-guide.md has it at length; plugins/examples/ builds):
 *   1. write `infer`: the type and shape of each output from those of the inputs;
 *   2. write one kernel: `accepts` says which types and layouts it takes, `run` computes;
 *   3. put both in a const struct imgcls_op with designated fields at the end of the file;
 *   4. list it in a const struct imgcls_plugin and return that from imgcls_plugin_entry;
 *   5. cc -shared -fPIC $(pkg-config --cflags imgcls) -o mine.so mine.c
 *   6. imgcls-plugin check ./mine.so; IMGCLS_PLUGIN_PATH=$PWD imgcls-verify model.onnx
 * A format: `bid` on the first bytes, `read` into a graph. An architecture: `recognise` a
 * checkpoint, `build` its graph.
 *
 * Rules: nothing may run at load time (no constructors, no threads, no reading of the
 * environment). Every string is UTF-8. Every list is an array of pointers ended by NULL, so
 * that structs may grow. Pointers that a descriptor holds must live until the process ends;
 * a plugin is never unloaded while anything of it is used. A callback that is not given is
 * zero. Unless its comment says otherwise a callback may be called from several threads at
 * once, for different nodes.
 *
 * ABI: major 0 may change with any release. From major 1 on fields and functions are only
 * appended. abi_minor_needed is the lowest minor that will do for this plugin: write a
 * literal, never IMGCLS_ABI_MINOR, or hosts that could run it will refuse it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IMGCLS_PLUGIN_H
#define IMGCLS_PLUGIN_H

#include <imgcls/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IMGCLS_ABI_MAJOR 0
#define IMGCLS_ABI_MINOR 2

#if defined(__GNUC__)
#define IMGCLS_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define IMGCLS_EXPORT __attribute__((visibility("default")))
#else
#define IMGCLS_PRINTF(text, first)
#define IMGCLS_EXPORT
#endif

/* Instruction sets a kernel may need: all bits must be offered by CPU and operating system.
 * The IMGCLS_ISA variable (portable, avx2, avx512, neon) masks them from above. */
#define IMGCLS_ISA_AVX2 (UINT64_C(1) << 0)   /* AVX2, FMA and F16C together */
#define IMGCLS_ISA_AVX512 (UINT64_C(1) << 1) /* AVX-512 F, BW, DQ, VL and CD together */
#define IMGCLS_ISA_AVX512_VNNI (UINT64_C(1) << 2)
#define IMGCLS_ISA_AVX512_BF16 (UINT64_C(1) << 3)
#define IMGCLS_ISA_AVX_VNNI (UINT64_C(1) << 4)
#define IMGCLS_ISA_AMX_INT8 (UINT64_C(1) << 5)
#define IMGCLS_ISA_AMX_BF16 (UINT64_C(1) << 6)
#define IMGCLS_ISA_NEON (UINT64_C(1) << 16)
#define IMGCLS_ISA_NEON_DOTPROD (UINT64_C(1) << 17)
#define IMGCLS_ISA_NEON_BF16 (UINT64_C(1) << 18)
#define IMGCLS_ISA_SVE (UINT64_C(1) << 19)

#define IMGCLS_LOG_ERROR 0
#define IMGCLS_LOG_WARNING 1
#define IMGCLS_LOG_INFO 2
#define IMGCLS_LOG_DEBUG 3

struct imgcls_host;
struct imgcls_graph;      /* opaque: nodes, values, initializers, metadata */
struct imgcls_checkpoint; /* opaque: named tensors, configuration, texts */
struct imgcls_storage;    /* opaque, counted: keeps mapped or allocated bytes alive */
struct imgcls_zip;        /* opaque: the directory of a zip file */
struct imgcls_zip_writer; /* opaque */

/* ---- Attributes, values and nodes as the host shows them --------------------------------*/

/* Attribute kinds: the numbers of ONNX's AttributeProto.AttributeType. */
#define IMGCLS_ATTR_FLOAT 1
#define IMGCLS_ATTR_INT 2
#define IMGCLS_ATTR_STRING 3
#define IMGCLS_ATTR_TENSOR 4
#define IMGCLS_ATTR_GRAPH 5
#define IMGCLS_ATTR_FLOATS 6
#define IMGCLS_ATTR_INTS 7
#define IMGCLS_ATTR_STRINGS 8
#define IMGCLS_ATTR_TENSORS 9
#define IMGCLS_ATTR_GRAPHS 10
#define IMGCLS_ATTR_TYPE 13

/* An attribute, 1, by which the host asks an operator with two algorithms of different bits for
 * the one that shapes would not choose; for measuring only. Others ignore it. */
#define IMGCLS_ATTR_OTHER_BITS "imgcls.other_bits"
/* An attribute, T >= 2, that the host gives a MatMul in a plan: the rows of A (all its dimensions
 * but the last, in row-major order) come in consecutive groups of T, each of one image, and T does
 * not depend on the batch. A kernel that combines rows combines those of one group alone, or a
 * result would depend on what else is in the batch. Absent: nothing is known. */
#define IMGCLS_ATTR_IMAGE_ROWS "image_rows"

/* One attribute of a node. Only the field of its kind is set; lists have `count` entries.
 * TYPE: s is the type as a serialised ONNX TypeProto, i the element type of the tensors
 * inside. */
struct imgcls_attr {
    size_t struct_size;
    const char *name;
    int32_t kind; /* IMGCLS_ATTR_INT ... */
    float f;
    int64_t i;
    struct imgcls_string s;
    size_t count;
    const float *floats;
    const int64_t *ints;
    const struct imgcls_string *strings;
    const struct imgcls_tensor *const *tensors; /* TENSOR: one entry */
    struct imgcls_graph *const *graphs;         /* GRAPH: one entry */
    const char *const *ref; /* reserved: reference to an attribute of an enclosing function */
};

/*
 * What is known of a value before it is computed. rank is -1 where unknown. A dimension is
 * >= 0 where known, -1 where nothing is known, and < -1 where it is a symbol: two dimensions
 * with the same negative number below -1 are the same number. Copying dims from inputs to
 * outputs therefore carries symbols along. constant is set where the bytes are known already
 * (initializers, folded results); it is row-major and borrowed from the graph.
 */
struct imgcls_value_info {
    size_t struct_size;
    const char *name;
    int32_t kind; /* IMGCLS_KIND_TENSOR ... */
    int32_t type; /* element type; IMGCLS_UNDEFINED where unknown */
    int32_t rank;
    int32_t layout; /* memory layout that the value has in the plan */
    int64_t dims[IMGCLS_MAX_RANK];
    const struct imgcls_tensor *constant;
};

/* Work that a kernel does on its result before storing it, in list order (passes attach it). */
#define IMGCLS_EPILOGUE_ADD 1         /* + inputs[operand], same shape as output 0 */
#define IMGCLS_EPILOGUE_RELU 2        /* max(x, 0) */
#define IMGCLS_EPILOGUE_CLIP 3        /* min(max(x, a), b) */
#define IMGCLS_EPILOGUE_HARDSWISH 4   /* x * max(0, min(1, x / 6 + 0.5)) */
#define IMGCLS_EPILOGUE_SILU 5        /* x / (1 + exp(-x)) */
#define IMGCLS_EPILOGUE_GELU 6        /* x / 2 * (1 + erf(x / sqrt(2))) */
#define IMGCLS_EPILOGUE_SIGMOID 7     /* 1 / (1 + exp(-x)) */
#define IMGCLS_EPILOGUE_HARDSIGMOID 8 /* max(0, min(1, a * x + b)) */
#define IMGCLS_EPILOGUE_TANH 9
#define IMGCLS_EPILOGUE_MUL 10 /* * inputs[operand], same shape as output 0 */
#define IMGCLS_EPILOGUE_BIAS 11 /* + inputs[operand], one number (a constant's) for each index
                                   of output 0's last dimension; any number of 1s before it */
#define IMGCLS_EPILOGUE_BIT(kind) (UINT64_C(1) << (kind))

struct imgcls_epilogue {
    int32_t kind;
    int32_t operand; /* index into the node's inputs; -1 where the kind has none */
    float a, b;
};

/*
 * A node as plugins see it. version is the operator-set version of the node's domain in
 * force, after the operator's own upgrade: a kernel sees the newest meaning only. An omitted
 * input or output is a NULL pointer. Attributes are asked for by the host's attr_ functions.
 * The struct is the host's; borrow it for the call (prepare: for the plan's life).
 */
struct imgcls_node {
    size_t struct_size;
    const char *domain; /* "" is ai.onnx */
    const char *type;
    const char *name; /* never NULL; may be empty */
    int64_t version;
    size_t input_count, output_count;
    const struct imgcls_value_info *const *inputs;
    const struct imgcls_value_info *const *outputs;
    size_t epilogue_count;
    const struct imgcls_epilogue *epilogues;
    const struct imgcls_graph *graph; /* the graph the node stands in */
};

/* ---- Operators --------------------------------------------------------------------------*/

/* Handed to infer. Results are set by the host's infer_ functions. */
struct imgcls_infer {
    size_t struct_size;
    const struct imgcls_node *node;
};

/* Handed to prepare: what the kernel asks for goes into the fields marked out. */
struct imgcls_prepare {
    size_t struct_size;
    const struct imgcls_node *node;
    int32_t threads;          /* most threads that run will be given */
    int32_t deterministic;    /* 1: bits must not depend on the instruction set */
    void *state;              /* out: own, handed to run, freed by release */
    size_t workspace_bytes;   /* out: scratch for one run, aligned to 64 bytes */
    size_t constant_bytes;    /* out: size of packed constants in state, for the report */
    uint64_t inputs_released; /* out: bit i: constant input i is not read by run (packed) */
};

/*
 * Handed to run. Static outputs are allocated; an output whose shape infer left open has
 * tensor NULL until the kernel calls host->run_output. Inputs and outputs are in the layouts
 * that were accepted. Nothing may be kept after run returns.
 */
struct imgcls_run {
    size_t struct_size;
    const struct imgcls_node *node;
    void *state;
    void *workspace;
    size_t workspace_bytes;
    int32_t threads; /* parallel_for's body gets thread numbers below this */
    int32_t reserved;
    size_t input_count, output_count;
    const struct imgcls_value *const *inputs; /* NULL where omitted */
    struct imgcls_value *const *outputs;      /* NULL where omitted */
};

/* Tensor of input or output i, NULL where omitted (or not a tensor). */
static inline const struct imgcls_tensor *imgcls_input(const struct imgcls_run *run, size_t i)
{
    return i < run->input_count && run->inputs[i] ? run->inputs[i]->tensor : NULL;
}
static inline struct imgcls_tensor *imgcls_output(const struct imgcls_run *run, size_t i)
{
    return i < run->output_count && run->outputs[i] ? run->outputs[i]->tensor : NULL;
}

/*
 * One way to compute an operator. Among the kernels whose isa the machine offers and whose
 * accepts says yes, the lowest cost wins; equal costs go to the one with more isa bits, then
 * to the one registered first. The portable kernel (isa 0) accepts all that the operator's
 * types allow and is the reference for the others.
 */
struct imgcls_kernel {
    size_t struct_size;
    const char *name; /* the function's name, e.g. gemm_f32_6x16_avx2 */
    uint64_t isa;     /* IMGCLS_ISA_ bits needed; 0: every CPU */
    uint64_t epilogues; /* IMGCLS_EPILOGUE_BIT()s that run applies; 0: none */
    /* Nonzero where run can compute this node as it stands: types, shapes, layouts of inputs
     * and outputs, epilogues. A dimension may be negative (unknown until run time): accept
     * only if run looks at the tensors' own dims. NULL accepts nothing. No allocation. */
    int32_t (*accepts)(const struct imgcls_host *host, const struct imgcls_node *node);
    /* Estimated nanoseconds for one run on one thread. NULL: 1e9 for portable kernels and
     * 5e8 for others, so that any estimate and any instruction set beats it. */
    double (*cost)(const struct imgcls_host *host, const struct imgcls_node *node);
    /* Packs constant inputs and states its needs, once per plan. May allocate through the
     * host. NULL: nothing to prepare. */
    imgcls_status (*prepare)(const struct imgcls_host *host, struct imgcls_prepare *prepare);
    /* Computes. Allocates nothing where shapes are static; may call parallel_for. Runs may
     * overlap on different threads with different imgcls_run and the same state. */
    imgcls_status (*run)(const struct imgcls_host *host, const struct imgcls_run *run);
    /* Frees what prepare put into state. */
    void (*release)(const struct imgcls_host *host, void *state);
    /* Reserved for tiling: rows [begin, end) of output 0 alone. */
    imgcls_status (*run_range)(const struct imgcls_host *host, const struct imgcls_run *run,
                               int64_t begin, int64_t end);
    /* Nonzero where run writes the rows of output 0 (along its last dimension) as far apart as
     * the tensor's strides say, from data that is aligned to an element alone: then a node that
     * joins such outputs along their last dimension need not copy them. NULL: never. */
    int32_t (*writes_rows_apart)(const struct imgcls_host *host,
                                 const struct imgcls_node *node);
    /* Nonzero where output 0 may have the bytes of input `input`, which has its type and shape:
     * run reads an element of that input before it writes the one at the same place of output
     * 0, not after, and nothing else into those bytes. An epilogue's operand is such an input
     * where sums are finished before they are stored. NULL: never, the operator's trait
     * IMGCLS_TRAIT_IN_PLACE apart. */
    int32_t (*writes_over)(const struct imgcls_host *host, const struct imgcls_node *node,
                           size_t input);
};

/* Traits of an operator. */
#define IMGCLS_TRAIT_ELEMENTWISE (UINT64_C(1) << 0)  /* out[i] depends on in[i] alone */
#define IMGCLS_TRAIT_LAYOUT_BLIND (UINT64_C(1) << 1) /* any layout, if all values share it */
#define IMGCLS_TRAIT_VIEW (UINT64_C(1) << 2) /* output 0 has input 0's bytes, in order */
#define IMGCLS_TRAIT_IN_PLACE (UINT64_C(1) << 3) /* output 0 may overwrite an input that has
                                                    the same type and shape */
#define IMGCLS_TRAIT_SHAPE_ONLY (UINT64_C(1) << 4) /* reads shapes, never elements */
#define IMGCLS_TRAIT_RANDOM (UINT64_C(1) << 5)     /* never folded, never merged */
#define IMGCLS_TRAIT_IDENTITY (UINT64_C(1) << 6) /* inference: output 0 is input 0; other
                                                    outputs, if used, forbid removal */
#define IMGCLS_TRAIT_SUBGRAPH (UINT64_C(1) << 7) /* has graph attributes; run through host */

#define IMGCLS_TRAIT_JOINS (UINT64_C(1) << 8) /* output 0 is the inputs side by side */

/*
 * An operator: (domain, type) for operator-set versions since_first..since_last. infer,
 * upgrade and decompose of the first plugin that claims it count; a further plugin may add
 * kernels to it by an entry with infer NULL.
 */
struct imgcls_op {
    size_t struct_size;
    const char *domain;
    const char *type;
    int64_t since_first, since_last;
    uint64_t traits;
    /* Sets type and shape of every output. Called again whenever an input becomes better
     * known. Must fail with a message that names dimensions where shapes contradict. An
     * output that depends on data is left with dims -1. */
    imgcls_status (*infer)(const struct imgcls_host *host, struct imgcls_infer *infer);
    /* Rewrites a node of version `node->version` to the newest meaning (attributes become
     * inputs, defaults become explicit, ...) through the host's node_ and graph_ functions.
     * NULL: all versions mean the same. Not thread-safe for one graph. */
    imgcls_status (*upgrade)(const struct imgcls_host *host, struct imgcls_graph *graph,
                             struct imgcls_node *node);
    /* Adds nodes that compute the same outputs; the host then removes the node. Used where
     * no kernel accepts the node. NULL: cannot. */
    imgcls_status (*decompose)(const struct imgcls_host *host, struct imgcls_graph *graph,
                               struct imgcls_node *node);
    /* Multiply-accumulates of one run, -1 where shapes are not known. NULL: 0. */
    int64_t (*macs)(const struct imgcls_host *host, const struct imgcls_node *node);
    const struct imgcls_kernel *const *kernels; /* NULL-ended */
    /* For an operator that moves elements and nothing else. With IMGCLS_TRAIT_JOINS: input i is
     * what output 0 has from index *at of dimension *axis on. Without: output i is what input 0
     * has there. 0: it is not, or shapes are open. The host may let both share bytes: run has
     * to leave alone a piece whose data is already where it would be copied from or to. NULL:
     * nothing of the kind. */
    int32_t (*piece)(const struct imgcls_host *host, const struct imgcls_node *node, size_t i,
                     int32_t *axis, int64_t *at);
};

/* ---- Formats ----------------------------------------------------------------------------*/

/*
 * Something to read: a file, a folder, or a member of an archive. bytes is the whole content
 * (map; NULL for a folder), kept alive by storage. path is for messages and bids.
 */
struct imgcls_source {
    size_t struct_size;
    const char *path;
    int32_t is_folder;
    int32_t reserved;
    const unsigned char *bytes;
    size_t size;
    struct imgcls_storage *storage;
};

/*
 * Something to write to. write appends and advances position. Where external is set, a
 * writer puts tensor bytes above 1 KiB there, each at a multiple of 64, and records
 * external_location as the file they are in.
 */
struct imgcls_sink {
    size_t struct_size;
    const char *path; /* for messages */
    uint64_t position;
    imgcls_status (*write)(const struct imgcls_host *host, struct imgcls_sink *sink,
                           const void *bytes, size_t size);
    struct imgcls_sink *external;
    const char *external_location;
    void *owner; /* the creator's */
};

/* A named value read from or written to a data file (.pb, .npy, .npz): own, by the host. */
struct imgcls_named_value {
    size_t struct_size;
    const char *name; /* "" where the file has none */
    struct imgcls_value *value;
};

/* Keys of graph metadata that the library itself reads and writes; bundles and ONNX files
 * carry all metadata along. */
#define IMGCLS_META_RECIPE "imgcls.recipe"     /* canonical preprocessing text */
#define IMGCLS_META_LABELS "imgcls.labels"     /* class names, one a line, index order */
#define IMGCLS_META_SOURCE "imgcls.source"     /* JSON: file, sha256, format */
#define IMGCLS_META_PRODUCER "imgcls.producer" /* who made the source model */
#define IMGCLS_META_IR "imgcls.ir_version"     /* decimal */

/* Keys of a checkpoint's texts besides RECIPE, LABELS and PRODUCER: what its source says of
 * itself. Absent where the source (a bare weight file, mostly) says nothing. */
#define IMGCLS_META_LIBRARY "imgcls.library" /* whose conventions: "timm", "transformers",
                                                "mm" (mmcls, mmpretrain, ModelScope) */
#define IMGCLS_META_ARCHITECTURE "imgcls.architecture" /* its name there: timm's architecture
                                                          without tag, transformers'
                                                          model_type, mm's backbone.type */
#define IMGCLS_META_CONFIG "imgcls.config" /* JSON object, the source's own keys: config.json
                                              of timm and transformers, mm's model part
                                              ({"backbone": ..., "neck":, "head":}) */
#define IMGCLS_META_HEIGHT "imgcls.height" /* of the input, in pixels, decimal: --shape, else */
#define IMGCLS_META_WIDTH "imgcls.width"   /* the recipe's crop, else the source's setting */
#define IMGCLS_META_EVIDENCE "imgcls.evidence" /* how the architecture was recognised */
#define IMGCLS_META_GLOBALS "imgcls.globals"   /* names that its pickle has, one a line */
#define IMGCLS_META_PARAMETERS "imgcls.parameters" /* of a graph: initializers that came from
                                                      a checkpoint, one a line */
#define IMGCLS_META_NOTES "imgcls.notes" /* what could not be taken over exactly, a line each */
#define IMGCLS_META_PREFIX "imgcls.prefix" /* what was cut off all parameter names: "module." */

/*
 * A file format. The highest bid above 0 reads. Bid in rising confidence: 10 for an
 * extension alone, 50 for a plausible structure, 90 for a magic number of four bytes or
 * more, 100 for a magic number and a check of what follows.
 */
struct imgcls_format {
    size_t struct_size;
    const char *name;              /* "onnx" */
    const char *description;       /* one line, for imgcls-plugin list */
    const char *const *extensions; /* ".onnx", NULL-ended; the first is the default */
    int32_t (*bid)(const struct imgcls_host *host, const struct imgcls_source *source);
    /* Reads a model into an empty graph. */
    imgcls_status (*read)(const struct imgcls_host *host, const struct imgcls_source *source,
                          struct imgcls_graph *graph);
    /* Reads weights and configuration; an architecture makes the graph of it. */
    imgcls_status (*read_checkpoint)(const struct imgcls_host *host,
                                     const struct imgcls_source *source,
                                     struct imgcls_checkpoint *checkpoint);
    /* Writes a model. */
    imgcls_status (*write)(const struct imgcls_host *host, const struct imgcls_graph *graph,
                           struct imgcls_sink *sink);
    /* Bids on, reads, and writes files of values rather than models; read_values hands each
     * value over by host->values_add. */
    int32_t (*bid_values)(const struct imgcls_host *host, const struct imgcls_source *source);
    imgcls_status (*read_values)(const struct imgcls_host *host,
                                 const struct imgcls_source *source, void *values);
    imgcls_status (*write_value)(const struct imgcls_host *host, const char *name,
                                 const struct imgcls_value *value, struct imgcls_sink *sink);
};

/* ---- Architectures ----------------------------------------------------------------------*/

struct imgcls_architecture {
    size_t struct_size;
    const char *name;              /* "resnet18" family name, e.g. "resnet" */
    const char *const *variants;   /* names that --arch takes, NULL-ended */
    /* 0..100, with the evidence in words (at most `capacity` bytes, NUL-ended): which names
     * and shapes, and what is assumed because weights do not show it. */
    int32_t (*recognise)(const struct imgcls_host *host,
                         const struct imgcls_checkpoint *checkpoint, char *evidence,
                         size_t capacity);
    /* Builds graph nodes from configuration and named tensors. variant is what --arch said,
     * else the source's own name for the architecture (IMGCLS_META_ARCHITECTURE), else NULL;
     * a source's name need not be among `variants`. The graph gets one input, N x C x H x W
     * float with a symbol for N, and one output of N x classes scores (logits). What the
     * parameters are turned into (transposed, joined, permuted, converted from float16) is
     * written as nodes over parameters of the source's names, so that these can be written
     * back; plans fold it. See src/checkpoint/README.md. */
    imgcls_status (*build)(const struct imgcls_host *host,
                           const struct imgcls_checkpoint *checkpoint, const char *variant,
                           struct imgcls_graph *graph);
};

/* ---- The plugin itself ------------------------------------------------------------------*/

/* A table of functions that other plugins may ask for by name and version. */
struct imgcls_service {
    size_t struct_size;
    const char *name; /* "imgcls.gemm" */
    int32_t version;
    int32_t reserved;
    const void *table; /* a struct that the service's own header documents */
};

struct imgcls_plugin {
    int32_t abi_major;        /* IMGCLS_ABI_MAJOR */
    int32_t abi_minor_needed; /* a literal: the lowest that will do */
    size_t struct_size;
    const char *name; /* unique; also what IMGCLS_PLUGIN_DISABLE matches */
    const char *version;
    const char *licence; /* SPDX */
    const struct imgcls_op *const *ops;                     /* NULL-ended or NULL */
    const struct imgcls_format *const *formats;             /* NULL-ended or NULL */
    const struct imgcls_architecture *const *architectures; /* NULL-ended or NULL */
    const struct imgcls_service *const *services;           /* NULL-ended or NULL */
};

/* The one exported symbol. Returns a descriptor that lives for ever, or NULL after
 * host->fail where the plugin cannot work here. Must not keep `host`. Called in a scanning
 * child first, then in the process that uses the plugin; must describe the same both times. */
IMGCLS_EXPORT const struct imgcls_plugin *imgcls_plugin_entry(const struct imgcls_host *host);

/* ---- What the host offers ---------------------------------------------------------------*/

/* One member of a zip file. offset is where its data begin in the archive. */
struct imgcls_zip_member {
    size_t struct_size;
    const char *name;
    uint64_t offset, stored_size, size;
    uint32_t crc32;
    int32_t method; /* 0 stored, 8 deflated */
};

/*
 * Every function takes the host first. All may be called from any thread unless said
 * otherwise; functions that change a graph or a checkpoint not for the same one at once.
 */
struct imgcls_host {
    size_t struct_size;
    int32_t abi_major, abi_minor;
    const char *version; /* of the library, e.g. "0.1.0" */
    void *context;       /* the host's own */

    /* -- errors, log, memory, machine -- */
    /* Records the message (first one wins until the caller reads it) and returns status. */
    imgcls_status (*fail)(const struct imgcls_host *host, imgcls_status status,
                          const char *format, ...) IMGCLS_PRINTF(3, 4);
    /* Puts "text: " before the message that another function of the host has recorded: for
     * the one thing only the caller knows (which tensor wanted the file). Returns status. */
    imgcls_status (*fail_within)(const struct imgcls_host *host, imgcls_status status,
                                 const char *format, ...) IMGCLS_PRINTF(3, 4);
    void (*log)(const struct imgcls_host *host, int32_t level, const char *format, ...)
        IMGCLS_PRINTF(3, 4);
    /* count * size bytes, zeroed, aligned to 64, counted against the memory limit; NULL
     * where that overflows or is not to be had (the message is recorded). Own: release. */
    void *(*alloc)(const struct imgcls_host *host, size_t count, size_t size);
    void (*release)(const struct imgcls_host *host, void *pointer);
    uint64_t (*isa)(const struct imgcls_host *host); /* IMGCLS_ISA_ bits to be used */
    /* A published table, or NULL. Loads the plugin that offers it. NULL within
     * imgcls_plugin_entry: ask in a callback. */
    const void *(*service)(const struct imgcls_host *host, const char *name, int32_t version);
    /* Most rounds that one run of a loop may take before it is to end with IMGCLS_LIMIT. */
    int64_t (*iteration_limit)(const struct imgcls_host *host);

    /* -- attributes of a node: borrowed from the graph -- */
    const struct imgcls_attr *(*attr)(const struct imgcls_host *host,
                                      const struct imgcls_node *node, const char *name);
    const struct imgcls_attr *(*attr_at)(const struct imgcls_host *host,
                                         const struct imgcls_node *node, size_t index);
    int64_t (*attr_int)(const struct imgcls_host *host, const struct imgcls_node *node,
                        const char *name, int64_t fallback);
    float (*attr_float)(const struct imgcls_host *host, const struct imgcls_node *node,
                        const char *name, float fallback);
    /* NUL-ended text, or fallback. */
    const char *(*attr_string)(const struct imgcls_host *host, const struct imgcls_node *node,
                               const char *name, const char *fallback);
    /* Number of integers, 0 where absent; *ints borrowed. */
    size_t (*attr_ints)(const struct imgcls_host *host, const struct imgcls_node *node,
                        const char *name, const int64_t **ints);

    /* -- inference results -- */
    /* Type and dims of output `index`; a no-op where that output is omitted. rank -1 unknown.
     * Fails where it contradicts what is known already. */
    imgcls_status (*infer_output)(const struct imgcls_host *host, struct imgcls_infer *infer,
                                  size_t index, int32_t type, int32_t rank,
                                  const int64_t *dims);
    /* Output gets the type and shape of an input. */
    imgcls_status (*infer_like)(const struct imgcls_host *host, struct imgcls_infer *infer,
                                size_t output, size_t input);
    /* Output is a sequence, optional or map of tensors of `type`. */
    imgcls_status (*infer_kind)(const struct imgcls_host *host, struct imgcls_infer *infer,
                                size_t index, int32_t kind, int32_t type);
    /* Multidirectional broadcasting (ONNX Broadcasting.md) of two shapes; fails naming both.
     * A symbol against 1 gives the symbol. out has room for IMGCLS_MAX_RANK. */
    imgcls_status (*broadcast)(const struct imgcls_host *host, const struct imgcls_node *node,
                               int32_t rank_a, const int64_t *a, int32_t rank_b,
                               const int64_t *b, int32_t *rank, int64_t *out);

    /* -- during run -- */
    /* Calls body for pieces of [0, count), each of at least `grain` indices but the last,
     * on up to run->threads threads; returns when all are done. Not nested. */
    void (*parallel_for)(const struct imgcls_host *host, const struct imgcls_run *run,
                         int64_t count, int64_t grain,
                         void (*body)(void *argument, int64_t begin, int64_t end,
                                      int32_t thread),
                         void *argument);
    /* Gives output `index` its shape where infer could not; then its tensor is allocated. */
    imgcls_status (*run_output)(const struct imgcls_host *host, const struct imgcls_run *run,
                                size_t index, int32_t type, int32_t rank,
                                const int64_t *dims);
    /* Gives output `index`, a sequence, optional or map, the items, copied or shared. */
    imgcls_status (*run_items)(const struct imgcls_host *host, const struct imgcls_run *run,
                               size_t index, size_t count,
                               const struct imgcls_value *const *items);
    /* Copies a value, of any kind, into output `index`. */
    imgcls_status (*run_copy)(const struct imgcls_host *host, const struct imgcls_run *run,
                              size_t index, const struct imgcls_value *value);
    /* Runs a graph attribute; outputs are own (value_release). Outer names are visible. */
    imgcls_status (*run_graph)(const struct imgcls_host *host, const struct imgcls_run *run,
                               const struct imgcls_graph *graph, size_t input_count,
                               const struct imgcls_value *const *inputs, size_t output_count,
                               struct imgcls_value **outputs);

    /* -- values on their own -- */
    /* A tensor value with room for its elements, zeroed, row-major. Own: value_release. */
    imgcls_status (*value_tensor)(const struct imgcls_host *host, int32_t type, int32_t rank,
                                  const int64_t *dims, struct imgcls_value **out);
    /* A string tensor's element gets a copy of the text. */
    imgcls_status (*value_set_string)(const struct imgcls_host *host,
                                      struct imgcls_value *value, size_t index,
                                      const char *bytes, size_t length);
    /* A list that takes the items over: nobody writes them any more. On failure: yours. */
    imgcls_status (*value_list)(const struct imgcls_host *host, int32_t kind, int32_t type,
                                size_t count, struct imgcls_value **items,
                                struct imgcls_value **out);
    void (*value_release)(const struct imgcls_host *host, struct imgcls_value *value);
    /* For read_values: takes the value over on success. */
    imgcls_status (*values_add)(const struct imgcls_host *host, void *values, const char *name,
                                struct imgcls_value *value);
    /* Bytes that an element type's array of `count` needs; 0 and failure on overflow. */
    imgcls_status (*size_of)(const struct imgcls_host *host, int32_t type, int64_t count,
                             size_t *bytes);

    /* -- building and changing a graph; names are copied -- */
    imgcls_status (*graph_set_name)(const struct imgcls_host *host, struct imgcls_graph *graph,
                                    const char *name);
    imgcls_status (*graph_set_opset)(const struct imgcls_host *host, struct imgcls_graph *graph,
                                     const char *domain, int64_t version);
    imgcls_status (*graph_set_meta)(const struct imgcls_host *host, struct imgcls_graph *graph,
                                    const char *key, const char *text);
    /* dim_names: NULL, or per dimension NULL or a symbol's name (for dims[i] < 0). The same
     * name is the same symbol everywhere in the graph. rank -1: shape unknown. */
    imgcls_status (*graph_add_input)(const struct imgcls_host *host, struct imgcls_graph *graph,
                                     const char *name, int32_t kind, int32_t type,
                                     int32_t rank, const int64_t *dims,
                                     const char *const *dim_names);
    /* Same for outputs; type UNDEFINED and rank -1 leave it to inference. */
    imgcls_status (*graph_add_output)(const struct imgcls_host *host,
                                      struct imgcls_graph *graph, const char *name,
                                      int32_t kind, int32_t type, int32_t rank,
                                      const int64_t *dims, const char *const *dim_names);
    /* A constant. With storage the bytes are borrowed from it and it is retained; with NULL
     * they are copied. tensor->data must be row-major. */
    imgcls_status (*graph_add_initializer)(const struct imgcls_host *host,
                                           struct imgcls_graph *graph, const char *name,
                                           const struct imgcls_tensor *tensor,
                                           struct imgcls_storage *storage);
    /* Adds a node at the end (the host sorts). "" or NULL is an omitted input or output.
     * *node may be NULL if not wanted; borrowed from the graph. */
    imgcls_status (*graph_add_node)(const struct imgcls_host *host, struct imgcls_graph *graph,
                                    const char *domain, const char *type, const char *name,
                                    size_t input_count, const char *const *inputs,
                                    size_t output_count, const char *const *outputs,
                                    struct imgcls_node **node);
    /* Sets or replaces an attribute; everything is copied, graphs are taken over. */
    imgcls_status (*node_set_attr)(const struct imgcls_host *host, struct imgcls_node *node,
                                   const struct imgcls_attr *attr);
    imgcls_status (*node_set_int)(const struct imgcls_host *host, struct imgcls_node *node,
                                  const char *name, int64_t value);
    imgcls_status (*node_set_ints)(const struct imgcls_host *host, struct imgcls_node *node,
                                   const char *name, size_t count, const int64_t *values);
    imgcls_status (*node_set_float)(const struct imgcls_host *host, struct imgcls_node *node,
                                    const char *name, float value);
    imgcls_status (*node_set_string)(const struct imgcls_host *host, struct imgcls_node *node,
                                     const char *name, const char *text);
    imgcls_status (*node_remove_attr)(const struct imgcls_host *host, struct imgcls_node *node,
                                      const char *name);
    imgcls_status (*node_set_type)(const struct imgcls_host *host, struct imgcls_node *node,
                                   const char *domain, const char *type);
    /* Input `index` becomes `name` ("" omits it); the list grows as needed. */
    imgcls_status (*node_set_input)(const struct imgcls_host *host, struct imgcls_node *node,
                                    size_t index, const char *name);
    /* Output `index` becomes `name`; for rewiring a node before others are put behind it. */
    imgcls_status (*node_set_output)(const struct imgcls_host *host, struct imgcls_node *node,
                                     size_t index, const char *name);
    /* A name that no value has, made from stem; borrowed from the graph. */
    const char *(*graph_unique_name)(const struct imgcls_host *host, struct imgcls_graph *graph,
                                     const char *stem);
    /* An empty graph for a GRAPH attribute of a node of `outer`. Own until node_set_attr. */
    imgcls_status (*graph_create_inner)(const struct imgcls_host *host,
                                        struct imgcls_graph *outer,
                                        struct imgcls_graph **inner);
    /* A known example: inputs and outputs in graph order are copied; origin says in words
     * where the outputs come from. */
    imgcls_status (*graph_set_golden)(const struct imgcls_host *host,
                                      struct imgcls_graph *graph, const char *origin,
                                      size_t input_count,
                                      const struct imgcls_value *const *inputs,
                                      size_t output_count,
                                      const struct imgcls_value *const *outputs);

    /* -- walking a graph, for writers; NULL past the end -- */
    const char *(*graph_name)(const struct imgcls_host *host, const struct imgcls_graph *graph);
    const struct imgcls_node *(*graph_node_at)(const struct imgcls_host *host,
                                               const struct imgcls_graph *graph, size_t index);
    const struct imgcls_value_info *(*graph_input_at)(const struct imgcls_host *host,
                                                      const struct imgcls_graph *graph,
                                                      size_t index);
    const struct imgcls_value_info *(*graph_output_at)(const struct imgcls_host *host,
                                                       const struct imgcls_graph *graph,
                                                       size_t index);
    const struct imgcls_value_info *(*graph_initializer_at)(const struct imgcls_host *host,
                                                            const struct imgcls_graph *graph,
                                                            size_t index);
    /* Name of a symbolic dimension (dim < -1), NULL where it has none. */
    const char *(*graph_symbol)(const struct imgcls_host *host,
                                const struct imgcls_graph *graph, int64_t dim);
    /* Domain and version of opset import `index`; NULL past the end. */
    const char *(*graph_opset_at)(const struct imgcls_host *host,
                                  const struct imgcls_graph *graph, size_t index,
                                  int64_t *version);
    const char *(*graph_meta)(const struct imgcls_host *host, const struct imgcls_graph *graph,
                              const char *key);
    /* Key of metadata `index` and its text. */
    const char *(*graph_meta_at)(const struct imgcls_host *host,
                                 const struct imgcls_graph *graph, size_t index,
                                 const char **text);
    /* The golden example's value, borrowed; NULL past the end or where there is none.
     * output 0: input `index`; 1: output `index`. */
    const struct imgcls_value *(*graph_golden)(const struct imgcls_host *host,
                                               const struct imgcls_graph *graph,
                                               int32_t output, size_t index);
    const char *(*graph_golden_origin)(const struct imgcls_host *host,
                                       const struct imgcls_graph *graph);

    /* -- checkpoints -- */
    imgcls_status (*checkpoint_add)(const struct imgcls_host *host,
                                    struct imgcls_checkpoint *checkpoint, const char *name,
                                    const struct imgcls_tensor *tensor,
                                    struct imgcls_storage *storage);
    /* JSON of the configuration (the source's own keys), and texts by IMGCLS_META_ key. */
    imgcls_status (*checkpoint_set_text)(const struct imgcls_host *host,
                                         struct imgcls_checkpoint *checkpoint, const char *key,
                                         const char *text);
    const char *(*checkpoint_text)(const struct imgcls_host *host,
                                   const struct imgcls_checkpoint *checkpoint, const char *key);
    const struct imgcls_tensor *(*checkpoint_find)(const struct imgcls_host *host,
                                                   const struct imgcls_checkpoint *checkpoint,
                                                   const char *name);
    /* Name and tensor of entry `index`, in file order; NULL past the end. */
    const char *(*checkpoint_at)(const struct imgcls_host *host,
                                 const struct imgcls_checkpoint *checkpoint, size_t index,
                                 const struct imgcls_tensor **tensor);
    /* Adds the checkpoint's tensor as initializer of the same name, sharing its bytes; it
     * counts as used. One that is not there is noted as missing, and BAD_INPUT. */
    imgcls_status (*graph_add_parameter)(const struct imgcls_host *host,
                                         struct imgcls_graph *graph,
                                         const struct imgcls_checkpoint *checkpoint,
                                         const char *name);
    /* Notes that a parameter is needed and is not there, or not of the shape it must have
     * (`why`, e.g. "is 10 x 5, must be 10 x 4"; NULL: it is not there). Go on building as far
     * as that is possible and return OK: when build has returned the host refuses the
     * checkpoint, naming all that is missing with the nearest names, and all that is left
     * over. */
    void (*checkpoint_missing)(const struct imgcls_host *host,
                               const struct imgcls_checkpoint *checkpoint, const char *name,
                               const char *why);
    /* Counts as used a tensor that is no parameter of the graph (a buffer that the builder
     * knows and does not need). Names that end in ".num_batches_tracked" always do. A
     * tensor that nothing used when build returns OK is refused as left over. */
    void (*checkpoint_use)(const struct imgcls_host *host,
                           const struct imgcls_checkpoint *checkpoint, const char *name);
    /* A setting of IMGCLS_META_CONFIG by path, keys and list indices joined with dots
     * ("backbone.arch", "model_args.img_size", "pretrained_cfg.input_size.1"), or a text of
     * the checkpoint itself where the path is its key (IMGCLS_META_HEIGHT); the fallback
     * where it is absent, null, or of another kind. true and false are 1 and 0. Texts are
     * borrowed from the checkpoint. */
    int64_t (*checkpoint_int)(const struct imgcls_host *host,
                              const struct imgcls_checkpoint *checkpoint, const char *path,
                              int64_t fallback);
    double (*checkpoint_real)(const struct imgcls_host *host,
                              const struct imgcls_checkpoint *checkpoint, const char *path,
                              double fallback);
    const char *(*checkpoint_string)(const struct imgcls_host *host,
                                     const struct imgcls_checkpoint *checkpoint,
                                     const char *path, const char *fallback);

    /* -- files -- */
    /* A file of the source's own folder (or archive), named by a relative path that may not
     * leave it: no absolute path, no "..", no link out. Own: source_close. */
    imgcls_status (*source_open_beneath)(const struct imgcls_host *host,
                                         const struct imgcls_source *source,
                                         const char *relative, struct imgcls_source **out);
    void (*source_close)(const struct imgcls_host *host, struct imgcls_source *source);
    /* 1 where source_open_beneath would succeed, else 0; records no failure. */
    int32_t (*source_has)(const struct imgcls_host *host, const struct imgcls_source *source,
                          const char *relative);
    /* A source of bytes from host->alloc (taken over on success), named `path` in messages
     * and bids; what it opens beneath itself lies beside `beside`. Own: source_close. */
    imgcls_status (*source_of_bytes)(const struct imgcls_host *host,
                                     const struct imgcls_source *beside, const char *path,
                                     void *bytes, size_t size, struct imgcls_source **out);
    /* Reads a nested model (a bundle's graph) by whichever format bids highest. */
    imgcls_status (*read_graph)(const struct imgcls_host *host,
                                const struct imgcls_source *source, struct imgcls_graph *graph);
    /* Reads a nested file of weights (one of several) into the same checkpoint. */
    imgcls_status (*read_checkpoint)(const struct imgcls_host *host,
                                     const struct imgcls_source *source,
                                     struct imgcls_checkpoint *checkpoint);
    /* Reads a nested file of values; values as handed to read_values. */
    imgcls_status (*read_values)(const struct imgcls_host *host,
                                 const struct imgcls_source *source, void *values);
    /* An empty list for read_values, its entries, and its end. */
    imgcls_status (*values_create)(const struct imgcls_host *host, void **values);
    const struct imgcls_named_value *(*values_at)(const struct imgcls_host *host,
                                                  const void *values, size_t index);
    void (*values_release)(const struct imgcls_host *host, void *values);
    /* Writes through another format by name ("onnx"). */
    imgcls_status (*write_graph)(const struct imgcls_host *host, const char *format,
                                 const struct imgcls_graph *graph, struct imgcls_sink *sink);
    imgcls_status (*write_value)(const struct imgcls_host *host, const char *format,
                                 const char *name, const struct imgcls_value *value,
                                 struct imgcls_sink *sink);
    imgcls_status (*sink_write)(const struct imgcls_host *host, struct imgcls_sink *sink,
                                const void *bytes, size_t size);

    /* -- zip: the directory of a mapped archive. Duplicate names, overlapping members,
     * paths that leave the archive and sizes past the file are refused on opening. -- */
    imgcls_status (*zip_open)(const struct imgcls_host *host,
                              const struct imgcls_source *source, struct imgcls_zip **zip);
    const struct imgcls_zip_member *(*zip_member_at)(const struct imgcls_host *host,
                                                     const struct imgcls_zip *zip,
                                                     size_t index);
    /* A member as a source: stored ones share the mapping, deflated ones are inflated up to
     * `limit` bytes. Siblings opened beneath it are members of the same archive. Own:
     * source_close; it may outlive the zip. */
    imgcls_status (*zip_source)(const struct imgcls_host *host, const struct imgcls_zip *zip,
                                const char *name, uint64_t limit, struct imgcls_source **out);
    void (*zip_close)(const struct imgcls_host *host, struct imgcls_zip *zip);
    /* Writing: stored members only, data at multiples of `alignment` (a power of two), zip64
     * where needed. The sink must be at its beginning. */
    imgcls_status (*zip_create)(const struct imgcls_host *host, struct imgcls_sink *sink,
                                uint32_t alignment, struct imgcls_zip_writer **writer);
    /* Adds a whole member. */
    imgcls_status (*zip_add)(const struct imgcls_host *host, struct imgcls_zip_writer *writer,
                             const char *name, const void *bytes, size_t size);
    /* Begins a member of a size known beforehand; zip_append its bytes in order, exactly
     * that many, before the next member. */
    imgcls_status (*zip_begin)(const struct imgcls_host *host, struct imgcls_zip_writer *writer,
                               const char *name, uint64_t size);
    imgcls_status (*zip_append)(const struct imgcls_host *host,
                                struct imgcls_zip_writer *writer, const void *bytes,
                                size_t size);
    /* Writes the directory (where status is IMGCLS_OK) and frees the writer in any case. */
    imgcls_status (*zip_finish)(const struct imgcls_host *host,
                                struct imgcls_zip_writer *writer, imgcls_status status);

    /* -- since 0.2 -- */
    /* alloc for what is written whole before it is read, such as packed weights: the bytes may
     * be anything. */
    void *(*alloc_unset)(const struct imgcls_host *host, size_t count, size_t size);
};

#ifdef __cplusplus
}
#endif

#endif
