#!/bin/sh
# tests/programs/diagnose_test.sh - each planted mistake is found: pipeline, order, 1001 classes
#
# planted/ holds pictures and a model that is right on all sixteen with one pipeline only, which
# is none of the defaults in any part (make_planted.py). Labels are written by hand here, in each
# order that people have met; numbers of the devkit are those of its map_clsloc.txt.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

planted=$ICL_TOP_SRCDIR/tests/programs/planted
right='resize=25,filter=bicubic,crop=24,color=bgr,range=255,mean=104/117/123,std=1/1/1'

# set NAME LABEL...: the sixteen pictures with a csv of these labels
set_of() {
    name=$1
    shift
    mkdir "$name"
    printf 'path,label\n' >"$name/labels.csv"
    for picture in "$planted"/*.png; do
        cp "$picture" "$name/"
        echo "${picture##*/},$1" >>"$name/labels.csv"
        shift
    done
}

# the first recipe of the answer: the best
best() {
    sed -n 's/^ *"recipe": "\(.*\)",*$/\1/p' out | head -n 1
}

# found ORDER OPTION...: all sixteen are right with the right pipeline under this order
found() {
    order=$1
    shift
    expect 0 imgcls-eval --diagnose --json "$@"
    [ "$(best)" = "$right" ] || complain "'$*': found $(best)"
    [ "$(value order_name out)" = "$order" ] || complain "'$*': order $(value order_name out)"
    [ "$(value top1_correct out)" = 16 ] || complain "'$*': $(value top1_correct out) of 16"
}

ranks='0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15'
set_of plain $ranks
model=$planted/planted-1000.onnx
expect 0 imgcls-eval "$model" -d plain --preprocess "$right" --no-record --json
[ "$(value top1_correct out)" = 16 ] || complain "the right pipeline is not right"

# ---- the pipeline, whatever is asked for: nothing, or one mistake or all of them
found same "$model" -d plain
for wrong in "$(echo $right | sed s/bgr/rgb/)" \
    "$(echo $right | sed s/bicubic/bilinear/)" "$(echo $right | sed s/resize=25/resize=27/)" \
    "$(echo $right | sed s/resize=25/resize=24x24/)" \
    "$(echo $right | sed s,104/117/123,0/0/0,)" \
    resize=24x24,filter=lanczos,crop=24,color=rgb,range=1,mean=0/0/0,std=1/1/1; do
    expect 0 imgcls-eval "$model" -d plain --preprocess "$wrong" --no-record --json
    [ "$(value top1_correct out)" -lt 16 ] || complain "$wrong is as good as the right one"
    found same "$model" -d plain --preprocess "$wrong"
done
found same "$model" -d plain --preprocess imagenet # of another size: the model cannot take it
expect 0 imgcls-eval "$model" -d plain --diagnose
holds "^best: --preprocess $right\$" out
! grep -q 'none stands out' out || complain "what is always right does not stand out"
holds '^  top-1 100.00 %  '"$right" out

# ---- the order of classes: in the labels, or in the model
set_of from-one 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
found one-lower "$model" -d from-one
found same "$model" -d from-one --label-base 1
holds '"order": null' out
set_of devkit 449 450 442 443 444 445 446 383 384 385 386 387 388 389 390 391
found devkit-labels-from-one "$model" -d devkit
found devkit-labels "$model" -d devkit --label-base 1
# the model's class 0 is the devkit's first, a kit fox, and so on: their ranks by wnid
set_of darknet 278 212 250 193 217 147 387 285 350 283 286 353 334 150 249 362
found devkit-model "$model" -d darknet
LC_ALL=C awk 'BEGIN { for (i = 0; i < 1000; i++) print i }' | LC_ALL=C sort >as-text
set_of text-labels $(for rank in $ranks; do echo $(($(grep -nx $rank as-text | cut -d: -f1) - 1)); done)
found text-labels "$model" -d text-labels
set_of text-model $(sed 16q as-text)
found text-model "$model" -d text-model
expect 0 imgcls-eval "$model" -d from-one --diagnose
holds 'order: .*--label-base 1' out
holds 'as it is, top-1 is 0.00 %' out

# ---- names that are sorted otherwise than the model: class i comes at place (7 i + 3) mod 1000
forth= back=
for rank in $ranks; do
    forth="$forth $(((7 * rank + 3) % 1000))"
    back="$back $(((rank + 997) * 143 % 1000))" # 7 times 143 is 1 more than 1000
done
set_of sorted-labels $forth
set_of sorted-model $back
awk 'BEGIN { for (i = 0; i < 1000; i++) printf "c %03d, x\n", (7 * i + 3) % 1000 }' >by-name.txt
found name-labels "$model" -d sorted-labels --labels by-name.txt
found name-model "$model" -d sorted-model --labels by-name.txt
awk 'BEGIN { for (i = 0; i < 1000; i++) printf "%s%03d\n", i % 2 ? "c" : "C", (7 * i + 3) % 1000 }' \
    >by-case.txt
found folded-name-labels "$model" -d sorted-labels --labels by-case.txt
found folded-name-model "$model" -d sorted-model --labels by-case.txt
awk 'BEGIN { for (i = 0; i < 1000; i++) printf "n%08d c%03d\n", (7 * i + 3) % 1000, i }' >by-wnid.txt
found wnid-model "$model" -d sorted-model --labels by-wnid.txt

# ---- what was given is shown among the rest, however bad; every trial is told as it is made
wrong=resize=24x24,filter=lanczos,crop=24,color=rgb,range=1,mean=0/0/0,std=1/1/1
expect 0 imgcls-eval "$model" -d plain --diagnose --preprocess $wrong
holds "  $wrong  (as given)\$" out
holds '^tried: top-1 100.00 %  '"$right" err
expect 0 imgcls-eval "$model" -d plain --diagnose --preprocess $wrong --quiet
[ ! -s err ] || complain "--quiet is not"

# ---- 1001 classes, one for background in front
model=$planted/planted-1001.onnx
found one-higher "$model" -d plain
awk 'BEGIN { for (i = 0; i < 1000; i++) printf "n%08d c%d\n", 1000 + i, i }' >labels.txt
expect 2 imgcls-eval "$model" -d plain --preprocess "$right" --labels labels.txt --no-record
mkdir folders
for rank in $ranks; do
    mkdir "folders/$(sed -n $((rank + 1))p labels.txt | cut -d' ' -f1)"
    cp "$planted/$(printf %02d $rank).png" "folders/$(sed -n $((rank + 1))p labels.txt | cut -d' ' -f1)/"
done
found same "$model" -d folders --labels labels.txt
[ "$(value background out)" = 1 ] || complain "no name for background is said to be missing"
expect 0 imgcls-eval "$model" -d folders --labels labels.txt --diagnose
holds 'one class more than there are names' out
(echo background; cat labels.txt) >labels-1001.txt
expect 0 imgcls-eval "$model" -d folders --labels labels-1001.txt --preprocess "$right" \
    --no-record --json
[ "$(value top1_correct out)" = 16 ] || complain "what is advised does not help"
found same "$planted/planted-1000.onnx" -d folders --labels labels-1001.txt
[ "$(value background out)" = -1 ] || complain "no name is said to be too many"
[ -z "$(ls -d "${TMPDIR:-/tmp}"/imgcls-labels-* 2>/dev/null)" ] || complain "names are left behind"

# ---- a model at chance is not talked into an order
set_of chance 7 3 11 0 14 9 2 15 5 12 1 8 4 13 6 10
expect 0 imgcls-eval "$planted/planted-1000.onnx" -d chance --diagnose --json
[ "$(value order_name out)" = same ] || complain "an order is seen where there is none"
[ "$(value stands_out out)" = false ] || complain "guessing stands out"
expect 0 imgcls-eval "$planted/planted-1000.onnx" -d chance --diagnose
holds 'but none stands out' out

# ---- an ordinary evaluation near chance points here; one that is right, or too small to tell, does not
words='is near chance: imgcls-eval --diagnose'
mkdir many
for i in 0 1 2; do
    for picture in "$planted"/*.png; do
        cp "$picture" "many/$i-${picture##*/}"
    done
done
model=$planted/planted-1000.onnx
printf 'path,label\n' >many/labels.csv
for picture in many/*.png; do echo "${picture##*/},700"; done >>many/labels.csv
expect 0 imgcls-eval "$model" -d many --preprocess "$right" --no-record
holds "$words" err
expect 0 imgcls-eval "$model" -d many --preprocess "$right" --no-record --quiet
[ ! -s err ] || complain "--quiet is not"
expect 0 imgcls-eval "$model" -d plain --preprocess "$right" --no-record
! grep -q "$words" err || complain "what is right is taken for chance"
expect 0 imgcls-eval "$model" -d chance --preprocess "$right" --no-record
! grep -q "$words" err || complain "sixteen pictures are enough to tell"
finish
