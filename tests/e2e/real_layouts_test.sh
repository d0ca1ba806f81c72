#!/bin/sh
# tests/e2e/real_layouts_test.sh - ImageNet pictures give the same figures in every layout
#
# Class folders, a tar and a tar.gz of them, WebDataset shards, and a flat folder with val.txt:
# every figure of SqueezeNet's evaluation must be the same to its last digit. One picture in ten
# by default; REAL_LAYOUTS=1 in the environment takes all 500 and knows their answers too.
#
# SPDX-License-Identifier: Apache-2.0
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

data=$shared/data
if [ ! -d "$data/imagenet-sample" ]; then
    echo "skipped: ../shared is absent"
    exit 77
fi
pack=$ICL_TOP_BUILDDIR/tests/datasets/pack
val=$data/imagenet-sample/val
labels=$data/imagenet-sample/labels.txt
step=10
[ -z "${REAL_LAYOUTS:-}" ] || step=$REAL_LAYOUTS

# All that JSON says of a run but names, hashes of the set, and times.
figures() {
    sed -e '/"latency_ms"/,/}/d' -e '/"runs"/,/"failures"/!d' \
        -e '/"\(images_per_second\|seconds\|started\|dataset\|dataset_sha256\|manifest_sha256\|layout\)"/d' "$1"
}
same() { # same LAYOUT PATH OPTION...
    layout=$1
    shift
    expect 0 imgcls-eval "$data/models/squeezenet1.1-fp16.onnx" --preprocess caffe \
        --labels "$labels" --no-record --json -d "$@"
    [ "$(value layout out)" = "$layout" ] || complain "'$*' is taken as $(value layout out)"
    figures out >got.json
    [ -e want.json ] || cp got.json want.json
    cmp -s want.json got.json || { complain "'$*': other figures"; diff want.json got.json; }
}

mkdir folders samples web flat
number=0
(cd "$val" && find . -type f | sed 's,^\./,,' | LC_ALL=C sort | awk "NR % $step == 1 % $step") >list
while read -r file; do
    class=$(($(grep -n "^${file%%/*} " "$labels" | cut -d: -f1) - 1))
    key=$(printf %06d $number)
    name=$(printf 'ILSVRC2012_val_%08d.JPEG' $((number + 1)))
    mkdir -p "folders/${file%/*}"
    ln -s "$val/$file" "folders/$file"
    ln -s "$val/$file" samples/$key.jpg
    echo $class >samples/$key.cls
    ln -s "$val/$file" flat/$name
    echo "$name $class" >>val.txt
    number=$((number + 1))
done <list
[ $number = $(((500 + step - 1) / step)) ] || complain "$number pictures of 500"

same folders folders
[ "$(grep -c '": [0-9]' want.json)" -ge 20 ] || complain "few figures are compared"
[ "$(value images out)" = $number ] || complain "$(value images out) pictures, not $number"
[ $step != 1 ] || [ "$(value top1_correct out) $(value top5_correct out)" = '300 410' ] ||
    complain "$(value top1_correct out) and $(value top5_correct out) right, not 300 and 410"
for kind in tar tar.gz; do
    (cd folders && "$pack" $kind "$folder/val.$kind" <../list) || complain "no $kind"
    same folders val.$kind
    rm -f val.$kind
done
ls samples | split -l $((number / 2 * 2)) - part.
shards=0
for part in part.*; do
    (cd samples && "$pack" tar "$folder/web/val-00000$shards.tar" <../$part) || complain "no shard"
    shards=$((shards + 1))
done
[ $shards -ge 2 ] || complain "$shards shards"
same webdataset "web/val-{000000..00000$((shards - 1))}.tar"
same val-txt flat --truth val.txt
echo "$number pictures: $(value top1_correct out) and $(value top5_correct out) right in 5 layouts"
finish
