#!/bin/sh
# tests/registry/symbols_test.sh - the library exports imgcls_* only, a plugin its entry only
#
# SPDX-License-Identifier: Apache-2.0
set -u
cd "${ICL_TOP_BUILDDIR:-.}" || exit 99
failed=0

# Names that a shared object defines for others. Names with two underscores in front are the
# linker's and the sanitizers'.
exported() {
    nm -D --defined-only "$1" | awk 'NF == 3 { print $3 }' | sed 's/@.*//' | grep -v '^__' |
        grep -v '^_\(init\|fini\|edata\|end\|bss_start\)$' | sort -u
}

library=.libs/libimgcls.so
count=$(exported "$library" | grep -c '^imgcls_')
if [ "$count" -lt 10 ]; then
    echo "$library: $count symbols imgcls_*, at least 10 were expected"
    failed=1
fi
# The version node's own name is a symbol, too.
stray=$(exported "$library" | grep -v '^imgcls_' | grep -v '^IMGCLS_0$')
if [ -n "$stray" ]; then
    echo "$library exports more than imgcls_*:" $stray
    failed=1
fi

plugins=0
for plugin in plugins/.libs/*.so; do
    [ -f "$plugin" ] || continue
    plugins=$((plugins + 1))
    names=$(exported "$plugin" | tr '\n' ' ')
    if [ "$names" != "imgcls_plugin_entry " ]; then
        echo "$plugin exports: $names"
        failed=1
    fi
    # It links nothing of ours: neither the library nor a symbol of it.
    if nm -D --undefined-only "$plugin" | grep -q ' \(imgcls\|icl\)_'; then
        echo "$plugin needs symbols of the host:"
        nm -D --undefined-only "$plugin" | grep ' \(imgcls\|icl\)_'
        failed=1
    fi
    # Nothing runs at load time but the one function that the compiler itself puts there
    # (frame_dummy, 8 bytes). A sanitizer brings constructors of its own.
    if ! nm -D --undefined-only "$plugin" | grep -q '__asan_init'; then
        bytes=$(objdump -h "$plugin" | awk '$2 == ".init_array" { print $3 }')
        case $bytes in
        '' | 00000008 | 00000000) ;;
        *)
            echo "$plugin: .init_array of 0x$bytes bytes: something runs at load time"
            failed=1
            ;;
        esac
    fi
done
if [ "$plugins" -lt 3 ]; then
    echo "plugins/.libs: $plugins plugins, at least 3 were expected"
    failed=1
fi
echo "$count symbols of the library, $plugins plugins"
exit $failed
