/*
 * plugins/architectures/net.h - a network in the making: parameters by part, nodes by layer
 *
 * An architecture here is a file with three things: tables of parameter names, one a naming
 * scheme; `compose`, which walks the network from picture to logits by the functions below;
 * and a struct family that names both. compose is run twice. In the survey there is no
 * graph: parameters are looked up, shapes checked, and what is missing, surplus or of
 * another shape is written down; the scheme that fits best is the checkpoint's. Then it
 * runs again and adds nodes. So recognising, the list of what does not fit, and building
 * cannot disagree.
 *
 * A part is a layer with parameters, numbered by an enum of the architecture; a scheme says
 * what the part is called: "layer{s+1}.{b}.conv1". Numbers in braces come from struct at.
 * compose reads depths and widths from the weights (net_has, net_dim) and knows only what
 * weights do not show: strides, padding, activations, epsilons.
 *
 * Errors: the first failure stays in net->status and later calls do nothing, so compose has
 * no error paths. Invariant: initializers of the graph are tensors of the checkpoint under
 * their own names and nothing else (what is made up is a Constant node), so that a bundle
 * can be written back as the checkpoint it came from.
 *
 * Threads: a net belongs to one call. Not here: reading checkpoints (plugins/formats).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ARCHITECTURES_NET_H
#define ARCHITECTURES_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <imgcls/plugin.h>

#define NAME_CAPACITY 256

/* Numbers for the braces of a pattern: stage, block of the stage, block of the network, and
 * one whose meaning the architecture says. */
struct at {
    int s, b, k, j;
};

/* What a naming scheme calls the parts. */
struct scheme {
    const char *name;         /* "torchvision", for the evidence */
    const char *const *parts; /* pattern by part; NULL where the scheme has no such part */
    /* fnmatch(3) patterns of tensors that a file may have and no network needs; NULL-ended
     * or NULL. */
    const char *const *ignored;
    int dialect; /* the architecture's own: what else differs (eps, padding) */
};

struct net;

struct family {
    const char *name; /* "ResNet", for messages */
    const struct scheme *schemes;
    size_t scheme_count;
    /* From net_input to net_output. */
    void (*compose)(struct net *net);
};

/* A value of the network: its name in the graph and what is known of its shape. Pictures
 * are N x channels x height x width, token lists N x height x channels (width 0), vectors
 * N x channels. -1: not known (a survey after something missing). */
struct value {
    const char *name; /* borrowed from the graph; "" in a survey */
    int64_t channels, height, width;
};

/* What a scheme explains of a checkpoint. */
struct survey {
    size_t matched; /* tensors that a part asked for */
    size_t missing; /* parameters that are not there */
    size_t surplus; /* tensors that no part asked for and that are not ignored */
    size_t misfits; /* tensors of a wrong shape, and other structure than the network's */
    char misfit[NAME_CAPACITY * 2]; /* the first one, in words */
    char assumed[NAME_CAPACITY];    /* what weights do not show, in words */
};

/* A tensor that a part asked for. */
struct taken {
    const struct imgcls_tensor *tensor;
    char *name; /* of its float32 form in the graph; own; NULL in a survey */
};

struct net {
    const struct imgcls_host *host;
    const struct imgcls_checkpoint *checkpoint;
    struct imgcls_graph *graph; /* NULL in a survey */
    const struct family *family;
    const struct scheme *scheme;
    const char *variant; /* as --arch or the configuration has it; NULL where unknown */
    imgcls_status status;
    double eps;                /* of batch and layer normalisation; compose sets it */
    char where[NAME_CAPACITY]; /* name of the part last used: stem for names of nodes */
    struct taken *taken;       /* own */
    size_t taken_count, taken_capacity;
    struct survey survey;
};

/* ---- family.c: recognising and building through a family
 * -------------------------------*/

int32_t family_recognise(const struct family *family, const struct imgcls_host *host,
                         const struct imgcls_checkpoint *checkpoint, char *evidence,
                         size_t capacity);
imgcls_status family_build(const struct family *family, const struct imgcls_host *host,
                           const struct imgcls_checkpoint *checkpoint, const char *variant,
                           struct imgcls_graph *graph);

/* The descriptor that plugin.c lists: its symbol, its name, the names that --arch takes (an
 * array ended by NULL), its family. */
#define ARCHITECTURE(symbol, text, list, family)                                           \
    static int32_t recognise(const struct imgcls_host *host,                               \
                             const struct imgcls_checkpoint *checkpoint, char *evidence,   \
                             size_t capacity)                                              \
    {                                                                                      \
        return family_recognise(&(family), host, checkpoint, evidence, capacity);          \
    }                                                                                      \
    static imgcls_status build(const struct imgcls_host *host,                             \
                               const struct imgcls_checkpoint *checkpoint,                 \
                               const char *variant, struct imgcls_graph *graph)            \
    {                                                                                      \
        return family_build(&(family), host, checkpoint, variant, graph);                  \
    }                                                                                      \
    const struct imgcls_architecture symbol = {                                            \
        .struct_size = sizeof(struct imgcls_architecture),                                 \
        .name = (text),                                                                    \
        .variants = (list),                                                                \
        .recognise = recognise,                                                            \
        .build = build,                                                                    \
    }

/* ---- names.c: patterns
 * ------------------------------------------------------------------*/

/* "layer{s+1}.{b}.conv1" with numbers put in; false where it does not fit capacity. */
bool name_expand(const char *pattern, struct at at, char *name, size_t capacity);
/* Whether one of the fnmatch(3) patterns, ended by NULL, fits; false for NULL. */
bool name_is_one_of(const char *name, const char *const *patterns);

/* ---- net.c: parameters
 * ------------------------------------------------------------------*/

/* Full name of a part's parameter into `name`: the part's name and suffix (".weight", or ""
 * where the pattern is the whole name). False where the scheme has no such part. */
bool net_name(const struct net *net, int part, struct at at, const char *suffix,
              char *name);
/* The tensor, or NULL, without asking for it: for compose to see what kind of network this
 * is. */
const struct imgcls_tensor *net_peek(const struct net *net, int part, struct at at,
                                     const char *suffix);
bool net_has(const struct net *net, int part, struct at at, const char *suffix);
/* A dimension of such a tensor; -1 where there is none. */
int64_t net_dim(const struct net *net, int part, struct at at, const char *suffix, int dim);
/* A parameter: the name of its float32 value in the graph ("" in a survey). Asks for it:
 * missing is written down, rank and dims are checked (a negative dim fits all). */
const char *net_parameter(struct net *net, int part, struct at at, const char *suffix,
                          int rank, const int64_t *dims);
/* Marks a tensor as known though nothing computes with it, where it is there. */
void net_skip(struct net *net, int part, struct at at, const char *suffix);
/* Writes down that the checkpoint is of another structure, unless `good`; the words follow
 * the name of the part last used: "has kernel 5, must be 3". */
void net_expect(struct net *net, bool good, const char *format, ...) IMGCLS_PRINTF(3, 4);
/* Writes down, for the evidence, what the weights do not show. */
void net_assume(struct net *net, const char *format, ...) IMGCLS_PRINTF(2, 3);
/* Records a failure of a host function; the first stays. */
void net_try(struct net *net, imgcls_status status);
void net_clear(struct net *net);

/* A variant that is known by name has these numbers of blocks in its stages; ended by 0. */
struct depths {
    const char *variant;
    int counts[8];
};
/* Expects the variant's row (where the table, ended by a NULL name, has it) to agree. */
void net_expect_depths(struct net *net, const struct depths *table, const int *counts);

/* What the source says of itself; docs/checkpoints.md has the keys. */
bool net_variant_begins(const struct net *net, const char *start);
bool net_is_from(const struct net *net,
                 const char *library); /* "timm", "transformers", "mm" */
int64_t net_setting(const struct net *net, const char *path, int64_t fallback);
double net_setting_real(const struct net *net, const char *path, double fallback);
/* As those two, of numbers that mean nothing else than what they should be: a count is 1 or more, an
 * epsilon from 0 to less than 1. A setting that is there and is no such number is a fault. */
int64_t net_setting_count(struct net *net, const char *path, int64_t fallback);
double net_setting_epsilon(struct net *net, const char *path, double fallback);
const char *net_setting_text(const struct net *net, const char *path, const char *fallback);

/* ---- nodes.c: anything of ONNX
 * -----------------------------------------------------------*/

/* The picture: N x channels x height x width, float32; as the source says, else `size`
 * squared. */
struct value net_input(struct net *net, int64_t channels, int64_t size);
/* The logits. */
void net_output(struct net *net, struct value value);

/* A node with up to eight inputs (names ended by NULL) and one output; returns the node for
 * attributes, NULL in a survey or after a failure. *out: the output's name. */
struct imgcls_node *net_node(struct net *net, const char *type, const char *const *inputs,
                             const char **out);
void net_int(struct net *net, struct imgcls_node *node, const char *name, int64_t value);
void net_ints(struct net *net, struct imgcls_node *node, const char *name, size_t count,
              const int64_t *values);
void net_float(struct net *net, struct imgcls_node *node, const char *name, double value);
void net_string(struct net *net, struct imgcls_node *node, const char *name,
                const char *value);
/* Nodes of one and two inputs without attributes. The result has the first one's shape. */
struct value net_unary(struct net *net, const char *type, struct value x);
struct value net_binary(struct net *net, const char *type, struct value x, struct value y);
/* Constants, made by Constant nodes. */
const char *net_constant_float(struct net *net, double value);
const char *net_constant_ints(struct net *net, size_t count, const int64_t *values);
const char *net_constant_floats(struct net *net, int rank, const int64_t *dims,
                                const float *values);
/* An input of a node by name, as a value. */
struct value net_reshape(struct net *net, struct value x, size_t count,
                         const int64_t *dims);
struct value net_transpose(struct net *net, struct value x, size_t count,
                           const int64_t *order);

/* ---- layers.c: what convolutional networks are made of --------------------------------*/

#define PAD_HALF (-1) /* k / 2 on each side */
#define PAD_SAME                                                                           \
    (-2) /* TensorFlow's SAME: as much as ceil(in / stride) needs, less first */
#define PAD_LATE (-3) /* k / 2 - 1 before and k / 2 after */

enum activation {
    LINEAR, /* none */
    RELU,
    RELU6,
    SILU,
    SIGMOID,
    TANH,
    HARD_SWISH,
    HARD_SIGMOID, /* relu6(x + 3) / 6 */
    GELU,         /* by erf */
    GELU_TANH,
    QUICK_GELU /* x * sigmoid(1.702 x) */
};

/* Convolution; kernel and groups come from the weight, a bias is taken where there is one
 * (conv_biased: there must be one). pad >= 0: on each side. */
struct value conv(struct net *net, struct value x, int part, struct at at, int stride,
                  int pad);
struct value conv_biased(struct net *net, struct value x, int part, struct at at,
                         int stride, int pad);
/* Batch normalisation with net->eps. */
struct value batch_norm(struct net *net, struct value x, int part, struct at at);
/* conv, batch_norm, activation. */
struct value conv_bn(struct net *net, struct value x, int conv_part, int norm_part,
                     struct at at, int stride, int pad, enum activation kind);
/* The same with a kernel that must have `kernel` rows, for what strides and padding depend on. */
struct value conv_bn_sized(struct net *net, struct value x, int conv_part, int norm_part,
                           struct at at, int kernel, int stride, int pad, enum activation kind);
/* Layer normalisation of the last axis with net->eps. */
struct value layer_norm(struct net *net, struct value x, int part, struct at at);
struct value activate(struct net *net, struct value x, enum activation kind);
struct value max_pool(struct net *net, struct value x, int kernel, int stride, int pad,
                      bool ceil_mode);
/* Padding is never counted. */
struct value average_pool(struct net *net, struct value x, int kernel, int stride, int pad,
                          bool ceil_mode);
/* Means over PyTorch's adaptive windows. */
struct value adaptive_pool(struct net *net, struct value x, int height, int width);
/* Mean over the picture; a vector. */
struct value global_pool(struct net *net, struct value x);
/* The same with height and width 1 left in place, for squeeze and excitation. */
struct value global_pool_map(struct net *net, struct value x);
/* Channels, height, width in this order as a vector. */
struct value flatten(struct net *net, struct value x);
/* A vector times the transposed weight, plus the bias. */
struct value linear(struct net *net, struct value x, int part, struct at at);
/* The same for the last axis of anything, and the bias only where there is one. */
struct value project(struct net *net, struct value x, int part, struct at at);
struct value add(struct net *net, struct value x, struct value y);
struct value multiply(struct net *net, struct value x, struct value y);
struct value concat_channels(struct net *net, size_t count, const struct value *values);
/* Squeeze and excitation: x * gate(expand(inner(reduce(mean of x)))), both 1x1
 * convolutions. */
struct value squeeze_excite(struct net *net, struct value x, int reduce, int expand,
                            struct at at, enum activation inner, enum activation gate);
/* What hidden_act of transformers says; `fallback` where it says nothing. timm's act_layer, which may
 * reach further, is refused where it says something else. */
enum activation hidden_activation(struct net *net, enum activation fallback);
/* The same of a network with one activation, which act_layer may name, too. */
enum activation any_activation(struct net *net, enum activation fallback);

#endif
