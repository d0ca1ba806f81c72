#!/bin/sh
# tests/convert/conversion_time.sh - how long a checkpoint takes to become a bundle, beside cp and sync
# of the same file; a benchmark for a quiet machine, not part of make check
#
#   conversion_time.sh CHECKPOINT [ROUNDS]
#
# imgcls-convert --no-verify and cp followed by sync take turns in the folder that TMPDIR names
# (default: the current one), each from a warm cache and after a sync of all that was before; nothing
# else runs then. Memory is taken in MEMORY_ROUNDS conversions of their own (3), since looking at a
# process a hundred times a second takes a quarter of a second from it: the most anonymous memory that
# was seen. Printed per round and as medians; the exit status says whether the medians kept to
# 1.5 x the copy's time plus half a second, and to 0.3 x the file's size of anonymous memory.
#
# SPDX-License-Identifier: Apache-2.0
set -u

checkpoint=${1:?usage: conversion_time.sh CHECKPOINT [ROUNDS]}
rounds=${2:-5}
folder=$(mktemp -d "${TMPDIR:-.}/conversion-time.XXXXXX") || exit 2
trap 'rm -rf "$folder"' EXIT
size=$(wc -c <"$checkpoint")

now() { date +%s.%N; }
between() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f\n", b - a }'; }
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

start() {
    rm -f "$folder/model.imgcls"
    sync
    begin=$(now)
    imgcls-convert "$checkpoint" -o "$folder/model.imgcls" --no-verify --no-register >"$folder/out" 2>&1 &
    pid=$!
}

# Seconds of an undisturbed conversion, in a file.
convert() {
    start
    wait "$pid" || { cat "$folder/out"; exit 2; }
    between "$begin" "$(now)" >"$folder/seconds"
}

# Kilobytes of anonymous memory of a conversion that is watched, added to a file.
watch() {
    start
    most=0
    while stat=$(cat "/proc/$pid/status" 2>/dev/null) && [ -n "$stat" ]; do
        case $stat in *'State:	Z'*) break ;; esac
        anonymous=$(printf '%s\n' "$stat" | sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB$/\1/p')
        [ "${anonymous:-0}" -gt "$most" ] && most=$anonymous
        sleep 0.01
    done
    wait "$pid" || { cat "$folder/out"; exit 2; }
    [ "$most" -gt 0 ] || { echo "no memory was seen"; exit 2; }
    echo "$most" >>"$folder/memories"
}

copy() {
    rm -f "$folder/copy"
    sync
    begin=$(now)
    cp "$checkpoint" "$folder/copy" && sync || exit 2
    between "$begin" "$(now)" >"$folder/seconds"
}

cat "$checkpoint" >/dev/null
printf '%-6s %12s %12s\n' round 'cp+sync s' 'convert s'
round=1
while [ "$round" -le "$rounds" ]; do
    copy
    cat "$folder/seconds" >>"$folder/copies"
    copied=$(cat "$folder/seconds")
    convert
    cat "$folder/seconds" >>"$folder/conversions"
    printf '%-6s %12s %12s\n' "$round" "$copied" "$(cat "$folder/seconds")"
    round=$((round + 1))
done
round=0
while [ "$round" -lt "${MEMORY_ROUNDS:-3}" ]; do
    watch
    round=$((round + 1))
done
awk -v copy="$(median "$folder/copies")" -v convert="$(median "$folder/conversions")" \
    -v kilobytes="$(median "$folder/memories")" -v size="$size" 'BEGIN {
    allowed = 1.5 * copy + 0.5
    printf "medians: cp+sync %.3f s, conversion %.3f s (allowed %.3f s), anonymous %.3f x the file (allowed 0.3)\n",
        copy, convert, allowed, kilobytes * 1024 / size
    exit !(convert <= allowed && kilobytes * 1024 <= 0.3 * size)
}'
