/*
 * src/plan/image_stride.h - where the images of a batch lie in every value of a graph
 *
 * Row-major, the elements of a value whose batch has B images are outer x B x stride of them:
 * element (o, b, i) depends on image b and on no other. The outer factor follows from the number
 * of elements; the stride is what is kept. A reshape moves no element and so leaves it as it is;
 * other operators are looked up in a table (image_stride.c), and what no row can prove is MIXED.
 *
 * Where the batch is open, how many images there are is followed, too (image_count.c): a value that
 * it enters otherwise than as the length of the dimension that holds the batch is MIXED. So where a
 * value has a stride, images i to j of it are what images i to j give alone.
 *
 * Private to src/plan. Not here: what it is good for (image_rows.c, images.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PLAN_IMAGE_STRIDE_H
#define ICL_PLAN_IMAGE_STRIDE_H

#include "src/graph/graph.h"
#include "src/registry/registry.h"

#define ICL_STRIDE_NONE  0    /* depends on no image: constants, and what is computed of shapes */
#define ICL_STRIDE_MIXED (-1) /* nothing is known */

/* What a value that depends on no image has of their number. */
enum icl_counting {
    ICL_COUNT_NONE,
    ICL_COUNT_COPIED, /* numbers from shapes as they are: those that are multiples of the batch */
    ICL_COUNT_ENTERED /* any element may depend on it */
};

/* Strides of a graph's values. Begin with one that is zero but for ctx, registry, batch, open. */
struct icl_strides {
    struct imgcls_context *ctx;
    struct icl_registry *registry;
    int64_t batch;
    bool open;   /* batch is a large prime that stands for all of them */
    int64_t *of; /* by value->index; own, as counting: icl_strides_clear */
    unsigned char *counting;
    size_t count;
};

/* Makes room for the values of the graph: strides of new ones are NONE. */
imgcls_status icl_strides_cover(struct icl_strides *strides, const struct imgcls_graph *graph);
/* Finds the strides of the node's outputs; those of its inputs are found. The shapes of all have
 * been inferred. */
void icl_strides_find(struct icl_strides *strides, const struct icl_node *node);
void icl_strides_clear(struct icl_strides *strides);

static inline int64_t icl_stride_of(const struct icl_strides *strides,
                                    const struct imgcls_value_info *info)
{
    const struct icl_value *value = icl_value_of(info);
    return !info || info->constant            ? ICL_STRIDE_NONE
           : value->index >= strides->count   ? ICL_STRIDE_MIXED
                                              : strides->of[value->index];
}

/* -- image_count.c: how many images there are --------------------------------------------*/

/* Whether the number of images enters what the node, which sees images, computes of them. */
bool icl_count_enters(const struct icl_strides *strides, const struct icl_node *node);
/* Output `o` of a node that sees no image, or shapes alone: what it has of their number goes into
 * strides->counting. A constant that is repeated once an image has its stride returned, all else
 * NONE, or MIXED. */
int64_t icl_count_find(struct icl_strides *strides, const struct icl_node *node, size_t o);
/* Whether the batch is the factor of one dimension and of no other. */
bool icl_count_is_dimension(const struct icl_strides *strides,
                            const struct imgcls_value_info *info);

#endif
