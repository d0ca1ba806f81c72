#!/bin/sh
# tests/registry/headers_test.sh - each public header compiles alone, as C17 and as C++
#
# SPDX-License-Identifier: Apache-2.0
set -u
include=${ICL_TOP_SRCDIR:-.}/include
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0
tried=0
for header in "$include"/imgcls/*.h; do
    name=imgcls/$(basename "$header")
    # Twice: a header must stand being included again.
    printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' "$name" "$name" \
        > "$work/alone.c"
    cp "$work/alone.c" "$work/alone.cc"
    tried=$((tried + 1))
    if ! ${CC:-cc} -std=c17 -pedantic -Wall -Wextra -Wstrict-prototypes -Werror -I"$include" \
        -c "$work/alone.c" -o "$work/alone.o"; then
        echo "$name does not compile alone as C17"
        failed=1
    fi
    if command -v "${CXX:-c++}" > /dev/null; then
        if ! ${CXX:-c++} -std=c++11 -Wall -Wextra -Werror -I"$include" \
            -c "$work/alone.cc" -o "$work/alone.o"; then
            echo "$name does not compile alone as C++11"
            failed=1
        fi
    else
        echo "skipped: no C++ compiler for $name"
    fi
done
[ "$tried" -ge 3 ] || { echo "$include: $tried headers"; failed=1; }
exit $failed
