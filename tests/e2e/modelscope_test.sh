#!/bin/sh
# tests/e2e/modelscope_test.sh - a ModelScope folder with 1,296 Chinese class names becomes a
# model, classifies, is evaluated, and gives its weights back
#
# Expected answers are those of a double-precision forward pass (tests/checkpoint/
# make_checkpoints.py), in tests/e2e/modelscope/expected.txt.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

here=$ICL_TOP_SRCDIR/tests/e2e/modelscope
mkdir daily && cp "$here/configuration.json" "$here/pytorch_model.pt" daily
read -r right five images picture <"$here/expected.txt"
tail -n +2 "$here/expected.txt" >answers

expect 0 imgcls-convert --inspect daily
holds 'tensor head.layers.head.weight: float16 1296 x 32' out
holds 'class names: 1296 (first: 红色杯子; last: 老式自行车)' out
holds 'architecture: vit' out
holds 'name in the pickle: torch.HalfStorage' out
expect 0 imgcls-convert --inspect daily --json
holds '"老式自行车"' out

expect 0 imgcls-convert daily/ -o daily.imgcls
holds 'architecture: vit' out
holds 'verified: relative L2' out

# The five best, in Chinese, in columns.
LC_ALL=C.UTF-8 expect 0 imgcls-classify daily.imgcls "$sample/val/$picture" --top 5
while read -r index probability name; do
    holds "$name" out
done <answers
LC_ALL=C.UTF-8 expect 0 imgcls-classify daily.imgcls "$sample/val/$picture" --top 5 --json
sed -n 's/^.*"label": "\([^"]*\)".*$/\1/p' out >labels
cut -d' ' -f3 answers | cmp -s - labels || { complain "other answers than expected"; cat labels; }

# In the layout of huggingface_hub's cache: links to files that snapshots share.
cache=models--owner--daily
mkdir -p $cache/blobs $cache/snapshots/rev
for file in configuration.json pytorch_model.pt; do
    cp "daily/$file" "$cache/blobs/of-$file"
    ln -s "../../blobs/of-$file" "$cache/snapshots/rev/$file"
done
expect 0 imgcls-convert $cache/snapshots/rev -o cached.imgcls --no-register
expect 0 imgcls-classify cached.imgcls "$sample/val/$picture" --top 5 --json
sed -n 's/^.*"label": "\([^"]*\)".*$/\1/p' out | cmp -s - labels || complain "other answers from the cache"
mkdir -p elsewhere $cache/snapshots/odd
cp daily/* elsewhere
for file in configuration.json pytorch_model.pt; do
    ln -s "../../../elsewhere/$file" "$cache/snapshots/odd/$file"
done
refused 'odd' imgcls-convert $cache/snapshots/odd -o x.imgcls

# Figures of the data set, whose folders are class numbers.
expect 0 imgcls-eval daily.imgcls --dataset "$sample/val" --json
[ "$(value images out)" = "$images" ] || complain "not all pictures were counted"
[ "$(value top1_correct out)" = "$right" ] || complain "top-1 is not $right of $images"
[ "$(value top5_correct out)" = "$five" ] || complain "top-5 is not $five of $images"

# Weights back under their own names.
expect 0 imgcls-convert daily.imgcls -o back.safetensors --no-register
expect 0 imgcls-convert --inspect back.safetensors
holds 'tensor backbone.layers.0.attn.qkv.weight: float16 96 x 32' out

# Another number of names than classes, a part missing, a pickle that would run something:
# one line, nothing written.
tail -n +2 "$ICL_TOP_SRCDIR/eval/sample/labels.txt" >few.txt
refused '1296 classes' imgcls-convert daily --labels few.txt -o x.imgcls
mkdir other && cp daily/pytorch_model.pt other
sed 's/"num_classes": 1296/"num_classes": 1300/' daily/configuration.json >other/configuration.json
refused 'settings say 1300 classes (head.num_classes), the weights have 1296' \
    imgcls-convert other -o x.imgcls
mkdir empty && cp daily/configuration.json empty
refused 'no weights' imgcls-convert empty -o x.imgcls
mkdir evil && cp daily/configuration.json evil
cp "$ICL_TOP_SRCDIR/tests/checkpoint/hostile/call-posix-system.pt" evil/pytorch_model.pt
refused 'posix.system' imgcls-convert evil -o x.imgcls
refused 'does not fit\|no architecture\|no parameter' imgcls-convert \
    "$ICL_TOP_SRCDIR/tests/checkpoint/good/archive.pt" -o x.imgcls
refused "architecture 'nonsense' is not known (" imgcls-convert daily --arch nonsense -o x.imgcls
for row in "resnet5O 'resnet50'" "vti 'vgg' or 'vit'?" "efficientnetb0 'efficientnet_b0'" "resnet58 'resnet18' or 'resnet50'?"; do
    refused "architecture '${row%% *}' is not known; did you mean ${row#* }.*plugin list --verbose" \
        imgcls-convert daily --arch "${row%% *}" -o x.imgcls
done
LC_ALL=C sed 's/backbone\.layers\.0\.ln1\.bias/backbone.layers.0.lm1.bias/' back.safetensors >odd.safetensors
refused 'backbone.layers.0.ln1.bias (nearest: backbone.layers.0.lm1.bias).*; left over backbone.layers.0.lm1.bias' \
    imgcls-convert odd.safetensors -o x.imgcls
finish
