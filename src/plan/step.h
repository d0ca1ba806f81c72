/*
 * src/plan/step.h - what a plan is made of: slots that hold values, steps that compute them
 *
 * Every value of the graph that is needed at run time has a slot, or two: its declared
 * form, and a wide form where its type is too narrow for the kernels at hand (float16 as
 * float32; for a reference in double, float32 as float64). A step reads slots and writes
 * slots.
 *
 * Where a slot's bytes are: INPUT, the caller's tensor; CONSTANT, known when planned;
 * ARENA, at an offset of the session's arena; HEAP, allocated while running (shape open,
 * strings, or no tensor). Slots of one root share bytes: views, outputs written over an
 * input, and pieces of it.
 *
 * Invariant: after icl_plan_build returns nothing here is written, except the reference
 * count; and, in a plan for one run, what icl_plan_pack_next and icl_plan_unpack write.
 *
 * Private to src/plan and src/session. Not here: run-time values (src/session/execute.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ICL_PLAN_STEP_H
#define ICL_PLAN_STEP_H

#include "src/plan/plan.h"
#include "src/registry/registry.h"

#define ICL_NONE SIZE_MAX

enum icl_form { ICL_DECLARED, ICL_WIDE, ICL_FORMS };

enum icl_place { ICL_PLACE_INPUT, ICL_PLACE_CONSTANT, ICL_PLACE_ARENA, ICL_PLACE_HEAP };

/* What a slot has of its own where it is not the declared form of a value. */
struct icl_wide {
    struct imgcls_value_info info;
    struct imgcls_tensor tensor; /* of a constant */
};

struct icl_slot {
    struct imgcls_value_info *info; /* the graph value's own, or &wide->info */
    struct icl_wide *wide;          /* own: free; NULL for the declared form */
    struct icl_value *value;
    enum icl_place place;
    size_t root;               /* slot whose bytes these are; follow with icl_slot_root */
    size_t input;              /* INPUT: position among the graph's inputs */
    size_t size_bytes, offset; /* ARENA; offset of the root alone */
    size_t at;                 /* bytes from the start of slot `root`; 0 for a root */
    int64_t row; /* elements from row to row where they lie apart; 0: one stretch (pieces.c) */
    size_t born, last; /* steps; of the whole group at the root after icl_plan_place */
    size_t uses, released_uses; /* CONSTANT: readers, and readers that packed it (pack.c) */
    bool is_output;             /* of the graph: stays to the end */
};

struct icl_step {
    const struct imgcls_node *node;     /* in the plan's graph, or at the head of adapted */
    struct icl_node *adapted;           /* own: a shallow copy over wide infos; or NULL */
    const struct imgcls_op *op;         /* NULL for conversions */
    const struct imgcls_kernel *kernel; /* NULL: chosen when run, shapes being open */
    void *state;                        /* of kernel->prepare */
    size_t workspace_bytes, workspace_offset, constant_bytes;
    uint64_t released;
    size_t input_count, output_count;
    size_t *inputs, *outputs; /* slots, ICL_NONE where omitted; one allocation, own */
    size_t capture_count;
    size_t *captures; /* slots that the node's inner graphs read; own */
};

struct icl_plan {
    struct imgcls_context *ctx;
    _Atomic int32_t references;
    struct icl_plan_options options;
    struct icl_registry *registry;
    struct imgcls_graph *graph; /* own: clone, upgraded, fused */
    struct icl_slot *slots;
    size_t slot_count, slot_capacity;
    size_t (*forms)[ICL_FORMS]; /* by value->index; ICL_NONE where there is no such slot */
    size_t form_count;
    struct icl_step *steps;
    size_t step_count, step_capacity;
    size_t *outputs;              /* slots of the graph's outputs, in their declared form */
    struct imgcls_value **folded; /* own: values computed while planning */
    size_t folded_count, folded_capacity;
    size_t arena_bytes;
    int64_t rounds;        /* micro-batches that make the batch, 1 where steps take it whole */
    struct icl_plan *next; /* own: of the same batch, reads the outputs of this one; or NULL. Its
                              inputs are the source's, then those outputs, gathered */
    size_t packing_bytes; /* constants that steps may pack */
    size_t fold_limit; /* largest result that a few numbers may be blown up into */
    bool fold_large;   /* beyond it where the inputs are of that order, too */
    struct icl_plan_summary summary;
};

/* The slot whose bytes slot `index` shares. */
static inline size_t icl_slot_root(const struct icl_plan *plan, size_t index)
{
    while (plan->slots[index].root != index)
        index = plan->slots[index].root;
    return index;
}

/* Bytes from the start of that root to the slot. */
static inline size_t icl_slot_at(const struct icl_plan *plan, size_t index)
{
    size_t at = 0;
    for (; plan->slots[index].root != index; index = plan->slots[index].root)
        at += plan->slots[index].at;
    return at;
}

static inline bool icl_info_is_static(const struct imgcls_value_info *info)
{
    return info->kind == IMGCLS_KIND_TENSOR && info->type != IMGCLS_UNDEFINED &&
           info->rank >= 0 && imgcls_count(info->rank, info->dims) >= 0;
}

/* -- slots.c -- */

/* Grows *array (of `size`-byte entries) so that entry `count` exists. */
imgcls_status icl_plan_reserve(struct icl_plan *plan, void *array, size_t *capacity,
                               size_t count, size_t size);
/* Makes room in forms for every value that the graph has by now. */
imgcls_status icl_plan_cover_values(struct icl_plan *plan);
/* The type of a value's wide form, or IMGCLS_UNDEFINED where it has none. */
int32_t icl_plan_wide_type(const struct icl_plan *plan, int32_t type);
/* A new slot for a form of a value; place by what is known, its own root. */
imgcls_status icl_plan_add_slot(struct icl_plan *plan, struct icl_value *value,
                                enum icl_form form, size_t *out);
/* The slot of that form, made by a conversion where only the other one exists. */
imgcls_status icl_plan_need_form(struct icl_plan *plan, struct icl_value *value,
                                 enum icl_form form, size_t *out);
/* Adds an empty step with room for its slots. */
imgcls_status icl_plan_add_step(struct icl_plan *plan, const struct imgcls_node *node,
                                size_t input_count, size_t output_count,
                                struct icl_step **out);
/* Adds a step that copies slot `from` into slot `to`, converting between float types. */
imgcls_status icl_plan_add_convert(struct icl_plan *plan, size_t from, size_t to);
/* Keeps a value computed while planning; on success the plan owns it. */
imgcls_status icl_plan_keep(struct icl_plan *plan, struct imgcls_value *value);

/* -- choose.c -- */

/* The cheapest kernel that accepts the node, or NULL. */
const struct imgcls_kernel *icl_choose_kernel(const struct icl_plan *plan,
                                              const struct imgcls_node *node,
                                              bool portable_only);
/* True where some plugin has a kernel for the operator at all. */
bool icl_has_kernels(const struct icl_plan *plan, const struct imgcls_node *node);
/* Says that nothing computes the node: operator, version, types. */
imgcls_status icl_refuse_node(const struct icl_plan *plan, const struct imgcls_node *node);

/* -- adapt.c -- */

/* A copy of a node that shares its attributes and has infos of its own, to be changed
 * freely: inputs[i] and outputs[i] point into the copy. Own: icl_adapted_destroy. */
imgcls_status icl_node_copy_shallow(struct imgcls_context *ctx, const struct icl_node *node,
                                    struct icl_node **out);

/* A shallow copy of a node in which every value with a wide type has it: inputs with shape
 * and constant of the declared form, outputs as infer says. *out is NULL where nothing of
 * the node is narrow, or infer does not take the wide types. Own: icl_adapted_destroy. */
imgcls_status icl_adapt_node(struct icl_plan *plan, const struct imgcls_op *op,
                             struct icl_node *node, struct icl_node **out);
void icl_adapted_destroy(struct icl_node *adapted);

/* -- fold.c -- */

/* Computes a node all of whose inputs are known; *done is false where it cannot or should
 * not be computed now. */
imgcls_status icl_fold_node(struct icl_plan *plan, const struct imgcls_op *op,
                            struct icl_node *node, bool *done);

/* -- walk.c -- */

/* Turns the graph's nodes into slots and steps, in order. */
imgcls_status icl_plan_walk(struct icl_plan *plan);

/* -- pack.c -- */

/* Lets each step's kernel pack its weights and state its needs, on the pool's threads; a
 * constant that every reader has packed gives its memory back at once. */
imgcls_status icl_plan_pack(struct icl_plan *plan, struct icl_pool *pool);

/* In a plan for one run: the same for step `first` and so many after it that the threads have
 * something to share, just before they run; *end is the first step that is not packed yet. */
imgcls_status icl_plan_pack_next(struct icl_plan *plan, struct icl_pool *pool, size_t first,
                                 size_t *end);
/* Drops what step `index` packed. */
void icl_plan_unpack(struct icl_plan *plan, size_t index);
/* After the last step, or where a run ends early: gives the memory for packed weights back. */
void icl_plan_pack_end(struct icl_plan *plan);

/* -- liveness.c -- */

/* born and last of every slot's group; pieces; outputs written over inputs where allowed. */
imgcls_status icl_plan_liveness(struct icl_plan *plan);
/* -- pieces.c -- */

/* Lets pieces share the bytes of their wholes; between a slot's first step and the rest of
 * liveness, which asks for groups. */
imgcls_status icl_plan_place_pieces(struct icl_plan *plan);

/* -- liveness.c -- */

/* Offsets of ARENA roots and workspaces; the arena's size. */
imgcls_status icl_plan_place(struct icl_plan *plan);

/* -- summary.c -- */

/* Fills in the summary of a plan whose parts are made; source: the graph as it was given. */
void icl_plan_sum_up(struct icl_plan *plan, const struct imgcls_graph *source);
/* Bytes of the outputs of all rounds of one part; 0 where there is one round. */
size_t icl_plan_gathered_bytes(const struct icl_plan *plan);

#endif
