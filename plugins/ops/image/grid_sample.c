/*
 * plugins/ops/image/grid_sample.c - GridSample: an image read at given places
 *
 * Along each spatial dimension a place becomes 1 (nearest), 2 (linear) or 4 (cubic) taps of
 * index and weight; the value is the sum over the product of the taps. Taps are made once a
 * place and serve all channels. The grid's numbers are x, y, z, that is, dimensions from
 * the last.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "image.h"
#include "plugins/ops/element.h"

#define SPATIAL 3 /* most spatial dimensions */
#define FAR     1e9 /* a place beyond that is as far outside as anything can be */

enum mode { NEAREST, LINEAR, CUBIC };
enum padding { ZEROS, BORDER, REFLECTION };

struct taps {
    int count;
    int64_t index[4]; /* -1: outside, counts as 0 */
    double weight[4];
};

struct sample {
    const struct imgcls_tensor *x, *grid;
    struct imgcls_tensor *y;
    int32_t spatial;
    int64_t places; /* of one image */
    enum mode mode;
    enum padding padding;
    bool corners;
};

static imgcls_status words_of(const struct imgcls_host *host,
                              const struct imgcls_node *node, struct sample *out)
{
    const char *mode = host->attr_string(host, node, "mode", "linear");
    const char *padding = host->attr_string(host, node, "padding_mode", "zeros");
    out->corners = host->attr_int(host, node, "align_corners", 0) != 0;
    if (strcmp(mode, "nearest") == 0)
        out->mode = NEAREST;
    else if (strcmp(mode, "linear") == 0 || strcmp(mode, "bilinear") == 0)
        out->mode = LINEAR;
    else if (strcmp(mode, "cubic") == 0 || strcmp(mode, "bicubic") == 0)
        out->mode = CUBIC;
    else
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "mode is '%s', allowed are nearest, linear, cubic", mode);
    if (strcmp(padding, "zeros") == 0)
        out->padding = ZEROS;
    else if (strcmp(padding, "border") == 0)
        out->padding = BORDER;
    else if (strcmp(padding, "reflection") == 0)
        out->padding = REFLECTION;
    else
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "padding_mode is '%s', allowed are zeros, border, reflection",
                       padding);
    return IMGCLS_OK;
}

static imgcls_status shape_of(const struct imgcls_host *host,
                              const struct imgcls_node *node, int32_t rank,
                              const int64_t *x, int32_t grid_rank, const int64_t *grid,
                              int64_t *dims)
{
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    int32_t i;
    if (rank < 3 || rank > 2 + SPATIAL || grid_rank != rank ||
        !op_merge_dim(x[0], grid[0], &dims[0]) ||
        (grid[rank - 1] >= 0 && grid[rank - 1] != rank - 2))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                       "grid %s does not go with input %s: [N,out...,%d] is needed, for 1 "
                       "to 3 spatial dimensions",
                       op_shape_text(grid_rank, grid, a, sizeof a),
                       op_shape_text(rank, x, b, sizeof b), rank - 2);
    dims[1] = x[1];
    for (i = 2; i < rank; i++)
        dims[i] = grid[i - 1];
    return IMGCLS_OK;
}

static imgcls_status sample_infer(const struct imgcls_host *host,
                                  struct imgcls_infer *infer)
{
    const struct imgcls_value_info *x = op_in(infer->node, 0),
                                   *grid = op_in(infer->node, 1);
    int64_t dims[IMGCLS_MAX_RANK];
    struct sample words;
    imgcls_status status;
    if (!x || !grid)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "X and a grid are needed");
    status = words_of(host, infer->node, &words);
    if (status != IMGCLS_OK)
        return status;
    if (x->rank < 0 || grid->rank < 0)
        return op_infer_open(host, infer, 0, x->type, x->rank < 0 ? grid->rank : x->rank);
    status =
        shape_of(host, infer->node, x->rank, x->dims, grid->rank, grid->dims, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, x->type, x->rank, dims)
                               : status;
}

/* Mirrored at least and most until inside. */
static double reflect(double at, double least, double most)
{
    const double range = most - least;
    double beyond, turns;
    if (range <= 0)
        return least;
    if (at >= least && at <= most)
        return at;
    beyond = at < least ? least - at : at - most;
    turns = floor(beyond / range);
    beyond -= turns * range;
    if ((at < least) == (fmod(turns, 2) == 0))
        return least + beyond;
    return most - beyond;
}

/* -1..1 to elements; in float where the grid is no wider, as ties would else differ. */
static double place_of(const struct sample *job, double at, int64_t dim)
{
    double place;
    if (job->grid->type == IMGCLS_F64)
        place = job->corners ? (at + 1) / 2 * (double)(dim - 1)
                             : ((at + 1) * (double)dim - 1) / 2;
    else
        place = (double)(job->corners
                             ? ((float)at + 1.0f) / 2.0f * (float)(dim - 1)
                             : (((float)at + 1.0f) * (float)dim - 1.0f) / 2.0f);
    if (isnan(place))
        return -FAR;
    return place < -FAR ? -FAR : place > FAR ? FAR : place;
}

static int64_t tap_index(const struct sample *job, double at, int64_t dim)
{
    if (job->padding == REFLECTION) {
        const double edge = job->corners ? 0 : 0.5;
        at = trunc(reflect(at, -edge, (double)dim - 1 + edge));
    }
    if (job->padding == ZEROS && (at < 0 || at > (double)(dim - 1)))
        return -1;
    return at < 0 ? 0 : at > (double)(dim - 1) ? dim - 1 : (int64_t)at;
}

static void make_taps(const struct sample *job, double at, int64_t dim, struct taps *out)
{
    const double edge = job->corners ? 0 : 0.5;
    double place = place_of(job, at, dim), first, t;
    int i;
    if (job->mode == NEAREST)
        place = rint(place);
    /* Within the outer half of a border element taps may still lie beyond it (and are taken from
     * it); places farther out are the element's middle. */
    if (job->padding == BORDER && (place < -edge || place > (double)dim - 1 + edge))
        place = place < 0 ? 0 : (double)(dim - 1);
    else if (job->padding == REFLECTION)
        place = reflect(place, -edge, (double)dim - 1 + edge);
    first = floor(place);
    t = place - first;
    if (job->mode == NEAREST) {
        out->count = 1;
        out->weight[0] = 1;
        first = trunc(place);
    } else if (job->mode == LINEAR) {
        out->count = 2;
        out->weight[0] = 1 - t;
        out->weight[1] = t;
    } else {
        const double a = -0.75, s = 1 - t;
        out->count = 4;
        out->weight[0] = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a;
        out->weight[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
        out->weight[2] = ((a + 2) * s - (a + 3)) * s * s + 1;
        out->weight[3] = ((a * (s + 1) - 5 * a) * (s + 1) + 8 * a) * (s + 1) - 4 * a;
        first -= 1;
    }
    for (i = 0; i < out->count; i++)
        out->index[i] = tap_index(job, first + i, dim);
}

/* Value of the plane that begins at element `base`; taps[3], of one tap where a dimension
 * is missing in front. */
static double gather(const struct sample *job, const struct taps *taps,
                     const int64_t *dims, int64_t base)
{
    double sum = 0;
    int i, j, k;
    for (i = 0; i < taps[0].count; i++)
        for (j = 0; j < taps[1].count; j++)
            for (k = 0; k < taps[2].count; k++) {
                const int64_t d = taps[0].index[i], h = taps[1].index[j],
                              w = taps[2].index[k];
                if (d >= 0 && h >= 0 && w >= 0)
                    sum += taps[0].weight[i] * taps[1].weight[j] * taps[2].weight[k] *
                           element_real(job->x, base + (d * dims[1] + h) * dims[2] + w);
            }
    return sum;
}

static void places(void *argument, int64_t begin, int64_t end, int32_t thread)
{
    const struct sample *job = argument;
    const int64_t channels = job->x->dims[1];
    int64_t dims[SPATIAL] = {1, 1, 1}, plane, c;
    int32_t i;
    (void)thread;
    for (i = 0; i < job->spatial; i++)
        dims[SPATIAL - job->spatial + i] = job->x->dims[2 + i];
    plane = dims[0] * dims[1] * dims[2];
    for (; begin < end; begin++) {
        struct taps taps[SPATIAL];
        const int64_t image = begin / job->places, place = begin % job->places;
        for (i = 0; i < SPATIAL; i++)
            taps[i] = (struct taps){.count = 1, .weight = {1}};
        for (i = 0; i < job->spatial; i++)
            make_taps(job, element_real(job->grid, begin * job->spatial + i),
                      dims[SPATIAL - 1 - i], &taps[SPATIAL - 1 - i]);
        for (c = 0; c < channels; c++)
            element_set_real(job->y, (image * channels + c) * job->places + place,
                             gather(job, taps, dims, (image * channels + c) * plane));
    }
}

static imgcls_status sample_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    struct sample job = {.x = imgcls_input(run, 0), .grid = imgcls_input(run, 1)};
    int64_t dims[IMGCLS_MAX_RANK];
    imgcls_status status = words_of(host, run->node, &job);
    if (status == IMGCLS_OK)
        status = shape_of(host, run->node, job.x->rank, job.x->dims, job.grid->rank,
                          job.grid->dims, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, job.x->type, job.x->rank, dims);
    if (status != IMGCLS_OK)
        return status;
    job.y = imgcls_output(run, 0);
    job.spatial = job.x->rank - 2;
    job.places = imgcls_count(job.spatial, dims + 2);
    if (op_count(job.y) == 0)
        return IMGCLS_OK;
    if (op_count(job.x) == 0)
        return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT, "X has no elements to sample");
    host->parallel_for(host, run, dims[0] * job.places, 64, places, &job);
    return IMGCLS_OK;
}

static int32_t sample_accepts(const struct imgcls_host *host,
                              const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, ELEMENT_FLOATS | OP_INTS) &&
           op_takes(node, 1, ELEMENT_FLOATS) && op_is_plain(node) && op_has_output(node, 0);
}

/* Until operator set 19 the modes had the names of two dimensions; both are understood. */
static const struct imgcls_kernel kernel =
    OP_KERNEL("grid_sample_portable", sample_accepts, sample_portable);
const struct imgcls_op grid_sample_op =
    OP_ENTRY("GridSample", 16, 0, sample_infer, NULL, &kernel);
