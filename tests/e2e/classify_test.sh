#!/bin/sh
# tests/e2e/classify_test.sh - pictures that fail are named, the others answered; JSON; columns
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

fixtures=$ICL_TOP_SRCDIR/tests/pictures/fixtures
recipe=$(cat "$sample/lenet5/recipe.txt")
digit=$sample/val/7/$(ls "$sample/val/7" | head -n 1)
# wide names, to see the columns line up
printf '%s\n' 零 one 二二 three four five six 七七七 eight nine >wide.txt
expect 0 imgcls-convert "$sample/lenet5/model.onnx" -o m.imgcls --no-register \
    --labels wide.txt --preprocess "$recipe"

expect 0 imgcls-classify m.imgcls "$digit" --top 10
[ "$(wc -l <out)" -eq 11 ] || complain "ten classes and a title are not eleven lines"
holds '^  七七七 ' out
# Every line has its per cent sign in one column: count a wide character as two.
columns=$(tail -n +2 out | sed 's/ %.*//; s/[零二七]/##/g' | awk '{ print length($0) }' | sort -u)
[ "$(printf '%s\n' "$columns" | wc -l)" -eq 1 ] || complain "columns do not line up"
[ -s err ] && complain "standard error is not empty"
grep -q "$(printf '\033')" out && complain "colour where there is no terminal"

# Any kind of picture, told by content; options may follow.
square=resize=32,filter=bilinear,crop=32,color=gray,range=1,mean=0.3,std=0.35
expect 0 imgcls-classify m.imgcls --preprocess $square "$fixtures/png_named.JPEG" "$fixtures/jpeg_cmyk.jpg" \
    "$fixtures/webp_alpha.webp" "$fixtures/png_palette_depth2.png" --json --top 1
[ "$(grep -c '"probability"' out)" -eq 4 ] || complain "four pictures did not get four answers"

# A picture that fails is named with the reason; the others are answered; status 2.
echo 'no picture at all' >text.jpg
head -c 900 "$fixtures/jpeg_420.jpg" >cut.jpg
: >empty.png
expect 2 imgcls-classify m.imgcls text.jpg "$digit" cut.jpg missing.jpg empty.png . "$digit"
[ "$(grep -c '七七七' out)" -eq 2 ] || complain "the good pictures were not answered"
[ "$(wc -l <err)" -eq 5 ] || complain "five failures are not five lines: $(cat err)"
holds '^imgcls-classify: text.jpg: is no picture' err
holds '^imgcls-classify: cut.jpg: truncated JPEG' err
holds '^imgcls-classify: missing.jpg: ' err
holds '^imgcls-classify: empty.png: is empty' err
holds '^imgcls-classify: \.: ' err
expect 2 imgcls-classify m.imgcls text.jpg "$digit" --json
holds '"file": "text.jpg"' out
holds '"error": "is no picture' out
[ "$(grep -c '"file"' out)" -eq 2 ] || complain "JSON lacks a picture"

# A size that the model does not take is that picture's failure alone.
expect 2 imgcls-classify m.imgcls "$fixtures/png_named.JPEG" "$digit"
holds "^imgcls-classify: $fixtures/png_named.JPEG: .*32 x 42" err
[ "$(wc -l <err)" -eq 1 ] || complain "one failure is not one line"
holds '七七七' out

# What would meet every picture ends the command with one line.
refused 'give --preprocess' imgcls-classify "$sample/lenet5/model.onnx" "$digit" "$digit"
refused 'engine' imgcls-classify m.imgcls "$digit" \
    --preprocess resize=28,engine=dali,crop=28,color=gray,mean=0.5,std=0.5
refused "key 'colour' is not known" imgcls-classify m.imgcls "$digit" --preprocess colour=rgb
printf 'one\ntwo\n' >short.txt
refused '2 class names' imgcls-classify m.imgcls "$digit" --labels short.txt
refused 'missing.imgcls' imgcls-classify missing.imgcls "$digit"
expect 2 imgcls-classify m.imgcls "$digit" --top 0
finish
