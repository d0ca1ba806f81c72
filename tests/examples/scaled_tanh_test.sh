#!/bin/sh
# tests/examples/scaled_tanh_test.sh - the example plugin, built out of tree against the installed
# header, runs inside a real model (the sample's LeNet-5 with its activations replaced)
#
# SPDX-License-Identifier: Apache-2.0
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

# A stranger's folder: the example's files and what pkg-config says, nothing else of ours.
mkdir stranger
cp "$ICL_TOP_SRCDIR/plugins/examples/scaled-tanh/scaled-tanh.c" \
    "$ICL_TOP_SRCDIR/plugins/examples/scaled-tanh/network.c" \
    "$ICL_TOP_SRCDIR/plugins/examples/scaled-tanh/network.h" \
    "$ICL_TOP_SRCDIR/plugins/examples/scaled-tanh/Makefile" stranger/
chmod -R u+w stranger
PKG_CONFIG_PATH=$ICL_ROOT$ICL_LIBDIR/pkgconfig PKG_CONFIG_SYSROOT_DIR=$ICL_ROOT
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
unset MAKEFLAGS MFLAGS MAKELEVEL
expect 0 make -C stranger CC="${CC:-cc}" CFLAGS="-O2 -Werror"
plugin=$folder/stranger/scaled-tanh.so
if nm -D --undefined-only "$plugin" | grep -q imgcls; then
    complain "the plugin needs symbols of ours"
fi

mkdir model
"$ICL_TOP_BUILDDIR/tests/examples/splice" "$sample/lenet5/model.onnx" model/model.onnx ||
    complain "the model could not be made"
cp -R "$sample/lenet5/test_data_set_0" model/

# Without the plugin: which operator, of which domain, and how often.
refused 'org.example.*ScaledTanh' imgcls-verify model/model.onnx

expect 0 imgcls-plugin check "$plugin"
holds 'op org.example ScaledTanh 1' out
expect 0 imgcls-plugin test "$plugin"
holds ' held, 0 did not' out

installed=$IMGCLS_PLUGIN_PATH
IMGCLS_PLUGIN_PATH=$folder/stranger:$installed
expect 0 imgcls-plugin list
holds 'scaled-tanh .*1\.0\.0 ' out
expect 0 imgcls-verify model/model.onnx --json
holds '"passed": true' out
expect 0 imgcls-convert model/model.onnx -o digits.imgcls --no-register \
    --labels "$sample/labels.txt" --preprocess "$(cat "$sample/lenet5/recipe.txt")"
picture=$sample/val/7/$(ls "$sample/val/7" | head -n 1)
expect 0 imgcls-classify digits.imgcls "$picture" --top 1
holds 'seven' out
expect 0 imgcls-eval digits.imgcls --dataset "$sample/val" --min-top1 0.95

# Its architecture makes a model of a checkpoint: 4 pixels, 2 units, 2 classes. The weights are
# 1, 0, 2 and the like, so the answer is known: class 0 sums what class 1 subtracts.
one='\000\000\200\077' zero='\000\000\000\000' minus='\000\000\200\277'
checkpoint() { # FILE HEADER NUMBERS...: a safetensors file
    header=$2
    file=$1
    shift 2
    length=$(printf '\\%03o\\%03o' $((${#header} % 256)) $((${#header} / 256)))
    { printf '%b' "$length"'\000\000\000\000\000\000'
      printf '%s' "$header"; printf '%b' "$@"; } >"$file"
}
hidden='"hidden.weight":{"dtype":"F32","shape":[2,4],"data_offsets":[0,32]}'
hidden=$hidden',"hidden.bias":{"dtype":"F32","shape":[2],"data_offsets":[32,40]}'
out='"out.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[40,56]}'
bias='"out.bias":{"dtype":"F32","shape":[2],"data_offsets":[56,64]}'
numbers="$one$one$one$one$zero$zero$zero$one$zero$zero$one$one$minus$minus$zero$zero"
checkpoint net.safetensors "{$hidden,$out,$bias}  " "$numbers"
expect 0 imgcls-convert net.safetensors -o net.imgcls --no-register \
    --preprocess 'resize=2x2,color=gray,range=1,mean=0.0,std=1.0'
expect 0 imgcls-verify net.imgcls
expect 0 imgcls-convert net.safetensors --arch scaled-tanh-net -o named.imgcls --no-register \
    --preprocess 'resize=2x2,color=gray,range=1,mean=0.0,std=1.0'
printf 'plus\nminus\n' >words.txt
expect 0 imgcls-classify net.imgcls "$picture" --labels words.txt --top 1
holds 'plus' out
checkpoint odd.safetensors "{$hidden,$out,${bias%bias*}bios${bias#*bias}}  " "$numbers"
refused 'missing out.bias (nearest: out.bios).* left over out.bios' \
    imgcls-convert odd.safetensors --arch scaled-tanh-net -o odd.imgcls --no-register
checkpoint odd.safetensors \
    "{$hidden,$out,${bias%:\[2\]*}:[1],\"data_offsets\":[56,60]}}  " "${numbers%"$zero"}"
refused 'out.bias (must be float32 of rank 1, the last dimension 2)' \
    imgcls-convert odd.safetensors --arch scaled-tanh-net -o odd.imgcls --no-register

# Switched off, or writable for anybody: as if it were not there, with the reason.
IMGCLS_PLUGIN_DISABLE='scaled*'
export IMGCLS_PLUGIN_DISABLE
expect 2 imgcls-verify model/model.onnx
expect 0 imgcls-plugin list --verbose
holds 'disabled: switched off' out
unset IMGCLS_PLUGIN_DISABLE
chmod o+w "$plugin"
expect 1 imgcls-plugin check "$plugin"
holds 'anybody may write to it' err
expect 2 imgcls-verify model/model.onnx
chmod o-w "$plugin"
IMGCLS_PLUGIN_PATH=$installed

# What `imgcls-plugin new` writes compiles and passes as it is, and overwrites nothing.
expect 0 imgcls-plugin new leaky-two
expect 0 make -C leaky-two CC="${CC:-cc}" CFLAGS="-O2 -Werror" check
refused 'leaky-two: File exists' imgcls-plugin new leaky-two
refused 'lower-case letter' imgcls-plugin new ../elsewhere
finish
