#!/bin/sh
# tests/report/browser_test.sh - the HTML pages in a real browser; see README.md
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

skip() {
    echo "skipped: $*"
    exit 77
}
browser=${ICL_CHROMIUM:-$(command -v chromium || true)}
[ -n "$browser" ] || skip "no chromium"
command -v node >/dev/null || skip "no node"
[ -d "${ICL_PLAYWRIGHT:-/nowhere}/node_modules/playwright-core" ] ||
    skip "ICL_PLAYWRIGHT names no folder with playwright-core"

# Class names that would do harm as HTML, and Chinese ones; a model's name, too.
hostile='<img src=x onerror="window.broken=1"></script><script>window.broken=2</script>'
printf '%s\n' "zero $hostile" '一 one' '二 two' 'three' 'four & five' 'five' 'six' '七 seven' \
    'eight "quoted"' 'nine' >labels.txt
export IMGCLS_DB=$folder/board.db
cp "$sample/lenet5/model.onnx" "x<b onmouseover=alert(1)>.onnx"
evaluate() { # evaluate MODEL RECIPE
    expect 0 imgcls-eval "$1" -d "$sample/val" --labels labels.txt \
        --preprocess "$(cat "$sample/$2/recipe.txt")"
}
evaluate "x<b onmouseover=alert(1)>.onnx" lenet5
evaluate "$sample/vit_tiny/model.onnx" vit_tiny
evaluate "$sample/lenet5/model.onnx" lenet5
printf 'model,top1\n%s,90\n' '<script>window.broken=3</script>' >context.csv
expect 0 imgcls-leaderboard import context.csv
expect 0 imgcls-leaderboard export --format html -o whole.html
expect 0 imgcls-leaderboard export --format html 2 -o run.html
expect 0 imgcls-leaderboard export --format html 1 2 -o pair.html
# A board of 400 runs: the first one's row again and again, as another program might add rows.
cp board.db long.db
cat >rows.sql <<'END'
WITH RECURSIVE n(i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
INSERT INTO runs (id, uid, model_id, dataset_id, model_name, model_path, recipe, precision,
    engine_version, isa, threads, batch, cpu, cpus, images, failed, nan_scores, top1_correct, top1,
    top1_low, top1_high, seconds, images_per_second, started_at, recorded_at)
SELECT i, printf('%032x', i), model_id, dataset_id, 'model-' || (i % 50), model_path, recipe, precision,
    engine_version, isa, threads, batch, cpu, cpus, images, failed, nan_scores, top1_correct, top1,
    top1_low, top1_high, seconds, images_per_second, started_at, recorded_at
FROM n, runs WHERE runs.id = 1;
END
python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript(open(sys.argv[2]).read())' long.db rows.sql || complain "no long board"
expect 0 imgcls-leaderboard export --format html --db long.db -o long.html
[ $failures -eq 0 ] || finish

# node finds modules beside the script that asks for them
cp "$ICL_TOP_SRCDIR/tests/report/browser_test.mjs" .
ln -s "$ICL_PLAYWRIGHT/node_modules" node_modules
expect 0 env HOME="$top" node browser_test.mjs "$browser" "$folder" ${ICL_SCREENSHOTS:+"$ICL_SCREENSHOTS"}
cat out
finish
