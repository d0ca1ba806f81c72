#!/bin/sh
# tests/programs/plugin_test.sh - imgcls-plugin: tables, JSON, reasons, exit statuses
#
# SPDX-License-Identifier: Apache-2.0
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

minor=$(sed -n 's/^#define IMGCLS_ABI_MINOR //p' "$ICL_TOP_SRCDIR/include/imgcls/plugin.h")
samples=$ICL_TOP_BUILDDIR/tests/registry/.libs
mkdir own
for name in good null minor crash_load; do
    cp "$samples/sample_$name.so" own/
done
cp "$samples/sample_good.so" own/zz_second.so
printf 'hello\n' >own/text.so
chmod 755 own own/*
IMGCLS_PLUGIN_PATH=$folder/own:$folder/absent

# Broken files are warnings of every command, and rows of the table; the status is 0.
expect 0 imgcls-plugin list
holds 'sample  *1\.2\.3  *Apache-2.0  *0\.0  *ready  *2 operators, 2 kernels, 1 format' out
holds 'refused  *-  *.*sample_null.so' out
holds 'shadowed .*zz_second.so' out
holds 'imgcls-plugin: warning: .*text.so: plugin refused: the loader says: ' err
holds "sample_minor.so: plugin refused: needs plugin ABI 0.$((minor + 1)), this library has 0.$minor" err
expect 0 imgcls-plugin list --quiet
[ -s err ] && complain "--quiet is not quiet"

expect 0 imgcls-plugin list --verbose
holds 'own: 6 plugin files' out
holds 'absent: No such file or directory' out
holds 'refused: crashed while being scanned (signal 11' out
holds "shadowed: 'sample' was found before: .*own/sample_good.so" out
holds '^  op org.test Copy 2-4$' out

expect 0 imgcls-plugin list --json
[ "$(value name out)" = sample ] || holds '"name": "sample"' out
for key in plugins name version path abi offers sha256 refused; do
    holds "\"$key\": " out
done
holds "\"abi\": \"0.$((minor + 1))\"" out
sum=$(sha256sum <own/text.so | cut -d' ' -f1)
holds "\"sha256\": \"$sum\"" out

expect 0 imgcls-plugin check own/sample_good.so
holds "sample 1.2.3 (Apache-2.0), plugin ABI 0.0, host ABI 0.$minor" out
expect 1 imgcls-plugin check own/sample_null.so
holds 'sample_null.so: refused: imgcls_plugin_entry returned NULL: only on Tuesdays' err
expect 1 imgcls-plugin check own/text.so own/sample_good.so --json
holds '"state": "refused"' out
holds '"state": "loaded"' out

# The sample takes anything for its model and has no words for failing: test says so.
IMGCLS_PLUGIN_PATH=$folder/absent
expect 0 imgcls-plugin list
# the installed folder is searched too: where something is installed, that is what is listed
if ls "$ICL_LIBDIR"/imgcls/plugins/*.so >/dev/null 2>&1; then
    holds "$ICL_LIBDIR/imgcls/plugins" out
else
    holds 'no plugins found' out
fi
expect 1 imgcls-plugin test own/sample_good.so
holds 'format-refuses-garbage: sample on .*: reads it as a model' out
expect 1 imgcls-plugin test own/sample_null.so
holds 'can-be-loaded' out
expect 0 imgcls-plugin test --json
holds '"passed": true' out

refused 'no plugin has that name' imgcls-plugin test nobody
refused 'absent.so: No such file' imgcls-plugin check absent.so
refused 'allowed are list, check, test and new' imgcls-plugin show
refused 'allowed is one' imgcls-plugin new
refused 'allowed is none' imgcls-plugin list more
expect 2 imgcls-plugin
expect 0 imgcls-plugin --help
holds 'IMGCLS_PLUGIN_DISABLE' out
finish
