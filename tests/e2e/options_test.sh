#!/bin/sh
# tests/e2e/options_test.sh - every command teaches, complains about typing errors, and has a page
. "$ICL_TOP_SRCDIR/tests/e2e/env.sh"

for command in convert verify classify eval bench leaderboard plugin; do
    program=imgcls-$command
    expect 0 $program --help
    holds "^Usage: $program" out
    holds '--json' out
    holds '--threads' out
    [ -s err ] && complain "$program --help writes to standard error"
    expect 0 $program --version
    holds "^$program (imgcls) [0-9]" out
    expect 2 $program --no-such-option
    holds "$program: there is no option '--no-such-option'" err
    expect 2 $program --threads many x
    holds "whole number" err
    [ -n "$(find "$ICL_ROOT" -name "$program.1")" ] || [ -z "$(command -v help2man)" ] ||
        complain "$program has no man page"
done
for command in convert verify classify bench; do
    expect 2 imgcls-$command
    holds "imgcls-$command: " err
done
# options may follow positionals
expect 0 imgcls-verify "$sample/lenet5/model.onnx" --quiet
# a full standard output is a failure that is said
if [ -w /dev/full ]; then
    imgcls-verify "$sample/lenet5/model.onnx" >/dev/full 2>err
    [ $? -eq 2 ] || complain "a full standard output did not give status 2"
    holds 'standard output' err
fi
# a reader that has gone is none: silence, and the end that any other tool comes to
for command in 'imgcls-verify --help' 'imgcls-leaderboard --version' 'imgcls-plugin list' \
    "imgcls-verify $sample/lenet5/model.onnx"; do
    # shellcheck disable=SC2086 # words
    { sleep 1; $command; echo $? >status; } 2>err | true
    [ ! -s err ] || complain "$command | true said: $(cat err)"
    [ "$(cat status)" -gt 128 ] || complain "$command | true gave $(cat status)"
done
finish
