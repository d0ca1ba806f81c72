"""tests/architectures/formula.py - weights from a formula, so that a fixture holds none

A tensor's elements follow from its name, a mean and a spread: splitmix64 over the element's
index, seeded by the FNV-1a hash of the name, its top 24 bits as a float32 u in [-1, 1), and
mean + spread * u in float32. tests/architectures/formula.c computes the same bits.

SPDX-License-Identifier: Apache-2.0
"""
import re

import numpy

# The first rule that fits a name (and, where given, a rank) says mean and spread; spread None:
# sqrt(3 / fan-in), which keeps the variance of what a product puts out.
RULES = (
    (r"running_var$", None, 1.0, 0.4),
    (r"running_mean$", None, 0.0, 0.3),
    (r"logit_scale$", None, 3.0, 2.0),
    (r"(gamma|gamma_?[12]|lambda_[12]|gamma[12]\.weight|layer_scale)$", None, 0.6, 0.3),
    (r"relative_position_bias_table$", None, 0.0, 1.0),
    (r"(token|pos_embed|pos_embedding|position_embeddings|absolute_pos_embed)$", None, 0.0, 0.5),
    (r"bias$", None, 0.0, 0.2),
    (r"weight$", 1, 1.0, 0.3),
)


def rule(name, shape):
    for pattern, rank, mean, spread in RULES:
        if re.search(pattern, name) and rank in (None, len(shape)):
            return mean, spread
    fan_in = int(numpy.prod(shape[1:])) if len(shape) > 1 else 1
    return 0.0, float(numpy.float32((3.0 / fan_in) ** 0.5))


def tensor(name, shape, mean, spread):
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    count = int(numpy.prod(shape))
    with numpy.errstate(over="ignore"):
        z = numpy.uint64(seed) + numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        z = z ^ (z >> numpy.uint64(31))
    top = (z >> numpy.uint64(40)).astype(numpy.int64) - (1 << 23)
    u = top.astype(numpy.float32) / numpy.float32(1 << 23)
    return (numpy.float32(mean) + numpy.float32(spread) * u).reshape(shape)
