#!/bin/sh
# tests/datasets/bad_sets_test.sh - what is wrong with a set is named and counted
#
# Broken pictures count as wrong and leave the rest alone, in a folder and in an archive alike;
# broken sets are refused with one line. (Lists that are wrong: layouts_test.sh.)
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

model=$sample/lenet5/model.onnx
recipe=$(cat "$sample/lenet5/recipe.txt")
pack=$ICL_TOP_BUILDDIR/tests/datasets/pack
evaluate() { # evaluate OPTION...
    imgcls-eval "$model" --preprocess "$recipe" --no-record "$@"
}
pack_tar() { # pack_tar FOLDER FILE.tar
    (cd "$1" && find . -type f | sed 's,^\./,,' | sort | "$pack" tar "$folder/$2")
}

# ---- pictures that are none, and the good ones beside them
mkdir good
for digit in 0 1 2 3 4 5 6 7 8 9; do
    mkdir good/$digit
    cp $(ls "$sample/val/$digit"/*.png | head -n 4) good/$digit/
done
expect 0 evaluate -d good --json
right=$(value top1_correct out)
cp -R good bad
png=$(ls "$sample"/val/0/*.png | head -n 1)
size=$(wc -c <"$png")
: >bad/0/zero-bytes.png
head -c $((size / 2)) "$png" >bad/1/truncated.png
head -c 8 "$png" >bad/2/signature-only.png
echo 'no picture at all' >bad/3/words.png
# bombs: headers that say 60,000 x 60,000, 65,536 x 65,536, 40,000 x 40,000, and no such data
printf '\211PNG\r\n\032\n\0\0\0\015IHDR\0\0\352\140\0\0\352\140\10\2\0\0\0\017\260\342\025' >bad/4/bomb.png
tail -c +34 "$png" >>bad/4/bomb.png
printf 'BM\72\0\0\0\0\0\0\0\66\0\0\0\50\0\0\0\0\0\1\0\0\0\1\0\1\0\30\0\0\0\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' \
    >bad/5/bomb.bmp
printf 'P6\n40000 40000\n255\nxyz' >bad/6/bomb.ppm
tail -c +20 "$png" >bad/7/headless.png
broken='0/zero-bytes.png 1/truncated.png 2/signature-only.png 3/words.png 4/bomb.png 5/bomb.bmp 6/bomb.ppm 7/headless.png'
pack_tar bad bad.tar
# Not where a sanitizer's shadow needs more addresses than that.
least=4000000
(ulimit -v $least && imgcls-eval --version) >least.out 2>&1 || least=unlimited
for set in bad bad.tar; do
    (ulimit -v $least 2>/dev/null; evaluate -d $set --json --predictions p.csv) >out 2>err ||
        complain "$set: status $?"
    [ "$(value images out)" = 48 ] || complain "$set: $(value images out) in the denominator"
    [ "$(value failed out)" = 8 ] || complain "$set: $(value failed out) failed, not 8"
    [ "$(value top1_correct out)" = "$right" ] || complain "$set: $(value top1_correct out) right"
    for file in $broken; do
        grep -q "\"file\": \"$file\"" out || complain "$set: $file is not named"
        grep -q "^$file,${file%%/*},,,,,,,,,,\$" p.csv || complain "$set: $file has answers"
    done
    expect 1 evaluate -d $set --strict
done
expect 0 evaluate -d bad
holds '8 pictures could not be read, counted as wrong' out
holds '4/bomb.png: .*60000 x 60000' out

# ---- litter is ignored and counted, at any depth, in a folder and in an archive
cp -R good litter
mkdir litter/__MACOSX litter/__MACOSX/0 litter/.Trash
for file in .DS_Store 0/.DS_Store 0/._0036.png 1/Thumbs.db 2/desktop.ini __MACOSX/0/._0036.png \
    __MACOSX/0/0037.png __MACOSX/0038.png 3/thumbs.DB \
    .Trash/0036.png; do
    cp "$png" "litter/$file"
done
pack_tar litter litter.tar
for set in litter litter.tar; do
    expect 0 evaluate -d $set --json
    [ "$(value images out)" = 40 ] || complain "$set: $(value images out) pictures, not 40"
    [ "$(value top1_correct out)" = "$right" ] || complain "$set: other answers"
    holds 'ignored: [1-9][0-9]* hidden or system files' err
done

# ---- one set, one layout; one name, one picture
cp -R good mixed
cp "$png" mixed/stray.png
refused 'stray.png' evaluate -d mixed --quiet
pack_tar mixed mixed.tar
refused 'stray.png' evaluate -d mixed.tar --quiet
cp -R good other
mkdir other/eleven && cp "$png" other/eleven/
refused "'eleven'" evaluate -d other --quiet --labels "$sample/labels.txt"
cp -R good beyond
mkdir beyond/12 && cp "$png" beyond/12/
refused '12' evaluate -d beyond --quiet
(cd good && (find . -type f | sed 's,^\./,,' | sort; echo 0/$(basename "$png")) | "$pack" tar "$folder/twice.tar")
refused '0/'"$(basename "$png")" evaluate -d twice.tar --quiet

# ---- links in archives are pictures, as in a folder; one that leads nowhere, or out, is a failure
cp -R good linked
for digit in 0 1 2 3; do
    file=$(ls good/$digit | head -n 1)
    ln "linked/$digit/$file" linked/$digit/twin.png
    ln -s "./../$digit//$file" linked/$digit/soft.png
    ln -s soft.png linked/$digit/softer.png
    ln "linked/$digit/$file" linked/$digit/hard-without-ending
done
expect 0 evaluate -d linked --json
[ "$(value images out)" = 56 ] || complain "$(value images out) pictures with links, not 56"
wanted_hash=$(value dataset_sha256 out)
tar cf linked.tar linked
(cd linked && tar czf ../linked.tar.gz .)
for set in linked.tar linked.tar.gz; do
    expect 0 evaluate -d $set --json
    [ "$(value images out)" = 56 ] || complain "$set: $(value images out) pictures"
    [ "$(value dataset_sha256 out)" = "$wanted_hash" ] || complain "$set: another hash than its folder"
done
ln -s nowhere.png linked/4/lost.png
ln -s "$png" linked/5/absolute.png
ln -s ../../good/6/$(ls good/6 | head -n 1) linked/6/outside.png
ln -s ring-b.png linked/7/ring-a.png
ln -s ring-a.png linked/7/ring-b.png
tar cf linked.tar linked
expect 0 evaluate -d linked.tar --json
[ "$(value images out)" = 61 ] || complain "links that lead nowhere: $(value images out) pictures"
[ "$(value failed out)" = 5 ] || complain "links that lead nowhere: $(value failed out) failed"
holds '"file": "5/absolute.png"' out
holds 'a link to nowhere.png\|a link to linked/4/nowhere.png' out

# ---- archives that end too early, wherever, and that are none
pack_tar good good.tar
bytes=$(wc -c <good.tar)
for part in 10 35 60 85; do
    head -c $((bytes * part / 100)) good.tar >cut.tar
    refused 'cut.tar' evaluate -d cut.tar --quiet
done
for kind in tar.gz tar.zst zip; do
    (cd good && find . -type f | sed 's,^\./,,' | sort | "$pack" $kind "$folder/good.$kind")
    expect 0 evaluate -d good.$kind --json
    [ "$(value top1_correct out)" = "$right" ] || complain "good.$kind: other answers"
    head -c $(($(wc -c <good.$kind) * 60 / 100)) good.$kind >cut.$kind
    refused "cut.$kind" evaluate -d cut.$kind --quiet
done
# between two members, where nothing is half: packed, within another, and plain
at=$(((bytes / 2) / 512))
while [ "$(dd if=good.tar bs=512 skip=$at count=1 2>/dev/null | tail -c +258 | head -c 5 | tr -d '\0')" != ustar ]; do
    at=$((at + 1))
done
head -c $((at * 512)) good.tar >cut.tar
refused 'cut.tar: cut short.*zeros that end a tar' evaluate -d cut.tar --quiet
gzip -c cut.tar >cut.tar.gz
refused 'cut.tar.gz: cut short' evaluate -d cut.tar.gz --quiet
tar cf around.tar cut.tar
refused 'around.tar: cut short' evaluate -d around.tar --quiet
# two in one: all of it is read; what is no archive behind one is not passed over
mkdir half half/0 half/1 rest
cp good/0/* half/0/
cp good/1/* half/1/
cp -R good/[2-9] rest/
pack_tar half half.tar
pack_tar rest rest.tar
cat half.tar rest.tar >both.tar
gzip -c both.tar >both.tar.gz
for set in both.tar both.tar.gz; do
    expect 0 evaluate -d $set --json
    [ "$(value images out)" = 40 ] || complain "$set: $(value images out) pictures, not 40"
    [ "$(value top1_correct out)" = "$right" ] || complain "$set: other answers"
done
# a member with holes takes less of a tar than it is long, which is no cut (where tar writes such ones)
cp -R good holes
for file in holes/0/*.png; do
    truncate -s 3000000 "$file"
done
if tar --sparse -cf holes.tar holes 2>/dev/null; then
    expect 0 evaluate -d holes.tar --json
    [ "$(value images out)" = 40 ] || complain "holes.tar: $(value images out) pictures, not 40"
    [ "$(value top1_correct out)" = "$right" ] || complain "holes.tar: other answers"
fi
(cat half.tar; head -c 5000 /dev/urandom) >noisy.tar
refused 'noisy.tar: cut short or damaged' evaluate -d noisy.tar --quiet
# a header that is overwritten in the middle: what it stood for is not left out unseen
at=$(((bytes / 2) / 512))
while [ "$(dd if=good.tar bs=512 skip=$at count=1 2>/dev/null | tail -c +258 | head -c 5 | tr -d '\0')" != ustar ]; do
    at=$((at + 1))
done
cp good.tar damaged.tar
printf 'xx' | dd of=damaged.tar bs=1 seek=$((at * 512 + 148)) conv=notrunc 2>/dev/null # its checksum
gzip -c damaged.tar >damaged.tar.gz
refused 'damaged.tar: cut short or damaged' evaluate -d damaged.tar --quiet
refused 'damaged.tar.gz: cut short or damaged' evaluate -d damaged.tar.gz --quiet
head -c 4096 /dev/urandom >noise.tar
refused 'noise.tar' evaluate -d noise.tar --quiet
: >nothing.tar
refused 'nothing.tar' evaluate -d nothing.tar --quiet
mkdir hollow hollow/0 hollow/1
refused 'hollow' evaluate -d hollow --quiet
finish
