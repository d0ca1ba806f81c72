#!/bin/sh
# tests/e2e/real_pictures_test.sh - SqueezeNet 1.1 on 500 ImageNet pictures, picture by picture
#
# Reference: Pillow and ONNX Runtime, squeezenet1.1.reference.csv beside the pictures.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

data=$shared/data
if [ ! -d "$data/imagenet-sample" ]; then
    echo "skipped: ../shared is absent"
    exit 77
fi
expect 0 imgcls-convert "$data/models/squeezenet1.1-fp16.onnx" -o squeezenet.imgcls \
    --preprocess caffe --labels "$data/imagenet-sample/labels.txt"
expect 0 imgcls-eval --dataset "$data/imagenet-sample/val" --json --predictions got.csv
[ "$(value top1_correct out)" = 300 ] || complain "top-1 is not 300 but $(value top1_correct out)"
[ "$(value top5_correct out)" = 410 ] || complain "top-5 is not 410 but $(value top5_correct out)"
head -n 1 "$data/imagenet-sample/squeezenet1.1.reference.csv"
awk -F, 'NR > 1 { n = split($2, path, "/"); print path[n] "," $3 }' \
    "$data/imagenet-sample/squeezenet1.1.reference.csv" | sort >want
awk -F, 'NR > 1 { n = split($1, path, "/"); print path[n] "," $3 }' got.csv | sort >got
cmp -s want got || { complain "top-1 differs from the reference"; diff want got | head; }
finish
