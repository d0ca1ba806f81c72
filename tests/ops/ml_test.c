/*
 * tests/ops/ml_test.c - plugins/ops/ml: features, labels, linear models, trees
 *
 * Expected values by hand unless a row says otherwise.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/context/context.h"
#include "tests/ops/op_case.h"

#define CHECK(rows)        op_case_check(*state, rows, sizeof rows / sizeof rows[0])

/* clang-format off */
static void numbers_are_told_apart_at_a_threshold(void **state)
{
    static const struct op_case rows[] = {
        GIVES("ai.onnx.ml:Binarizer", "threshold=1.0", "f32[4] 0 1 2 nan", "f32[4] 0 0 1 0"),
        GIVES("ai.onnx.ml:Binarizer", "", "i64[2] -1 3", "i64[2] 0 1"),
    };
    CHECK(rows);
}

static void features_are_taken_by_index(void **state)
{
    static const struct op_case rows[] = {
        GIVES("ai.onnx.ml:ArrayFeatureExtractor", "", "f32[2,3] 1 2 3 4 5 6; i64[2] 2 0",
              "f32[2,2] 3 1 6 4"),
        GIVES("ai.onnx.ml:ArrayFeatureExtractor", "", "f32[3] 1 2 3; i64[1,2] 1 1", "f32[1,2] 2 2"),
        GIVES("ai.onnx.ml:ArrayFeatureExtractor", "", "str[1,2] 'a' 'bc'; i64[1] 1", "str[1,1] 'bc'"),
        FAILS("ai.onnx.ml:ArrayFeatureExtractor", "", "f32[1,2] 1 2; i64[1] 2",
              "index 2 at position 0 is outside 0..1"),
        FAILS("ai.onnx.ml:ArrayFeatureExtractor", "", "f32[1,2] 1 2; i64[2,1] 0 0", "not [K] or [1,K]"),
    };
    CHECK(rows);
}

static void keys_become_values(void **state)
{
    static const struct op_case rows[] = {
        GIVES("ai.onnx.ml:LabelEncoder", "keys_strings=[a,b] values_int64s=5,6 default_int64=42",
              "str[3] 'b' 'x' 'a'", "i64[3] 6 42 5"),
        GIVES("ai.onnx.ml:LabelEncoder", "keys_int64s=1,2 values_strings=[one,two]",
              "i64[2,2] 2 1 3 2", "str[2,2] 'two' 'one' '_Unused' 'two'"),
        GIVES("ai.onnx.ml:LabelEncoder", "keys_tensor={f32[2] 1.5 nan} values_floats=2.5,7.0",
              "f32[4] nan 1.5 0 -0.0", "f32[4] 7 2.5 -0.0 -0.0"),
        GIVES("ai.onnx.ml:LabelEncoder",
              "keys_tensor={i16[2] 3 4} values_tensor={f64[2] 0.25 0.5} default_tensor={f64[1] 9}",
              "i16[3] 4 5 3", "f64[3] 0.5 9 0.25"),
        /* the last of two equal keys counts */
        GIVES("ai.onnx.ml:LabelEncoder", "keys_int64s=1,1 values_int64s=2,3", "i64[1] 1", "i64[1] 3"),
        GIVES("ai.onnx.ml:CategoryMapper", "cats_int64s=3,4 cats_strings=[a,b] default_int64=-7",
              "str[1,3] 'b' 'q' 'a'", "i64[1,3] 4 -7 3"),
        GIVES("ai.onnx.ml:CategoryMapper", "cats_int64s=3,4 cats_strings=[a,b]", "i64[3] 4 9 3",
              "str[3] 'b' '_Unused' 'a'"),
        FAILS("ai.onnx.ml:CategoryMapper", "cats_int64s=3, cats_strings=[a,b]", "i64[1] 4",
              "cats_strings has 2 entries and cats_int64s 1"),
        /* version 1 */
        GIVES("ai.onnx.ml:LabelEncoder", "classes_strings=[x,y]", "str[3] 'y' 'x' 'z'", "i64[3] 1 0 -1"),
        GIVES("ai.onnx.ml:LabelEncoder", "classes_strings=[x,y]", "i64[3] 1 2 -1", "str[3] 'y' '_Unused' '_Unused'"),
        FAILS("ai.onnx.ml:LabelEncoder", "keys_int64s=1,2 values_int64s=2,", "i64[1] 1", "2 keys for 1 values"),
        FAILS("ai.onnx.ml:LabelEncoder", "keys_strings=[a] values_int64s=2,", "i64[1] 1", "the keys are strings, the input is not"),
        FAILS("ai.onnx.ml:LabelEncoder", "values_int64s=2,", "i64[1] 1", "keys and values must each be there"),
    };
    CHECK(rows);
}

/* Two branches: x0 <= 1 ? leaf 0 : (x1 > 2 ? leaf 1 : leaf 2); leaves add 1, 10, 100 to targets
 * 0, 1, 1. A second tree is leaf 0 alone where its root is taken. */
#define NO_TREE(type_, attrs_, inputs_, words_) \
    {.type = type_, .attrs = attrs_, .inputs = inputs_, .fails = words_, .version = 5}
#define TREE "leaf_targetids=0,1,1 leaf_weights={f32[3] 1 10 100} n_targets=2 nodes_featureids=0,1 " \
             "nodes_modes={u8[2] 0 3} nodes_splits={f32[2] 1 2} nodes_truenodeids=0,1 " \
             "nodes_trueleafs=1,1 nodes_falsenodeids=1,2 nodes_falseleafs=0,1 "
static void trees_add_up_their_leaves(void **state)
{
    static const struct op_case rows[] = {
        OLD(5, "ai.onnx.ml:TreeEnsemble", TREE "tree_roots=0,",
              "f32[4,2] 1 0 2 3 2 2 nan 5", "f32[4,2] 1 0 0 10 0 100 0 10"),
        OLD(5, "ai.onnx.ml:TreeEnsemble", TREE "tree_roots=0, nodes_missing_value_tracks_true=1,0",
              "f64[2,2] nan 5 2 nan", "f64[2,2] 1 0 0 100"),
        OLD(5, "ai.onnx.ml:TreeEnsemble", TREE "tree_roots=0,1 aggregate_function=0",
              "f32[1,2] 1 3", "f32[1,2] 0.5 5"),
        OLD(5, "ai.onnx.ml:TreeEnsemble", TREE "tree_roots=1,1 aggregate_function=2",
              "f32[1,2] 1 3", "f32[1,2] 0 10"),
        OLD(5, "ai.onnx.ml:TreeEnsemble", TREE "tree_roots=0, post_transform=2",
              "f32[1,2] 1 3", "f32[1,2] 0.7310586 0.5"),
        OLD(5, "ai.onnx.ml:TreeEnsemble", TREE "tree_roots=0, post_transform=1",
              "f32[1,2] 1 3", "f32[1,2] 0.7310586 0.26894143"),
        OLD(5, "ai.onnx.ml:TreeEnsemble", TREE "tree_roots=0, post_transform=3",
              "f32[1,2] 1 3", "f32[1,2] 1 0"),
        /* members 1 and 3 */
        OLD(5, "ai.onnx.ml:TreeEnsemble",
              "leaf_targetids=0,0 leaf_weights={f32[2] 1 2} n_targets=1 nodes_featureids=0, "
              "nodes_modes={u8[1] 6} nodes_splits={f32[1] 0} nodes_truenodeids=0, nodes_trueleafs=1, "
              "nodes_falsenodeids=1, nodes_falseleafs=1, membership_values={f32[3] 1 3 nan} tree_roots=0,",
              "f32[3,1] 3 2 1", "f32[3,1] 1 2 1"),
        NO_TREE("ai.onnx.ml:TreeEnsemble", TREE "tree_roots=2,", "f32[1,2] 1 3", "tree_roots[0] is 2, outside 0..1"),
        NO_TREE("ai.onnx.ml:TreeEnsemble", TREE "tree_roots=0,", "f32[1,1] 1", "asks for feature 1 of 1"),
        NO_TREE("ai.onnx.ml:TreeEnsemble", TREE "tree_roots=0, aggregate_function=4", "f32[1,2] 1 3",
              "aggregate_function is 4, outside 0..3"),
        NO_TREE("ai.onnx.ml:TreeEnsemble",
              "leaf_targetids=0, leaf_weights={f32[1] 1} n_targets=1 nodes_featureids=0,0 "
              "nodes_modes={u8[2] 0 0} nodes_splits={f32[2] 1 2} nodes_truenodeids=0,0 nodes_trueleafs=1,1 "
              "nodes_falsenodeids=1,0 nodes_falseleafs=0,0 tree_roots=0,",
              "f32[1,1] 1", "entry 1 of the nodes leads back to entry 0"),
        NO_TREE("ai.onnx.ml:TreeEnsemble",
              "leaf_targetids=1, leaf_weights={f32[1] 1} n_targets=1 nodes_featureids=0, "
              "nodes_modes={u8[1] 0} nodes_splits={f32[1] 1} nodes_truenodeids=0, nodes_trueleafs=1, "
              "nodes_falsenodeids=0, nodes_falseleafs=1, tree_roots=0,",
              "f32[1,1] 1", "leaf_targetids[0] is 1, outside 0..0"),
    };
    CHECK(rows);
}
/* Expected values of these four: ONNX Runtime 1.32 on the same nodes. */
static void features_are_scaled_and_normalised(void **state)
{
    static const struct op_case rows[] = {
        GIVES("ai.onnx.ml:Scaler", "offset=1.0,2.0,3.0 scale=2.0,2.0,0.5",
              "f32[3,3] 1 2 -3 0 0 0 -1 -2 -4", "f32[3,3] 0 0 -3 -2 -4 -1.5 -4 -8 -3.5"),
        GIVES("ai.onnx.ml:Scaler", "offset=1.0, scale=0.5,", "i64[1,2] 1 2", "f32[1,2] 0 0.5"),
        FAILS("ai.onnx.ml:Scaler", "offset=1.0,2.0", "f32[1,3] 1 2 3", "offset has 2 numbers for 3 features"),
        GIVES("ai.onnx.ml:Normalizer", "norm=MAX", "f32[3,3] 1 2 -3 0 0 0 -1 -2 -4",
              "f32[3,3] 0.5 1 -1.5 0 0 0 1 2 4"),
        GIVES("ai.onnx.ml:Normalizer", "norm=L1", "f32[2,3] 1 2 -3 -1 -2 -4",
              "f32[2,3] 0.16666667 0.33333334 -0.5 -0.14285715 -0.2857143 -0.5714286"),
        GIVES("ai.onnx.ml:Normalizer", "norm=L2", "f32[2] 3 4", "f32[2] 0.6 0.8"),
        FAILS("ai.onnx.ml:Normalizer", "norm=L3", "f32[2] 3 4", "norm is 'L3'"),
        FAILS("ai.onnx.ml:Normalizer", "norm=L1", "f32[1,1,2] 3 4", "not [N,F]"),
    };
    CHECK(rows);
}

static void features_are_filled_joined_and_spread(void **state)
{
    static const struct op_case rows[] = {
        GIVES("ai.onnx.ml:Imputer", "imputed_value_floats=7.0,8.0 replaced_value_float=2.0",
              "f32[2,2] 1 2 2 3", "f32[2,2] 1 8 7 3"),
        GIVES("ai.onnx.ml:Imputer", "imputed_value_floats=7.0,", "f32[2] 0 3", "f32[2] 7 3"),
        GIVES("ai.onnx.ml:Imputer", "imputed_value_int64s=7,8 replaced_value_int64=0",
              "i64[2,2] 0 2 3 0", "i64[2,2] 7 2 3 8"),
        FAILS("ai.onnx.ml:Imputer", "imputed_value_floats=7.0,8.0", "f32[1,3] 1 2 3", "2 numbers for 3 features"),
        GIVES("ai.onnx.ml:OneHotEncoder", "cats_int64s=1,2,3", "i64[2,2] 1 3 9 2",
              "f32[2,2,3] 1 0 0 0 0 1 0 0 0 0 1 0"),
        GIVES("ai.onnx.ml:OneHotEncoder", "cats_int64s=1,2,3", "f32[2] 1.5 2", "f32[2,3] 1 0 0 0 1 0"),
        GIVES("ai.onnx.ml:OneHotEncoder", "cats_strings=[a,b]", "str[2] 'a' 'z'", "f32[2,2] 1 0 0 0"),
        FAILS("ai.onnx.ml:OneHotEncoder", "cats_int64s=1,2 zeros=0", "i64[1] 7", "none of the 2 categories"),
        FAILS("ai.onnx.ml:OneHotEncoder", "cats_strings=[a,b]", "i64[1] 7", "the categories are strings"),
        GIVES("ai.onnx.ml:FeatureVectorizer", "inputdimensions=3,1", "f32[2,2] 1 2 3 4; f32[2,2] 5 7 6 8",
              "f32[2,4] 1 2 0 5 3 4 0 6"),
        GIVES("ai.onnx.ml:FeatureVectorizer", "", "i64[1,2] 1 2; i64[1,1] 5", "f32[1,3] 1 2 5"),
        FAILS("ai.onnx.ml:FeatureVectorizer", "", "f32[2,1] 1 2; f32[1,1] 5", "input 1 has 1 rows, not 2"),
        FAILS("ai.onnx.ml:ZipMap", "classlabels_int64s=1,2", "f32[1,3] 1 2 3", "3 scores for 2 labels"),
    };
    CHECK(rows);
}

#define THREE "coefficients=0.1,0.2,-0.1,0.3,0.2,0.2 intercepts=0.05,0.1,0.1 classlabels_ints=5,6,9 "
#define PAIR  "coefficients=0.1,0.2 intercepts=0.05, classlabels_strings=[no,yes] "
static void linear_models_score_rows(void **state)
{
    static const struct op_case rows[] = {
        {.type = "ai.onnx.ml:LinearClassifier", .attrs = THREE, .tolerance = 1e-6,
         .inputs = "f32[3,2] 1 2 -1 -2 0.1 0.1",
         .outputs = "i64[3] 9 6 9; f32[3,3] 0.55 0.6 0.7 -0.45 -0.4 -0.5 0.08 0.12 0.14"},
        {.type = "ai.onnx.ml:LinearClassifier", .attrs = THREE "post_transform=SOFTMAX",
         .tolerance = 1e-6, .inputs = "f32[1,2] 1 2",
         .outputs = "i64[1] 9; f32[1,3] 0.31122538 0.32718226 0.36159232"},
        /* one score for two classes: 1 - s and s, or two logistics */
        {.type = "ai.onnx.ml:LinearClassifier", .attrs = PAIR, .tolerance = 1e-6,
         .inputs = "f32[2,2] 1 2 -1 -2",
         .outputs = "str[2] 'yes' 'no'; f32[2,2] 0.45 0.55 1.45 -0.45"},
        {.type = "ai.onnx.ml:LinearClassifier", .attrs = PAIR "post_transform=LOGISTIC",
         .tolerance = 1e-6, .inputs = "f32[2,2] 1 2 -1 -2",
         .outputs = "str[2] 'yes' 'no'; f32[2,2] 0.3658644 0.6341356 0.6106393 0.38936073"},
        {.type = "ai.onnx.ml:LinearRegressor", .tolerance = 1e-6,
         .attrs = "coefficients=0.1,0.2,0.3,0.4 intercepts=0.05,0.1 targets=2 post_transform=SOFTMAX",
         .inputs = "f32[2,2] 1 2 -1 -2", .outputs = "f32[2,2] 0.3429895 0.6570105 0.6341356 0.3658644"},
        {.type = "ai.onnx.ml:LinearRegressor", .tolerance = 1e-6,
         .attrs = "coefficients=0.1,0.2 post_transform=LOGISTIC", /* not done to a single score */
         .inputs = "f32[1,2] 1 2", .outputs = "f32[1,1] 0.5"},
        FAILS("ai.onnx.ml:LinearClassifier", PAIR, "f32[1,3] 1 2 3", "2 coefficients for 1 scores of 3 features"),
        FAILS("ai.onnx.ml:LinearClassifier", "coefficients=1.0,", "f32[1,1] 1", "classlabels_strings or classlabels_ints"),
        FAILS("ai.onnx.ml:LinearClassifier", PAIR "post_transform=X", "f32[1,2] 1 2", "post_transform is 'X'"),
    };
    CHECK(rows);
}

/* x0 <= 1 ? leaf 1 : leaf 2, and one tree that is a leaf. */
#define STUMP(stem, labels) \
    "nodes_treeids=0,0,0,1 nodes_nodeids=0,1,2,0 nodes_featureids=0,0,0,0 " \
    "nodes_modes=[BRANCH_LEQ,LEAF,LEAF,LEAF] nodes_values=1.0,0.0,0.0,0.0 " \
    "nodes_truenodeids=1,0,0,0 nodes_falsenodeids=2,0,0,0 " labels " " \
    stem "_treeids=0,0,1 " stem "_nodeids=1,2,0 "
static void old_trees_add_up_their_leaves(void **state)
{
    static const struct op_case rows[] = {
        OLD(3, "ai.onnx.ml:TreeEnsembleRegressor",
            STUMP("target", "n_targets=1") "target_ids=0,0,0 target_weights=1.0,10.0,0.5 base_values=0.25,",
            "f32[2,1] 1 2", "f32[2,1] 1.75 10.75"),
        OLD(3, "ai.onnx.ml:TreeEnsembleRegressor",
            STUMP("target", "n_targets=1") "target_ids=0,0,0 target_weights=1.0,10.0,0.5 aggregate_function=AVERAGE",
            "f32[2,1] 1 2", "f32[2,1] 0.75 5.25"),
        OLD(3, "ai.onnx.ml:TreeEnsembleRegressor",
            STUMP("target", "n_targets=1") "target_ids=0,0,0 target_weights=1.0,10.0,0.5 aggregate_function=MIN",
            "f32[2,1] 1 nan", "f32[2,1] 0.5 0.5"),
        /* three classes: by the highest score */
        OLD(3, "ai.onnx.ml:TreeEnsembleClassifier",
            STUMP("class", "classlabels_int64s=7,8,9") "class_ids=0,2,1 class_weights=1.0,0.5,0.75",
            "f32[2,1] 1 2", "i64[2] 7 8; f32[2,3] 1 0.75 0 0 0.75 0.5"),
        /* one score for two classes: above one half where no weight is negative, else above 0 */
        OLD(3, "ai.onnx.ml:TreeEnsembleClassifier",
            STUMP("class", "classlabels_strings=[a,b]") "class_ids=0,0,0 class_weights=0.125,0.5,0.25",
            "f32[2,1] 1 2", "str[2] 'a' 'b'; f32[2,2] 0.625 0.375 0.25 0.75"),
        OLD(3, "ai.onnx.ml:TreeEnsembleClassifier",
            STUMP("class", "classlabels_strings=[a,b]") "class_ids=0,0,0 class_weights=-0.5,0.5,0.25",
            "f32[2,1] 1 2", "str[2] 'a' 'b'; f32[2,2] 0.25 -0.25 -0.75 0.75"),
        {.type = "ai.onnx.ml:TreeEnsembleClassifier", .version = 3, .inputs = "f32[1,1] 1",
         .attrs = STUMP("class", "classlabels_int64s=7,8") "class_ids=0,2,1 class_weights=1.0,0.5,0.75",
         .fails = "class_ids[1] is 2, outside 0..1"},
        {.type = "ai.onnx.ml:TreeEnsembleRegressor", .version = 3, .inputs = "f32[1,1] 1",
         .attrs = "nodes_treeids=0,0 nodes_nodeids=0,1 nodes_featureids=0,0 nodes_modes=[BRANCH_LT,BRANCH_LT] "
                  "nodes_values=0.0,0.0 nodes_truenodeids=1,0 nodes_falsenodeids=1,0",
         .fails = "leads back to entry"},
        {.type = "ai.onnx.ml:TreeEnsembleRegressor", .version = 3, .inputs = "f32[1,1] 1",
         .attrs = "nodes_treeids=0, nodes_nodeids=0, nodes_featureids=0, nodes_modes=[BRANCH_LT] "
                  "nodes_values=0.0, nodes_truenodeids=4, nodes_falsenodeids=0,",
         .fails = "tree 0 has no node 4"},
    };
    CHECK(rows);
}
/* Three classes, four vectors of two features; two rows. Expected values of these: ONNX Runtime
 * 1.32 on the same nodes. */
#define FOUR "kernel_params=0.5,0.25,2.0 classlabels_ints=7,8,9 vectors_per_class=1,2,1 rho=0.125,-0.25,0.0625 " \
             "support_vectors=0.5,1.0,-1.0,0.25,0.0,1.5,2.0,-0.5 " \
             "coefficients=0.5,-1.0,0.25,-0.75,1.0,-0.5,0.75,-0.25 "
#define PLATT "prob_a=-1.5,-0.5,-2.0 prob_b=0.25,-0.125,0.5 "
#define TWO  "kernel_type=RBF kernel_params=0.5,0.0,0.0 vectors_per_class=1,1 rho=0.125, " \
             "support_vectors=0.5,1.0,-1.0,0.25 coefficients=0.75,-1.0 "
#define POINTS "f32[2,2] 1 2 -1 0.5"
#define SVM(attrs_, want_) \
    {.type = "ai.onnx.ml:SVMClassifier", .attrs = attrs_, .inputs = POINTS, .outputs = want_, .tolerance = 1e-6}
static void support_vectors_vote(void **state)
{
    static const struct op_case rows[] = {
        SVM(FOUR, "i64[2] 7 8; f32[2,3] 2.625 1.5 2.3125 -0.8125 1.4375 0.625"),
        SVM(FOUR "kernel_type=POLY", "i64[2] 7 9; f32[2,3] 2.015625 1.578125 2.21875 -0.40625 -0.76171875 -0.16601562"),
        SVM(FOUR "kernel_type=RBF", "i64[2] 7 7; f32[2,3] 0.49717778 0.26527464 0.44264966 -0.60901093 0.03145134 -0.14789149"),
        SVM(FOUR "kernel_type=SIGMOID", "i64[2] 7 8; f32[2,3] 0.812918 0.17878646 0.6097444 -0.28485784 0.5228479 0.3189426"),
        SVM(FOUR PLATT, "i64[2] 7 8; f32[2,3] 0.7967447 0.06323759 0.1400177 0.19393858 0.6105048 0.1955566"),
        SVM(FOUR PLATT "kernel_type=POLY", "i64[2] 7 9; f32[2,3] 0.7774439 0.09014773 0.1324084 0.23711008 0.28752297 0.47536713"),
        SVM(FOUR PLATT "kernel_type=RBF", "i64[2] 7 7; f32[2,3] 0.42314535 0.30712178 0.2697329 0.24851578 0.3220157 0.42946857"),
        SVM(TWO "classlabels_strings=[a,b]", "str[2] 'a' 'b'; f32[2,2] -0.4971778 0.4971778 0.6293546 -0.6293546"),
        SVM(TWO "classlabels_strings=[a,b] post_transform=LOGISTIC", "str[2] 'a' 'b'; f32[2,2] 0.37820417 0.62179583 0.6523431 0.3476569"),
        SVM(TWO "classlabels_strings=[a,b] post_transform=SOFTMAX", "str[2] 'a' 'b'; f32[2,2] 0.50282216 0.4971778 1.6293546 -0.6293546"),
        /* without vectors: planes; the largest score names the class */
        SVM("classlabels_ints=7,8 coefficients=1.0,0.5,-1.0,2.0 rho=0.25,", "i64[2] 8 8; f32[2,2] 2.25 3.25 -0.5 2.25"),
        FAILS("ai.onnx.ml:SVMClassifier", FOUR "kernel_type=COSINE", POINTS, "kernel_type is 'COSINE'"),
        FAILS("ai.onnx.ml:SVMClassifier", FOUR, "f32[1,3] 1 2 3", "8 support_vectors for 4 vectors of 3 features"),
        FAILS("ai.onnx.ml:SVMClassifier", TWO "classlabels_ints=1,2,3", POINTS, "vectors_per_class is for 2 of 3 classes"),
        FAILS("ai.onnx.ml:SVMClassifier", TWO "classlabels_ints=1,2 vectors_per_class=1,-1", POINTS, "vectors_per_class[1] is -1"),
        FAILS("ai.onnx.ml:SVMClassifier", TWO "classlabels_ints=1,2 vectors_per_class=2,1", POINTS, "2 coefficients for 3 support vectors"),
        FAILS("ai.onnx.ml:SVMClassifier", FOUR "prob_a=1.0, prob_b=1.0,", POINTS, "prob_a has 1 and prob_b 1 numbers for 3 pairs"),
    };
    CHECK(rows);
}

#define ONE "kernel_type=RBF kernel_params=0.5,0.0,0.0 n_supports=2 support_vectors=0.5,1.0,-1.0,0.25 " \
            "coefficients=0.75,-1.0 "
static void support_vectors_regress(void **state)
{
    static const struct op_case rows[] = {
        {.type = "ai.onnx.ml:SVMRegressor", .attrs = ONE "rho=0.125,", .inputs = POINTS,
         .outputs = "f32[2,1] 0.4971778 -0.6293546", .tolerance = 1e-6},
        GIVES("ai.onnx.ml:SVMRegressor", ONE "rho=0.125, one_class=1", POINTS, "f32[2,1] 1 -1"),
        GIVES("ai.onnx.ml:SVMRegressor", "coefficients=2.0,-0.5 rho=1.0,", POINTS, "f32[2,1] 2 -1.25"),
        FAILS("ai.onnx.ml:SVMRegressor", ONE, POINTS, "rho has 0 numbers for 1 machines"),
        FAILS("ai.onnx.ml:SVMRegressor", "n_supports=-1", POINTS, "n_supports is -1"),
    };
    CHECK(rows);
}
/* clang-format on */

static int set_up(void **state)
{
    *state = op_context(1);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    imgcls_context_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_told_apart_at_a_threshold),
        cmocka_unit_test(features_are_taken_by_index),
        cmocka_unit_test(keys_become_values),
        cmocka_unit_test(trees_add_up_their_leaves),
        cmocka_unit_test(features_are_scaled_and_normalised),
        cmocka_unit_test(features_are_filled_joined_and_spread),
        cmocka_unit_test(linear_models_score_rows),
        cmocka_unit_test(old_trees_add_up_their_leaves),
        cmocka_unit_test(support_vectors_vote),
        cmocka_unit_test(support_vectors_regress),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
