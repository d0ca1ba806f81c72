/*
 * plugins/architectures/vit_body.c - the one body of ViT, DeiT and BEiT
 *
 * Dosovitskiy et al., "An Image is Worth 16x16 Words" (2020); Touvron et al., "Training
 * data-efficient image transformers" (2020) and "DeiT III" (2022); Bao et al., "BEiT"
 * (2021).
 *
 * Prefix tokens stand before the patches in the order class, distillation, registers. A
 * position table has a row for each prefix token or for none (then positions are added
 * before the prefix is put on). What reads the tokens: the first ones, or the mean of the
 * patches where a norm of that mean is there or the configuration says so.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/vit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/architectures/tokens.h"

#define TOKENS_MAX                                                                         \
    16384 /* of a picture with relative positions: their index is its square */

/* What holds for all blocks of one network. */
struct body {
    int64_t rows, columns; /* of patches */
    int64_t prefix;        /* tokens before them */
    int64_t heads;
    enum activation activation;
    bool biased;         /* each block has a table of relative positions, or the shared one does */
    struct value shared; /* bias of all blocks; name NULL: none */
    const char *index;   /* constant: rows of a relative table for every pair of tokens */
};

static const struct qkv attention = {.weight = QKV_WEIGHT,
                                     .bias = QKV_BIAS,
                                     .q_bias = Q_BIAS,
                                     .v_bias = V_BIAS,
                                     .q = QUERY,
                                     .k = KEY,
                                     .v = VALUE};

/* ---- What weights do not show ---------------------------------------------------------*/

static double epsilon(struct net *net)
{
    const struct at at = {0};
    if (net->scheme->dialect == BY_TRANSFORMERS) {
        double said = net_setting_epsilon(net, "layer_norm_eps", -1.0);
        if (said < 0.0)
            net_assume(net, "epsilon 1e-12");
        return said < 0.0 ? 1e-12 : said;
    }
    /* Of the nets by these names only those trained as CLIP normalise before the blocks. */
    return net_has(net, NORM_PRE, at, ".weight") ? 1e-5 : 1e-6;
}

static int64_t heads_of(struct net *net, int64_t channels)
{
    static const char *const settings[] = {"num_attention_heads", "model_args.num_heads",
                                           "backbone.arch.num_heads"};
    const struct at at = {0};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        int64_t said = net_setting_count(net, settings[i], 0);
        if (said > 0)
            return said;
    }
    if (channels == 1280 || channels == 1408 || channels == 1664 || channels == 1152 ||
        variant_has(net, "giantopt"))
        return 16; /* huge, giant, gigantic, shape-optimised */
    if (variant_has(net, "test_vit"))
        return 2;
    /* mmcls's "small" (768 wide, 8 heads) is the one net with an MLP of three times its
     * width; everybody else's heads are 64 wide. */
    bool small = net->scheme->dialect == BY_MM &&
                 net_dim(net, MLP_UP, at, ".weight", 0) == 3 * channels;
    int64_t width = small ? 96 : 64;
    net_expect(
        net, channels < 0 || channels % width == 0,
        "is %lld wide, which is no multiple of heads of %lld: the configuration must "
        "say how many",
        (long long)channels, (long long)width);
    net_assume(net, "heads of %lld", (long long)width);
    return channels > 0 ? channels / width : 1;
}

static enum activation activation_of(struct net *net)
{
    /* Of timm's, by name: those that were not trained with GELU by erf. */
    static const struct {
        const char *word;
        enum activation kind;
    } named[] = {{"quickgelu", QUICK_GELU},
                 {"vit_base_patch32_siglip", GELU_TANH},
                 {"vit_large_patch16_siglip_512", GELU_TANH},
                 {"vit_large_patch16_siglip_gap_512", GELU_TANH},
                 {"vit_so400m_patch16_siglip", GELU_TANH},
                 {"vit_giantopt_patch16_siglip", GELU_TANH}};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (variant_has(net, named[i].word))
            return named[i].kind;
    return any_activation(net, GELU);
}

static enum resampling resampling_of(const struct net *net)
{
    switch (net->scheme->dialect) {
    case BY_TORCHVISION:
        return CUBIC_CORNERS;
    case BY_TIMM:
        return CUBIC_ANTIALIASED;
    default:
        return CUBIC;
    }
}

static enum resampling table_resampling_of(const struct net *net)
{
    if (net->scheme->dialect == BY_TIMM)
        return GEOMETRIC_LINEAR;
    return net->scheme->dialect == BY_MM ? GEOMETRIC_SPLINE : BILINEAR;
}

/* ---- Positions ------------------------------------------------------------------------*/

static int64_t root(int64_t square)
{
    int64_t side = square > 0 ? (int64_t)llround(sqrt((double)square)) : 0;
    return side > 0 && side * side == square ? side : -1;
}

/* Rows of a table that belong to prefix tokens: all or none, whichever leaves a square. */
static int64_t prefix_rows(int64_t rows, int64_t prefix)
{
    return root(rows - prefix) > 0 || root(rows) < 0 ? prefix : 0;
}

/* The picture's side for which the file's own tables are; 0 where it has none. */
static int64_t native_side(const struct net *net, int64_t prefix)
{
    const struct at at = {0};
    int64_t patch = net_dim(net, PATCH, at, ".weight", 2);
    int64_t rows = net_dim(net, POSITIONS, at, "", 1), side = -1;
    if (rows > 0) {
        side = root(rows - prefix_rows(rows, prefix));
    } else {
        int64_t table = net_dim(net, TABLE, at, "", 0);
        table = table > 0 ? table : net_dim(net, SHARED_TABLE, at, "", 0);
        side = table > 3 ? (root(table - 3) + 1) / 2 : -1;
    }
    return side > 0 && patch > 0 && patch < 4096 ? side * patch : 0;
}

/* The position table for this grid, as N-less tokens: 1 x (prefix rows + patches). */
static struct value positions(struct net *net, const struct body *body, int64_t channels,
                              int64_t *prefix)
{
    const struct at at = {0};
    const int64_t dims[] = {1, -1, channels}, flat[] = {-1, channels};
    const int64_t front[] = {1, body->rows * body->columns, channels};
    struct value table = whole(net, POSITIONS, at, 3, dims), grid;
    *prefix = prefix_rows(table.height, body->prefix);
    int64_t own = table.height - *prefix, side = root(own);
    if (own == body->rows * body->columns && (side < 0 || body->rows == body->columns))
        return table;
    net_expect(net, side > 0 || own < 0,
               "has %lld rows, which is no square and not the %lldx%lld of the input",
               (long long)own, (long long)body->rows, (long long)body->columns);
    if (side <= 0)
        return table;
    grid = tokens_between(net, table, *prefix, table.height);
    grid = net_reshape(net, grid, 2, flat);
    grid = resampled(net, grid, resampling_of(net), side, side, body->rows, body->columns);
    grid = net_reshape(net, grid, 3, front);
    grid.height = front[1];
    if (*prefix == 0)
        return grid;
    const struct value both[] = {tokens_between(net, table, 0, *prefix), grid};
    return tokens_join(net, 2, both);
}

/* Prefix tokens before the patches, positions added where the table has them. */
static struct value with_prefix(struct net *net, struct body *body, struct value patches)
{
    static const int parts[] = {CLASS_TOKEN, DIST_TOKEN, REGISTERS};
    const struct at at = {0};
    const int64_t dims[] = {1, -1, patches.channels};
    struct value lists[4], table = {.name = NULL}, all;
    size_t count = 0;
    int64_t rows = 0;
    bool positioned = net_has(net, POSITIONS, at, "");
    if (positioned)
        table = positions(net, body, patches.channels, &rows);
    if (positioned && rows == 0)
        patches = net_binary(net, "Add", patches, table);
    for (int i = 0; i < 3; i++)
        if (net_has(net, parts[i], at, ""))
            lists[count++] =
                token_for_each(net, whole(net, parts[i], at, 3, dims), patches);
    lists[count++] = patches;
    all = tokens_join(net, count, lists);
    return positioned && rows > 0 ? net_binary(net, "Add", all, table) : all;
}

static int64_t count_prefix(const struct net *net)
{
    const struct at at = {0};
    int64_t registers = net_dim(net, REGISTERS, at, "", 1);
    return net_has(net, CLASS_TOKEN, at, "") + net_has(net, DIST_TOKEN, at, "") +
           (registers > 0 && registers < 4096 ? registers : 0);
}

/* ---- Relative positions (BEiT) --------------------------------------------------------*/

/* The row for a pair: displacement of key and query, rows first; the last three rows are
 * for class to patch, patch to class and class to class. */
static int64_t pair(const struct body *body, int64_t query, int64_t key)
{
    int64_t across = 2 * body->columns - 1, all = (2 * body->rows - 1) * across;
    if (query == 0)
        return key == 0 ? all + 2 : all;
    if (key == 0)
        return all + 1;
    int64_t down = (query - 1) / body->columns - (key - 1) / body->columns;
    int64_t right = (query - 1) % body->columns - (key - 1) % body->columns;
    return (down + body->rows - 1) * across + right + body->columns - 1;
}

static const char *index_of(struct net *net, struct body *body)
{
    int64_t tokens = body->rows * body->columns + 1;
    if (!net->graph || net->status != IMGCLS_OK || body->index)
        return body->index ? body->index : "";
    int64_t *index = net->host->alloc(net->host, (size_t)(tokens * tokens), sizeof *index);
    if (!index) {
        net_try(net, IMGCLS_NO_MEMORY);
        return "";
    }
    for (int64_t q = 0; q < tokens; q++)
        for (int64_t k = 0; k < tokens; k++)
            index[q * tokens + k] = pair(body, q, k);
    body->index = net_constant_ints(net, (size_t)(tokens * tokens), index);
    net->host->release(net->host, index);
    return body->index;
}

static struct value relative_bias(struct net *net, struct body *body, int part,
                                  struct at at)
{
    const int64_t dims[] = {-1, body->heads};
    struct value table = whole(net, part, at, 2, dims), lists[2];
    int64_t own = table.height > 3 ? (root(table.height - 3) + 1) / 2 : -1;
    int64_t tokens = body->rows * body->columns + 1;
    bool fits = table.height == (2 * body->rows - 1) * (2 * body->columns - 1) + 3;
    net_expect(net, body->prefix == 1 && tokens <= TOKENS_MAX,
               "is for a class token and at most %d patches", TOKENS_MAX - 1);
    net_expect(net, fits || own > 0 || table.height < 0,
               "has %lld rows, must have (2h-1)(2w-1)+3", (long long)table.height);
    if (body->prefix != 1 || tokens > TOKENS_MAX || (!fits && own <= 0))
        return table;
    if (!fits) {
        static const int64_t axis[] = {0};
        const int64_t begin[] = {0}, end[] = {table.height - 3}, last[] = {table.height};
        const char *const grid[] = {table.name, net_constant_ints(net, 1, begin),
                                    net_constant_ints(net, 1, end),
                                    net_constant_ints(net, 1, axis), NULL};
        const char *const rest[] = {table.name, net_constant_ints(net, 1, end),
                                    net_constant_ints(net, 1, last),
                                    net_constant_ints(net, 1, axis), NULL};
        lists[0] = lists[1] = table;
        net_node(net, "Slice", grid, &lists[0].name);
        net_node(net, "Slice", rest, &lists[1].name);
        lists[0] = resampled(net, lists[0], table_resampling_of(net), 2 * own - 1,
                             2 * own - 1, 2 * body->rows - 1, 2 * body->columns - 1);
        const char *const both[] = {lists[0].name, lists[1].name, NULL};
        net_int(net, net_node(net, "Concat", both, &table.name), "axis", 0);
    }
    return bias_of_table(net, table, tokens, index_of(net, body));
}

/* ---- Blocks ---------------------------------------------------------------------------*/

/* BEiTs without any table exist: with absolute positions, or where the settings say that there is
 * none. One block's table that is missing beside others is a fault. */
static bool has_biases(const struct net *net)
{
    struct at at = {0};
    if (!net->scheme->parts[TABLE])
        return false;
    for (; net_has(net, NORM1, at, ".weight"); at.b++)
        if (net_has(net, TABLE, at, ""))
            return true;
    return !net_has(net, POSITIONS, (struct at){0}, "") &&
           net_setting(net, "use_relative_position_bias", 1) != 0;
}

static struct value attend(struct net *net, struct body *body, struct value x, struct at at)
{
    struct heads heads = attention_heads(net, x, &attention, at, body->heads);
    heads.q = by_number(net, heads.q, 1.0 / sqrt((double)heads.depth));
    struct value scores = attention_scores(net, &heads);
    if (net_has(net, TABLE, at, "") || (body->biased && !body->shared.name))
        scores = net_binary(net, "Add", scores, relative_bias(net, body, TABLE, at));
    if (body->shared.name)
        scores = net_binary(net, "Add", scores, body->shared);
    return dense(net, attention_apply(net, scores, &heads), ATTENTION_OUT, at);
}

static struct value block(struct net *net, struct body *body, struct value x, struct at at)
{
    struct value y = attend(net, body, layer_norm(net, x, NORM1, at), at);
    x = add(net, x, scaled(net, y, SCALE1, at));
    y = perceptron(net, layer_norm(net, x, NORM2, at), MLP_UP, MLP_DOWN, at,
                   body->activation);
    return add(net, x, scaled(net, y, SCALE2, at));
}

/* ---- Ends -----------------------------------------------------------------------------*/

static bool pools(const struct net *net)
{
    const struct at at = {0};
    const char *said = net_setting_text(net, "global_pool", "");
    return net_has(net, POOLED_NORM, at, ".weight") || strcmp(said, "avg") == 0;
}

static struct value head(struct net *net, struct value tokens, struct body *body)
{
    const struct at at = {0};
    struct value x;
    if (pools(net)) {
        x = tokens_mean(net, tokens_between(net, tokens, body->prefix, tokens.height));
        x = layer_norm_if(net, x, POOLED_NORM, at);
    } else {
        x = token_at(net, tokens, 0);
    }
    if (net_has(net, PRE_LOGITS, at, ".weight"))
        x = activate(net, classify(net, x, PRE_LOGITS), TANH);
    x = classify(net, x, HEAD);
    if (!net->scheme->parts[HEAD_DIST])
        return x;
    struct value other = classify(net, token_at(net, tokens, 1), HEAD_DIST);
    return by_number(net, add(net, x, other), 0.5);
}

/* What all families must have and no block asks for. */
static void expect_whole(struct net *net)
{
    const struct at at = {0};
    static const char *const pooling[] = {"", "avg", "token"};
    const char *said = net_setting_text(net, "global_pool", "");
    bool known = false;
    for (size_t i = 0; i < sizeof pooling / sizeof *pooling; i++)
        known = known || strcmp(said, pooling[i]) == 0;
    if (!known && net->graph)
        net_try(net, net->host->fail(
                         net->host, IMGCLS_UNSUPPORTED,
                         "setting 'global_pool' is '%s', known are avg and token", said));
    if (!pools(net) && !net_has(net, CLASS_TOKEN, at, ""))
        whole(net, CLASS_TOKEN, at, 3, (const int64_t[]){1, 1, -1});
    if (net->scheme->parts[DIST_TOKEN] && !net_has(net, DIST_TOKEN, at, ""))
        whole(net, DIST_TOKEN, at, 3, (const int64_t[]){1, 1, -1});
    if (!net->scheme->parts[TABLE] && !net_has(net, POSITIONS, at, ""))
        whole(net, POSITIONS, at, 3, (const int64_t[]){1, -1, -1});
    /* Only nets that normalise before the blocks do without a bias here. */
    if (!net_has(net, NORM_PRE, at, ".weight") && !net_has(net, PATCH, at, ".bias"))
        net_parameter(net, PATCH, at, ".bias", 1, (const int64_t[]){-1});
    net_expect(
        net, net_dim(net, PATCH, at, ".weight", 2) == net_dim(net, PATCH, at, ".weight", 3),
        "has patches that are not square");
    if (!net_has(net, POOLED_NORM, at, ".weight") && !net_has(net, NORM, at, ".weight"))
        net_parameter(net, NORM, at, ".weight", 1, (const int64_t[]){-1});
}

void vit_compose(struct net *net)
{
    struct at at = {0};
    struct body body = {.prefix = count_prefix(net)};
    int64_t patch = net_dim(net, PATCH, at, ".weight", 2),
            side = native_side(net, body.prefix);
    net->eps = epsilon(net);
    expect_whole(net);
    struct value x =
        net_input(net, net_dim(net, PATCH, at, ".weight", 1), side ? side : 224);
    x = conv(net, x, PATCH, at, patch > 0 && patch < 4096 ? (int)patch : 1, 0);
    body.rows = x.height > 0 ? x.height : 1;
    body.columns = x.width > 0 ? x.width : 1;
    body.heads = heads_of(net, x.channels);
    body.activation = activation_of(net);
    x = with_prefix(net, &body, tokens_of_picture(net, x));
    x = layer_norm_if(net, x, NORM_PRE, at);
    body.biased = has_biases(net);
    if (net_has(net, SHARED_TABLE, at, ""))
        body.shared = relative_bias(net, &body, SHARED_TABLE, at);
    for (; net_has(net, NORM1, at, ".weight"); at.b++)
        x = block(net, &body, x, at);
    net_expect(net, at.b > 0, "is of a network without blocks");
    x = layer_norm_if(net, x, NORM, (struct at){0});
    net_output(net, head(net, x, &body));
}
