#!/bin/sh
# tests/e2e/memory_growth.sh - memory of an evaluation of many pictures: none may come after the first
# thousand
#
#   memory_growth.sh MODEL LABELS VAL [COUNT]
#
# VAL has class folders; hard links (copies on another file system) to its pictures make a set of
# COUNT (50000), which is evaluated as folders and then as a tar, with the recipe in RECIPE where the
# model has none. Ten times a second memory is read; when the thousandth picture was done follows from
# the run's own seconds. Printed: anonymous and all resident memory then, and how much more there was
# at most until the end. Exit status 1 where anonymous memory grew by more than 1 MB. Runs the
# programs that PATH finds, in the folder that TMPDIR names; not part of make check.
#
# SPDX-License-Identifier: Apache-2.0
set -u

usage='usage: memory_growth.sh MODEL LABELS VAL [COUNT]'
model=$(realpath "${1:?$usage}")
labels=$(realpath "${2:?$usage}")
val=$(realpath "${3:?$usage}")
count=${4:-50000}
folder=$(mktemp -d "${TMPDIR:-.}/memory-growth.XXXXXX") || exit 2
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2

# One copy of the tree of links after another, each a folder within its class.
per=$(find "$val" -type f | wc -l)
rounds=$(((count + per - 1) / per))
for class in "$val"/*/; do
    name=$(basename "$class")
    mkdir -p "set/$name"
    round=0
    while [ $round -lt $rounds ]; do
        cp -rl "$class" "set/$name/$round" 2>/dev/null || cp -r "$class" "set/$name/$round" || exit 2
        round=$((round + 1))
    done
done
tar --hard-dereference -cf set.tar -C set .

run() { # run NAME DATASET
    imgcls-eval "$model" --labels "$labels" ${RECIPE:+--preprocess "$RECIPE"} -d "$2" --limit "$count" \
        --no-record --json >out 2>err &
    pid=$!
    : >samples
    while status=$(cat "/proc/$pid/status" 2>/dev/null) && [ -n "$status" ]; do
        case $status in *'State:	Z'*) break ;; esac
        read -r now rest </proc/uptime
        printf '%s\n' "$status" | awk -v now="$now" \
            '/^RssAnon:/ { a = $2 } /^VmRSS:/ { r = $2 } END { if (r) print now, a, r }' >>samples
        sleep 0.1
    done
    wait $pid || { cat err; exit 2; }
    grep -q "\"images\": $count,\$" out || { echo "$1: not $count pictures"; exit 2; }
    awk -v name="$1" -v count="$count" \
        -v seconds="$(sed -n 's/^ *"seconds": \([0-9.]*\),$/\1/p' out)" '
        { now[NR] = $1; anonymous[NR] = $2; resident[NR] = $3 }
        END {
            from = now[NR] - seconds + seconds * 1000 / count
            for (i = 1; i <= NR; i++)
                if (now[i] >= from) {
                    if (!n++) { first = anonymous[i]; whole = resident[i] }
                    if (anonymous[i] > most) most = anonymous[i]
                    if (resident[i] > all) all = resident[i]
                }
            printf "%-8s %d pictures, %d samples after the first 1000: anonymous %.2f MB, at most %+.2f; resident %.2f MB, at most %+.2f\n",
                name, count, n, first / 1024, (most - first) / 1024, whole / 1024, (all - whole) / 1024
            exit !(n >= 20 && most - first <= 1024)
        }' samples
}
status=0
run folders set || status=1
run tar set.tar || status=1
exit $status
