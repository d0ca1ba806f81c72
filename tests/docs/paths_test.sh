#!/bin/sh
# tests/docs/paths_test.sh - every path that README and the architecture page name exists, and every
# folder of sources has a README
cd "$ICL_TOP_SRCDIR" || exit 99
status=0
top=$(mktemp -d)
for page in README.md README.zh-CN.md docs/architecture.md; do
    # backticked words that begin with a folder of ours, and targets of links
    grep -o '`[^` ]*`\|]([^)]*)' $page | sed 's/^`//; s/`$//; s/^](//; s/)$//' |
        grep -E '^(src|plugins|include|eval|programs|tests|docs|schemas)/|^README' |
        grep -v '[*<>]' | sort -u |
    while read -r path; do
        [ -e "$path" ] || echo "$page names $path, which is not there"
    done
done >"$top/missing"
[ -s "$top/missing" ] && { cat "$top/missing"; status=1; }
rm -rf "$top"
for folder in src/*/ plugins/*/ plugins/ops/*/ plugins/formats/*/ eval/*/ programs/ schemas/ tests/; do
    [ -f "${folder}README.md" ] || { echo "$folder has no README.md"; status=1; }
done
exit $status
