#!/bin/sh
# tests/docs/operators_test.sh - the page of operators has each plugin once, also where the tree is
# installed beside its build
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

printf '{\n "cases": []\n}\n' >suite.json
rows_of() {
    IMGCLS_PLUGIN_PATH=$1 imgcls-plugin list --json >plugins.json || complain "no list of plugins"
    sh "$ICL_TOP_SRCDIR/docs/make_operators.sh" plugins.json suite.json | grep '^| ' >"$2"
}
cp -R "$IMGCLS_PLUGIN_PATH" twin
rows_of "$IMGCLS_PLUGIN_PATH" once
rows_of "$folder/twin:$IMGCLS_PLUGIN_PATH" twice
grep -q '"shadowed"' plugins.json || complain "the second folder's plugins are not there twice"
[ "$(grep -c MatMul once)" -ge 1 ] || complain "MatMul is not on the page"
cmp once twice || complain "plugins in two folders make another page"
finish
