#!/bin/sh
# tests/programs/suite_test.sh - imgcls-verify --suite: counts, baseline, rows in a database
#
# Cases are copies of the sample's lenet5: one as it is, one whose expected output is another
# picture's, one that is no model, one without data.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

mkdir -p suite/good suite/bad
cp -R "$sample/lenet5" suite/good/as_it_is
cp -R "$sample/lenet5" suite/good/no_data
rm -rf suite/good/no_data/test_data_set_*
cp -R "$sample/lenet5" suite/bad/other_answer
chmod -R u+w suite
set=suite/bad/other_answer/test_data_set_0
[ -d $set ] || { echo "the sample has no test_data_set_0"; exit 99; }
# the first float32 of the answer, changed in its exponent
size=$(wc -c <$set/output_0.pb)
printf '\177' | dd of=$set/output_0.pb bs=1 seek=$((size - 1)) conv=notrunc 2>/dev/null
mkdir suite/bad/no_model
echo 'no model' >suite/bad/no_model/model.onnx

expect 1 imgcls-verify --suite suite --json --db board.db
cp out first.json
[ "$(value passed first.json)" = 2 ] || complain "$(value passed first.json) passed, not 2"
[ "$(value failed first.json)" = 2 ] || complain "$(value failed first.json) failed, not 2"
holds '"name": "bad/other_answer"' first.json
expect 1 imgcls-verify --suite suite
holds "output '.*': element 9 is" out

# only what passed before counts against a baseline
expect 0 imgcls-verify --suite suite --baseline first.json
rm suite/good/as_it_is/model.onnx
expect 1 imgcls-verify --suite suite --baseline first.json --db board.db
holds 'good/as_it_is: passed before, now absent' err

# rows: two runs, and what they differ in
query() {
    expect 0 imgcls-leaderboard query "$1" --db board.db --json
}
query 'SELECT count(*) AS n FROM suite_runs WHERE cases = passed + failed + unsupported'
holds '"n": 2' out
query "SELECT a.name AS lost FROM suite_cases a LEFT JOIN suite_cases b
    ON b.name = a.name AND b.suite_run_id = 2
    WHERE a.suite_run_id = 1 AND a.result = 'passed' AND b.name IS NULL"
holds '"lost": "good/as_it_is"' out
query "SELECT compared AS c FROM suite_cases WHERE suite_run_id = 1 AND name = 'good/no_data'"
holds '"c": 0' out

# another leaderboard takes both over with their cases, once, whatever it has of its own
expect 1 imgcls-verify --suite suite --db other.db
for added in 2 0; do
    expect 0 imgcls-leaderboard merge board.db --db other.db --json
    holds "\"added\": $added, \"known\": $((2 - added))" out
done
dump() { # dump DB: everything but numbers, in an order of its own
    imgcls-leaderboard query "SELECT r.folder, r.cpu, r.cases, r.passed, r.seconds, r.recorded_at,
        c.name, c.result, c.compared, c.operators, c.reason FROM suite_runs r
        JOIN suite_cases c ON c.suite_run_id = r.id ORDER BY r.recorded_at, r.seconds, c.name" \
        --json --db "$1" | tr -d '\n ' | sed 's/},{/}\n{/g; s/.*"rows":\[//; s/\].*//'
    echo
}
dump board.db | sort >ours
dump other.db | sort >all
[ -s ours ] && [ "$(wc -l <ours)" -ge 4 ] || complain "no cases to compare"
comm -23 ours all >lost
[ ! -s lost ] || { complain "cases are lost or changed in merging"; cat lost; }
[ "$(wc -l <all)" -gt "$(wc -l <ours)" ] || complain "the other's own cases are gone"
expect 0 imgcls-leaderboard query 'SELECT count(*) AS n FROM suite_runs' --json --db other.db
holds '"n": 3' out

expect 2 imgcls-verify --suite suite --db first.json
holds 'not an SQLite database' err
expect 2 imgcls-verify --suite first.json
finish
