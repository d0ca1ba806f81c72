/*
 * plugins/ops/ml/tree_models.c - TreeEnsembleClassifier, TreeEnsembleRegressor: the forms before
 * TreeEnsemble, in which leaves are nodes and weights are told by tree and node
 *
 * Nodes are named by tree and node numbers of any value; they become indices when the plan is
 * made, with every reference looked up and every road checked to end. A tree's root is the first
 * of its nodes. Where leaves name the first of two classes only, that score decides for both, in
 * ONNX Runtime's way, since the specification is silent. Otherwise the label is the one with the
 * highest score, as the specification has it; ONNX Runtime answers 0 or 1 there, whatever the
 * labels are, where there are two.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "ml.h"
#include "scores.h"
#include "trees.h"

struct tree_node {
    struct tree_question question;
    bool is_leaf;
    int64_t feature;
    size_t on_true, on_false;
    size_t first, end; /* of a leaf: its weights */
};

/* What a node is called, for looking it up; sorted by tree and number. */
struct called {
    int64_t tree, number;
    size_t at;
};

struct weight {
    size_t leaf;
    int64_t target;
    double value;
    size_t order; /* as they stand in the file: sums run in this order */
};

struct model {
    struct tree_node *nodes;
    struct called *names;
    struct weight *weights;
    size_t *roots;
    double *base;
    size_t node_count, weight_count, root_count, base_count;
    int64_t targets;
    enum tree_together together;
    enum transform transform;
    bool classifies;
    bool binary;   /* a classifier of two classes whose leaves name the first only */
    bool positive; /* no weight is below 0 */
    struct labels labels;
};

/* NULL for a regressor. */
static const struct labels *labels_of(const struct model *model)
{
    return model->classifies ? &model->labels : NULL;
}

static void model_release(const struct imgcls_host *host, void *state)
{
    struct model *model = state;
    if (model) {
        host->release(host, model->nodes);
        host->release(host, model->names);
        host->release(host, model->weights);
        host->release(host, model->roots);
        host->release(host, model->base);
    }
    host->release(host, model);
}

/* -- reading the attributes ---------------------------------------------------------*/

static int by_name(const void *left, const void *right)
{
    const struct called *a = left, *b = right;
    if (a->tree != b->tree)
        return a->tree < b->tree ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static int by_leaf(const void *left, const void *right)
{
    const struct weight *a = left, *b = right;
    if (a->leaf != b->leaf)
        return a->leaf < b->leaf ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static size_t find_node(const struct model *model, int64_t tree, int64_t number)
{
    const struct called wanted = {.tree = tree, .number = number};
    const struct called *found =
        bsearch(&wanted, model->names, model->node_count, sizeof wanted, by_name);
    return found ? found->at : TREE_END;
}

/* LEAF gives TREE_QUESTIONS; false for what is no question at all. */
static bool question_of(const struct imgcls_string *text, enum tree_kind *out)
{
    static const char *const words[TREE_QUESTIONS + 1] = {
        [TREE_LEQ] = "BRANCH_LEQ", [TREE_LT] = "BRANCH_LT", [TREE_GTE] = "BRANCH_GTE",
        [TREE_GT] = "BRANCH_GT",   [TREE_EQ] = "BRANCH_EQ", [TREE_NEQ] = "BRANCH_NEQ",
        [TREE_QUESTIONS] = "LEAF"};
    int i;
    for (i = 0; i <= TREE_QUESTIONS; i++)
        if (text->length == strlen(words[i]) && memcmp(text->bytes, words[i], text->length) == 0) {
            *out = (enum tree_kind)i;
            return true;
        }
    return false;
}

static imgcls_status read_names(const struct imgcls_host *host, const struct imgcls_node *node,
                                struct model *model)
{
    const int64_t *trees, *numbers;
    size_t i;
    imgcls_status status;
    model->node_count = host->attr_ints(host, node, "nodes_treeids", &trees);
    if (model->node_count == 0)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "nodes_treeids is missing");
    status = scores_read_ints(host, node, "nodes_nodeids", model->node_count, &numbers);
    if (status != IMGCLS_OK)
        return status;
    model->names = host->alloc(host, model->node_count, sizeof *model->names);
    model->roots = host->alloc(host, model->node_count, sizeof *model->roots);
    if (!model->names || !model->roots)
        return IMGCLS_NO_MEMORY;
    for (i = 0; i < model->node_count; i++) {
        model->names[i] = (struct called){trees[i], numbers[i], i};
        if (i == 0 || trees[i] != trees[i - 1])
            model->roots[model->root_count++] = i;
    }
    qsort(model->names, model->node_count, sizeof *model->names, by_name);
    for (i = 1; i < model->node_count; i++)
        if (by_name(&model->names[i - 1], &model->names[i]) == 0)
            return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "node %lld of tree %lld is there twice",
                           (long long)model->names[i].number, (long long)model->names[i].tree);
    return IMGCLS_OK;
}

static imgcls_status read_nodes(const struct imgcls_host *host, const struct imgcls_node *node,
                                struct model *model)
{
    const struct imgcls_attr *modes = host->attr(host, node, "nodes_modes");
    const int64_t *trees, *features, *yes, *no, *missing = NULL;
    const size_t count = model->node_count;
    double *splits = NULL;
    size_t split_count, i;
    imgcls_status status = scores_read_ints(host, node, "nodes_treeids", count, &trees);
    if (!modes || modes->kind != IMGCLS_ATTR_STRINGS || modes->count != count)
        return OP_FAIL(host, node, IMGCLS_BAD_INPUT, "nodes_modes must have %zu entries", count);
    if (status == IMGCLS_OK)
        status = scores_read_ints(host, node, "nodes_featureids", count, &features);
    if (status == IMGCLS_OK)
        status = scores_read_ints(host, node, "nodes_truenodeids", count, &yes);
    if (status == IMGCLS_OK)
        status = scores_read_ints(host, node, "nodes_falsenodeids", count, &no);
    if (status == IMGCLS_OK &&
        host->attr_ints(host, node, "nodes_missing_value_tracks_true", &missing) > 0)
        status = scores_read_ints(host, node, "nodes_missing_value_tracks_true", count, &missing);
    else
        missing = NULL;
    if (status == IMGCLS_OK)
        status = scores_read_reals(host, node, "nodes_values", "nodes_values_as_tensor", &splits,
                                   &split_count);
    if (status == IMGCLS_OK && split_count != count)
        status = OP_FAIL(host, node, IMGCLS_BAD_INPUT, "nodes_values has %zu entries, not %zu",
                         split_count, count);
    if (status == IMGCLS_OK) {
        model->nodes = host->alloc(host, count, sizeof *model->nodes);
        status = model->nodes ? IMGCLS_OK : IMGCLS_NO_MEMORY;
    }
    for (i = 0; status == IMGCLS_OK && i < count; i++) {
        struct tree_node *to = &model->nodes[i];
        enum tree_kind kind;
        if (!question_of(&modes->strings[i], &kind)) {
            status = OP_FAIL(host, node, IMGCLS_BAD_INPUT, "nodes_modes[%zu] is '%.*s'", i,
                             (int)(modes->strings[i].length > 32 ? 32 : modes->strings[i].length),
                             modes->strings[i].bytes);
            break;
        }
        *to = (struct tree_node){.question = {.kind = kind,
                                              .missing_is_true = missing && missing[i],
                                              .split = splits[i]},
                                 .is_leaf = kind == TREE_QUESTIONS,
                                 .feature = features[i]};
        if (to->is_leaf)
            continue;
        to->on_true = find_node(model, trees[i], yes[i]);
        to->on_false = find_node(model, trees[i], no[i]);
        if (to->on_true == TREE_END || to->on_false == TREE_END)
            status = OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                             "tree %lld has no node %lld, to which entry %zu leads",
                             (long long)trees[i],
                             (long long)(to->on_true == TREE_END ? yes[i] : no[i]), i);
        else if (to->feature < 0)
            status = OP_FAIL(host, node, IMGCLS_BAD_INPUT, "nodes_featureids[%zu] is %lld", i,
                             (long long)to->feature);
    }
    host->release(host, splits);
    return status;
}

static void roads_from(const void *nodes, size_t at, size_t next[2])
{
    const struct tree_node *from = (const struct tree_node *)nodes + at;
    next[0] = from->is_leaf ? TREE_END : from->on_true;
    next[1] = from->is_leaf ? TREE_END : from->on_false;
}

/* class_... or target_...: the weights of the leaves. */
static imgcls_status read_weights(const struct imgcls_host *host, const struct imgcls_node *node,
                                  struct model *model)
{
    const char *stem = model->classifies ? "class" : "target";
    const int64_t *trees, *numbers, *targets;
    char name[4][40];
    double *values = NULL;
    size_t i;
    imgcls_status status;
    snprintf(name[0], sizeof name[0], "%s_weights", stem);
    snprintf(name[1], sizeof name[1], "%s_weights_as_tensor", stem);
    status = scores_read_reals(host, node, name[0], name[1], &values, &model->weight_count);
    snprintf(name[1], sizeof name[1], "%s_treeids", stem);
    snprintf(name[2], sizeof name[2], "%s_nodeids", stem);
    snprintf(name[3], sizeof name[3], "%s_ids", stem);
    if (status == IMGCLS_OK)
        status = scores_read_ints(host, node, name[1], model->weight_count, &trees);
    if (status == IMGCLS_OK)
        status = scores_read_ints(host, node, name[2], model->weight_count, &numbers);
    if (status == IMGCLS_OK)
        status = scores_read_ints(host, node, name[3], model->weight_count, &targets);
    if (status == IMGCLS_OK) {
        model->weights = host->alloc(host, model->weight_count + 1, sizeof *model->weights);
        status = model->weights ? IMGCLS_OK : IMGCLS_NO_MEMORY;
    }
    model->positive = true;
    model->binary = model->classifies && model->targets == 2;
    for (i = 0; status == IMGCLS_OK && i < model->weight_count; i++) {
        const size_t leaf = find_node(model, trees[i], numbers[i]);
        if (leaf == TREE_END || !model->nodes[leaf].is_leaf)
            status = OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s[%zu]: tree %lld has no leaf %lld",
                             name[2], i, (long long)trees[i], (long long)numbers[i]);
        else if (targets[i] < 0 || targets[i] >= model->targets)
            status = OP_FAIL(host, node, IMGCLS_BAD_INPUT, "%s[%zu] is %lld, outside 0..%lld",
                             name[3], i, (long long)targets[i], (long long)model->targets - 1);
        else
            model->weights[i] = (struct weight){leaf, targets[i], values[i], i};
        model->positive = model->positive && values[i] >= 0;
        model->binary = model->binary && targets[i] == 0;
    }
    host->release(host, values);
    if (status != IMGCLS_OK)
        return status;
    qsort(model->weights, model->weight_count, sizeof *model->weights, by_leaf);
    for (i = 0; i < model->weight_count; i++) {
        struct tree_node *leaf = &model->nodes[model->weights[i].leaf];
        if (i == 0 || model->weights[i].leaf != model->weights[i - 1].leaf)
            leaf->first = i;
        leaf->end = i + 1;
    }
    return IMGCLS_OK;
}

static imgcls_status read_shape(const struct imgcls_host *host, const struct imgcls_node *node,
                                struct model *model)
{
    imgcls_status status = IMGCLS_OK;
    model->classifies = strcmp(node->type, "TreeEnsembleClassifier") == 0;
    if (model->classifies)
        status = labels_read(host, node, "classlabels_strings", "classlabels_int64s",
                             &model->labels);
    model->targets = model->classifies ? (int64_t)model->labels.count
                                       : host->attr_int(host, node, "n_targets", 1);
    if (status == IMGCLS_OK && (model->targets < 1 || model->targets > INT32_MAX))
        status = OP_FAIL(host, node, IMGCLS_BAD_INPUT, "n_targets is %lld",
                         (long long)model->targets);
    return status;
}

static imgcls_status read_together(const struct imgcls_host *host,
                                   const struct imgcls_node *node, struct model *model)
{
    static const char *const words[TREE_TOGETHERS] = {
        [TREE_AVERAGE] = "AVERAGE", [TREE_SUM] = "SUM", [TREE_MIN] = "MIN", [TREE_MAX] = "MAX"};
    const char *text = host->attr_string(host, node, "aggregate_function", "SUM");
    int i = 0;
    while (i < TREE_TOGETHERS && strcmp(text, words[i]) != 0)
        i++;
    model->together = model->classifies ? TREE_SUM : (enum tree_together)i;
    return i < TREE_TOGETHERS ? IMGCLS_OK
                         : OP_FAIL(host, node, IMGCLS_BAD_INPUT,
                                   "aggregate_function is '%s', known are SUM, AVERAGE, MIN, MAX",
                                   text);
}

static imgcls_status model_prepare(const struct imgcls_host *host,
                                   struct imgcls_prepare *prepare)
{
    const struct imgcls_node *node = prepare->node;
    struct model *model = host->alloc(host, 1, sizeof *model);
    imgcls_status status;
    if (!model)
        return IMGCLS_NO_MEMORY;
    prepare->state = model;
    status = read_shape(host, node, model);
    if (status == IMGCLS_OK)
        status = read_together(host, node, model);
    if (status == IMGCLS_OK)
        status = scores_read_transform(host, node, &model->transform);
    if (status == IMGCLS_OK)
        status = scores_read_reals(host, node, "base_values", "base_values_as_tensor",
                                   &model->base, &model->base_count);
    if (status == IMGCLS_OK && model->base_count > 0 &&
        model->base_count != (size_t)model->targets &&
        !(model->classifies && model->targets == 2 && model->base_count == 1))
        status = OP_FAIL(host, node, IMGCLS_BAD_INPUT, "base_values has %zu entries, not %lld",
                         model->base_count, (long long)model->targets);
    if (status == IMGCLS_OK)
        status = read_names(host, node, model);
    if (status == IMGCLS_OK)
        status = read_nodes(host, node, model);
    if (status == IMGCLS_OK)
        status = trees_check_roads(host, node, model->nodes, model->node_count, roads_from,
                                   model->roots, model->root_count);
    if (status == IMGCLS_OK)
        status = read_weights(host, node, model);
    /* A row's scores, and which of them a leaf has reached. */
    prepare->workspace_bytes = ((size_t)model->targets + 1) * (sizeof(double) + 1);
    return status;
}

/* -- running ------------------------------------------------------------------------*/

static void add_tree(const struct model *model, size_t at, const struct imgcls_tensor *x,
                     int64_t begin, double *scores, unsigned char *reached)
{
    const struct tree_node *node = &model->nodes[at];
    size_t i;
    while (!node->is_leaf)
        node = &model->nodes[tree_answer(&node->question, element_real(x, begin + node->feature))
                                 ? node->on_true
                                 : node->on_false];
    for (i = node->first; i < node->end; i++) {
        const struct weight *weight = &model->weights[i];
        double *score = &scores[weight->target];
        if (tree_keeps_one(model->together) || x->type == IMGCLS_F64)
            tree_join(model->together, weight->value, score, &reached[weight->target]);
        else /* in the input's precision: thresholds at round numbers depend on it */
            *score = (double)((float)*score + (float)weight->value);
    }
}

/* Two classes, and leaves that name the first of them only: one score decides for both. */
static size_t decide_pair(const struct model *model, double *scores)
{
    if (model->base_count > 0)
        scores[0] += model->base[model->base_count - 1];
    const size_t best = scores[0] > (model->positive ? 0.5 : 0);
    scores_make_pair(model->transform, model->positive, scores);
    return best;
}

static size_t decide(const struct model *model, double *scores)
{
    size_t best = 0;
    int64_t t;
    if (model->binary)
        return decide_pair(model, scores);
    for (t = 0; t < model->targets; t++) {
        if (model->together == TREE_AVERAGE)
            scores[t] /= (double)model->root_count;
        if (model->base_count > (size_t)t)
            scores[t] += model->base[t];
        if (scores[t] > scores[best])
            best = (size_t)t;
    }
    if (model->targets > 1 || model->transform == PROBIT)
        scores_transform(model->transform, scores, model->targets);
    return best;
}

static imgcls_status check_features(const struct imgcls_host *host,
                                    const struct imgcls_run *run, int64_t features)
{
    const struct model *model = run->state;
    size_t i;
    for (i = 0; i < model->node_count; i++)
        if (!model->nodes[i].is_leaf && model->nodes[i].feature >= features)
            return OP_FAIL(host, run->node, IMGCLS_BAD_INPUT,
                           "entry %zu of the nodes asks for feature %lld of %lld", i,
                           (long long)model->nodes[i].feature, (long long)features);
    return IMGCLS_OK;
}

static imgcls_status model_run(const struct imgcls_host *host, const struct imgcls_run *run)
{
    const struct model *model = run->state;
    const struct imgcls_tensor *x = imgcls_input(run, 0);
    const size_t width = (size_t)model->targets;
    double *scores = run->workspace;
    unsigned char *reached = (unsigned char *)(scores + width + 1);
    int64_t rows, features, row;
    size_t i;
    imgcls_status status = scores_rows(host, run->node, x->rank, x->dims, &rows, &features);
    if (status == IMGCLS_OK)
        status = check_features(host, run, features);
    if (status == IMGCLS_OK)
        status = scores_set_outputs(host, run, labels_of(model), rows, model->targets);
    for (row = 0; status == IMGCLS_OK && row < rows; row++) {
        memset(scores, 0, (width + 1) * sizeof *scores);
        memset(reached, 0, width + 1);
        for (i = 0; i < model->root_count; i++)
            add_tree(model, model->roots[i], x, row * features, scores, reached);
        i = decide(model, scores);
        status = scores_write_row(host, run, labels_of(model), row, i, scores, model->targets);
    }
    return status;
}

static imgcls_status model_infer(const struct imgcls_host *host, struct imgcls_infer *infer)
{
    struct model model = {0};
    imgcls_status status;
    if (!op_in(infer->node, 0))
        return OP_FAIL(host, infer->node, IMGCLS_BAD_INPUT, "an input is needed");
    status = read_shape(host, infer->node, &model);
    return status == IMGCLS_OK ? scores_infer(host, infer, labels_of(&model), model.targets)
                               : status;
}

SCORES_MODEL(tree_classifier_op, "TreeEnsembleClassifier", "tree_classifier_portable");
SCORES_MODEL(tree_regressor_op, "TreeEnsembleRegressor", "tree_regressor_portable");
