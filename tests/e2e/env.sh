# tests/e2e/env.sh - sourced by the end-to-end tests: the installed programs, an own folder, and
# a few words for asserting
#
# SPDX-License-Identifier: Apache-2.0
set -u

PATH=$ICL_ROOT$ICL_BINDIR:$PATH
LD_LIBRARY_PATH=$ICL_ROOT$ICL_LIBDIR${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
IMGCLS_PLUGIN_PATH=$ICL_ROOT$ICL_LIBDIR/imgcls/plugins
export PATH LD_LIBRARY_PATH IMGCLS_PLUGIN_PATH
sample=$ICL_TOP_SRCDIR/eval/sample
shared=$ICL_TOP_SRCDIR/../shared

top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
folder=$top/work
mkdir "$folder" && cd "$folder" || exit 99
export XDG_CACHE_HOME=$top/cache XDG_DATA_HOME=$top/data
unset IMGCLS_DB IMGCLS_ISA IMGCLS_PLUGIN_DISABLE

failures=0

complain() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

# expect STATUS COMMAND...: runs it; output in out, errors in err.
expect() {
    wanted=$1
    shift
    "$@" >out 2>err
    got=$?
    if [ $got -ne "$wanted" ]; then
        complain "'$*' gave status $got, not $wanted"
        sed 's/^/  out: /' out | head -n 20
        sed 's/^/  err: /' err | head -n 20
    fi
    return 0
}

# refused WORDS COMMAND...: status 2, one line on standard error that has the words, and nothing
# new in the folder.
refused() {
    words=$1
    shift
    rm -f out err
    before=$(ls -A)
    expect 2 "$@"
    after=$(ls -A | grep -vx -e out -e err)
    [ "$(printf '%s\n' "$before" | grep -vx -e out -e err)" = "$after" ] ||
        complain "'$*' left something behind: $after"
    [ "$(grep -c . err)" -eq 1 ] || { complain "'$*' said more or less than one line"; cat err; }
    grep -q -- "$words" err || { complain "'$*' did not say '$words'"; cat err; }
}

# holds TEXT FILE
holds() {
    grep -q -- "$1" "$2" || { complain "'$1' is not in $2"; head -n 20 "$2"; }
}

# value KEY FILE: the number or text of a key in JSON made by ourselves, one key a line.
value() {
    sed -n 's/^ *"'"$1"'": *"\{0,1\}\([^",]*\)"\{0,1\},\{0,1\}$/\1/p' "$2" | head -n 1
}

# figures FILE KEY...: what an evaluation's JSON says, for comparing
figures() {
    from=$1
    shift
    awk -v keys="$*" '
        BEGIN { count = split(keys, key, " ") }
        match($0, /^ *"[a-z0-9_]*": */) {
            name = $0
            sub(/^ *"/, "", name)
            sub(/".*/, "", name)
            figure = substr($0, RSTART + RLENGTH)
            gsub(/[",]/, "", figure)
            if (!(name in of))
                of[name] = figure
        }
        END { for (i = 1; i <= count; i++) printf "%s=%s ", key[i], of[key[i]] }' "$from"
}

# copies FOLDER TIMES: the sample's pictures so many times, as links in FOLDER/CLASS/COPY/. One
# process a folder: one for each of thousands of links would take longer than evaluating them.
copies() {
    for class in 0 1 2 3 4 5 6 7 8 9; do
        copy=0
        while [ $copy -lt "$2" ]; do
            copy=$((copy + 1))
            mkdir -p "$1/$class/$copy"
            ln -s "$sample/val/$class"/*.png "$1/$class/$copy/"
        done
    done
}

finish() {
    [ $failures -eq 0 ] || exit 1
    echo "all as expected"
}
