#!/bin/sh
# tests/programs/leaderboard_test.sh - imgcls-leaderboard over three runs of the sample
#
# PyTorch's answers (eval/sample/reference.csv) say how often only one of the two is right:
# that is what compare must find.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

board() { # board STATUS ARGUMENT...
    status=$1
    shift
    expect "$status" imgcls-leaderboard "$@"
}
export IMGCLS_DB=$folder/board.db
board 2 list
holds 'board.db: no such leaderboard' err
[ ! -e board.db ] || complain "reading made a database"
for model in lenet5 vit_tiny; do
    expect 0 imgcls-eval "$sample/$model/model.onnx" -d "$sample/val" \
        --preprocess "$(cat "$sample/$model/recipe.txt")"
done
expect 0 imgcls-eval "$sample/lenet5/model.onnx" -d "$sample/val" --limit 50 \
    --preprocess "$(cat "$sample/lenet5/recipe.txt")"

board 0 list
[ "$(wc -l <out)" -eq 4 ] || complain "list: not three runs under a head"
holds 'lenet5' out
board 0 list --json --where model=vit_tiny
[ "$(grep -c '"run"' out)" -eq 1 ] || complain "where does not select one"
board 0 list --columns run --sort run,desc --json
[ "$(grep -o '"run": [0-9]' out | tr -d '\n')" = '"run": 3"run": 2"run": 1' ] ||
    complain "sort does not fall"
board 0 list --where 'images<100' --columns run,model --limit 1
holds '  3  lenet5' out
board 2 list --where nonsense=1
holds "column 'nonsense'" err
board 0 list --where run=99
[ ! -s out ] || complain "an empty list prints something"
board 0 list --where run=99 --json
holds '"rows": \[\]' out

board 0 show 2
holds 'model_sha256 *[0-9a-f]\{64\}$' out
board 2 show 99
holds 'no run 99' err
board 2 show two
board 2 show
board 2 nonsense

counts=$(awk -F, '{ split($2, path, "/"); right[$1, $2] = path[1] == $3; files[$2] }
    END { for (f in files) { a += right["lenet5", f] && !right["vit_tiny", f]
                             b += !right["lenet5", f] && right["vit_tiny", f] }
          print a + 0, b + 0 }' "$sample/reference.csv")
board 0 compare 1 2 --json
[ "$(grep -o '"only_[a-z]*_right": [0-9]*' out | grep -o '[0-9]*' | tr '\n' ' ')" = "$counts " ] ||
    complain "compare does not find PyTorch's $counts: $(cat out)"
holds '"p_value": ' out
board 0 compare 1 2
holds "McNemar" out
board 2 compare 1 3
holds 'different data sets' err

board 0 check
holds '3 runs checked' out
board 0 query 'SELECT count(*) AS n FROM pictures' --json
holds '"n": 405' out
board 2 query 'DELETE FROM registrations'
board 2 query 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n' \
    --time-limit 0.2
holds 'stopped after' err

board 0 export --format csv -o board.csv
holds '^model,top1,top1_err,top5,top5_err,param_count,img_size,crop_pct,interpolation,' board.csv
holds '^lenet5,98.8732,1.1268,,,0.06,32,1.000,bilinear,1,' board.csv
[ "$(wc -l <board.csv)" -eq 4 ] || complain "csv: not three runs under a head"
board 0 export --format markdown --columns model,top1
holds '^| model | top1 |$' out
board 0 export --format json
holds '"rows"' out
board 0 export --format html -o page.html
holds '<!DOCTYPE html>' page.html
holds 'Content-Security-Policy' page.html
board 0 export --format html 1 -o run.html
holds 'data:image/jpeg;base64' run.html
board 0 export --format html 1 2 -o pair.html
holds 'Run 1 is ahead of run 2' pair.html
board 2 export --format html 1 3
holds 'different data sets' err
board 2 export --format html 99
board 2 export --format csv 1
board 2 export --format csv -o no/such/place.csv
board 2 export

# ---- What reads across runs
board 0 disagree 1 2 --json
holds '"file": "8/1581.png"' out
board 0 classes 1 --worst 3 --json
[ "$(grep -c '"class"' out)" -eq 3 ] || complain "classes: not the three worst"
board 0 pareto
holds 'time and size' out
board 0 regressions
board 0 regressions --strict --tolerance 100 # nothing can be so slow, and accuracy stayed
board 2 regressions --since yesterday
holds "neither a time such as" err
board 2 regressions --since 2026-13-01
board 2 regressions --since 2026-02-03T24
board 0 regressions --since 2026-02-03T23:59
board 2 show 99999999999999999999
holds "a run's number is wanted" err
board 2 compare 1 2 --limit 5
holds "limit: not an option of compare" err
board 2 list --worst 3
holds "worst: not an option of list" err
board 0 drop
board 0 compare 1 2
holds 'no difference is shown' out

# ---- Merging is idempotent, and older or foreign files are told apart
expect 0 imgcls-leaderboard merge board.db --db copy.db --json
holds '"added": 3, "known": 0' out
expect 0 imgcls-leaderboard merge board.db --db copy.db --json
holds '"added": 0, "known": 3' out
expect 0 imgcls-leaderboard check --db copy.db
one_line() { # one_line WORDS ARGUMENT...: status 2 and one line with the words
    words=$1
    shift
    expect 2 imgcls-leaderboard "$@"
    [ "$(grep -c . err)" -eq 1 ] || { complain "'$*' said more or less than one line"; cat err; }
    holds "$words" err
}
printf 'no database at all, but long enough to be taken for one by its name\n' >junk.db
one_line 'not an SQLite database' list --db junk.db
one_line 'junk.db' merge junk.db
head -c 30000 copy.db >cut.db
one_line 'cut.db' check --db cut.db
printf 'name,accuracy\nx,1\n' >wrong.csv
one_line "columns 'model' and 'top1'" import wrong.csv
one_line 'no such file\|No such file' import nowhere.csv
board 0 list --columns run --json
[ "$(grep -c '"run"' out)" -eq 3 ] || complain "bad input changed the board"

# ---- A full disk (files may not grow past 64 KiB) loses nothing that was recorded
cp copy.db full.db
(
    trap '' XFSZ
    ulimit -f 64
    exec imgcls-eval "$sample/lenet5/model.onnx" -d "$sample/val" --db full.db --quiet \
        --preprocess "$(cat "$sample/lenet5/recipe.txt")"
) >out 2>err
[ $? -eq 2 ] || complain "a full disk does not give status 2"
[ "$(grep -c . err)" -eq 1 ] && grep -q 'full.db' err || complain "full disk: $(cat err)"
expect 0 imgcls-leaderboard check --db full.db
holds '3 runs checked' out

# ---- Colours on a terminal only, and not where NO_COLOR is set
if command -v script >/dev/null; then
    LC_ALL=C.UTF-8 TERM=xterm script -qec 'imgcls-leaderboard list' /dev/null >out </dev/null
    holds "$(printf '\033\\[1m')" out
    holds '●' out
    LC_ALL=C.UTF-8 TERM=xterm NO_COLOR=1 script -qec 'imgcls-leaderboard list' /dev/null >out </dev/null
    grep -q "$(printf '\033')" out && complain "NO_COLOR is not honoured"
    # as many columns as there is room for, unless they were asked for by name; which are missing
    # is said
    NO_COLOR=1 script -qec 'stty cols 70; imgcls-leaderboard list' /dev/null >out </dev/null
    holds 'no room here for recorded_at, ' out
    grep -q '20[0-9][0-9]-' out && complain "recorded_at is shown in 70 columns"
    [ "$(tr -d '\r' <out | grep -v 'no room' | wc -L)" -le 70 ] ||
        { complain "a line is longer than the terminal"; cat out; }
    script -qec 'stty cols 70; imgcls-leaderboard list -c model,recorded_at,model_path,recipe' \
        /dev/null >out </dev/null
    holds 'recorded_at' out
    script -qec 'stty cols 300; imgcls-leaderboard list' /dev/null >out </dev/null
    holds 'recorded_at' out
    grep -q 'no room' out && complain "columns are left out where there is room"
fi
board 0 list
holds 'recorded_at' out
grep -q "$(printf '\033')" out && complain "colours where there is no terminal"

# ---- Names drive no terminal: neither by control characters nor by those that turn the direction
# of what follows (U+202E here); letters that are written from the right are shown as they are
cp "$sample/lenet5/model.onnx" "$(printf 'a\033[2J\342\200\256b\331\205.onnx')"
expect 0 imgcls-eval a*.onnx -d "$sample/val" --limit 10 --db odd.db --quiet \
    --preprocess "$(cat "$sample/lenet5/recipe.txt")"
board 0 list --db odd.db
holds "$(printf 'a?.2J???b\331\205 ')" out

# ---- --json prints one object, whatever is exported
board 0 export --format csv --json -o runs.csv
holds "^{\"bytes\": $(wc -c <runs.csv)}\$" out
board 2 export --format csv --json
[ ! -s out ] || complain "a csv beside --json"

# somebody with sqlite3 at hand: found out, status 1
if command -v sqlite3 >/dev/null; then
    sqlite3 board.db 'UPDATE runs SET top1 = 1' 2>err && complain "a run could be changed"
    sqlite3 board.db 'DROP TRIGGER runs_keep; UPDATE runs SET top1_correct = 355 WHERE id = 2'
    board 1 check --json
    holds '"figure": "top1_correct"' out
fi
# a board in a folder that cannot be written is read all the same
if [ "$(id -u)" -ne 0 ]; then
    mkdir shut && cp board.db shut/ && chmod 555 shut
    board 0 list --db shut/board.db
    chmod 755 shut
fi
finish
