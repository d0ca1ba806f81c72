#!/bin/sh
# tests/datasets/corrupted_test.sh - ImageNet-C: corruption errors, and their mean over fifteen
#
# The sample's digits stand in for ImageNet's pictures. What each severity gets wrong is counted
# here from the predictions; AlexNet's errors are written down once more, as published.
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

model=$sample/lenet5/model.onnx
recipe=$(cat "$sample/lenet5/recipe.txt")
evaluate() { # evaluate OPTION...
    expect 0 imgcls-eval "$model" --preprocess "$recipe" --no-record "$@"
}
alexnet='gaussian_noise 886428
shot_noise 894468
impulse_noise 922640
defocus_blur 819880
glass_blur 826268
motion_blur 785948
zoom_blur 798360
snow 866816
frost 826572
fog 819324
brightness 564592
contrast 853204
elastic_transform 646056
pixelate 717840
jpeg_compression 606500'
extra='speckle_noise 845388
gaussian_blur 787108
spatter 717512
saturate 658248'

# Pictures are handed out in turn; every n-th shows another digit than its folder says.
turn=0
for picture in "$sample"/val/*/*.png; do
    eval "picture_$turn=\$picture" # no list of a shell without arrays is quicker to look up
    turn=$((turn + 1))
done
pictures=$turn
give() { # give FOLDER PICTURES WRONG: of so many pictures, so many in a wrong folder
    i=0
    while [ $i -lt "$2" ]; do
        turn=$((turn + 1))
        eval "picture=\$picture_$((turn % pictures))"
        digit=${picture%/*}
        digit=${digit##*/}
        [ $i -ge "$3" ] || digit=$(((digit + 3) % 10))
        [ -d "$1/$digit" ] || mkdir -p "$1/$digit"
        ln -s "$picture" "$1/$digit/$turn.png"
        i=$((i + 1))
    done
}
number=0
for corruption in $(echo "$alexnet" | cut -d' ' -f1); do
    number=$((number + 1))
    for severity in 1 2 3 4 5; do
        # unequal sizes: the error is a mean over severities, not over pictures
        give set/$corruption/$severity $((3 + (number + severity) % 3)) $(((number * severity) % 4))
    done
done

# error NAME: mean over severities from predictions.csv; nothing unless there are five
error() {
    awk -F, -v name="$1" 'NR > 1 { n = split($1, part, "/")
            if (part[n - 3] == name) { all[part[n - 2]]++; wrong[part[n - 2]] += $2 != $3 } }
        END { for (s in all) { k++; sum += wrong[s] / all[s] }
            if (k == 5) printf "%.12f", sum / 5 }' predictions.csv
}
# close A B: equal but for rounding
close() {
    awk -v a="$1" -v b="$2" 'BEGIN { exit !(a - b < 1e-9 && b - a < 1e-9) }'
}
# said NAME KEY: its value in JSON
said() {
    tr -d ' \n' <out | sed 's/{"name"/\n{"name"/g' | grep "^{\"name\":\"$1\",\"images\":\[" |
        sed 's/.*"'"$2"'":\([^,}]*\).*/\1/'
}

evaluate -d set --json --predictions predictions.csv
[ "$(value layout out)" = imagenet-c ] || complain "taken as $(value layout out)"
sum=0
for row in $(echo "$alexnet" | tr ' ' :); do
    name=${row%:*}
    error=$(error "$name")
    close "$(said "$name" error)" "$error" || complain "$name: error $(said "$name" error), not $error"
    ce=$(awk -v e="$error" -v a="${row#*:}" 'BEGIN { printf "%.12f", e / (a / 1e6) }')
    close "$(said "$name" corruption_error)" "$ce" || complain "$name: not $ce"
    sum=$(awk -v s="$sum" -v c="$ce" 'BEGIN { printf "%.12f", s + c }')
done
mean=$(awk -v s="$sum" 'BEGIN { printf "%.12f", s / 15 }')
close "$(value mean_corruption_error out)" "$mean" ||
    complain "mCE is $(value mean_corruption_error out), not $mean"
awk -v m="$mean" 'BEGIN { exit !(m > 0.2 && m < 2) }' || complain "$mean proves nothing"
all=$(value mean_corruption_error out)
evaluate -d set
holds "mean corruption error (mCE) $(awk -v m="$mean" 'BEGIN { printf "%.1f", 100 * m }') %" out
holds '^  fog ' out

# the four extra ones have errors of their own and leave the mean alone
for row in $(echo "$extra" | tr ' ' :); do
    for severity in 1 2 3 4 5; do give set/${row%:*}/$severity 2 1; done
done
evaluate -d set --json --predictions predictions.csv
[ "$(value mean_corruption_error out)" = "$all" ] || complain "extra corruptions change the mCE"
close "$(said saturate corruption_error)" "$(awk -v e="$(error saturate)" 'BEGIN { printf "%.12f", e / 0.658248 }')" ||
    complain "saturate: $(said saturate corruption_error)"

# grouped as its archives are, and in an archive: the same
mkdir grouped grouped/noise grouped/rest
cp -R set/*_noise grouped/noise/
for folder in set/*; do
    [ -d "grouped/noise/${folder#set/}" ] || cp -R "$folder" grouped/rest/
done
evaluate -d grouped --json
[ "$(value mean_corruption_error out)" = "$all" ] || complain "grouped folders give another mCE"
evaluate -d set --json
hash=$(value dataset_sha256 out)
for above in . above; do
    mkdir -p $above
    [ $above = . ] || ln -s ../set above/
    tar chf set.tar $([ $above = . ] && echo set || echo above)
    evaluate -d set.tar --json
    [ "$(value mean_corruption_error out)" = "$all" ] || complain "a tar gives another mCE"
    [ "$(value dataset_sha256 out)" = "$hash" ] || complain "packed from $above: another hash"
done

# one corruption alone, and one that lacks a severity: said, not guessed
evaluate -d set/fog --json
[ "$(value layout out)" = imagenet-c ] || complain "set/fog is taken as $(value layout out)"
close "$(said fog error)" "$(error fog)" || complain "fog alone: $(said fog error)"
[ "$(value mean_corruption_error out)" = null ] || complain "one corruption has a mean"
tar chf fog.tar set/fog
evaluate -d fog.tar --json
[ "$(value layout out)" = imagenet-c ] || complain "fog.tar is taken as $(value layout out)"
close "$(said fog error)" "$(error fog)" || complain "fog in a tar: $(said fog error)"
rm -r set/snow/4
evaluate -d set --json
[ "$(said snow error)" = null ] || complain "four severities have a mean: $(said snow error)"
[ "$(value mean_corruption_error out)" = null ] || complain "an incomplete set has an mCE"
evaluate -d set
holds 'no mean corruption error' out
finish
