#!/usr/bin/env bash
# tests/leaderboard/timings.sh - how long a large leaderboard takes to answer
#
#   tests/leaderboard/make_board.py big.db && tests/leaderboard/timings.sh big.db [PROGRAM]
#
# Prints milliseconds of the whole process, the best of five, by the clock and of processor time
# (which other work on the machine lengthens less), for listings by all kinds of
# columns, compare of the last two runs (50,000 pictures each) and their pages. It never fails on
# time: machines differ.
#
# SPDX-License-Identifier: Apache-2.0
set -eu
db=${1:?a leaderboard made by make_board.py}
program=${2:-imgcls-leaderboard}
IMGCLS_DB=$db
export IMGCLS_DB
last=$("$program" query 'SELECT max(id) AS n FROM runs' --json | grep -o '[0-9]\+')

TIMEFORMAT='%R %U %S'
time_of() { # time_of ARGUMENT...: the best of five by the clock, and the least of processor time
    for round in 1 2 3 4 5; do
        { time "$program" "$@" >/dev/null 2>&1; } 2>&1
    done | awk -v what="$*" '{ cpu = 1000 * ($2 + $3); real = 1000 * $1
        if (NR == 1 || real < best) best = real
        if (NR == 1 || cpu < least) least = cpu }
        END { printf "%6.0f ms, of a processor %4.0f ms  %s\n", best, least, what }'
}

time_of --version
time_of list
time_of list --json
time_of list --sort images_per_second,desc
time_of list --sort parameters
time_of list --sort model
time_of list --sort peak_memory_bytes,desc
time_of list --sort recipe
time_of list --where dataset=sketch
time_of list --where model~vit --sort latency_p90_ms
time_of list --where engine_version=0.3.0 --where threads=8
time_of list --where 'parameters<10000000' --sort images_per_second,desc
time_of list --where superseded_by=
time_of list --where uid~ab --sort recorded_at,desc
time_of list --where top1~0.7 --where 'cpu!=x' --sort 'dataset;model,desc;top1'
time_of list --where 'latency_p99_ms>1' --where 'seconds<1e6' --sort macs --columns all
time_of show $((last / 2))
time_of compare $((last - 1)) "$last"
time_of disagree $((last - 1)) "$last"
time_of classes "$last" --worst 20
time_of pareto
time_of regressions
time_of drop
# By every column there is: the slowest three.
for column in $("$program" list --limit 1 --json | tr , '\n' | sed -n 's/^.*"\([a-z0-9_]*\)": .*$/\1/p'); do
    [ "$column" = rows ] || time_of list --sort "$column,desc"
done | sort -k 6 -n | tail -n 3
time_of query "SELECT model, max(top1) FROM leaderboard WHERE dataset = 'sketch' GROUP BY model"
page=$(mktemp)
trap 'rm -f "$page"' EXIT
for format in csv json markdown; do
    time_of export --format $format -o "$page"
done
for runs in "" "$last" "$((last - 1)) $last"; do
    # shellcheck disable=SC2086 # none, one or two numbers
    time_of export --format html $runs -o "$page"
    printf '             page of %s bytes\n' "$(wc -c <"$page")"
done
