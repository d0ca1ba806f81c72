"""tests/conformance/random_draw.py - what random cases of operators are drawn with

Each family of random_operators.py and random_layers.py is a function (rng, noise) -> Case: rng
(random.Random) draws what the case is, noise (numpy.random.Generator) its values. A Case
that no reference runs is dropped, so drawing what the specification may forbid is fine.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np


class Case:
    def __init__(self, operator, inputs, attributes=None, outputs=1, opset=21, constants=(), domain=""):
        self.operator, self.inputs, self.outputs, self.opset = operator, inputs, outputs, opset
        self.attributes = {k: v for k, v in (attributes or {}).items() if v is not None}
        self.constants, self.domain = constants, domain


FAMILIES = {}


def family(function):
    FAMILIES[function.__name__.rstrip("_")] = function
    return function


# ---- Drawing --------------------------------------------------------------------------------

def dims(rng, least=0, most=4, zero=0.06, top=7):
    return [0 if rng.random() < zero else rng.choice([1, 1, 2, 3, 4, 5, top]) for _ in range(rng.randint(least, most))]


def floats(noise, shape, kind=np.float32, scale=3.0):
    return (noise.standard_normal(shape) * scale).astype(kind)


def whole(noise, shape, kind=np.int64, least=-20, most=20):
    kind = np.dtype(kind)
    return noise.integers(max(least, 0) if kind.kind == "u" else least, most, shape, endpoint=True).astype(kind)


def values(rng, noise, shape, kinds):
    kind = np.dtype(rng.choice(kinds))
    if kind.kind == "f":
        return floats(noise, shape, kind)
    if kind.kind == "b":
        return noise.random(shape) < 0.5
    return whole(noise, shape, kind)


def list_of(*numbers):
    return np.array(numbers, np.int64)


def some_axes(rng, rank, least=0):
    axes = rng.sample(range(rank), rng.randint(min(least, rank), rank))
    return [a - rank if rng.random() < 0.4 else a for a in axes]


def axis_of(rng, rank):
    return rng.randrange(-rank, rank)


def maybe(rng, value, chance=0.5):
    return value if rng.random() < chance else None


F = [np.float32]
FS = [np.float32, np.float32, np.float64, np.float16]
NUMBERS = [np.float32, np.float32, np.float64, np.int32, np.int64, np.float16]
ANY = NUMBERS + [np.uint8, np.int8, np.bool_, np.int16, np.uint16, np.uint32, np.uint64]


def broadcast_pair(rng):
    """Two shapes that broadcast."""
    whole_shape = dims(rng, 0, 5)
    pair = []
    for _ in range(2):
        shape = [1 if rng.random() < 0.3 else d for d in whole_shape]
        pair.append(shape[rng.randint(0, len(shape)):] if rng.random() < 0.4 else shape)
    return pair
