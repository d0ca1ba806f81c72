#!/bin/sh
# tests/e2e/bad_input_test.sh - each bad input gets one line that names it, status 2, no traces
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

model=$sample/lenet5/model.onnx
recipe=$(cat "$sample/lenet5/recipe.txt")
: >empty.onnx
head -c 100000 "$model" >truncated.onnx
echo 'version https://git-lfs.github.com/spec/v1' >pointer.onnx
head -c 4096 /dev/zero >zeros.onnx
printf 'zero\none\n' >two.txt
echo 'no picture' >no.png
mkdir folder
mkfifo pipe
ln -s "$sample/labels.txt" labels.txt

for command in imgcls-convert imgcls-verify imgcls-bench; do
    refused 'missing.onnx' $command missing.onnx
    refused 'empty.onnx' $command empty.onnx
    refused 'truncated.onnx' $command truncated.onnx
    refused 'pointer.onnx' $command pointer.onnx
    refused 'zeros.onnx' $command zeros.onnx
    refused 'folder' $command folder
    refused 'pipe' $command pipe
done
refused 'two.txt' imgcls-convert "$model" -o x.imgcls --labels two.txt
refused 'preprocess' imgcls-eval "$model" --dataset "$sample/val"
refused 'resize' imgcls-convert "$model" -o x.imgcls --preprocess resize=-3
refused 'x.txt' imgcls-convert "$model" -o x.txt
refused 'no/such' imgcls-convert "$model" -o no/such/x.imgcls
refused 'no.png' imgcls-classify "$model" no.png --preprocess "$recipe"
refused 'missing.png' imgcls-classify "$model" missing.png --preprocess "$recipe"
refused 'folder' imgcls-eval "$model" --dataset folder --preprocess "$recipe" --labels labels.txt
refused 'nothing' imgcls-eval "$model" --dataset nothing --preprocess "$recipe"
refused 'x.imgcls' imgcls-verify "$sample/lenet5/model.onnx" --reference x.imgcls

# a database that cannot be written: a warning for convert, an error for the board
echo 'no database' >board.db
expect 0 imgcls-convert "$model" -o x.imgcls --db board.db
holds 'board.db' err
rm -f x.imgcls
refused 'board.db' imgcls-leaderboard list --db board.db

# every prefix and bit of a small model: never a crash (status above 3 would be one)
for length in 1 2 3 10 50 200 1000 5000 20000; do
    head -c $length "$model" >cut.onnx
    imgcls-verify cut.onnx --reference "$sample/lenet5" >out 2>err
    [ $? -eq 2 ] || complain "a model cut at $length gave another status than 2"
done
size=$(wc -c <"$model")
for at in 0 1 5 20 40 80 120 200 300 500 800 1200; do
    cp "$model" flipped.onnx && chmod u+w flipped.onnx
    printf '\377' | dd of=flipped.onnx bs=1 seek=$at conv=notrunc 2>/dev/null
    imgcls-verify flipped.onnx --no-blame --reference "$sample/lenet5" >out 2>err
    [ $? -le 3 ] || complain "a model with byte $at of $size changed gave status above 3"
done
finish
