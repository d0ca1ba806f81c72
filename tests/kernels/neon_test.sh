#!/bin/sh
# tests/kernels/neon_test.sh - the NEON kernels against the portable ones, bit by bit
#
# For machines that are not aarch64: kernels and their tests know no host and no library, so
# they are compiled for aarch64 as static programs, with the behaviour that C leaves undefined
# made to trap, and run under qemu's emulation of that processor. A part of the drawn shapes
# only (ICL_SHARE), for it is slow; and at -O1, for the traps, a branch at each access, take gcc
# ten times as long at -O2. On aarch64 the tests themselves do the same, and more.
set -eu

cc=${ICL_AARCH64_CC:-aarch64-linux-gnu-gcc}
top=$ICL_TOP_SRCDIR

skip() {
    echo "skipped: $*"
    exit 77
}

[ "$(uname -m)" != aarch64 ] || skip "this machine runs the NEON kernels in every test of theirs"
command -v "$cc" >/dev/null || skip "$cc is not here (Debian: gcc-aarch64-linux-gnu libc6-dev-arm64-cross)"
qemu=$(command -v qemu-aarch64-static || command -v qemu-aarch64) ||
    skip "qemu-aarch64 is not here (Debian: qemu-user-static)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"
echo '#define BUILD_NEON 1' >config.h
flags="-std=gnu17 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -ffp-contract=off -fopenmp-simd
    -fno-schedule-insns
    -fsanitize=undefined -fsanitize-undefined-trap-on-error
    -I. -I$top -I$top/include -I$top/tests/kernels/cross"

# Everything that is not of another instruction set; tests of all families.
for source in "$top"/plugins/kernels/*.c "$top"/tests/kernels/*_test.c \
    "$top"/tests/kernels/lanes.*.c "$top"/plugins/ops/nn/pool_planes.c; do
    case $source in
    */plugins/kernels/*.avx*.c) ;;
    *) printf '%s\n' "$source" ;;
    esac
done >sources
jobs=$(nproc 2>/dev/null || echo 1)
export cc flags
xargs -P "$jobs" -I{} sh -c '$cc $flags -c "$1" -o "$(basename "$1" .c).o"' sh {} <sources

for test in *_test.o; do
    name=${test%.o}
    $cc -static -s -o "$name" "$test" $(ls ./*.o | grep -v '_test\.o$') -lm
    echo "$name"
done >names

ICL_SHARE=${ICL_SHARE:-64}
export ICL_SHARE qemu
failed=0
xargs -P "$jobs" -I{} sh -c '"$qemu" ./{} >{}.log 2>&1 || echo "status $?" >>{}.log' <names
while read -r name; do
    echo "== $name, $(grep -c '^\[       OK \]' "$name.log") tests"
    # What is compiled in is offered, so a skipped NEON kernel is a mistake.
    if grep -q '^status\|skipped.*neon' "$name.log" || ! grep -q '^\[       OK \]' "$name.log"; then
        tail -n 20 "$name.log"
        failed=1
    fi
done <names
# A family that lost its NEON kernel would pass unnoticed. (No symbols, but names that tests print.)
for kernel in $(sed -n 's/.*WITH_NEON(KERNEL(\([a-z0-9_]*_neon\),.*/\1/p' "$top"/plugins/kernels/*.h); do
    grep -q "$kernel" ./*_test || { echo "no test has $kernel"; failed=1; }
done
exit $failed
