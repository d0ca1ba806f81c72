#!/bin/sh
# tests/e2e/interrupt_test.sh - SIGINT and SIGTERM: status 130, no temporary file, no half result
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

# enough pictures to be in the middle when the signal comes
copies many 60
expect 0 imgcls-convert "$sample/vit_tiny/model.onnx" -o m.imgcls --labels "$sample/labels.txt" \
    --preprocess "$(cat "$sample/vit_tiny/recipe.txt")"
for signal in INT TERM; do
    # a background job of a script ignores SIGINT unless it is a process of its own making
    setsid imgcls-eval m.imgcls --dataset many --predictions out.csv --threads 1 --batch 1 >out 2>err &
    job=$!
    waited=0
    while ! grep -q '21300 pictures' err && [ $waited -lt 600 ] && kill -0 $job 2>/dev/null; do
        sleep 0.1
        waited=$((waited + 1))
    done
    sleep 0.5 # the evaluation is under way
    kill -$signal $job 2>/dev/null || complain "the evaluation ended before it could be stopped"
    wait $job
    status=$?
    [ $status -eq 130 ] || { complain "SIG$signal gave status $status, not 130"; cat err; }
    holds 'm.imgcls: what is done is kept; the same command goes on from there' err
    [ -e out.csv ] && complain "SIG$signal left half a result"
    ls -A | grep '^\..*csv' && complain "SIG$signal left a temporary file"
done
expect 0 imgcls-leaderboard list --json
grep -q '"top1_correct"' out && complain "an evaluation that was stopped has a row"
finish
