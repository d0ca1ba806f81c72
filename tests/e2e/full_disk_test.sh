#!/bin/sh
# tests/e2e/full_disk_test.sh - a full disk is named, and nothing that was recorded is lost
#
# A file system of 2 MiB in memory, filled to the last byte or nearly so. Needs root and mount.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

disk=$folder/disk
mkdir "$disk"
if [ "$(id -u)" -ne 0 ] || ! mount -t tmpfs -o size=2m tmpfs "$disk" 2>/dev/null; then
    echo "skipped: a file system can be mounted by root alone, and not everywhere"
    exit 77
fi
trap 'umount "$disk"; rm -rf "$top"' EXIT
model=$sample/lenet5/model.onnx
recipe=$(cat "$sample/lenet5/recipe.txt")

# fill KIB: fills the disk but for so much
fill() {
    rm -f "$disk/filler"
    dd if=/dev/zero of="$disk/filler" bs=1k 2>/dev/null
    truncate -s -"$1"k "$disk/filler"
}
evaluate() { # evaluate OPTION...
    imgcls-eval "$model" --preprocess "$recipe" --threads 2 --json --quiet "$@"
}
# full COMMAND...: status 2 and one line that says so
full() {
    expect 2 "$@"
    [ "$(grep -c . err)" -eq 1 ] || { complain "'$*' said more or less than one line"; cat err; }
    grep -q -i -e 'disk full' -e 'no space left' err || { complain "'$*' does not say full"; cat err; }
}
# number SQL: what the database answers
number() {
    imgcls-leaderboard query "$1" --json --db "$disk/board.db" 2>/dev/null |
        sed -n 's/.*"n": *\([0-9]*\).*/\1/p'
}
# kept RUNS: the database is in order and holds so many runs
kept() {
    rm -f "$disk/filler"
    expect 0 imgcls-leaderboard check --db "$disk/board.db"
    [ "$(number 'SELECT count(*) AS n FROM runs')" = "$1" ] ||
        complain "$(number 'SELECT count(*) AS n FROM runs') runs, not $1"
}

# a run that is there already, and one that has no room: from none at all to nearly enough
evaluate -d "$sample/val" --db "$disk/board.db" >out 2>err || complain "no first run"
for free in 0 4 24 64 120; do
    fill $free
    full evaluate -d "$sample/val" --db "$disk/board.db"
    full evaluate -d "$sample/val" --db "$disk/new.db"
    rm -f "$disk"/new.db*
    kept 1
done

# an evaluation under way: what was committed is kept, and gone on with once there is room
keys="images failed top1_correct nll ece mce class_accuracy macro_f1 dataset_sha256"
copies many 10
evaluate -d many --no-record >undisturbed.json 2>err || complain "the evaluation fails"
committed() {
    number 'SELECT count(*) AS n FROM progress_parts'
}
attempt=0
parts=0
while [ "${parts:-0}" = 0 ] && [ $attempt -lt 20 ]; do
    attempt=$((attempt + 1))
    (exec imgcls-eval "$model" --preprocess "$recipe" --threads 1 --batch 1 --quiet -d many \
        --db "$disk/board.db") >/dev/null 2>&1 &
    process=$!
    waited=0
    while [ $waited -lt 100 ] && kill -0 $process 2>/dev/null; do
        sleep 0.02
        waited=$((waited + 1))
        parts=$(committed)
        [ "${parts:-0}" = 0 ] || break
    done
    kill -9 $process 2>/dev/null
    wait $process 2>/dev/null
    parts=$(committed)
done
if [ "${parts:-0}" = 0 ]; then
    complain "no evaluation was caught in the middle"
else
    runs=$(number 'SELECT count(*) AS n FROM runs')
    for free in 0 8 40; do
        fill $free
        full evaluate -d many --db "$disk/board.db"
        kept $runs
        [ "$(committed)" -ge "$parts" ] || complain "committed progress is lost"
    done
    expect 0 evaluate -d many --db "$disk/board.db" --resume
    [ "$(figures out $keys)" = "$(figures undisturbed.json $keys)" ] || complain "other figures after all that"
    [ "$(value resumed out)" -ge 1 ] || complain "it was begun anew"
    expect 0 imgcls-leaderboard check --db "$disk/board.db"
fi

# other things that are written: no half of a file is left
fill 16
before=$(ls -A "$disk")
full evaluate -d many --no-record --predictions "$disk/p.csv"
full imgcls-convert "$model" -o "$disk/x.imgcls" --preprocess "$recipe" --no-register --quiet
full imgcls-convert "$model" -o "$disk/x.onnx" --no-register --quiet
full imgcls-leaderboard export --format html -o "$disk/board.html" --db "$disk/board.db"
[ "$(ls -A "$disk")" = "$before" ] || complain "left behind: $(ls -A "$disk")"
for command in "evaluate -d $sample/val --no-record" "imgcls-leaderboard list --db $disk/board.db" \
    "imgcls-verify $model"; do
    $command >/dev/full 2>err
    got=$?
    [ $got -eq 2 ] || complain "'$command' into a full file gives status $got, not 2"
    holds 'No space left' err
done
finish
