#!/bin/sh
# tests/programs/leaderboard_writers_test.sh - many evaluators write at once, and are killed
#
# Eight writers at once lose nothing and never see a lock. Then writers, four at a time, are sent
# SIGKILL at random moments, until ICL_KILLS (100) died of it; others finish before: afterwards
# the file is sound, every run that was reported as recorded is there, and every figure follows
# from its answers, so none is there by half.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

export IMGCLS_DB=$folder/board.db
model=$sample/lenet5/model.onnx
recipe=$(cat "$sample/lenet5/recipe.txt")
runs_of() {
    imgcls-leaderboard query 'SELECT count(*) AS n FROM runs' --json | grep -o '[0-9]\+'
}

# ---- Eight at once, each five runs, on a file that is not there yet
for writer in 1 2 3 4 5 6 7 8; do
    imgcls-eval "$model" "$model" "$model" "$model" "$model" -d "$sample/val" --limit 20 \
        --threads 1 --quiet --json --preprocess "$recipe" >w$writer.out 2>w$writer.err &
    eval "pid$writer=\$!"
done
for writer in 1 2 3 4 5 6 7 8; do
    eval "wait \$pid$writer" || complain "writer $writer gave status $?: $(cat w$writer.err)"
    [ ! -s w$writer.err ] || complain "writer $writer said: $(cat w$writer.err)"
done
[ "$(runs_of)" -eq 40 ] || complain "eight writers of five runs left $(runs_of)"
expect 0 imgcls-leaderboard check

# ---- Killed at random moments, up to four times what one takes alone: four share the machine
began=$(date +%s%N)
expect 0 imgcls-eval "$model" -d "$sample/val" --limit 60 --threads 1 --quiet \
    --preprocess "$recipe"
most=$(($(date +%s%N) - began))
one() { # one WRITER: begins, is killed after a while; idN where it finished, killedN where not
    imgcls-eval "$model" -d "$sample/val" --limit 60 --threads 1 --quiet --json \
        --preprocess "$recipe" >"k$1.out" 2>"k$1.err" &
    victim=$!
    sleep "$(od -An -N2 -tu2 /dev/urandom |
        awk -v most="$most" '{ printf "%.3f", $1 / 65535 * 4 * most / 1e9 }')"
    kill -KILL $victim 2>/dev/null
    wait $victim 2>/dev/null
    case $? in
    0) ;;
    137) echo killed >"killed$1" ;;
    *) echo failed >"failed$1" ;;
    esac
    # What it has said is promised, whether it was killed after that or not.
    grep -o '"run_id": [0-9]*' "k$1.out" | grep -o '[0-9]*' >"id$1"
    grep -q 'locked' "k$1.err" && echo locked >"locked$1"
    return 0
}
kills=${ICL_KILLS:-100}
done=0
killed=0
while [ $killed -lt "$kills" ] && [ $done -lt $((20 * kills)) ]; do
    one $((done + 1)) 2>/dev/null &
    a=$!
    one $((done + 2)) 2>/dev/null &
    b=$!
    one $((done + 3)) 2>/dev/null &
    c=$!
    one $((done + 4)) 2>/dev/null &
    wait $a $b $c $!
    done=$((done + 4))
    killed=$(find . -name 'killed*' | wc -l)
done
[ "$killed" -ge "$kills" ] || complain "only $killed of $done writers died"
finished=$(cat id* 2>/dev/null | grep -c .)
for id in $(cat id* 2>/dev/null); do
    imgcls-leaderboard show "$id" >out 2>err || complain "run $id was reported and is not there"
done
ls locked* >/dev/null 2>&1 && complain "a writer saw a lock"
ls failed* >/dev/null 2>&1 && complain "a writer failed: $(cat k*.err | head -n 3)"
expect 0 imgcls-leaderboard check
holds 'every figure follows' out
if command -v sqlite3 >/dev/null; then
    [ "$(sqlite3 board.db 'PRAGMA integrity_check')" = ok ] || complain "integrity_check"
    [ -z "$(sqlite3 board.db 'PRAGMA foreign_key_check')" ] || complain "foreign_key_check"
fi
echo "$done writers, $killed killed before they had finished, $finished runs reported"
finish
