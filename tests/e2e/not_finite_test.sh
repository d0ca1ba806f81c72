#!/bin/sh
# tests/e2e/not_finite_test.sh - weights with NaN or infinity are named, and no check passes
#
# Both sides of such a check have the same NaN, so that a difference of 0 would prove nothing.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

cp "$ICL_TOP_SRCDIR/tests/e2e/modelscope/configuration.json" \
    "$ICL_TOP_SRCDIR/tests/e2e/modelscope/pytorch_model.pt" .
expect 0 imgcls-convert . -o daily.imgcls --no-register
expect 0 imgcls-convert daily.imgcls -o sound.safetensors --no-register
size=$(wc -c <sound.safetensors)

# broken BYTES FOLDER: the last element of the last tensor, a float16, becomes BYTES.
broken() {
    mkdir "$2" && cp configuration.json "$2" && cp sound.safetensors "$2/model.safetensors"
    printf "$1" | dd of="$2/model.safetensors" bs=1 seek=$((size - 2)) conv=notrunc 2>/dev/null
}
broken '\000\176' nan
broken '\000\174' infinite

for kind in nan infinite; do
    expect 1 imgcls-convert $kind -o $kind.imgcls --no-register
    holds "output 'output' is not finite" err
    holds "parameter '[a-z0-9._]*' holds" err
    [ ! -e $kind.imgcls ] || complain "$kind.imgcls was kept"
    expect 0 imgcls-convert $kind -o $kind.imgcls --no-register --no-verify
done
expect 1 imgcls-convert nan -o again.imgcls --no-register --quiet
holds "holds 1 NaN and 0 infinite" err
expect 1 imgcls-convert infinite -o again.imgcls --no-register --quiet
holds "holds 0 NaN and 1 infinite" err

# Against answers that are NaN themselves: no figure, and no pass.
# header SHAPE: of a version 1 .npy file of float32, 128 bytes
header() {
    printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': $1, }"
}
mkdir known
{ header '(1, 3, 32, 32)' && head -c 12288 /dev/zero; } >known/input_0.npy
{ header '(1, 1296)' && head -c 5184 /dev/zero | tr '\000' '\377'; } >known/output_0.npy # all NaN
expect 1 imgcls-verify nan.imgcls --reference known --json
holds '"l2_relative": null' out
holds '"passed": false' out
expect 1 imgcls-verify nan.imgcls --reference known
holds 'is not finite: .* of 1296 elements' err
finish
