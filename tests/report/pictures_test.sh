#!/bin/sh
# tests/report/pictures_test.sh - the page shows the pictures wherever the data set lies
#
# The same pictures as a folder, a tar, a zip, a folder of WebDataset shards and a tar in a tar
# give the same thumbnails; files of records give theirs; what is gone leaves a box.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

page_of() { # page_of NAME DATASET: evaluates, and keeps the page and its pictures
    # a board each, for the same pictures elsewhere are the same data set
    IMGCLS_DB=$folder/$1.db
    export IMGCLS_DB
    expect 0 imgcls-eval "$sample/lenet5/model.onnx" -d "$2" \
        --preprocess "$(cat "$sample/lenet5/recipe.txt")" --labels "$sample/labels.txt"
    expect 0 imgcls-leaderboard export --format html 1 -o "$1.html"
    grep -o 'data:image/jpeg;base64,[A-Za-z0-9+/=]*' "$1.html" | sort >"$1.pictures"
}
page_of folder "$sample/val"
shown=$(grep -c . folder.pictures)
[ "$shown" -ge 4 ] || complain "the folder's page has $shown pictures"

(cd "$sample/val" && tar cf "$folder/set.tar" . && tar czf "$folder/set.tar.gz" .)
page_of tar set.tar
page_of tgz set.tar.gz
if command -v zip >/dev/null; then
    (cd "$sample/val" && zip -qr "$folder/set.zip" .)
    page_of zip set.zip
    cmp folder.pictures zip.pictures || complain "a zip's pictures differ"
else
    echo "skipped: a zip, for there is no zip to make one"
fi
# two shards whose samples are KEY.png and KEY.cls; keys in the order of the folder
mkdir shards flat
(cd "$sample/val" && find . -name '*.png' | LC_ALL=C sort) | while read -r file; do
    class=${file#./}
    class=${class%%/*}
    key=$(printf %s "${file#./}" | tr / _)
    cp "$sample/val/$file" "flat/$key"
    printf %s "$class" >"flat/${key%.png}.cls"
done
(cd flat && tar cf ../shards/a-000.tar [0-4]_* && tar cf ../shards/a-001.tar [5-9]_*)
page_of shards shards
for kind in tar tgz shards; do
    [ -f $kind.pictures ] && cmp folder.pictures $kind.pictures ||
        complain "the pictures of $kind differ from the folder's"
done

# two runs over an archive: flips with pictures
IMGCLS_DB=$folder/tar.db
expect 0 imgcls-eval "$sample/vit_tiny/model.onnx" -d set.tar \
    --preprocess "$(cat "$sample/vit_tiny/recipe.txt")" --labels "$sample/labels.txt"
expect 0 imgcls-leaderboard export --format html 1 2 -o pair.html
holds 'figure class="flip"><img' pair.html
grep -q 'class="nopic"' pair.html && complain "a flip has no picture"

# MNIST's files: twenty black pictures, two of each class, of which most answers are wrong
mkdir mnist
{ printf '\000\000\010\003\000\000\000\024\000\000\000\034\000\000\000\034'; head -c 15680 /dev/zero; } \
    >mnist/t10k-images-idx3-ubyte
{ printf '\000\000\010\001\000\000\000\024'
  for i in 0 1; do printf '\000\001\002\003\004\005\006\007\010\011'; done; } >mnist/t10k-labels-idx1-ubyte
page_of mnist mnist
[ "$(grep -c . mnist.pictures)" -ge 18 ] || complain "MNIST's page shows $(grep -c . mnist.pictures) pictures"

# gone, damaged, not wanted
cp -r "$sample/val" moved
page_of before moved
mv moved elsewhere
expect 0 imgcls-leaderboard export --format html 1 -o gone.html
holds 'picture not here' gone.html
[ "$(grep -c 'data:image' gone.html)" -eq 0 ] || complain "pictures of a folder that is gone"
expect 0 imgcls-leaderboard export --format html 1 --no-pictures -o without.html
grep -q 'data:image\|class="nopic"' without.html && complain "--no-pictures leaves pictures in"
expect 0 imgcls-leaderboard export --format html 1 --pictures elsewhere -o found.html
sed 's/<footer>.*//' before.html >before.body
sed 's/<footer>.*//' found.html >found.body
cmp -s before.body found.body || complain "a folder that moved gives another page"
tar -cf elsewhere.tar -C elsewhere .
expect 0 imgcls-leaderboard export --format html 1 --pictures elsewhere.tar -o tarred.html
[ "$(grep -c 'data:image' tarred.html)" -eq "$(grep -c 'data:image' found.html)" ] ||
    complain "an archive of the pictures gives other pictures"
mkdir empty
for place in empty nowhere; do
    expect 2 imgcls-leaderboard export --format html 1 --pictures $place -o never.html
    holds "$place: has none of the pictures" err
    [ ! -e never.html ] || complain "a page was written all the same"
done
expect 2 imgcls-leaderboard export --format html --pictures elsewhere -o never.html
expect 2 imgcls-leaderboard export --format html 1 --pictures elsewhere --no-pictures -o never.html
mv elsewhere moved
find moved -name '*.png' -exec sh -c 'echo broken >"$1"' _ {} \;
expect 0 imgcls-leaderboard export --format html 1 -o broken.html
holds 'cannot be read' broken.html
# an archive that was cut since: no pictures, and a page all the same
head -c 100000 set.tar >cut && mv cut set.tar
IMGCLS_DB=$folder/tar.db
expect 0 imgcls-leaderboard export --format html 1 -o cut.html
holds 'picture not here' cut.html
finish
