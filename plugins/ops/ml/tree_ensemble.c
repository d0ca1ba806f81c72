/*
 * plugins/ops/ml/tree_ensemble.c - TreeEnsemble: decision trees whose leaves are added up
 *
 * A branch asks one feature one question and goes on to a branch or to a leaf; a leaf adds its
 * weight to one target. The attributes are checked when the plan is made: every reference is
 * inside, and no road leads back, so that running needs no checks. Sets of BRANCH_MEMBER lie
 * one after the other in membership_values, each ended by NaN, in the order of the nodes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>

#include "ml.h"
#include "scores.h"
#include "trees.h"

#define MEMBER TREE_QUESTIONS /* is the feature among a set? */

struct branch {
    struct tree_question question; /* or MEMBER's kind */
    bool true_is_leaf, false_is_leaf;
    int64_t feature, on_true, on_false;
    size_t set_begin, set_end; /* of MEMBER, in members */
};

struct forest {
    struct branch *branches;
    size_t branch_count, leaf_count, root_count;
    const int64_t *roots, *targets; /* of the trees, of the leaves */
    double *weights, *members;
    size_t member_count;
    int64_t target_count;
    enum tree_together together;
    enum transform after;
};

static void forest_release(const struct imgcls_host *host, void *state)
{
    struct forest *forest = state;
    if (forest) {
        host->release(host, forest->branches);
        host->release(host, forest->weights);
        host->release(host, forest->members);
    }
    host->release(host, forest);
}

static const struct imgcls_tensor *tensor_of(const struct imgcls_host *host,
                                             const struct imgcls_node *node, const char *name)
{
    const struct imgcls_attr *attr = host->attr(host, node, name);
    return attr && attr->kind == IMGCLS_ATTR_TENSOR ? attr->tensors[0] : NULL;
}

/* Numbers of a tensor attribute as double; own. `wanted` NONE: any number of them. */
static imgcls_status reals_of(const struct imgcls_host *host, const struct imgcls_node *node,
                              const char *name, size_t wanted, double **out, size_t *count)
{
    const struct imgcls_tensor *tensor = tensor_of(host, node, name);
    size_t i;
    *count = tensor && op_count(tensor) > 0 ? (size_t)op_count(tensor) : 0;
    if (tensor && !op_type_in(tensor->type, ELEMENT_FLOATS))
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s must be of floats", name);
    if (wanted != SIZE_MAX && *count != wanted)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s has %zu entries, not %zu", name,
                       *count, wanted);
    *out = host->alloc(host, *count + 1, sizeof **out);
    if (!*out)
        return IMGCLS_NO_MEMORY;
    for (i = 0; i < *count; i++)
        (*out)[i] = element_real(tensor, (int64_t)i);
    return IMGCLS_OK;
}

/* -- reading the attributes ---------------------------------------------------------*/

static imgcls_status read_leaves(const struct imgcls_host *host,
                                 const struct imgcls_node *node, struct forest *forest)
{
    const int64_t *targets;
    size_t i;
    forest->leaf_count = host->attr_ints(host, node, "leaf_targetids", &targets);
    forest->targets = targets;
    for (i = 0; i < forest->leaf_count; i++)
        if (targets[i] < 0 || targets[i] >= forest->target_count)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "leaf_targetids[%zu] is %lld, outside 0..%lld", i,
                           (long long)targets[i], (long long)forest->target_count - 1);
    return reals_of(host, node, "leaf_weights", forest->leaf_count, &forest->weights, &i);
}

/* Gives each MEMBER its stretch of the members. */
static imgcls_status divide_members(const struct imgcls_host *host,
                                    const struct imgcls_node *node, struct forest *forest)
{
    size_t at = 0, i;
    for (i = 0; i < forest->branch_count; i++) {
        struct branch *branch = &forest->branches[i];
        if (branch->question.kind != MEMBER)
            continue;
        branch->set_begin = at;
        while (at < forest->member_count && !isnan(forest->members[at]))
            at++;
        branch->set_end = at;
        if (at == forest->member_count)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                           "membership_values has no set for node %zu", i);
        at++;
    }
    return IMGCLS_OK;
}

static imgcls_status read_branches(const struct imgcls_host *host,
                                   const struct imgcls_node *node, struct forest *forest)
{
    static const char *const names[] = {"nodes_featureids", "nodes_truenodeids",
                                        "nodes_falsenodeids", "nodes_trueleafs",
                                        "nodes_falseleafs"};
    const struct imgcls_tensor *modes = tensor_of(host, node, "nodes_modes");
    const int64_t *lists[5], *missing;
    double *splits = NULL;
    size_t count, i;
    imgcls_status status = IMGCLS_OK;
    if (!modes || modes->type != IMGCLS_U8 || op_count(modes) < 1)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "nodes_modes must be a list of uint8");
    forest->branch_count = (size_t)op_count(modes);
    for (i = 0; status == IMGCLS_OK && i < 5; i++)
        status = scores_read_ints(host, node, names[i], forest->branch_count, &lists[i]);
    if (status == IMGCLS_OK &&
        host->attr_ints(host, node, "nodes_missing_value_tracks_true", &missing) == 0)
        missing = NULL;
    else if (status == IMGCLS_OK)
        status = scores_read_ints(host, node, "nodes_missing_value_tracks_true", forest->branch_count,
                         &missing);
    if (status == IMGCLS_OK)
        status = reals_of(host, node, "nodes_splits", forest->branch_count, &splits, &count);
    if (status == IMGCLS_OK) {
        forest->branches = host->alloc(host, forest->branch_count, sizeof *forest->branches);
        status = forest->branches ? IMGCLS_OK : IMGCLS_NO_MEMORY;
    }
    for (i = 0; status == IMGCLS_OK && i < forest->branch_count; i++) {
        const uint8_t mode = ((const uint8_t *)modes->data)[i];
        const int64_t limits[2] = {
            (int64_t)(lists[3][i] ? forest->leaf_count : forest->branch_count),
            (int64_t)(lists[4][i] ? forest->leaf_count : forest->branch_count)};
        if (mode > MEMBER)
            status = OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                             "nodes_modes[%zu] is %d, outside 0..6", i, mode);
        else if (lists[0][i] < 0)
            status = OP_FAIL(host, node, IMGCLS_BAD_INPUT, "nodes_featureids[%zu] is %lld",
                             i, (long long)lists[0][i]);
        else if (lists[1][i] < 0 || lists[1][i] >= limits[0] || lists[2][i] < 0 ||
                 lists[2][i] >= limits[1])
            status = OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                             "node %zu leads to %lld and %lld, past the end", i,
                             (long long)lists[1][i], (long long)lists[2][i]);
        else
            forest->branches[i] = (struct branch){.question = {.kind = (enum tree_kind)mode,
                                                               .missing_is_true =
                                                                   missing && missing[i],
                                                               .split = splits[i]},
                                                  .true_is_leaf = lists[3][i] != 0,
                                                  .false_is_leaf = lists[4][i] != 0,
                                                  .feature = lists[0][i],
                                                  .on_true = lists[1][i],
                                                  .on_false = lists[2][i]};
    }
    host->release(host, splits);
    return status;
}

static void roads_from(const void *branches, size_t at, size_t next[2])
{
    const struct branch *branch = (const struct branch *)branches + at;
    next[0] = branch->true_is_leaf ? TREE_END : (size_t)branch->on_true;
    next[1] = branch->false_is_leaf ? TREE_END : (size_t)branch->on_false;
}

static imgcls_status check_roads(const struct imgcls_host *host,
                                 const struct imgcls_node *node, const struct forest *forest)
{
    size_t *roots = host->alloc(host, forest->root_count + 1, sizeof *roots), r;
    imgcls_status status = roots ? IMGCLS_OK : IMGCLS_NO_MEMORY;
    for (r = 0; status == IMGCLS_OK && r < forest->root_count; r++) {
        roots[r] = (size_t)forest->roots[r];
        if (forest->roots[r] < 0 || (uint64_t)forest->roots[r] >= forest->branch_count)
            status = OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                             "tree_roots[%zu] is %lld, outside 0..%zu", r,
                             (long long)forest->roots[r], forest->branch_count - 1);
    }
    if (status == IMGCLS_OK)
        status = trees_check_roads(host, node, forest->branches, forest->branch_count, roads_from,
                                   roots, forest->root_count);
    host->release(host, roots);
    return status;
}

static imgcls_status read_choice(const struct imgcls_host *host,
                                 const struct imgcls_node *node, const char *name,
                                 int64_t fallback, int64_t last, int64_t *out)
{
    *out = host->attr_int(host, node, name, fallback);
    if (*out >= 0 && *out <= last)
        return IMGCLS_OK;
    return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s is %lld, outside 0..%lld", name,
                   (long long)*out, (long long)last);
}

static imgcls_status forest_prepare(const struct imgcls_host *host,
                                    struct imgcls_prepare *prepare)
{
    const struct imgcls_node *node = prepare->node;
    struct forest *forest = host->alloc(host, 1, sizeof *forest);
    int64_t together, after;
    imgcls_status status;
    if (!forest)
        return IMGCLS_NO_MEMORY;
    prepare->state = forest;
    forest->target_count = host->attr_int(host, node, "n_targets", 0);
    forest->root_count = host->attr_ints(host, node, "tree_roots", &forest->roots);
    status = read_choice(host, node, "aggregate_function", TREE_SUM, TREE_MAX,
                         &together);
    if (status == IMGCLS_OK)
        status = read_choice(host, node, "post_transform", NOTHING, PROBIT, &after);
    if (status == IMGCLS_OK)
        status = read_leaves(host, node, forest);
    if (status == IMGCLS_OK)
        status = read_branches(host, node, forest);
    if (status == IMGCLS_OK)
        status = reals_of(host, node, "membership_values", SIZE_MAX, &forest->members,
                          &forest->member_count);
    if (status == IMGCLS_OK)
        status = divide_members(host, node, forest);
    if (status == IMGCLS_OK)
        status = check_roads(host, node, forest);
    if (status != IMGCLS_OK)
        return status;
    forest->together = (enum tree_together)together;
    forest->after = (enum transform)after;
    /* A row's scores, and which targets a leaf has reached. */
    prepare->workspace_bytes = (size_t)forest->target_count * (sizeof(double) + 1);
    return IMGCLS_OK;
}

/* -- running ------------------------------------------------------------------------*/

static bool answer(const struct forest *forest, const struct branch *branch, double x)
{
    size_t i;
    if (branch->question.kind != MEMBER || (isnan(x) && branch->question.missing_is_true))
        return tree_answer(&branch->question, x);
    for (i = branch->set_begin; i < branch->set_end; i++)
        if (x == forest->members[i])
            return true;
    return false;
}

static size_t find_leaf(const struct forest *forest, size_t root,
                        const struct imgcls_tensor *x, int64_t row)
{
    size_t at = root;
    for (;;) {
        const struct branch *branch = &forest->branches[at];
        const bool yes =
            answer(forest, branch, element_real(x, row * x->dims[1] + branch->feature));
        at = (size_t)(yes ? branch->on_true : branch->on_false);
        if (yes ? branch->true_is_leaf : branch->false_is_leaf)
            return at;
    }
}

static imgcls_status forest_dims(const struct imgcls_host *host,
                                 const struct imgcls_node *node, int32_t rank,
                                 const int64_t *in, int64_t *dims)
{
    const int64_t targets = host->attr_int(host, node, "n_targets", 0);
    char text[OP_SHAPE_TEXT];
    if (targets < 1)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "n_targets is %lld", (long long)targets);
    if (targets > INT32_MAX)
        return OP_FAIL(host, node, IMGCLS_LIMIT, "n_targets is %lld", (long long)targets);
    if (rank >= 0 && rank != 2)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "input has shape %s, not [N,F]",
                       op_shape_text(rank, in, text, sizeof text));
    dims[0] = rank == 2 ? in[0] : -1;
    dims[1] = targets;
    return IMGCLS_OK;
}

static imgcls_status forest_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    const struct imgcls_value_info *in = op_in(infer->node, 0);
    int64_t dims[2];
    imgcls_status status;
    if (!in)
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "input 0 is missing");
    status = forest_dims(host, infer->node, in->rank, in->dims, dims);
    return status == IMGCLS_OK ? op_infer_shape(host, infer, 0, in->type, 2, dims) : status;
}

static imgcls_status forest_portable(const struct imgcls_host *host,
                                     const struct imgcls_run *run)
{
    const struct forest *forest = run->state;
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    const size_t targets = (size_t)forest->target_count;
    double *scores = run->workspace;
    unsigned char *reached = (unsigned char *)(scores + targets);
    int64_t dims[2], row, i;
    size_t tree;
    imgcls_status status = forest_dims(host, run->node, x->rank, x->dims, dims);
    if (status == IMGCLS_OK)
        status = op_set_output(host, run, 0, x->type, 2, dims);
    for (tree = 0; status == IMGCLS_OK && tree < forest->branch_count; tree++)
        if (forest->branches[tree].feature >= x->dims[1])
            status = OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                             "node %zu asks for feature %lld of %lld", tree,
                             (long long)forest->branches[tree].feature,
                             (long long)x->dims[1]);
    for (row = 0; status == IMGCLS_OK && row < dims[0]; row++) {
        memset(scores, 0, targets * sizeof *scores);
        memset(reached, 0, targets);
        for (tree = 0; tree < forest->root_count; tree++) {
            const size_t leaf = find_leaf(forest, (size_t)forest->roots[tree], x, row);
            const int64_t target = forest->targets[leaf];
            tree_join(forest->together, forest->weights[leaf], &scores[target], &reached[target]);
        }
        for (i = 0; forest->together == TREE_AVERAGE && i < forest->target_count; i++)
            scores[i] /= (double)(forest->root_count ? forest->root_count : 1);
        scores_transform(forest->after, scores, forest->target_count);
        for (i = 0; i < forest->target_count; i++)
            element_set_real(imgcls_output(run, 0), row * forest->target_count + i,
                             scores[i]);
    }
    return status;
}

static int32_t forest_accepts(const struct imgcls_host *host, const struct imgcls_node *node)
{
    (void)host;
    return op_takes(node, 0, OP_FLOATS) && op_is_plain(node) && op_has_output(node, 0);
}

static const struct imgcls_kernel kernel = {
    .struct_size = sizeof(struct imgcls_kernel),
    .name = "tree_ensemble_portable",
    .accepts = forest_accepts,
    .prepare = forest_prepare,
    .run = forest_portable,
    .release = forest_release,
};
const struct imgcls_op tree_ensemble_op = {
    .struct_size = sizeof(struct imgcls_op),
    .domain = "ai.onnx.ml",
    .type = "TreeEnsemble",
    .since_first = 5,
    .since_last = 5,
    .infer = forest_infer,
    .kernels = (const struct imgcls_kernel *const[]){&kernel, NULL},
};
