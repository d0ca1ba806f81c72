/*
 * plugins/architectures/windows.c - maps with channels last, cut into windows
 *
 * Liu et al., "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows"
 * (2021). A map whose side is no multiple of the window's is padded with zeros below and on
 * the right. A shift turns the map so that what leaves at the top comes in at the bottom;
 * tokens that have come together that way only do not see each other.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include "plugins/architectures/swin.h"

#include "plugins/architectures/tokens.h"

static int64_t padded(int64_t side, int64_t window)
{
    return (side + window - 1) / window * window;
}

/* Zeros below and on the right. */
static struct value pad_map(struct net *net, struct value map, int64_t height,
                            int64_t width)
{
    if (map.height == height && map.width == width)
        return map;
    const int64_t pads[] = {0, 0, 0, 0, 0, height - map.height, width - map.width, 0};
    const char *const inputs[] = {map.name, net_constant_ints(net, 8, pads), NULL};
    net_string(net, net_node(net, "Pad", inputs, &map.name), "mode", "constant");
    map.height = height;
    map.width = width;
    return map;
}

static struct value slice_map(struct net *net, struct value map, int64_t axis,
                              int64_t begin, int64_t end)
{
    const char *const inputs[] = {map.name, net_constant_ints(net, 1, &begin),
                                  net_constant_ints(net, 1, &end),
                                  net_constant_ints(net, 1, &axis), NULL};
    net_node(net, "Slice", inputs, &map.name);
    return map;
}

static struct value crop_map(struct net *net, struct value map, int64_t height,
                             int64_t width)
{
    if (map.height != height)
        map = slice_map(net, map, 1, 0, height);
    if (map.width != width)
        map = slice_map(net, map, 2, 0, width);
    map.height = height;
    map.width = width;
    return map;
}

/* The first `by` rows (axis 1) or columns (axis 2) go to the end. */
static struct value turn(struct net *net, struct value map, int64_t axis, int64_t by)
{
    int64_t side = axis == 1 ? map.height : map.width;
    if (by == 0 || side <= 0)
        return map;
    const struct value rest = slice_map(net, map, axis, by, side);
    const struct value first = slice_map(net, map, axis, 0, by);
    const char *const inputs[] = {rest.name, first.name, NULL};
    net_int(net, net_node(net, "Concat", inputs, &map.name), "axis", axis);
    return map;
}

/* ---- Partition ------------------------------------------------------------------------*/

static struct value turn_both(struct net *net, struct value map, int64_t down,
                              int64_t right)
{
    return turn(net, turn(net, map, 1, down), 2, right);
}

struct value to_windows(struct net *net, const struct windows *windows, struct value map)
{
    static const int64_t order[] = {0, 1, 3, 2, 4, 5};
    const int64_t height = padded(map.height, windows->down);
    const int64_t width = padded(map.width, windows->right);
    const int64_t apart[] = {0,
                             height / windows->down,
                             windows->down,
                             width / windows->right,
                             windows->right,
                             map.channels};
    const int64_t list[] = {-1, windows->down * windows->right, map.channels};
    if (!windows->pads_after_shift)
        map = pad_map(net, map, height, width);
    map = turn_both(net, map, windows->shift_down, windows->shift_right);
    map = pad_map(net, map, height, width);
    map = net_transpose(net, net_reshape(net, map, 6, apart), 6, order);
    map = net_reshape(net, map, 3, list);
    map.height = list[1];
    map.width = 0;
    return map;
}

struct value from_windows(struct net *net, const struct windows *windows, struct value list)
{
    static const int64_t order[] = {0, 1, 3, 2, 4, 5};
    const int64_t height = padded(windows->height, windows->down);
    const int64_t width = padded(windows->width, windows->right);
    const int64_t apart[] = {-1,
                             height / windows->down,
                             width / windows->right,
                             windows->down,
                             windows->right,
                             list.channels};
    const int64_t whole_map[] = {0, height, width, list.channels};
    list = net_transpose(net, net_reshape(net, list, 6, apart), 6, order);
    list = net_reshape(net, list, 4, whole_map);
    list.height = height;
    list.width = width;
    if (windows->pads_after_shift)
        list = crop_map(net, list, windows->height, windows->width);
    if (windows->shift_down)
        list = turn(net, list, 1, list.height - windows->shift_down);
    if (windows->shift_right)
        list = turn(net, list, 2, list.width - windows->shift_right);
    return crop_map(net, list, windows->height, windows->width);
}

/* ---- Masks ----------------------------------------------------------------------------*/

/* Which of three bands a row is in: before the last window, in it, or come in by the shift.
 */
static int64_t band(int64_t at, int64_t side, int64_t window, int64_t shift)
{
    if (shift == 0)
        return 0;
    return at < side - window ? 0 : at < side - shift ? 1 : 2;
}

static int64_t region(const struct windows *w, int64_t height, int64_t width, int64_t y,
                      int64_t x)
{
    return 3 * band(y, height, w->down, w->shift_down) +
           band(x, width, w->right, w->shift_right);
}

/* -100 where two tokens of a window are of different regions. */
static void fill_mask(const struct windows *w, int64_t height, int64_t width, float *mask)
{
    const int64_t across = width / w->right, tokens = w->down * w->right;
    const int64_t count = height / w->down * across;
    for (int64_t i = 0; i < count; i++) {
        const int64_t top = i / across * w->down, left = i % across * w->right;
        for (int64_t q = 0; q < tokens; q++) {
            int64_t of_q =
                region(w, height, width, top + q / w->right, left + q % w->right);
            for (int64_t k = 0; k < tokens; k++)
                if (region(w, height, width, top + k / w->right, left + k % w->right) !=
                    of_q)
                    mask[(i * tokens + q) * tokens + k] = -100.0f;
        }
    }
}

static void make_mask(struct net *net, struct windows *w)
{
    const int64_t height = padded(w->height, w->down), width = padded(w->width, w->right);
    const int64_t tokens = w->down * w->right;
    const int64_t dims[] = {1, height / w->down * (width / w->right), 1, tokens, tokens};
    int64_t count = imgcls_count(5, dims);
    float *mask =
        count > 0 ? net->host->alloc(net->host, (size_t)count, sizeof *mask) : NULL;
    w->mask = "";
    if (!mask) {
        net_try(net, count > 0 ? IMGCLS_NO_MEMORY : IMGCLS_BAD_INPUT);
        return;
    }
    fill_mask(w, height, width, mask);
    w->mask = net_constant_floats(net, 5, dims, mask);
    net->host->release(net->host, mask);
}

struct value mask_scores(struct net *net, struct windows *windows, struct value scores,
                         int64_t heads)
{
    const int64_t tokens = windows->down * windows->right;
    const int64_t count = padded(windows->height, windows->down) / windows->down *
                          (padded(windows->width, windows->right) / windows->right);
    const int64_t apart[] = {-1, count, heads, tokens, tokens};
    const int64_t list[] = {-1, heads, tokens, tokens};
    if (!net->graph || net->status != IMGCLS_OK ||
        (!windows->shift_down && !windows->shift_right))
        return scores;
    if (!windows->mask)
        make_mask(net, windows);
    scores = net_reshape(net, scores, 5, apart);
    scores = net_binary(net, "Add", scores, (struct value){.name = windows->mask});
    return net_reshape(net, scores, 4, list);
}

const char *displacements(struct net *net, struct windows *w)
{
    const int64_t tokens = w->down * w->right, across = 2 * w->right - 1;
    if (!net->graph || net->status != IMGCLS_OK || w->index)
        return w->index ? w->index : "";
    int64_t *index = net->host->alloc(net->host, (size_t)(tokens * tokens), sizeof *index);
    if (!index) {
        net_try(net, IMGCLS_NO_MEMORY);
        return "";
    }
    for (int64_t q = 0; q < tokens; q++)
        for (int64_t k = 0; k < tokens; k++) {
            int64_t down = q / w->right - k / w->right + w->down - 1;
            int64_t right = q % w->right - k % w->right + w->right - 1;
            index[q * tokens + k] = down * across + right;
        }
    w->index = net_constant_ints(net, (size_t)(tokens * tokens), index);
    net->host->release(net->host, index);
    return w->index;
}

struct value gather_neighbours(struct net *net, struct value map, bool channels_outermost)
{
    static const int64_t inner[] = {0, 1, 3, 4, 2, 5}, outer[] = {0, 1, 3, 5, 2, 4};
    if (map.height <= 0 || map.width <= 0)
        return map;
    map = pad_map(net, map, map.height + map.height % 2, map.width + map.width % 2);
    const int64_t height = map.height / 2, width = map.width / 2;
    const int64_t apart[] = {0, height, 2, width, 2, map.channels};
    const int64_t beside[] = {0, height, width, 4 * map.channels};
    map = net_transpose(net, net_reshape(net, map, 6, apart), 6,
                        channels_outermost ? outer : inner);
    map = net_reshape(net, map, 4, beside);
    map.height = height;
    map.width = width;
    map.channels = map.channels > 0 ? beside[3] : -1;
    return map;
}
