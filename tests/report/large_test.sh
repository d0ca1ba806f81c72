#!/bin/sh
# tests/report/large_test.sh - pages of runs over 50,000 pictures: small, and open in a second
#
# The runs are made (tests/leaderboard/make_board.py), with links to real pictures in the place of
# the data set's; the large pictures of ../shared where they are there, else the sample's.
# What is held against the second is the processor time of the page's main thread, for
# other work on the machine stretches the clock's; both are printed.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
pictures=$shared/data/imagenet-sample/val
[ -d "$pictures" ] || pictures=$sample/val
expect 0 python3 "$ICL_TOP_SRCDIR/tests/leaderboard/make_board.py" board.db 2 pictures "$pictures"
[ $failures -eq 0 ] || finish
export IMGCLS_DB=$folder/board.db

# the answers of 50,000 pictures, and the file names that both runs share
expect 0 imgcls-leaderboard query --json 'SELECT max(length(bytes)) AS n FROM answers'
bytes=$(grep -o '"n": [0-9]*' out | grep -o '[0-9]*')
[ "$bytes" -le 1500000 ] || complain "$bytes bytes of answers"
expect 0 imgcls-leaderboard check
holds '2 runs checked' out

for page in run pair; do
    runs=1
    [ $page = run ] || runs='1 2'
    # shellcheck disable=SC2086 # one or two numbers
    expect 0 imgcls-leaderboard export --format html $runs -o $page.html
    shown=$(grep -o '<img alt="" width="[0-9]*" height="[0-9]*" src="data:image/jpeg' $page.html | wc -l)
    [ "$shown" -ge 40 ] || complain "the page of a $page shows $shown pictures"
    bytes=$(wc -c <$page.html)
    echo "$page: $bytes bytes, $shown pictures"
    [ "$bytes" -lt 3000000 ] || complain "the page of a $page takes $bytes bytes"
done

browser=${ICL_CHROMIUM:-$(command -v chromium || true)}
if [ -z "$browser" ] || ! command -v node >/dev/null ||
    [ ! -d "${ICL_PLAYWRIGHT:-/nowhere}/node_modules/playwright-core" ]; then
    echo "skipped: opening them, for chromium, node or playwright-core is not there (README.md)"
    finish
    exit
fi
cp "$ICL_TOP_SRCDIR/tests/report/opening.mjs" .
ln -s "$ICL_PLAYWRIGHT/node_modules" node_modules
expect 0 env HOME="$top" node opening.mjs "$browser" "$folder" run pair
cp out opened
cat opened
while read -r page clock processor; do
    [ "$processor" -lt 1000 ] || complain "$page: $processor ms of a processor, $clock ms by the clock"
done <opened
[ "$(grep -c . opened)" -eq 2 ] || complain "not both pages were opened"
finish
