#!/bin/sh
# tests/e2e/kill_test.sh - an evaluation that is killed again and again ends as if it never was
#
# SIGKILL at moments that are drawn, then the same command again, until it ends; then the next
# evaluation is begun. Every other moment is drawn from when more pictures were committed, however
# long that takes on this machine. ICL_KILLS says how many kills (6; 100 is what the project asks
# for). After each kill the database must be in order, and each evaluation that ends must give the
# figures and predictions of one that nobody disturbed.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

kills=${ICL_KILLS:-6}
model=$sample/lenet5/model.onnx
recipe=$(cat "$sample/lenet5/recipe.txt")

keys="images failed top1_correct nll ece mce class_accuracy macro_precision macro_f1 dataset_sha256"

evaluate() {
    imgcls-eval "$model" --preprocess "$recipe" -d many --threads 2 --json "$@"
}
# the same as a process of its own, to be killed by its number
start() {
    exec imgcls-eval "$model" --preprocess "$recipe" -d many --threads 2 --json "$@"
}

# as many pictures as leave room for several commits, one a second
times=10
seconds=0
while [ $seconds -lt 4 ] && [ $times -lt 320 ]; do
    times=$((times * 2))
    rm -rf many undisturbed.db
    copies many $times
    echo 'no picture' >many/3/broken.png
    began=$(date +%s)
    evaluate --db undisturbed.db --predictions undisturbed.csv >undisturbed.json 2>err ||
        complain "the evaluation fails"
    seconds=$(($(date +%s) - began))
done
want=$(figures undisturbed.json $keys)

ended() {
    [ "$(figures killed.json $keys)" = "$want" ] || complain "$(figures killed.json $keys), not $want"
    cmp -s killed.csv undisturbed.csv || complain "other predictions"
    finished=$((finished + 1))
    [ "$(value resumed killed.json)" -gt 0 ] && resumed=$((resumed + 1))
}

# rows TABLE DB: how many there are; 0 without the database
rows() {
    counted=$(imgcls-leaderboard query "SELECT count(*) AS n FROM $1" --json --db "$2" 2>/dev/null |
        sed -n 's/.*"n": *\([0-9]*\).*/\1/p')
    echo "${counted:-0}"
}
# committing DB PROCESS: waits until the process has committed more than was there, or has ended
committing() {
    there=$(rows progress_parts "$1")
    while kill -0 "$2" 2>/dev/null && [ "$(rows progress_parts "$1")" -le "$there" ]; do
        sleep 0.02
    done
}
drawn() { # drawn SECONDS: sleeps for less than that
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    sleep "$(awk -v r=$seed -v most="$1" 'BEGIN { printf "%.3f", r / 2147483648 * most }')"
}

done_kills=0
finished=0
resumed=0
seed=$$
while [ $done_kills -lt "$kills" ]; do
    start --db killed.db --predictions killed.csv >killed.json 2>err &
    process=$!
    if [ $((done_kills % 2)) = 1 ]; then
        committing killed.db $process
        drawn 0.5
    else
        drawn 1.5
    fi
    if kill -9 $process 2>/dev/null; then
        wait $process 2>/dev/null
        done_kills=$((done_kills + 1))
        # (a file of no bytes is one that was killed before its first transaction)
        [ ! -s killed.db ] || expect 0 imgcls-leaderboard check --db killed.db
    elif wait $process; then
        ended
    else
        complain "an evaluation fails after a kill"
        cat err
        break
    fi
done
expect 0 evaluate --db killed.db --predictions killed.csv
cp out killed.json
ended
expect 0 imgcls-leaderboard check --db killed.db
[ "$(rows progress killed.db)" = 0 ] || complain "progress is left behind"
[ "$resumed" -gt 0 ] || complain "no evaluation was gone on with"
echo "$done_kills kills, $finished evaluations ended, $resumed of them gone on with"

# what was begun is not gone on with where something differs; --resume says so
start --db other.db >out 2>err &
process=$!
committing other.db $process
kill -9 $process 2>/dev/null
wait $process 2>/dev/null
if [ "$(rows progress_parts other.db)" = 0 ]; then
    complain "no evaluation was stopped in the middle"
else
    expect 2 imgcls-eval "$model" --preprocess "$recipe" -d many --limit 100 --resume --db other.db
    holds 'data set differs' err
    echo 'still no picture' >many/3/broken.png
    expect 2 imgcls-eval "$model" --preprocess "$recipe" -d many --resume --db other.db
    holds 'data set differs' err
    expect 2 imgcls-eval "$sample/vit_tiny/model.onnx" --preprocess "$recipe" -d many --resume --db other.db
    holds 'model.* differs' err
    expect 2 imgcls-eval "$model" --preprocess "$recipe" -d "$sample/val" --resume --db other.db
    holds 'data set differs' err
    expect 2 imgcls-eval "$model" --preprocess "$(echo "$recipe" | sed s/mean=0.3/mean=0.31/)" -d many --resume --db other.db
    holds 'recipe.* differs' err
    expect 0 imgcls-eval "$model" --preprocess "$recipe" -d many --limit 100 --db other.db --json
    [ "$(value resumed out)" = 0 ] || complain "another set is gone on with"
fi
finish
