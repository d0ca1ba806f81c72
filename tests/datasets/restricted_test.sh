#!/bin/sh
# tests/datasets/restricted_test.sh - ImageNet-A and -R: only the scores of their 200 classes count
#
# A model with a thousand classes whose nearest template decides (tests/programs/make_planted.py)
# sees pictures by a pipeline that is wrong enough for its decoys, classes 16 to 31, to win. The
# set's 200 folders leave the decoys out, so that the same scores give other answers.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

planted=$ICL_TOP_SRCDIR/tests/programs/planted
model=$planted/planted-1000.onnx
wrong='resize=24x24,filter=bilinear,crop=24,color=bgr,range=255,mean=104/117/123,std=1/1/1'
awk 'BEGIN { for (i = 0; i < 1000; i++) printf "n%08d class %d\n", 2000 + i, i }' >labels.txt
# folders of classes 0 to 15, one picture each, and of 184 others beyond the decoys
fill() { # fill FOLDER
    mkdir -p "$1"
    awk 'NR <= 16 || (NR > 100 && NR <= 284) { print NR - 1, $1 }' labels.txt | while read -r class wnid; do
        mkdir "$1/$wnid"
        cp "$planted/$(printf %02d $((class % 16))).png" "$1/$wnid/$class.png"
    done
}
right() { # right LOW HIGH: rows of p.csv that are right or show a decoy, among classes 0 to 15
    awk -F, -v low="$1" -v high="$2" 'NR > 1 && $2 < 16 && $3 >= low && $3 <= high' p.csv | wc -l
}
run() { # run OPTION...
    expect 0 imgcls-eval "$model" --labels labels.txt --preprocess "$wrong" --no-record --json \
        --predictions p.csv "$@"
}

for name in imagenet-a imagenet-r; do
    fill $name
    run -d $name
    [ "$(value layout out)" = $name ] || complain "$name is taken as $(value layout out)"
    [ "$(value compared_classes out)" = 200 ] || complain "$(value compared_classes out) compared"
    [ "$(value images out)" = 200 ] || complain "$(value images out) pictures"
    [ "$(right 16 31)" = 0 ] || complain "$name: an answer is a class that it has not"
    restricted=$(value top1_correct out)
    # the same probabilities are over the 200 alone: a softmax that leaves the others out
    run -d $name --classes all
    [ "$(value compared_classes out)" = 1000 ] || complain "--classes all compares fewer"
    [ "$(right 16 31)" -gt 3 ] || complain "no decoy wins: the test proves nothing"
    [ "$(value top1_correct out)" -lt "$restricted" ] ||
        complain "$restricted right of 200 classes, $(value top1_correct out) of all"
    # from within, where its name is not in the path that was given
    expect 0 sh -c 'cd "$1" && shift && exec imgcls-eval "$@"' sh $name "$model" --labels \
        ../labels.txt --preprocess "$wrong" --no-record --json -d .
    [ "$(value layout out)" = $name ] || complain "$name as . is taken as $(value layout out)"
    tar cf $name.tar $name
    run -d $name.tar
    [ "$(value layout out)" = $name ] || complain "$name.tar is taken as $(value layout out)"
    [ "$(value top1_correct out)" = "$restricted" ] || complain "$name.tar gives other figures"
done

# 199 classes, or another name, are no such set; --layout says it is
rm -r imagenet-a/n00002000
run -d imagenet-a
[ "$(value layout out)" = folders ] || complain "199 classes are taken as $(value layout out)"
[ "$(value compared_classes out)" = 1000 ] || complain "a subset is restricted unasked"
run -d imagenet-a --layout imagenet-a
[ "$(value compared_classes out)" = 199 ] || complain "--layout does not restrict"
finish
