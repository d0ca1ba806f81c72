#!/bin/sh
# tests/programs/eval_test.sh - imgcls-eval on sets that are not in order, and its exit status
#
# Sets are made of the sample's pictures; the right answers come from eval/sample/reference.csv
# (PyTorch). Three pictures are broken below: none of them may leave the denominator.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

model=$sample/lenet5/model.onnx
recipe=$(cat "$sample/lenet5/recipe.txt")
evaluate() { # evaluate STATUS OPTION...
    status=$1
    shift
    expect "$status" imgcls-eval "$model" --preprocess "$recipe" "$@"
}

# right NAME...: how many of the reference's answers for these pictures are right
right_in() {
    grep '^lenet5,' "$sample/reference.csv" | awk -F, -v root="$1" '
        { split($2, path, "/"); if (system("test -f " root "/" $2) == 0) n += path[1] == $3 }
        END { print n + 0 }'
}

# a set with a folder missing, broken pictures, litter, and a name that needs quoting
mkdir set
for digit in 0 1 3 8 9; do
    mkdir set/$digit
    cp "$(ls "$sample/val/$digit"/*.png | head -n 1)" set/$digit/
done
cp "$(ls "$sample"/val/8/*.png | sed -n 2p)" 'set/8/a, "b".png'
want=$(right_in set)
: >set/0/empty.png
echo 'no picture' >set/1/words.png
head -c 60 "$(ls "$sample"/val/3/*.png | head -n 1)" >set/3/cut.png
mkdir set/__MACOSX set/.hidden
touch set/.DS_Store set/0/._x.png set/0/Thumbs.db
echo 'about these' >set/README.txt

evaluate 0 -d set --json --predictions p.csv --db board.db
cp out first.json
[ "$(value images first.json)" = 9 ] || complain "$(value images first.json) images, not 9"
[ "$(value failed first.json)" = 3 ] || complain "$(value failed first.json) failed, not 3"
[ "$(value classes first.json)" = 10 ] || complain "not 10 classes"
[ "$(value run_id first.json)" = 1 ] || complain "the run is not number 1"
for file in 0/empty.png 1/words.png 3/cut.png; do
    holds "\"file\": \"$file\"" first.json
done
holds 'ignored: 5 hidden or system' err
holds 'ignored: 1 files that are no pictures, first: README.txt' err
head -n 1 p.csv >got
echo 'file,label,top1,top2,top3,top4,top5,p1,p2,p3,p4,p5' | cmp -s - got || complain "header"
[ "$(wc -l <p.csv)" -eq 10 ] || complain "not a row a picture"
holds '^0/empty.png,0,,,,,,,,,,$' p.csv
holds '^"8/a, ""b"".png",8,' p.csv
[ "$(awk -F, '$2 == $3' p.csv | wc -l)" -ge "$want" ] || complain "fewer right than PyTorch has"

# a plain report names the same
evaluate 0 -d set --no-record
holds 'of 9; 95 % interval' out
holds '3 pictures could not be read' out
holds '3/cut.png: ' out

# what the exit status is asked for
evaluate 1 -d set --no-record --strict
evaluate 0 -d "$sample/val" --no-record --strict
evaluate 1 -d set --no-record --min-top1 99
evaluate 1 -d set --no-record --min-top1 0.99
evaluate 0 -d set --no-record --min-top1 0.1
evaluate 0 -d set --no-record --min-top1 10
evaluate 2 -d set --no-record --min-top1 ten
evaluate 2 --no-record
evaluate 2 -d set --no-record --batch 0
evaluate 2 -d set --no-record --layout tar

# the pipeline that fits is found, whatever was asked for; tables are written
expect 0 imgcls-eval "$model" --preprocess resize=32,color=gray,mean=9,std=0.35 \
    -d "$sample/val" --diagnose --json --limit 60
holds '"recipe": "resize=32' out
[ "$(sed -n 's/.*"top1_correct": \([0-9]*\).*/\1/p' out | head -n 1)" -gt 50 ] ||
    complain "no pipeline is found"
evaluate 0 -d set --no-record --per-class classes.csv --confusion confusion.csv
[ "$(wc -l <classes.csv)" -eq 11 ] || complain "not a row a class"
[ "$(awk -F, 'NR > 1 { n += $3 } END { print n }' confusion.csv)" = 9 ] ||
    complain "the confusion matrix holds other than all pictures"

# a limit spreads over the classes
evaluate 0 -d "$sample/val" --limit 20 --no-record --predictions l.csv
[ "$(wc -l <l.csv)" -eq 21 ] || complain "--limit 20 gives $(wc -l <l.csv) lines"
[ "$(tail -n +2 l.csv | cut -d/ -f1 | sort -u | wc -l)" -ge 9 ] || complain "limit: few classes"

# the same figures and bytes for every number of threads and every batch
for threads in 1 2 5; do
    for batch in 1 4 64; do
        evaluate 0 -d set --threads $threads --batch $batch --no-record --predictions t.csv
        cmp -s p.csv t.csv || complain "threads $threads, batch $batch: other predictions"
    done
done

# no locale moves a number
if [ "$(LC_ALL=de_DE.UTF-8 locale decimal_point 2>/dev/null)" = , ]; then
    LC_ALL=de_DE.UTF-8 evaluate 0 -d set --no-record --predictions de.csv
    cmp -s p.csv de.csv || complain "a German locale gives other numbers"
fi

# several models, one row each; one CSV would not do
cp "$model" same.onnx
expect 0 imgcls-eval "$model" same.onnx -d "$sample/val" --json --preprocess "$recipe" \
    --db several.db
[ "$(grep -c '"run_id"' out)" -eq 2 ] || complain "two models do not give two runs"
for table in predictions per-class confusion; do
    expect 2 imgcls-eval "$model" "$model" -d set --preprocess "$recipe" --$table x.csv
    holds "holds one model's answers" err
done

# files that cannot be written are refused before anything is evaluated; what stands there stays
mkfifo pipe
for table in predictions per-class confusion; do
    refused pipe imgcls-eval "$model" -d set --preprocess "$recipe" --no-record --$table pipe
    [ -p pipe ] || complain "--$table puts a file in the place of a pipe"
    refused 'no/such' imgcls-eval "$model" -d set --preprocess "$recipe" --no-record \
        --$table no/such.csv
    refused 'set' imgcls-eval "$model" -d set --preprocess "$recipe" --no-record --$table set
done
rm pipe

# labels: as many as classes, and of one meaning
printf 'a\nb\n' >two.txt
evaluate 2 -d set --labels two.txt
holds '10' err
holds '2' err
mkdir -p words/crane words/heron
cp set/1/[0-9]*.png words/crane/1.png
cp set/1/[0-9]*.png words/heron/1.png
printf 'crane\ntit\nheron\ncrane\nowl\nkite\nemu\nrook\ngull\nswan\n' >birds.txt
evaluate 2 -d words --labels birds.txt
holds 'wnid' err
mv words/crane words/rook
evaluate 0 -d words --labels birds.txt --no-record --predictions w.csv
[ "$(tail -n +2 w.csv | cut -d, -f2 | tr '\n' ' ')" = '2 7 ' ] || complain "labels are shifted"
cp set/1/words.png words/stray.png
evaluate 2 -d words --labels birds.txt
holds 'stray.png' err
rm words/stray.png
mkdir words/unicorn && cp words/rook/1.png words/unicorn/
evaluate 2 -d words --labels birds.txt
holds "'unicorn'" err

# nothing is left behind by what fails or is stopped
before=$(ls -A | grep -v -e '^out$' -e '^err$')
evaluate 2 -d set --db set --predictions gone.csv
evaluate 2 -d set --no-record --predictions no/such/folder.csv
copies many 20
imgcls-eval "$model" --preprocess "$recipe" -d many --predictions gone.csv --db stopped.db \
    --threads 2 >out 2>err &
process=$!
waited=0 # until it is at work, which the database's file shows
while [ ! -f stopped.db ] && [ $waited -lt 100 ]; do
    sleep 0.05
    waited=$((waited + 1))
done
kill -INT $process
wait $process
got=$?
[ $got -eq 130 ] || complain "interrupted: status $got, not 130"
expect 0 imgcls-leaderboard query 'SELECT count(*) AS runs FROM runs' --db stopped.db --json
holds '"runs": 0' out
rm -f stopped.db* && rm -rf many
after=$(ls -A | grep -v -e '^out$' -e '^err$')
[ "$before" = "$after" ] || complain "left behind: $after"

# ---- names of files do not drive the terminal: control characters, a line's end, turned direction
mkdir names names/0
: >"names/0/$(printf 'a\033[31m\nb\342\200\256c\302\233d').png"
cp "$sample/val/0/0036.png" "names/0/$(printf '\346\235\261').png"
expect 0 imgcls-eval "$model" --preprocess "$recipe" -d names --no-record
holds '^    0/a?\[31m?b???c??d.png: is empty' out
holds '^  0/a?\[31m?b???c??d.png is class 0' err
holds "$(printf '\346\235\261').png is class 0" err
finish
