#!/bin/sh
# tests/e2e/example_test.sh - docs/examples/classify.c compiles against the installed library and
# answers
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

export PKG_CONFIG_PATH="$ICL_ROOT$ICL_LIBDIR/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$ICL_ROOT"
flags=$(pkg-config --cflags --libs imgcls) || complain "pkg-config does not find imgcls"
expect 0 ${CC:-cc} -std=c17 -Wall -Wextra -Werror ${ICL_SAN_CFLAGS:-} \
    "$ICL_TOP_SRCDIR/docs/examples/classify.c" $flags -o classify
expect 0 imgcls-convert "$sample/vit_tiny/model.onnx" -o digits.imgcls --no-register \
    --labels "$sample/labels.txt" --preprocess "$(cat "$sample/vit_tiny/recipe.txt")"
picture=$sample/val/7/$(ls "$sample/val/7" | head -n 1)
expect 0 ./classify digits.imgcls "$picture"
head -n 1 out | grep -q 'seven$' || { complain "the first answer is not seven"; cat out; }
[ "$(wc -l <out)" -eq 5 ] || complain "there are not five answers"
expect 2 ./classify missing.imgcls "$picture"
holds 'missing.imgcls' err
finish
