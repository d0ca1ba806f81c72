#!/bin/sh
# tests/e2e/bad_graph_test.sh - models that are wrong in one way get one line that names the node
#
# tests/e2e/bad-graphs/ is made by its make_bad_graphs.py; the node at fault is called at_fault.
# Rows: file, status, words that the line must have.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

cp "$ICL_TOP_SRCDIR"/tests/e2e/bad-graphs/*.onnx .
while IFS='|' read -r name status words; do
    expect "$status" imgcls-convert "$name.onnx" -o x.imgcls --no-register --max-iterations 1000
    # (a sanitizer says on a line of its own that it was asked for too much)
    [ "$(grep -v '^==.*Sanitizer' err | grep -c .)" -eq 1 ] || { complain "$name: more or less than one line"; cat err; }
    holds "$words" err
    holds "$name.onnx" err
    [ ! -e x.imgcls ] || complain "$name: a file was written"
    rm -f x.imgcls
done <<'ROWS'
cycle|2|a cycle of 2 nodes: .*'at_fault' (Add)
undefined_input|2|node 'at_fault' (Add): input 'nowhere' is produced by nothing
duplicate_name|2|node 'at_fault' (Relu): output 'y' is also produced by node 'at_fault' (Neg)
recursion|2|node 'at_fault' (even): function 'even' calls itself
self_recursion|2|node 'at_fault' (again): function 'again' calls itself
endless_loop|3|node 'at_fault' (Loop): still going after 1000 iterations
reshape_terabytes|2|node 'at_fault' (Reshape): \[1,4\] cannot be reshaped to \[1048576,4194304\]
expand_terabytes|3|node 'at_fault' (Expand): .*17592186044416 bytes
expand_uncountable|3|node 'at_fault' (Expand): .*more elements than can be counted
tile_terabytes|3|node 'at_fault' (Tile): .*17592186044416 bytes
fill_terabytes|3|node 'at_fault' (ConstantOfShape): .*4398046511104 bytes
index_out_of_range|2|node 'at_fault' (Gather): index 4 is outside 0..3
gather_nd_out_of_range|2|node 'at_fault' (GatherND): index 9 is outside 0..3
scatter_out_of_range|2|node 'at_fault' (ScatterElements): index -5 is outside 0..3
axis_out_of_range|2|node 'at_fault' (Softmax): axis 2 is outside -2..1
shapes_that_contradict|2|node 'at_fault' (Add): shapes \[1,4\] and \[3\] do not broadcast
output_not_as_declared|2|node 'at_fault' (Relu): output 'y' comes out as \[1,4\], the model declares \[.*,5\]
stride_uncountable|3|node 'at_fault' (ConvTranspose): .*more elements than can be counted
attribute_of_plans|2|node 'at_fault' (MatMul): an attribute 'transB'
attribute_of_plans_within|2|node 'at_fault' (Softmax): an attribute 'imgcls
operator_of_plans|2|node 'at_fault' (imgcls.channels_last Conv): an operator that plans make
unknown_operator|2|org.example Frobnicate .*first node 'at_fault'
ROWS

# the same limits wherever a model runs
model=$sample/lenet5/model.onnx
recipe=$(cat "$sample/lenet5/recipe.txt")
for command in "imgcls-convert $model -o x.imgcls" "imgcls-verify $model" "imgcls-bench $model" \
    "imgcls-eval $model -d $sample/val --preprocess $recipe --labels $sample/labels.txt" \
    "imgcls-classify $model $(ls "$sample"/val/3/*.png | head -n 1) --preprocess $recipe"; do
    expect 3 $command --memory-limit 10K
    expect 2 $command --memory-limit much
    expect 2 $command --max-iterations 0
done
expect 3 imgcls-bench endless_loop.onnx --max-iterations 10
finish
