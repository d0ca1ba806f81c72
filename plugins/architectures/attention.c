/*
 * plugins/architectures/attention.c - attention, in the form of PyTorch's exporters
 *
 * Vaswani et al., "Attention Is All You Need" (2017). What differs between architectures is
 * where q, k and v come from and what is added to the scores; callers put that in between.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/tokens.h"

#include <math.h>

/* ---- From tokens to heads -------------------------------------------------------------*/

struct value split_heads(struct net *net, struct value x, int64_t count)
{
    static const int64_t order[] = {0, 2, 1, 3};
    const int64_t dims[] = {0, -1, count, x.channels / count};
    return net_transpose(net, net_reshape(net, x, 4, dims), 4, order);
}

/* `count` zeros. */
static const char *zeros(struct net *net, int64_t count)
{
    const char *name = "";
    if (!net->graph || net->status != IMGCLS_OK || count <= 0)
        return name;
    float *values = net->host->alloc(net->host, (size_t)count, sizeof *values);
    if (values)
        name = net_constant_floats(net, 1, &count, values);
    else
        net_try(net, IMGCLS_NO_MEMORY);
    net->host->release(net->host, values);
    return name;
}

static const char *joined(struct net *net, const char *q, const char *k, const char *v)
{
    const char *const inputs[] = {q, k, v, NULL};
    const char *name;
    net_int(net, net_node(net, "Concat", inputs, &name), "axis", 0);
    return name;
}

static const char *third(struct net *net, const char *bias, int64_t begin, int64_t end)
{
    static const int64_t axis[] = {0};
    const char *const inputs[] = {bias, net_constant_ints(net, 1, &begin),
                                  net_constant_ints(net, 1, &end),
                                  net_constant_ints(net, 1, axis), NULL};
    const char *name;
    net_node(net, "Slice", inputs, &name);
    return name;
}

static bool scheme_has(const struct net *net, int part)
{
    return part != NO_PART && net->scheme->parts[part];
}

/* The 3D numbers added to a fused product; NULL: none. */
static const char *fused_bias(struct net *net, const struct qkv *parts, struct at at,
                              int64_t d)
{
    const int64_t all = 3 * d;
    if (scheme_has(net, parts->bias) && awaited(net, parts->bias, at, "")) {
        const char *bias = net_parameter(net, parts->bias, at, "", 1, &all);
        if (!parts->k_bias_is_zero)
            return bias;
        return joined(net, third(net, bias, 0, d), zeros(net, d),
                      third(net, bias, 2 * d, 3 * d));
    }
    if (scheme_has(net, parts->q_bias) && awaited(net, parts->q_bias, at, "")) {
        const char *q = net_parameter(net, parts->q_bias, at, "", 1, &d);
        return joined(net, q, zeros(net, d),
                      net_parameter(net, parts->v_bias, at, "", 1, &d));
    }
    return NULL;
}

/* The three parts of a tensor 3 x ..., by Split. */
static void apart(struct net *net, struct value x, struct value *parts)
{
    static const int64_t first[] = {0};
    const char *names[3] = {"", "", ""};
    for (int i = 0; i < 3; i++)
        parts[i] = x;
    if (!net->graph || net->status != IMGCLS_OK)
        return;
    struct imgcls_node *node = NULL;
    net_try(net, net->host->graph_add_node(
                     net->host, net->graph, "", "Split",
                     net->host->graph_unique_name(net->host, net->graph, net->where), 1,
                     &x.name, 0, NULL, &node));
    for (size_t i = 0; i < 3 && net->status == IMGCLS_OK; i++) {
        names[i] = net->host->graph_unique_name(net->host, net->graph, "qkv");
        net_try(net, names[i] ? net->host->node_set_output(net->host, node, i, names[i])
                              : IMGCLS_NO_MEMORY);
    }
    net_int(net, node, "axis", 0);
    for (int i = 0; i < 3; i++) {
        const char *const inputs[] = {names[i], net_constant_ints(net, 1, first), NULL};
        net_node(net, "Squeeze", inputs, &parts[i].name);
    }
}

static void fused(struct net *net, struct value x, const struct qkv *parts, struct at at,
                  struct heads *heads)
{
    static const int64_t turned[] = {1, 0}, order[] = {2, 0, 3, 1, 4};
    const int64_t d = x.channels, dims[] = {d < 0 ? -1 : 3 * d, d};
    const int64_t split[] = {0, -1, 3, heads->count, heads->depth};
    struct value weight = whole(net, parts->weight, at, 2, dims), all[3];
    struct value product =
        net_binary(net, "MatMul", x, net_transpose(net, weight, 2, turned));
    const char *bias = fused_bias(net, parts, at, d);
    if (bias)
        product = net_binary(net, "Add", product, (struct value){.name = bias});
    apart(net, net_transpose(net, net_reshape(net, product, 5, split), 5, order), all);
    heads->q = all[0];
    heads->k = all[1];
    heads->v = all[2];
}

struct heads attention_heads(struct net *net, struct value x, const struct qkv *parts,
                             struct at at, int64_t count)
{
    struct heads heads = {.count = count, .tokens = x.height};
    bool divides = count > 0 && x.channels > 0 && x.channels % count == 0;
    net_expect(net, divides || x.channels < 0, "gives %lld channels for %lld heads",
               (long long)x.channels, (long long)count);
    heads.depth = divides ? x.channels / count : 1;
    if (!divides)
        heads.count = 1;
    if (scheme_has(net, parts->weight)) {
        fused(net, x, parts, at, &heads);
        return heads;
    }
    heads.q = split_heads(net, dense_if(net, x, parts->q, at), heads.count);
    heads.k = split_heads(net, dense_if(net, x, parts->k, at), heads.count);
    heads.v = split_heads(net, dense_if(net, x, parts->v, at), heads.count);
    return heads;
}

/* ---- Scores and back ------------------------------------------------------------------*/

struct value attention_scores(struct net *net, const struct heads *heads)
{
    static const int64_t order[] = {0, 1, 3, 2};
    return net_binary(net, "MatMul", heads->q, net_transpose(net, heads->k, 4, order));
}

struct value attention_apply(struct net *net, struct value scores,
                             const struct heads *heads)
{
    static const int64_t order[] = {0, 2, 1, 3};
    const int64_t channels = heads->count * heads->depth, dims[] = {0, -1, channels};
    const char *const inputs[] = {scores.name, NULL};
    net_int(net, net_node(net, "Softmax", inputs, &scores.name), "axis", -1);
    struct value out = net_binary(net, "MatMul", scores, heads->v);
    out = net_reshape(net, net_transpose(net, out, 4, order), 3, dims);
    out.channels = channels;
    out.height = heads->tokens;
    out.width = 0;
    return out;
}

struct value bias_of_table(struct net *net, struct value table, int64_t tokens,
                           const char *index)
{
    static const int64_t order[] = {2, 0, 1};
    const int64_t square[] = {tokens, tokens, table.channels};
    const int64_t front[] = {1, table.channels, tokens, tokens};
    table = rows_of(net, table, index);
    table = net_transpose(net, net_reshape(net, table, 3, square), 3, order);
    return net_reshape(net, table, 4, front);
}

struct value to_unit_length(struct net *net, struct value x)
{
    static const int64_t last[] = {-1};
    const char *const inputs[] = {x.name, NULL};
    struct value length = x;
    struct imgcls_node *node = net_node(net, "ReduceL2", inputs, &length.name);
    net_ints(net, node, "axes", 1, last);
    net_int(net, node, "keepdims", 1);
    const char *const bounds[] = {length.name, net_constant_float(net, 1e-12), NULL};
    net_node(net, "Clip", bounds, &length.name);
    return net_binary(net, "Div", x, length);
}
