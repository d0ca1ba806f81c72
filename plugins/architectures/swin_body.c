/*
 * plugins/architectures/swin_body.c - the one body of Swin and Swin V2
 *
 * Liu et al., "Swin Transformer" (2021) and "Swin Transformer V2: Scaling Up Capacity and
 * Resolution" (2021). Depths, widths and heads show in the weights. The window shows in
 * Swin's bias tables; of Swin V2 only some files say it. In version 2 norms come behind the
 * branches, scores are cosines, and the bias of a displacement comes out of a perceptron.
 *
 * Where a map is no larger than a window, there is one window and no shift: as large as the
 * map, except in torchvision, which pads. Libraries also differ in whether a map is padded
 * before it is shifted, in the order of the four neighbours that are merged (mm), and in
 * what they do with a table whose window is of another size.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/swin.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/architectures/tokens.h"

#define WINDOW_MAX 64

struct stage {
    int64_t window;     /* as the network was made for; maps may be smaller */
    int64_t pretrained; /* Swin V2: the window that coordinates are relative to, or 0 */
    enum activation activation;
    struct windows plain, shifted;
};

static const struct qkv attention = {.weight = QKV_WEIGHT,
                                     .bias = QKV_BIAS,
                                     .q_bias = Q_BIAS,
                                     .v_bias = V_BIAS,
                                     .q = QUERY,
                                     .k = KEY,
                                     .v = VALUE};

static bool is_second(const struct net *net)
{
    return net->scheme->parts[LOGIT_SCALE] != NULL;
}

/* ---- Sizes of windows -----------------------------------------------------------------*/

static int64_t of_stage(const struct net *net, const char *list, int stage)
{
    char path[NAME_CAPACITY];
    snprintf(path, sizeof path, "%s.%d", list, stage);
    return net_setting(net, path, 0);
}

/* "swinv2_base_window12to16_192to256": 16, and pretrained 12. */
static int64_t window_of_name(const struct net *net, int64_t *pretrained)
{
    const char *at = net->variant ? strstr(net->variant, "window") : NULL;
    char *end;
    *pretrained = 0;
    if (!at)
        return 0;
    long first = strtol(at + strlen("window"), &end, 10);
    if (strncmp(end, "to", 2) != 0)
        return first;
    *pretrained = first;
    return strtol(end + 2, NULL, 10);
}

/* Side of a square table of (2w - 1)^2 rows as w; -1 where it is none. */
static int64_t window_of_rows(int64_t rows)
{
    int64_t side = rows > 0 ? (int64_t)llround(sqrt((double)rows)) : 0;
    return side > 0 && side * side == rows && side % 2 == 1 ? (side + 1) / 2 : -1;
}

static int64_t said_window(const struct net *net, int stage)
{
    static const char *const paths[] = {"window_size", "model_args.window_size",
                                        "backbone.window_size"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        int64_t one = net_setting(net, paths[i], 0), own = of_stage(net, paths[i], stage);
        if (own > 0 || one > 0)
            return own > 0 ? own : one;
    }
    return 0;
}

/* The window that a table of coordinates is relative to, by its first entry, which is that
 * of the largest displacement: log2(8 (w - 1) / (p - 1) + 1) / 3. 0: its own. */
static int64_t window_of_coordinates(const struct imgcls_tensor *table)
{
    int64_t window = table->rank == 4 ? (table->dims[1] + 1) / 2 : 0;
    if (table->type != IMGCLS_F32 || !table->data || window < 2 || window > WINDOW_MAX)
        return 0;
    double first = fabs((double)*(const float *)table->data);
    if (!(first < 4.0) || fabs(first - 1.0) < 1e-3)
        return 0;
    return 1 + llround(8.0 * (double)(window - 1) / (exp2(3.0 * first) - 1.0));
}

static int64_t pretrained_window(const struct net *net, struct at at)
{
    static const char *const lists[] = {"pretrained_window_sizes",
                                        "model_args.pretrained_window_sizes",
                                        "backbone.pretrained_window_sizes"};
    int64_t named;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        int64_t said = of_stage(net, lists[i], at.s);
        if (said > 0)
            return said;
    }
    const struct imgcls_tensor *table = net_peek(net, COORDINATES, at, "");
    if (table)
        return window_of_coordinates(table);
    /* The last of four stages was pretrained on maps of half a window. */
    window_of_name(net, &named);
    return at.s == 3 ? named / 2 : named;
}

static void choose_window(struct net *net, struct stage *stage, struct at at)
{
    struct at first = {.k = at.k};
    int64_t named;
    stage->window = said_window(net, at.s);
    if (!is_second(net)) {
        int64_t rows = net_dim(net, TABLE, first, "", 0), own = window_of_rows(rows);
        net_expect(net, own > 0 || rows < 0, "has tables of %lld rows, must be (2w-1)^2",
                   (long long)rows);
        /* transformers and mm write down what tables show; timm only what was changed. */
        if (stage->window <= 0 || net->scheme->dialect != BY_TIMM)
            stage->window = own;
    } else if (stage->window <= 0 && net_has(net, COORDINATES, first, "")) {
        stage->window = (net_dim(net, COORDINATES, first, "", 1) + 1) / 2;
    } else if (stage->window <= 0) {
        stage->window = window_of_name(net, &named);
        if (stage->window <= 0)
            stage->window = 8;
        if (at.s == 0 && !variant_has(net, "window"))
            net_assume(net, "windows of 8");
    }
    net_expect(net, stage->window <= WINDOW_MAX,
               "has windows of %lld, at most %d are known", (long long)stage->window,
               WINDOW_MAX);
    if (stage->window <= 0 || stage->window > WINDOW_MAX)
        stage->window = 1;
    if (is_second(net))
        stage->pretrained = pretrained_window(net, at);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static struct windows cut(const struct net *net, struct value map, int64_t window,
                          bool shift)
{
    struct windows w = {.height = map.height, .width = map.width};
    int64_t side = smaller(map.height, map.width), half = shift ? window / 2 : 0;
    w.down = w.right = window;
    w.pads_after_shift = net->scheme->dialect == BY_TIMM;
    if (net->scheme->dialect == BY_TIMM) {
        w.down = smaller(window, map.height);
        w.right = smaller(window, map.width);
    } else if (net->scheme->dialect != BY_TORCHVISION && side <= window) {
        w.down = w.right = side;
        half = 0;
    }
    w.shift_down = map.height <= window ? 0 : half;
    w.shift_right = map.width <= window ? 0 : half;
    return w;
}

/* ---- Biases by displacement -----------------------------------------------------------*/

static struct value table_bias(struct net *net, struct windows *windows, struct at at)
{
    const int64_t dims[] = {-1, -1};
    struct value table = whole(net, TABLE, at, 2, dims);
    int64_t own = window_of_rows(table.height), tokens = windows->down * windows->right;
    int64_t down = 2 * windows->down - 1, right = 2 * windows->right - 1;
    net_expect(net, own > 0 || table.height < 0, "has %lld rows, must be (2w-1)^2",
               (long long)table.height);
    if (own <= 0 || own > WINDOW_MAX)
        return table;
    table =
        resampled(net, table, net->scheme->dialect == BY_TIMM ? GEOMETRIC_LINEAR : CUBIC,
                  2 * own - 1, 2 * own - 1, down, right);
    return bias_of_table(net, table, tokens, displacements(net, windows));
}

/* sign(d) log2(|8 d / (p - 1)| + 1) / log2(8) */
static float coordinate(int64_t displacement, int64_t window, int64_t pretrained)
{
    int64_t against = pretrained > 0 ? pretrained - 1 : window - 1;
    double d = 8.0 * (double)displacement / (double)(against > 0 ? against : 1);
    return (float)copysign(log2(fabs(d) + 1.0) / 3.0, d);
}

static struct value coordinates(struct net *net, const struct stage *stage,
                                const struct windows *w)
{
    const int64_t down = 2 * w->down - 1, right = 2 * w->right - 1;
    const int64_t dims[] = {down * right, 2};
    struct value table = {.name = "", .channels = 2, .height = dims[0]};
    if (!net->graph || net->status != IMGCLS_OK)
        return table;
    float *values = net->host->alloc(net->host, (size_t)dims[0], 2 * sizeof *values);
    if (!values) {
        net_try(net, IMGCLS_NO_MEMORY);
        return table;
    }
    for (int64_t i = 0; i < dims[0]; i++) {
        values[2 * i] = coordinate(i / right - w->down + 1, w->down, stage->pretrained);
        values[2 * i + 1] =
            coordinate(i % right - w->right + 1, w->right, stage->pretrained);
    }
    table.name = net_constant_floats(net, 2, dims, values);
    net->host->release(net->host, values);
    return table;
}

static struct value perceptron_bias(struct net *net, const struct stage *stage,
                                    struct windows *windows, struct at at)
{
    struct value table = coordinates(net, stage, windows);
    table = project(net, activate(net, dense(net, table, CPB_UP, at), RELU), CPB_DOWN, at);
    table = by_number(net, activate(net, table, SIGMOID), 16.0);
    return bias_of_table(net, table, windows->down * windows->right,
                         displacements(net, windows));
}

/* ---- Blocks ---------------------------------------------------------------------------*/

/* Cosines of q and k, times at most 100. */
static struct value cosines(struct net *net, struct heads *heads, struct at at)
{
    const int64_t dims[] = {heads->count, 1, 1};
    struct value scale = {.name = net_parameter(net, LOGIT_SCALE, at, "", 3, dims)};
    struct value most = {.name = net_constant_float(net, log(100.0))};
    heads->q = to_unit_length(net, heads->q);
    heads->k = to_unit_length(net, heads->k);
    scale = net_unary(net, "Exp", net_binary(net, "Min", scale, most));
    return net_binary(net, "Mul", attention_scores(net, heads), scale);
}

static struct value attend(struct net *net, struct stage *stage, struct windows *windows,
                           struct value x, struct at at)
{
    bool second = is_second(net);
    struct qkv parts = attention;
    int64_t count =
        second ? net_dim(net, LOGIT_SCALE, at, "", 0) : net_dim(net, TABLE, at, "", 1);
    struct value scores, bias;
    parts.k_bias_is_zero = second;
    x = to_windows(net, windows, x);
    struct heads heads = attention_heads(net, x, &parts, at, count);
    if (second) {
        scores = cosines(net, &heads, at);
        bias = perceptron_bias(net, stage, windows, at);
    } else {
        heads.q = by_number(net, heads.q, 1.0 / sqrt((double)heads.depth));
        scores = attention_scores(net, &heads);
        bias = table_bias(net, windows, at);
    }
    scores = net_binary(net, "Add", scores, bias);
    scores = mask_scores(net, windows, scores, heads.count);
    x = dense(net, attention_apply(net, scores, &heads), ATTENTION_OUT, at);
    return from_windows(net, windows, x);
}

static struct value block(struct net *net, struct stage *stage, struct value x,
                          struct at at)
{
    struct windows *windows = at.b % 2 ? &stage->shifted : &stage->plain;
    if (!is_second(net)) {
        x = add(net, x, attend(net, stage, windows, layer_norm(net, x, NORM1, at), at));
        struct value y = layer_norm(net, x, NORM2, at);
        return add(net, x, perceptron(net, y, MLP_UP, MLP_DOWN, at, stage->activation));
    }
    struct value y = attend(net, stage, windows, x, at);
    x = add(net, x, layer_norm(net, y, NORM1, at));
    y = perceptron(net, x, MLP_UP, MLP_DOWN, at, stage->activation);
    x = add(net, x, layer_norm(net, y, NORM2, at));
    return layer_norm_if(net, x, NORM3, at);
}

/* Half as many pixels a side, twice as many channels. */
static struct value merge(struct net *net, struct value x, struct at at)
{
    x = gather_neighbours(net, x, net->scheme->dialect == BY_MM);
    if (is_second(net))
        return layer_norm(net, project(net, x, MERGE, at), MERGE_NORM, at);
    return project(net, layer_norm(net, x, MERGE_NORM, at), MERGE, at);
}

/* ---- The network ----------------------------------------------------------------------*/

/* 224 for windows of 7, 384 for 12 and 24, 256 for 8 and 16. */
static int64_t native_side(const struct net *net, const struct stage *first)
{
    if (is_second(net))
        return first->window % 12 == 0 ? 16 * first->window : 256;
    return 32 * first->window;
}

static struct value embed(struct net *net, const struct stage *first)
{
    static const int64_t order[] = {0, 2, 3, 1};
    const struct at at = {0};
    int64_t patch = net_dim(net, PATCH, at, ".weight", 2);
    struct value x =
        net_input(net, net_dim(net, PATCH, at, ".weight", 1), native_side(net, first));
    net_expect(net, patch == net_dim(net, PATCH, at, ".weight", 3),
               "has patches that are not square");
    if (!net_has(net, PATCH, at, ".bias"))
        net_parameter(net, PATCH, at, ".bias", 1, (const int64_t[]){-1});
    patch = patch > 0 && patch < 4096 ? patch : 1;
    if (net->graph && net->status == IMGCLS_OK && net->scheme->dialect != BY_TORCHVISION &&
        (x.height % patch || x.width % patch))
        net_try(net,
                net->host->fail(net->host, IMGCLS_UNSUPPORTED,
                                "input size %lldx%lld, must be a multiple of %lld",
                                (long long)x.width, (long long)x.height, (long long)patch));
    x = net_transpose(net, conv(net, x, PATCH, at, (int)patch, 0), 4, order);
    x = layer_norm(net, x, PATCH_NORM, at);
    if (net_has(net, POSITIONS, at, "")) {
        const int64_t dims[] = {1, x.height * x.width, x.channels};
        const int64_t map[] = {1, x.height, x.width, x.channels};
        struct value table = whole(net, POSITIONS, at, 3, dims);
        x = net_binary(net, "Add", x, net_reshape(net, table, 4, map));
    }
    return x;
}

static struct value pool_map(struct net *net, struct value map)
{
    static const int64_t axes[] = {1, 2};
    const char *const inputs[] = {map.name, NULL};
    struct imgcls_node *node = net_node(net, "ReduceMean", inputs, &map.name);
    net_ints(net, node, "axes", 2, axes);
    net_int(net, node, "keepdims", 0);
    map.height = map.width = 0;
    return map;
}

void swin_compose(struct net *net)
{
    struct at at = {0};
    struct stage stage = {0};
    net->eps = net_setting_epsilon(net, "layer_norm_eps", 1e-5);
    net_expect(net, !variant_has(net, "swin_s3"),
               "is of Swin-S3, whose windows differ from stage to stage and are not known");
    choose_window(net, &stage, at);
    struct value x = embed(net, &stage);
    for (; net_has(net, NORM1, at, ".weight"); at.s++, at.j += 2, at.b = 0) {
        stage = (struct stage){0};
        choose_window(net, &stage, at);
        if (at.s > 0)
            x = merge(net, x, at);
        if (x.height <= 0 || x.width <= 0)
            break;
        stage.activation = hidden_activation(net, GELU);
        stage.plain = cut(net, x, stage.window, false);
        stage.shifted = cut(net, x, stage.window, true);
        for (; net_has(net, NORM1, at, ".weight"); at.b++, at.k++) {
            net_skip(net, COORDINATES, at, "");
            x = block(net, &stage, x, at);
        }
    }
    net_expect(net, at.s > 0, "is of a network without stages");
    at.s--;
    at.j -= 2;
    x = pool_map(net, layer_norm(net, x, NORM, at));
    net_output(net, classify(net, x, HEAD));
}
