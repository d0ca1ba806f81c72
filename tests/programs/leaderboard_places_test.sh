#!/bin/sh
# tests/programs/leaderboard_places_test.sh - disks that are full or read-only, files that are not
# what they should be, queries that do more than read: one line, status 2, nothing lost
#
# Real file systems are mounted where the user may (root, mostly); else that part is skipped, and
# says so.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

command -v python3 >/dev/null || { echo "skipped: no python3 to prepare files with"; exit 77; }
mounted=""
clean() {
    for place in $mounted; do umount "$place"; done
    rm -rf "$top"
}
trap clean EXIT

export IMGCLS_DB=$folder/board.db
recipe=$(cat "$sample/lenet5/recipe.txt")
measure() { # measure STATUS [ARGUMENT...]
    status=$1
    shift
    expect "$status" imgcls-eval "$sample/lenet5/model.onnx" -d "$sample/val" --limit 40 --quiet \
        --preprocess "$recipe" "$@"
}
measure 0
measure 0 --batch 3
cp board.db good.db
sql() { # sql FILE STATEMENT: by Python's SQLite, as another program would
    python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1]); db.executescript(sys.argv[2]); db.commit(); db.close()' "$1" "$2"
}
one_line() { # one_line WORDS: err is one line with the words and no more
    [ "$(grep -c . err)" -eq 1 ] || { complain "more or less than one line"; cat err; }
    holds "$1" err
    grep -q 'database is locked' err && complain "a lock was shown"
}
bad() { # bad WORDS ARGUMENT...: status 2 and one line
    words=$1
    shift
    expect 2 imgcls-leaderboard "$@"
    one_line "$words"
}

# ---- Files that are not what they should be
: >empty.db
bad 'empty.db: empty, no leaderboard' list --db empty.db
[ ! -s empty.db ] || complain "reading wrote into an empty file"
mkdir folder.db
bad 'folder.db: a folder, not a regular file' list --db folder.db
bad 'folder.db: a folder, not a regular file' import nothing.csv --db folder.db
bad 'folder.db: a folder, not a regular file' merge folder.db
bad 'nowhere/board.db' list --db nowhere/board.db
sql photos.db 'CREATE TABLE photos (name TEXT)'
bad 'photos.db: an SQLite database, but no leaderboard' list --db photos.db
measure 2 --db photos.db
one_line 'photos.db: an SQLite database, but no leaderboard'
cp good.db newer.db
sql newer.db 'PRAGMA user_version = 1000'
for command in list check 'show 1' 'compare 1 2' pareto; do
    # shellcheck disable=SC2086 # words
    bad 'newer.db: a leaderboard of version 1000, this program knows up to' $command --db newer.db
done
measure 2 --db newer.db
one_line 'newer.db: a leaderboard of version 1000'
# the name of a leaderboard and nothing of it
sql hollow.db 'PRAGMA application_id = 0x696d6763; PRAGMA user_version = 6; CREATE TABLE x (y)'
bad 'hollow.db' list --db hollow.db
measure 2 --db hollow.db
one_line 'hollow.db'
# the version before this one: a copy first, then what it had and nothing reads is gone
cp good.db seven.db
sql seven.db 'PRAGMA user_version = 7; CREATE INDEX runs_by_subject ON runs (model_name, dataset_id)'
ask() { # ask FILE STATEMENT: its one value
    python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' "$1" "$2"
}
expect 0 imgcls-leaderboard list --db seven.db
[ "$(ask seven.db 'PRAGMA user_version')" = 8 ] || complain "seven.db was not brought up"
[ "$(ask seven.db.v7.bak 'PRAGMA user_version')" = 7 ] || complain "no copy of version 7"
index="SELECT count(*) FROM sqlite_master WHERE name = 'runs_by_subject'"
[ "$(ask seven.db.v7.bak "$index") $(ask seven.db "$index")" = "1 0" ] ||
    complain "an index of version 6 is left, or the copy has none"
expect 0 imgcls-leaderboard check --db seven.db
holds '2 runs checked' out
# every page but the first overwritten, in turns: no crash, and no other status than 0, 1 and 2
cp good.db full.db
sql full.db 'VACUUM' # pages that are in no use may hold anything
size=$(wc -c <full.db)
page=4096
while [ $page -lt "$size" ]; do
    cp full.db torn.db
    head -c 4096 /dev/urandom | dd of=torn.db bs=4096 seek=$((page / 4096)) conv=notrunc 2>/dev/null
    for command in list 'show 1' 'compare 1 2' check 'classes 1' pareto regressions drop \
        'export --format html 1 -o torn.html'; do
        # shellcheck disable=SC2086 # words
        imgcls-leaderboard $command --db torn.db >out 2>err
        got=$?
        [ $got -le 2 ] || complain "$command on a file torn at $page gave $got"
        [ $got -ne 2 ] || [ "$(grep -c . err)" -eq 1 ] || complain "$command: $(cat err)"
    done
    expect 2 imgcls-leaderboard check --db torn.db
    page=$((page + 4096 * 7))
done
holds 'torn.db: damaged' err

# ---- Queries
while read -r words statement; do
    bad "$(printf %s "$words" | tr _ ' ')" query "$statement" --time-limit 1
done <<'END'
more_than_read DELETE FROM newest_runs
more_than_read WITH n(i) AS (SELECT 1) DELETE FROM run_blocks WHERE block IN n
more_than_read INSERT INTO datasets SELECT * FROM datasets
more_than_read UPDATE progress SET images = 1
more_than_read DROP TABLE runs
more_than_read ATTACH DATABASE 'other.db' AS o
more_than_read VACUUM INTO 'other.db'
more_than_read PRAGMA journal_mode = DELETE
more_than_read PRAGMA user_version = 7
more_than_read CREATE TEMP TABLE t (x)
more_than_read SELECT load_extension('x.so')
one_statement SELECT 1; SELECT 2
nothing_to_do /* only a remark */
no_such_column SELECT accuracy FROM leaderboard
syntax_error SELEKT 1
stopped_after WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n
stopped_after SELECT count(*) FROM pictures a, pictures b, pictures c, pictures d, pictures e, pictures f
board.db WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, zeroblob(1000000) FROM n
board.db SELECT zeroblob(900000000)
END
[ ! -e other.db ] || complain "a query made a file"
expect 0 imgcls-leaderboard check
holds '2 runs checked' out

# ---- Tables of others
printf 'model,top1\nx,1\n\000\001\377' >binary.csv
bad 'binary.csv' import binary.csv
printf 'model;top1\nx;1\n' >semicolons.csv
bad "columns 'model' and 'top1'" import semicolons.csv
: >nothing.csv
bad 'nothing.csv: empty, no table of results' import nothing.csv
printf 'model,top1,top5\n"x,1,2\n' >quote.csv
bad 'quote.csv' import quote.csv
bad 'folder.db: a folder, not a regular file' import folder.db
expect 0 imgcls-leaderboard query --json 'SELECT count(*) AS n FROM context'
holds '"n": 0' out

# ---- A disk that is full: what was recorded stays, and recording goes on when there is room
mkdir small
if mount -t tmpfs -o size=1m none small 2>/dev/null; then
    mounted=$folder/small
    cp good.db small/board.db
    head -c 1000000 /dev/zero >small/ballast 2>/dev/null
    measure 2 --db small/board.db
    one_line 'small/board.db'
    bad 'small/page.html' export --format html -o small/page.html --db small/board.db
    [ ! -e small/page.html ] || complain "a part of a page was left"
    expect 0 imgcls-leaderboard list --db small/board.db # SQLite's side files have no room
    rm small/ballast
    expect 0 imgcls-leaderboard check --db small/board.db
    holds '2 runs checked' out
    measure 0 --db small/board.db
    expect 0 imgcls-leaderboard check --db small/board.db
    holds '3 runs checked' out
    umount small
    mounted=""
else
    echo "skipped: a full disk, for nothing can be mounted here"
fi

# ---- A disk that is read-only: everything can be asked, nothing recorded
mkdir locked
cp good.db locked/board.db
cp good.db locked/old.db
sql locked/old.db 'PRAGMA user_version = 5; DROP TABLE newest_runs;
    DROP TRIGGER runs_newest; DROP TABLE run_blocks'
if mount --bind locked locked 2>/dev/null && mount -o remount,bind,ro locked 2>/dev/null; then
    mounted=$folder/locked
    for command in list 'show 1' 'compare 1 2' check pareto regressions drop 'classes 1' \
        'export --format csv' 'query SELECT(1)'; do
        # shellcheck disable=SC2086 # words
        expect 0 imgcls-leaderboard $command --db locked/board.db
    done
    measure 2 --db locked/board.db
    one_line 'locked/board.db'
    printf 'model,top1\nx,90\n' >fine.csv
    bad 'locked/board.db' import fine.csv --db locked/board.db
    bad 'locked/board.db' merge good.db --db locked/board.db
    bad 'locked/page.html' export --format html -o locked/page.html
    # an older version would have to be written to be read
    bad 'locked/old.db' list --db locked/old.db
    umount locked
    mounted=""
    expect 0 imgcls-leaderboard list --db locked/old.db
    expect 0 imgcls-leaderboard check --db locked/old.db
else
    umount locked 2>/dev/null
    echo "skipped: a read-only disk, for nothing can be mounted here"
fi
finish
