/*
 * plugins/architectures/tokens.c - lists of tokens, and parameters of unusual form
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/tokens.h"

#include <string.h>

/* ---- Lists ----------------------------------------------------------------------------*/

static int64_t area(int64_t height, int64_t width)
{
    return height > 0 && width > 0 ? height * width : -1;
}

struct value tokens_of_picture(struct net *net, struct value picture)
{
    static const int64_t order[] = {0, 2, 1};
    int64_t tokens = area(picture.height, picture.width);
    const int64_t dims[] = {0, picture.channels, tokens};
    picture = net_transpose(net, net_reshape(net, picture, 3, dims), 3, order);
    picture.height = tokens;
    picture.width = 0;
    return picture;
}

struct value picture_of_tokens(struct net *net, struct value tokens, int64_t height,
                               int64_t width)
{
    static const int64_t order[] = {0, 2, 1};
    const int64_t dims[] = {0, tokens.channels, height, width};
    tokens = net_reshape(net, net_transpose(net, tokens, 3, order), 4, dims);
    tokens.height = height;
    tokens.width = width;
    return tokens;
}

struct value token_for_each(struct net *net, struct value token, struct value like)
{
    const int64_t rest[] = {token.height, token.channels};
    const char *const of[] = {like.name, NULL};
    const char *batch, *shape;
    struct imgcls_node *node = net_node(net, "Shape", of, &batch);
    net_int(net, node, "start", 0);
    net_int(net, node, "end", 1);
    const char *const dims[] = {batch, net_constant_ints(net, 2, rest), NULL};
    net_int(net, net_node(net, "Concat", dims, &shape), "axis", 0);
    const char *const inputs[] = {token.name, shape, NULL};
    net_node(net, "Expand", inputs, &token.name);
    return token;
}

struct value tokens_join(struct net *net, size_t count, const struct value *lists)
{
    const char *inputs[8] = {NULL};
    struct value all = lists[0];
    if (count == 1)
        return all;
    for (size_t i = 0; i < count && i + 1 < sizeof inputs / sizeof *inputs; i++) {
        inputs[i] = lists[i].name;
        if (i > 0)
            all.height =
                all.height < 0 || lists[i].height < 0 ? -1 : all.height + lists[i].height;
    }
    net_int(net, net_node(net, "Concat", inputs, &all.name), "axis", 1);
    return all;
}

struct value tokens_between(struct net *net, struct value tokens, int64_t begin,
                            int64_t end)
{
    static const int64_t axis[] = {1};
    if (begin == 0 && end == tokens.height)
        return tokens;
    const char *const inputs[] = {tokens.name, net_constant_ints(net, 1, &begin),
                                  net_constant_ints(net, 1, &end),
                                  net_constant_ints(net, 1, axis), NULL};
    net_node(net, "Slice", inputs, &tokens.name);
    tokens.height = end - begin;
    return tokens;
}

struct value token_at(struct net *net, struct value tokens, int64_t index)
{
    const int64_t dims[] = {0, tokens.channels};
    tokens = net_reshape(net, tokens_between(net, tokens, index, index + 1), 2, dims);
    tokens.height = 0;
    return tokens;
}

struct value tokens_mean(struct net *net, struct value tokens)
{
    static const int64_t axis[] = {1};
    const char *const inputs[] = {tokens.name, NULL};
    struct imgcls_node *node = net_node(net, "ReduceMean", inputs, &tokens.name);
    net_ints(net, node, "axes", 1, axis);
    net_int(net, node, "keepdims", 0);
    tokens.height = 0;
    return tokens;
}

/* ---- Parameters -----------------------------------------------------------------------*/

struct value whole(struct net *net, int part, struct at at, int rank, const int64_t *dims)
{
    int64_t channels = net_dim(net, part, at, "", rank - 1);
    int64_t tokens = rank > 1 ? net_dim(net, part, at, "", rank - 2) : 0;
    return (struct value){.name = net_parameter(net, part, at, "", rank, dims),
                          .channels = channels,
                          .height = tokens};
}

struct value scaled(struct net *net, struct value x, int part, struct at at)
{
    if (!awaited(net, part, at, ""))
        return x;
    return net_binary(net, "Mul", x, whole(net, part, at, 1, &x.channels));
}

bool awaited(const struct net *net, int part, struct at at, const char *suffix)
{
    const struct at first = {0}, second = {.b = 1, .k = 1};
    return net_has(net, part, at, suffix) || net_has(net, part, first, suffix) ||
           net_has(net, part, second, suffix);
}

struct value dense(struct net *net, struct value x, int part, struct at at)
{
    int64_t out = net_dim(net, part, at, ".weight", 0);
    bool there = net_has(net, part, at, ".bias");
    x = project(net, x, part, at);
    if (!there) /* asked for, so that it is named as missing */
        net_parameter(net, part, at, ".bias", 1, &out);
    return x;
}

struct value dense_if(struct net *net, struct value x, int part, struct at at)
{
    return awaited(net, part, at, ".bias") ? dense(net, x, part, at)
                                           : project(net, x, part, at);
}

struct value classify(struct net *net, struct value x, int part)
{
    const struct at at = {0};
    int64_t out = net_dim(net, part, at, ".weight", 0);
    bool there = net_has(net, part, at, ".bias");
    x = linear(net, x, part, at);
    if (!there)
        net_parameter(net, part, at, ".bias", 1, &out);
    return x;
}

struct value by_number(struct net *net, struct value x, double number)
{
    const char *const inputs[] = {x.name, net_constant_float(net, number), NULL};
    net_node(net, "Mul", inputs, &x.name);
    return x;
}

struct value layer_norm_if(struct net *net, struct value x, int part, struct at at)
{
    return net_has(net, part, at, ".weight") ? layer_norm(net, x, part, at) : x;
}

struct value perceptron(struct net *net, struct value x, int up, int down, struct at at,
                        enum activation kind)
{
    return dense(net, activate(net, dense(net, x, up, at), kind), down, at);
}

struct value numbers(struct net *net, int rank, const int64_t *dims, const float *values)
{
    struct value out = {.name = "", .channels = dims[rank - 1]};
    if (net->graph && net->status == IMGCLS_OK && values)
        out.name = net_constant_floats(net, rank, dims, values);
    return out;
}

struct value rows_of(struct net *net, struct value table, const char *index)
{
    const char *const inputs[] = {table.name, index, NULL};
    net_int(net, net_node(net, "Gather", inputs, &table.name), "axis", 0);
    return table;
}

/* ---- Configuration --------------------------------------------------------------------*/

bool variant_has(const struct net *net, const char *word)
{
    return net->variant && strstr(net->variant, word) != NULL;
}
