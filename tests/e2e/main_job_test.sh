#!/bin/sh
# tests/e2e/main_job_test.sh - from model.onnx to a row on the leaderboard, on the sample
#
# Expected answers are PyTorch's own, in eval/sample/reference.csv.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

for model in lenet5 vit_tiny; do
    recipe=$(cat "$sample/$model/recipe.txt")
    expect 0 imgcls-verify "$sample/$model/model.onnx"
    expect 0 imgcls-convert "$sample/$model/model.onnx" -o $model.imgcls --json \
        --labels "$sample/labels.txt" --preprocess "$recipe"
    cp out convert.json
    [ "$(value output convert.json)" = $model.imgcls ] || complain "output is not named"
    [ "$(value sha256 convert.json)" = "$(sha256sum $model.imgcls | cut -d' ' -f1)" ] ||
        complain "sha256 is not the file's"
    [ "$(value source_sha256 convert.json)" = "$(sha256sum "$sample/$model/model.onnx" | cut -d' ' -f1)" ] ||
        complain "source_sha256 is not the source's"
    unzip -p $model.imgcls manifest.json | grep -q "$(value source_sha256 convert.json)" ||
        complain "the manifest does not have the source's hash"
    [ "$(value parameters convert.json)" -gt 10000 ] || complain "parameters are not counted"
    unzip -tq $model.imgcls >out || complain "unzip does not like $model.imgcls"
    expect 0 imgcls-verify $model.imgcls --json
    holds '"passed": true' out

    # no model named: the one converted last
    expect 0 imgcls-eval --dataset "$sample/val" --json --predictions $model.csv
    cp out eval.json
    grep "^$model," "$sample/reference.csv" | cut -d, -f2,3 | sort >want
    tail -n +2 $model.csv | cut -d, -f1,3 | sort >got
    cmp -s want got || complain "$model: predictions differ from PyTorch's"
    right=$(grep "^$model," "$sample/reference.csv" |
        awk -F, '{ split($2, path, "/"); n += path[1] == $3 } END { print n }')
    [ "$(value top1_correct eval.json)" = "$right" ] || complain "$model: top-1 is not $right"
    [ "$(value top5 eval.json)" = null ] || complain "top-5 of ten classes is not null"
    [ "$(value images eval.json)" = 355 ] || complain "not all pictures were counted"

    # and back: the way to ONNX stays open, recipe and labels travel along
    expect 0 imgcls-convert $model.imgcls -o back.onnx --no-register
    expect 0 imgcls-verify back.onnx --reference "$sample/$model"
    expect 0 imgcls-eval back.onnx --dataset "$sample/val" --json
    [ "$(value top1_correct out)" = "$right" ] || complain "$model: top-1 changed on the way back"
    # the same source gives the same bytes
    expect 0 imgcls-convert "$sample/$model/model.onnx" -o again.imgcls --no-register \
        --labels "$sample/labels.txt" --preprocess "$recipe"
    cmp -s $model.imgcls again.imgcls || complain "$model: a second conversion gives other bytes"
done

# an unzipped bundle is an ordinary model-zoo folder
mkdir unzipped && (cd unzipped && unzip -q ../vit_tiny.imgcls)
expect 0 imgcls-verify unzipped/model.onnx

expect 0 imgcls-classify vit_tiny.imgcls "$sample/val/7/$(ls "$sample/val/7" | head -n 1)" --top 3 --json
holds '"label": "seven"' out
expect 0 imgcls-leaderboard list --json
[ "$(grep -c '"top1_correct"' out)" -eq 4 ] || complain "the board does not have four rows"

# the check that was asked for fails with status 1
expect 1 imgcls-eval vit_tiny.imgcls --dataset "$sample/val" --min-top1 0.999
expect 1 imgcls-verify vit_tiny.imgcls --l2 0
expect 0 imgcls-bench lenet5.imgcls --seconds 0.1 --json
[ -n "$(value median_ms out)" ] || complain "no median time"

# threads and batch do not move a bit
expect 0 imgcls-eval vit_tiny.imgcls --dataset "$sample/val" --predictions a.csv --threads 1 --batch 1
expect 0 imgcls-eval vit_tiny.imgcls --dataset "$sample/val" --predictions b.csv --threads 3 --batch 7
cmp -s a.csv b.csv || complain "predictions depend on threads or batch"
[ -z "$(ls -A | grep '^\..*\.......$')" ] || complain "a temporary file was left: $(ls -A)"
finish
