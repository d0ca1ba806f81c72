#!/bin/sh
# tests/e2e/mpi_test.sh - several ranks give the row that one process gives, also after a death
#
# SPDX-License-Identifier: Apache-2.0
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

if ! command -v imgcls-eval-mpi >/dev/null 2>&1 || ! command -v mpirun >/dev/null 2>&1; then
    echo "skipped: imgcls-eval-mpi was not built or mpirun is absent"
    exit 77
fi
# Open MPI keeps memory to the end, which is no leak of ours.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
# Two mpiruns that make and remove one folder at a time fail ("File exists").
export TMPDIR=$top
model=$sample/lenet5/model.onnx
recipe=$(cat "$sample/lenet5/recipe.txt")
as_root=
[ "$(id -u)" -ne 0 ] || as_root=--allow-run-as-root
ranks() { # ranks N OPTION...
    n=$1
    shift
    mpirun $as_root --oversubscribe -n "$n" imgcls-eval-mpi "$model" --preprocess "$recipe" \
        --json "$@"
}
keys="images failed nan_scores top1_correct nll ece mce ties macro_precision macro_f1 dataset_sha256 recipe"
cp -R "$sample/val" set
echo 'no picture' >set/4/broken.png

expect 0 imgcls-eval "$model" --preprocess "$recipe" -d set --json --db one.db --predictions one.csv
want=$(figures out $keys)
for n in 1 2 4; do
    expect 0 ranks $n -d set --db many.db --predictions many.csv --part 16
    [ "$(figures out $keys)" = "$want" ] || complain "$n ranks: $(figures out $keys), not $want"
    [ "$(value ranks out)" = $n ] || complain "$n ranks: the row says $(value ranks out)"
    holds '"4/broken.png"' out # decode failures by name
    cmp -s one.csv many.csv || complain "$n ranks: other predictions"
done
tar cf set.tar set
expect 0 ranks 3 -d set.tar --db many.db --part 7
[ "$(value top1_correct out)" = "$(echo "$want" | sed 's/.*top1_correct=\([0-9]*\).*/\1/')" ] ||
    complain "a tar gives another figure"
expect 0 imgcls-leaderboard check --db many.db

# every option that says what is evaluated, and what is to come of it, is imgcls-eval's
options() {
    "$1" --help | sed -n 's/^   *\(-.,\)\{0,1\} *--\([a-z0-9-]*\).*/\2/p' | sort
}
options imgcls-eval | grep -vx diagnose >one.txt
options imgcls-eval-mpi | grep -vx part >many.txt
[ -s one.txt ] && cmp -s one.txt many.txt || complain "the programs have other options: $(diff one.txt many.txt)"
rm -rf some && mkdir some
for class in 0 2 3 7; do cp -R set/$class some/; done
same() { # same OPTION...: the same files and figures from one process and from three ranks
    expect 0 imgcls-eval "$model" --preprocess "$recipe" --json --no-record "$@" \
        --predictions one.csv --per-class one.classes --confusion one.confusion
    want=$(figures out $keys compared_classes)
    expect 0 ranks 3 --part 5 --no-record "$@" \
        --predictions many.csv --per-class many.classes --confusion many.confusion
    [ "$(figures out $keys compared_classes)" = "$want" ] ||
        complain "$*: $(figures out $keys compared_classes), not $want"
    for kind in csv classes confusion; do
        [ -s many.$kind ] && cmp -s one.$kind many.$kind || complain "$*: other $kind"
    done
}
same -d set
same -d set --limit 33 --shuffle --seed 5
same -d set.tar --limit 40 --shuffle
same -d some --classes present --shuffle
rm -r some/0
same -d some --label-base 1 --limit 17 --batch auto

# what the exit status is to say, and figures beside it
expect 1 ranks 2 -d set --no-record --strict
holds "1 pictures could not be read (--strict)" err
holds '"top1_correct"' out
expect 1 ranks 2 -d set --no-record --min-top1 100
holds "below the 100 % of --min-top1" err
expect 0 ranks 2 -d set --no-record --min-top1 50

# what rank 0 cannot write it says before the first part, once
for table in predictions per-class confusion; do
    expect 2 ranks 2 -d set --db unwritten.db --$table no/such.csv
    [ "$(grep -c 'imgcls-eval-mpi: ' err)" = 1 ] || { complain "--$table: other than one line"; cat err; }
    holds 'no/such.csv' err
done
[ ! -e unwritten.db ] || complain "a board was made before files were looked at"

# ranks that were asked other things do not begin
expect 2 mpirun $as_root --oversubscribe \
    -n 1 imgcls-eval-mpi "$model" --preprocess "$recipe" -d some --no-record --classes present : \
    -n 1 imgcls-eval-mpi "$model" --preprocess "$recipe" -d some --no-record --classes all
holds "are not rank 0's" err
expect 2 mpirun $as_root --oversubscribe \
    -n 2 imgcls-eval-mpi "$model" --preprocess "$recipe" -d some --no-record : \
    -n 1 imgcls-eval-mpi "$model" --preprocess "$recipe" -d gone --no-record
[ "$(grep 'imgcls-eval-mpi: ' err)" = "imgcls-eval-mpi: gone: No such file or directory" ] ||
    { complain "a rank without the data set does not say so, or not alone"; cat err; }

# a rank that dies ends the job, and the next one goes on where it was
copies set 9
expect 0 imgcls-eval "$model" --preprocess "$recipe" -d set --json --no-record
want=$(figures out $keys)
parts() {
    imgcls-leaderboard query --db dead.db --json 'SELECT count(*) AS n FROM progress_parts' \
        2>/dev/null | sed -n 's/.*"n": *\([0-9]*\).*/\1/p'
}
# processes of a rank, among the children of the job
rank_of() { # rank_of JOB RANK
    for process in $(pgrep -P "$1"); do
        tr '\0' '\n' <"/proc/$process/environ" 2>/dev/null |
            grep -qx "OMPI_COMM_WORLD_RANK=$2" && echo "$process"
    done
}
for dying in 2 0; do
    died=
    for attempt in 1 2 3 4 5; do
        rm -f dead.db*
        (exec mpirun $as_root --oversubscribe -n 3 imgcls-eval-mpi "$model" --preprocess "$recipe" \
            --json -d set --db dead.db --part 4) >dead.out 2>dead.err &
        job=$!
        committed=0
        while kill -0 $job 2>/dev/null && [ "${committed:-0}" = 0 ]; do
            sleep 0.02
            committed=$(parts)
        done
        victim=$(rank_of $job $dying)
        [ -n "$victim" ] && kill -9 $victim 2>/dev/null && died=yes
        wait $job
        status=$?
        committed=$(parts) # what was there before rank 0 took in more, or all that it had
        [ "${committed:-0}" = 0 ] || [ -z "$died" ] || break
        died=
    done
    if [ -z "$died" ]; then
        complain "rank $dying was not caught in the middle"
        continue
    fi
    [ $status -ne 0 ] || complain "the job ends well without rank $dying"
    expect 0 imgcls-leaderboard check --db dead.db
    expect 2 ranks 2 -d set --db dead.db --resume --limit 10
    holds "data set" err
    expect 0 ranks 2 -d set --db dead.db --part 8 --resume
    holds "going on with .*: [1-9][0-9]* of" err
    [ "$(figures out $keys)" = "$want" ] || complain "after rank $dying died: $(figures out $keys), not $want"
    [ "$(value resumed out)" -ge 1 ] || complain "after rank $dying died: begun anew"
    [ "$(parts)" = 0 ] || complain "progress is left behind"
    expect 0 imgcls-leaderboard check --db dead.db
done
expect 2 ranks 2 -d nowhere --no-record
finish
