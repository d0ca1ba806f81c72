#!/usr/bin/env python3
"""tests/architectures/seeds_table.py - how much of a network's error is its weights'

    seeds_table.py [--fitted] NAME COUNT   NAME as `convolutional_cases.py list` has it, of the full ones

Where weights are random, a network may amplify any rounding, whoever computes it. The network is
made COUNT times, each time with other weights of the same distribution (seed 0 is the one of
docs/models.md; --fitted: batch norms with the statistics of what reaches them), and a row says how far from the source library's float64 logits are: imgcls; the
library itself in float32; and float64 arithmetic of which only what each layer gives is rounded
to float32, which no program that keeps float32 between layers can be expected to beat.

Needs what convolutional_cases.py needs, and imgcls-verify on PATH.

SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import io
import os
import re
import sys
import tempfile

import torch

import checkpoint_table
import convolutional_cases
import formula


def with_seed(seed):
    """formula.tensor whose names, which seed it, have the seed behind them; the pictures stay."""
    plain = formula.tensor

    def tensor(name, *rest):
        return plain(name if seed == 0 or name in ("input", "statistics") else "%s#%d" % (name, seed), *rest)
    return tensor


def rounded(one, seed_state, x):
    model = one["make"]().double().eval()
    model.load_state_dict(seed_state)
    for module in model.modules():
        if not list(module.children()):
            module.register_forward_hook(lambda module, inputs, output: output.float().double())
    with torch.no_grad():
        return convolutional_cases.logits(model, x)


def measure(name, work):
    one = convolutional_cases.FULL[name]
    weights, x, y, _, rough = convolutional_cases.compute(one)
    state = one["make"]().double().eval().state_dict()
    for key, (_, _, mean, _, value) in weights.items():
        if mean is not None:
            state[key] = torch.from_numpy(value).double()
    least = float((rounded(one, state, x) - y).norm() / y.norm())
    with contextlib.redirect_stdout(io.StringIO()):
        convolutional_cases.write_folder(name, work)
    folder = os.path.join(work, re.sub("^cnn_", "", name))
    return checkpoint_table.verify(folder, os.path.join(folder, "reference.npz"), []), rough, least


def main():
    fitted = sys.argv[1:2] == ["--fitted"]
    arguments = sys.argv[2 if fitted else 1:]
    if len(arguments) != 2:
        sys.exit(__doc__)
    name, count = arguments[0], int(arguments[1])
    for make in ("lenet", "alexnet", "vgg", "resnet", "mobilenet_v2", "mobilenet_v3", "efficientnet", "other", "regnet",
                 "convnext"):
        getattr(convolutional_cases, make + "_cases")()
    convolutional_cases.full_cases()
    convolutional_cases.FULL[name]["fitted"] = fitted
    plain = formula.tensor
    print("| seed | imgcls | PyTorch float32 | float64, layers rounded to float32 |\n|---|---|---|---|")
    for seed in range(count):
        formula.tensor = with_seed(seed)
        with tempfile.TemporaryDirectory() as work:
            print("| %d | %s |" % (seed, " | ".join("%.2g" % figure for figure in measure(name, work))), flush=True)
        formula.tensor = plain


if __name__ == "__main__":
    main()
