#!/bin/sh
# tests/datasets/layouts_test.sh - one set of pictures in every layout gives the same figures
#
# The sample's handwritten digits are laid out as ImageNet and its relatives come: class
# folders by wnid, name and number, lists, Kaggle's and the devkit's, ReaL, WebDataset, CIFAR's
# and MNIST's records, and most of them in tar, tar.gz, tar.zst and zip as well. Every one must
# give the right count of right answers, and the same figures to the last digit.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

pack=$ICL_TOP_BUILDDIR/tests/datasets/pack
fixtures=$ICL_TOP_SRCDIR/tests/datasets/fixtures
model=$sample/lenet5/model.onnx
recipe=$(cat "$sample/lenet5/recipe.txt")

names='zero one two three four five six seven eight nine'
set -- $names
for digit in 0 1 2 3 4 5 6 7 8 9; do
    printf 'n0000000%s %s\n' $digit "$1"
    shift
done >labels.txt

keys='images failed top1_correct nll ece mce class_accuracy macro_precision macro_f1'
# same LAYOUT OPTION...: status 0, recognised as LAYOUT, the figures of the first one, which no
# layout may change
same() {
    layout=$1
    shift
    expect 0 imgcls-eval "$model" --preprocess "$recipe" --labels labels.txt --no-record \
        --json "$@"
    [ "$(value layout out)" = "$layout" ] ||
        complain "'$*' is taken as '$(value layout out)', not $layout"
    got_figures=$(figures out $keys)
    [ -n "${wanted_figures:-}" ] || wanted_figures=$got_figures
    [ "$got_figures" = "$wanted_figures" ] ||
        complain "'$*': $got_figures, wanted $wanted_figures"
}

# bad WORDS OPTION...: status 2 and the words
bad() {
    words=$1
    shift
    expect 2 imgcls-eval "$model" --preprocess "$recipe" --labels labels.txt --no-record "$@"
    holds "$words" err
}

# archives NAME LAYOUT: the folder NAME in every kind of archive
archives() {
    (cd "$1" && find . -type f | sed 's,^\./,,' | sort) >"$1.list"
    for kind in tar tar.gz tar.zst zip; do
        (cd "$1" && "$pack" $kind "$folder/$1.$kind" <"$folder/$1.list") ||
            complain "no $kind of $1"
        same "$2" -d "$1.$kind"
    done
}

# ---- class folders
mkdir wnid name number shell
for digit in 0 1 2 3 4 5 6 7 8 9; do
    cp -R "$sample/val/$digit" number/$digit
    cp -R "$sample/val/$digit" wnid/n0000000$digit
    cp -R "$sample/val/$digit" "name/$(sed -n "$((digit + 1))s/.* //p" labels.txt)"
done
same folders -d wnid
right=$(grep '^lenet5,' "$sample/reference.csv" | awk -F, '{ split($2, p, "/"); n += p[1] == $3 } END { print n }')
[ "$(value top1_correct out)" = "$right" ] || complain "not the $right right ones of PyTorch"
same folders -d name
same folders -d number
mkdir from-one
for digit in 0 1 2 3 4 5 6 7 8 9; do
    cp -R number/$digit from-one/$((digit + 1))
done
same folders -d from-one --label-base 1
archives wnid folders
cp -R wnid shell/val
archives shell folders

# ---- one set, one hash: folders around everything in an archive are no part of its names
# hashed: what the last answer says
hashed() {
    echo "$(value dataset_sha256 out) $(value manifest_sha256 out)"
}
# packed NAME LAYOUT PATH FOLDER...: FOLDER in an archive, below each of these, is PATH
packed() {
    name=$1 layout=$2 path=$3
    shift 3
    expect 0 imgcls-eval "$model" --preprocess "$recipe" --labels labels.txt --no-record --json -d "$path"
    [ "$(value layout out)" = "$layout" ] || complain "$path is taken as $(value layout out)"
    wanted_hashes=$(hashed)
    for above in '' "$@"; do
        mkdir -p "around/$name/$above"
        rmdir "around/$name/$above"
        cp -R "$path" "around/$name/$above"
        (cd "around/$name" && find . -type f | sed 's,^\./,,' | "$pack" tar "$folder/packed.tar") ||
            complain "nothing packed"
        expect 0 imgcls-eval "$model" --preprocess "$recipe" --labels labels.txt --no-record --json \
            -d packed.tar
        [ "$(value layout out)" = "$layout" ] || complain "$name in $above: $(value layout out)"
        [ "$(hashed)" = "$wanted_hashes" ] || complain "$name below '$above' has another hash"
        rm -r around
    done
}
same folders -d wnid
packed wnid folders wnid val imagenet/val
mkdir lone lone/n00000003
cp wnid/n00000003/* lone/n00000003/
packed lone folders lone val
mkdir lone/n00000003/more
mv "$(ls lone/n00000003/*.png | head -n 1)" lone/n00000003/more/
packed lone folders lone val a/b
mkdir imagenetv2-matched-frequency-format-val imagenet-sketch
cp -R number/* imagenetv2-matched-frequency-format-val/
cp -R wnid/* imagenet-sketch/
same imagenet-v2 -d imagenetv2-matched-frequency-format-val
same imagenet-sketch -d imagenet-sketch

# a tar of tars, as ImageNet's training set, and a folder of them
mkdir tars
for class in wnid/*; do
    (cd "$class" && ls | "$pack" tar "$folder/tars/${class#wnid/}.tar")
done
same folders -d tars
archives tars folders

# ---- lists: pictures without folders, in an order that is not the classes'
mkdir flat
number=0
order='3 0 7 1 9 5 2 8 6 4' # the devkit's, as in make_fixtures.py
: >val.txt; : >ground.txt; : >kaggle.csv; : >real.json; : >table.csv
printf 'ImageId,PredictionString\n' >kaggle.csv
printf 'path,label\n' >table.csv
comma=
for file in $(cd wnid && ls -d */* | sort -t/ -k2); do
    number=$((number + 1))
    digit=${file%%/*}
    digit=${digit#n0000000}
    name=0000000$number
    name=ILSVRC2012_val_${name#"${name%????????}"}
    cp "wnid/$file" "flat/$name.JPEG" # a PNG by its bytes
    echo "$name.JPEG $digit" >>val.txt
    id=1
    for class in $order; do
        [ $class = $digit ] && echo $id >>ground.txt
        id=$((id + 1))
    done
    echo "$name,n0000000$digit 1 2 3 4 n0000000$digit 5 6 7 8 " >>kaggle.csv
    printf '%s[%s]' "$comma" $digit >>real.inner
    comma=,
    echo "$name.JPEG,$digit" >>table.csv
done
printf '[%s]' "$(cat real.inner)" >real.json
layout_with() { # layout_with NAME FILE...: pictures and these files
    mkdir "$1"
    ln flat/* "$1/"
    target=$1
    shift
    cp "$@" "$target/"
}
layout_with caffe val.txt
archives caffe val-txt
packed caffe val-txt caffe top a/b
cp ground.txt ILSVRC2012_validation_ground_truth.txt
layout_with devkit ILSVRC2012_validation_ground_truth.txt "$fixtures/meta.mat"
archives devkit devkit
cp "$fixtures/meta-plain.mat" devkit/meta.mat
same devkit -d devkit
cp kaggle.csv LOC_val_solution.csv
layout_with kaggle LOC_val_solution.csv
archives kaggle kaggle
layout_with table table.csv
archives table csv
packed table csv table top
layout_with real real.json
archives real real
same val-txt -d flat --truth val.txt
same kaggle -d flat --truth kaggle.csv
same csv -d flat --truth table.csv
same real -d flat --truth real.json
# a list by its own name: the pictures lie where it lies
same csv -d table/table.csv
same val-txt -d caffe/val.txt
same real -d real/real.json
awk '{ print $1, $2 + 1 }' val.txt >one-based.txt
same val-txt -d flat --truth one-based.txt
same val-txt -d flat --truth one-based.txt --label-base 1
rm -f val.txt.kept; mv val.txt val.kept
rm -f ILSVRC2012_validation_ground_truth.txt LOC_val_solution.csv
bad 'label' -d flat
mv val.kept val.txt
same val-txt -d flat # the list lies beside it
for path in . ./ ../flat/. ../flat/deep/..; do
    mkdir -p flat/deep
    expect 0 sh -c 'cd flat && exec imgcls-eval "$@"' sh "$model" --preprocess "$recipe" \
        --labels ../labels.txt --no-record --json -d $path
    [ "$(value layout out)" = val-txt ] || complain "flat as $path is taken as $(value layout out)"
done
rmdir flat/deep

# several right answers, and none
printf '[[0,1,2,3,4,5,6,7,8,9],[]%s]' "$(sed 's/^\[[0-9]\],\[[0-9]\]//' real.inner)" >more.json
expect 0 imgcls-eval "$model" --preprocess "$recipe" --labels labels.txt --no-record --json \
    -d flat --truth more.json
[ "$(value skipped out)" = 1 ] || complain "$(value skipped out) skipped, not 1"
[ "$(value images out)" = $((number - 1)) ] || complain "the skipped picture is counted"

# a class that stands there twice is one right answer
sed 's/\[\([0-9]\)\]/[\1,\1]/g' real.json >double.json
same real -d flat --truth double.json

# ---- WebDataset, one shard and several
mkdir shards
i=0
for file in $(cd wnid && ls -d */*); do
    key=00000$i
    key=${key#"${key%??????}"}
    cp "wnid/$file" shards/$key.png
    digit=${file%%/*}
    echo "${digit#n0000000}" >shards/$key.cls
    i=$((i + 1))
done
archives shards webdataset
split -l 200 shards.list part.
mkdir web
n=0
for part in part.*; do
    (cd shards && "$pack" tar "$folder/web/digits-00000$n.tar" <"$folder/$part")
    n=$((n + 1))
done
same webdataset -d web
if grep -q 'files that are no pictures' err; then
    complain "the shards themselves are counted as files without use"
fi
same webdataset -d "web/digits-{000000..00000$((n - 1))}.tar"
# shards of one name in two folders, whose samples have the same names, too
mkdir -p two/a two/b
n=0
for part in $(split -n l/2 --filter='cat >$FILE; echo $FILE' wnid.list half.); do
    mkdir half-$n
    i=0
    while read -r file; do
        cp "wnid/$file" half-$n/$i.png
        digit=${file%%/*}
        echo "${digit#n0000000}" >half-$n/$i.cls
        i=$((i + 1))
    done <$part
    (cd half-$n && ls | "$pack" tar "$folder/two/$(echo $n | tr 01 ab)/0.tar")
    n=$((n + 1))
done
same webdataset -d two
# further pictures of samples, whatever they are called
mkdir maps
for file in shards/*.png; do
    file=${file#shards/}
    cp shards/$file shards/${file%.png}.cls maps/
    cp "$sample/val/0/0036.png" maps/${file%.png}.a.png
    cp "$sample/val/0/0036.png" maps/${file%.png}.z.png
done
(cd maps && ls | "$pack" tar "$folder/maps.tar")
same webdataset -d maps.tar
holds 'further pictures of samples' err
# a label is a number that is there once, not what is left of one
mkdir json
for file in shards/*.png; do
    file=${file#shards/}
    cp shards/$file json/
    read -r digit <shards/${file%.png}.cls
    echo "{\"label\": $digit, \"class\": 7}" >json/${file%.png}.json
done
(cd json && ls | "$pack" tar "$folder/json.tar")
same webdataset -d json.tar
sed -i 's/: \([0-9]\),/: 429496729\1,/' json/000003.json # 2^32 and more or less
(cd json && ls | "$pack" tar "$folder/json.tar")
bad '000003.png has no class' -d json.tar
(cd shards && (ls; echo 000003.png) | "$pack" tar "$folder/again.tar")
bad '000003.png stands there twice' -d again.tar
# a list beside archives
mkdir beside
(cd flat && ls | "$pack" tar.gz "$folder/beside/val.tar.gz")
cp val.txt beside/
same val-txt -d beside
same val-txt -d beside/val.tar.gz
for cls in shards/*.cls; do
    read -r digit <$cls
    echo $((digit + 1)) >$cls
done
(cd shards && "$pack" tar "$folder/one.tar" <"$folder/shards.list")
same webdataset -d one.tar

# ---- only some classes are compared
mkdir some
cp -R wnid/n00000003 wnid/n00000008 some/
expect 0 imgcls-eval "$model" --preprocess "$recipe" --labels labels.txt --no-record --json \
    -d some --classes present
[ "$(value compared_classes out)" = 2 ] || complain "--classes present compares others"
expect 0 imgcls-eval "$model" --preprocess "$recipe" --labels labels.txt --no-record --json \
    -d some
[ "$(value compared_classes out)" = 10 ] || complain "a subset is scored as ImageNet-A is"

# ---- what is wrong is said
bad 'outside the classes' -d flat --truth one-based.txt --label-base 0
sed '3s/ [0-9]*$/ 77/' val.txt >far.txt
bad 'label 77' -d flat --truth far.txt
sed 2d val.txt >short.txt
bad 'no label for 1' -d flat --truth short.txt
echo "absent.png,3" >>table.csv
expect 0 imgcls-eval "$model" --preprocess "$recipe" --labels labels.txt --no-record --json \
    -d flat --truth table.csv
[ "$(value failed out)" = 1 ] || complain "a listed picture that is not there does not fail"
holds '"file": "absent.png"' out
(cat val.txt; sed -n 1p val.txt) >twice.txt
same val-txt -d flat --truth twice.txt
holds '1 names stand there twice' err
(cat val.txt; sed -n 1p val.txt | sed 's/ [0-9]*$/ 6/;') >clash.txt
grep -q '^ILSVRC2012_val_00000001.JPEG 6$' val.txt ||
    bad 'here and' -d flat --truth clash.txt
bad "'10': no class index" -d from-one # these may be the devkit's: nobody is sure without a word
cp -R wnid typed
mv typed/n00000004 typed/n00000044
bad "'n00000044'" -d typed # as many folders as classes, one of which is none
# a list that was named is read, whatever else there is
bad 'no/such.txt: No such file' -d wnid --truth no/such.txt
echo 'no list' >words.txt
bad 'words.txt: no list of labels' -d wnid --truth words.txt
bad 'words.txt: no list of labels' -d flat --truth words.txt
bad 'takes labels from no list' -d wnid --truth val.txt --layout folders
# two pictures of one number or name: only one of them can be the list's
cp -R devkit devkit-twice
mkdir devkit-twice/more
cp flat/ILSVRC2012_val_00000001.JPEG devkit-twice/more/
bad 'both the picture of one line' -d devkit-twice
mkdir orderless orderless/a orderless/b
cp flat/ILSVRC2012_val_00000001.JPEG orderless/a/x.JPEG
cp flat/ILSVRC2012_val_00000002.JPEG orderless/b/x.JPEG
echo '[[0],[1]]' >two.json
bad 'both the picture of one line' -d orderless --truth two.json
head -c 30000 wnid.tar >cut.tar
bad 'cut short' -d cut.tar
head -c 30000 wnid.tar.gz >cut.tar.gz
bad 'cut.tar.gz' -d cut.tar.gz
cp -R wnid mixed
cp flat/ILSVRC2012_val_00000001.JPEG mixed/
bad 'no class folder' -d mixed
mkdir litter litter/__MACOSX
cp -R wnid/* litter/
touch litter/.DS_Store litter/n00000001/._x.png
same folders -d litter
holds 'ignored: 3 hidden' err

# ---- labels that are none, without names to go by: the list is blamed, and the label named
mkdir labels
cp "$sample/val/0/0036.png" labels/a.png
blames() { # blames WORDS LABEL
    printf 'path,label\na.png,%s\n' "$2" >labels/l.csv
    expect 2 imgcls-eval "$model" --preprocess "$recipe" --no-record -d labels
    holds "labels/l.csv: label .*$1" err
    [ "$(grep -c folder err)" = 0 ] || complain "a list is taken for folders: $(cat err)"
}
blames '10: outside .*--label-base 1' 10 # not taken as one-based: nothing else speaks for it
blames "'-1': no class" -1
blames "'cat': no number" cat
printf 'path,label\n' >labels/l.csv
expect 2 imgcls-eval "$model" --preprocess "$recipe" --no-record -d labels
holds 'no picture with a label' err
finish
