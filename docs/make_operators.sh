#!/bin/sh
# docs/make_operators.sh - the page of operators, from the registry and a run of the suite
#
#     make operators SUITE=FOLDER        (FOLDER: cases in the ONNX backend suite's layout)
#     docs/make_operators.sh plugins.json suite.json >docs/operators.md
#
# plugins.json is what `imgcls-plugin list --json` prints, suite.json what `imgcls-verify --suite
# FOLDER --json` prints; both have one key a line.
#
# SPDX-License-Identifier: Apache-2.0
set -eu
[ $# -eq 2 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
# A string's text: what stands between the key's colon and the closing quote.
awk '
function text_of(line) {
    sub(/^ *"[a-z0-9_]*": "/, "", line)
    sub(/",?$/, "", line)
    gsub(/\\"/, "\"", line)
    return line
}
FNR == NR && /^ *"name": / { plugin = text_of($0) }
# Of a name that is there twice (the tree is installed, too) one is ready, the other shadowed.
FNR == NR && /^ *"state": / { ready = text_of($0) == "ready" }
FNR == NR && ready && /^ *"op / {
    gsub(/[",]/, "")
    key = ($2 == "ai.onnx" ? "" : $2 ".") $3
    range[key] = range[key] (range[key] == "" ? "" : ", ") $4
    home[key] = plugin
}
FNR == NR && ready && /^ *"kernel / {
    gsub(/[",]/, "")
    key = ($4 == "ai.onnx" ? "" : $4 ".") $5
    kernels[key] = kernels[key] (kernels[key] == "" ? "" : ", ") "`" $2 "`"
}
FNR != NR && /^ *"name": / { name = text_of($0) }
FNR != NR && /^ *"result": / { result = text_of($0) }
FNR != NR && /^ *"reason": / { reason = text_of($0) }
FNR != NR && /^ *"operators": / {
    count = split(text_of($0), used, " ")
    for (i = 1; i <= count; i++) {
        total[used[i]]++
        if (result == "passed")
            passed[used[i]]++
    }
    cases++
    good += result == "passed"
    if (result != "passed")
        missed[++misses] = "| `" name "` | " result " | " substr(reason, 1, 160) " |"
}
END {
    print "<!-- made by docs/make_operators.sh (make operators SUITE=FOLDER); do not edit -->"
    print "# Operators\n"
    print "Every operator that the plugins of this tree claim: its operator-set versions, the kernels that may"
    print "compute it, and how many cases of the ONNX backend suite (onnx 1.23) that use it pass. Older versions"
    print "are brought to the newest meaning on import. A kernel named portable is the reference; what its"
    print "name ends in says which instruction set it needs. float16 and bfloat16 are computed in float32"
    print "between conversions unless a kernel moves them as they are.\n"
    printf "%d of %d cases pass.\n\n", good, cases
    print "| operator | opsets | plugin | kernels | cases |"
    print "|---|---|---|---|---|"
    sort = "LC_ALL=C sort"
    for (key in range)
        printf "| %s | %s | %s | %s | %s |\n", key, range[key], home[key],
               kernels[key] == "" ? "decomposed" : kernels[key],
               total[key] ? (passed[key] + 0) " of " total[key] : "none" | sort
    close(sort)
    print "\n## Cases that do not pass\n"
    print "| case | result | reason |"
    print "|---|---|---|"
    for (i = 1; i <= misses; i++)
        print missed[i]
    print "\n## Why they do not\n"
    print "- Attention in bfloat16 and float16: the reference rounds after every step, ours computes in float32"
    print "  between conversions, which is nearer to the exact result; the cases allow less than one rounding."
    print "- Bernoulli, and RandomUniformLike in its expanded form: the expected draws come from a generator whose"
    print "  state is not in the model. Ours is that of numpy.random.RandomState(seed) (plugins/ops/random)."
    print "- DFT, inverse: where the exact result is 0 the reference holds float32 noise of 2e-7; the transform here"
    print "  is computed in double and gives 0, and the case compares relatively."
    print "- ImageDecoder of JPEG 2000: no decoder for it is linked; it is refused by name."
    print "- Gradient: models are run, not differentiated."
}' "$1" "$2"
