"""tests/conformance/random_operators.py - one random case of an operator, by family

Each family is a function (rng, noise) -> Case: rng (random.Random) draws what the case is, noise
(numpy.random.Generator) its values. A Case that no reference runs is dropped, so drawing what the
specification may forbid is fine.

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


# ---- Elementwise ----------------------------------------------------------------------------

@family
def unary(rng, noise):
    operator = rng.choice("Abs Neg Exp Log Sqrt Reciprocal Floor Ceil Round Sign Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Asinh "
                          "Acosh Atanh Erf Sigmoid Softplus Softsign Relu Elu Selu Celu LeakyRelu ThresholdedRelu HardSigmoid "
                          "HardSwish Mish Gelu Identity IsNaN IsInf Not BitwiseNot Swish".split())
    x = values(rng, noise, dims(rng, 0, 5), FS)
    attributes = {}
    if operator in ("Elu", "LeakyRelu", "ThresholdedRelu", "HardSigmoid", "Celu", "Selu", "Swish"):
        attributes["alpha"] = maybe(rng, rng.choice([0.5, 1.5, 0.01]))
    if operator == "HardSigmoid":
        attributes["beta"] = maybe(rng, 0.3)
    if operator == "Selu":
        attributes["gamma"] = maybe(rng, 1.3)
    if operator == "Gelu":
        attributes["approximate"] = maybe(rng, "tanh")
    if operator in ("Log", "Sqrt", "Acosh"):
        x = np.abs(x) + 1
    if operator in ("Asin", "Acos", "Atanh"):
        x = np.clip(x / 10, -0.9, 0.9)
    if operator == "Celu":
        x = x.astype(np.float32)
    if operator in ("IsNaN", "IsInf") and x.size:
        x = np.where(noise.random(x.shape) < 0.3, noise.choice([np.nan, np.inf, -np.inf], x.shape), x).astype(x.dtype)
        x = x.astype(np.float32)
    if operator == "IsInf":
        attributes = {"detect_negative": maybe(rng, rng.randint(0, 1)), "detect_positive": maybe(rng, rng.randint(0, 1))}
    if operator == "Not":
        x = noise.random(x.shape) < 0.5
    if operator == "BitwiseNot":
        x = whole(noise, x.shape, rng.choice([np.uint8, np.int32, np.int64, np.uint16]))
    if operator in ("Abs", "Neg", "Sign", "Relu") and rng.random() < 0.3:
        x = whole(noise, x.shape, rng.choice([np.int32, np.int64, np.int8]))
    return Case(operator, [x], attributes, opset=24 if operator == "Swish" else rng.choice([20, 21, 22]))


@family
def binary(rng, noise):
    operator = rng.choice("Add Sub Mul Div Pow Mod Min Max Mean Sum Equal Less Greater LessOrEqual GreaterOrEqual And Or Xor "
                          "BitwiseAnd BitwiseOr BitwiseXor BitShift PRelu Where Clip".split())
    a, b = broadcast_pair(rng)
    kinds, attributes, inputs = NUMBERS, {}, None
    if operator in ("And", "Or", "Xor"):
        kinds = [np.bool_]
    elif operator.startswith("Bit"):
        kinds = [np.uint8, np.uint32, np.uint64] + ([] if operator == "BitShift" else [np.int32, np.int8])
    elif operator in ("Mean", "Sum"):
        kinds = FS
    elif operator == "Equal":
        kinds = NUMBERS + [np.bool_]
    x = values(rng, noise, a, kinds)
    y = values(rng, noise, b, [x.dtype])
    if operator == "Equal" and x.size and y.size:
        x, y = np.round(x.astype(np.float32) / 3).astype(x.dtype), np.round(y.astype(np.float32) / 3).astype(x.dtype)
    if operator == "Div" and x.dtype.kind in "iu":
        y = np.where(y == 0, 1, y).astype(y.dtype)
    if operator == "Mod":
        y = np.where(y == 0, 3, y).astype(y.dtype)
        attributes["fmod"] = 1 if x.dtype.kind == "f" else rng.randint(0, 1)
    if operator == "Pow":
        x = np.abs(x) + 1 if x.dtype.kind == "f" else np.abs(x % 4)
        y = values(rng, noise, b, [np.float32, np.int64, np.int32, x.dtype])
        y = np.abs(y % 4).astype(y.dtype)
    if operator == "BitShift":
        attributes["direction"] = rng.choice(["LEFT", "RIGHT"])
        y = (y % 8).astype(y.dtype)
    if operator in ("Min", "Max", "Mean", "Sum") and rng.random() < 0.5:
        inputs = [x, y, values(rng, noise, rng.choice([a, b, [], [1]]), [x.dtype])][:rng.choice([1, 3, 3])]
    if operator == "Where":
        inputs = [noise.random(rng.choice([a, b, [], [1]])) < 0.5, x, y]
    if operator == "PRelu":
        x = values(rng, noise, dims(rng, 1, 4), FS)
        y = floats(noise, [1 if rng.random() < 0.4 else d for d in x.shape][rng.randint(0, x.ndim - 1):], x.dtype)
    if operator == "Clip":
        x = values(rng, noise, a, NUMBERS)
        inputs = [x, maybe(rng, np.array(-2, x.dtype)), maybe(rng, np.array(2, x.dtype))]
    return Case(operator, inputs or [x, y], attributes, opset=rng.choice([18, 20, 21]))


# ---- Reductions -----------------------------------------------------------------------------

@family
def reduce(rng, noise):
    operator = rng.choice("Sum Mean Max Min Prod SumSquare L1 L2 LogSum LogSumExp".split())
    shape = dims(rng, 0, 5, zero=0.08)
    x = values(rng, noise, shape, [np.float32] if operator.startswith("L") else [np.float32, np.float32, np.float64, np.int32])
    if operator == "LogSum":
        x = np.abs(x) + 1
    if operator == "Prod":
        x = (x / 3).astype(x.dtype) if x.dtype.kind == "f" else np.sign(x).astype(x.dtype)
    axes = maybe(rng, some_axes(rng, len(shape)), 0.8)
    attributes = {"keepdims": maybe(rng, rng.randint(0, 1))}
    old = rng.random() < 0.3
    if old:
        attributes["axes"] = axes if axes and operator != "Sum" else None
    else:
        attributes["noop_with_empty_axes"] = maybe(rng, rng.randint(0, 1))
    given = axes is not None and (not old or operator == "Sum")
    return Case("Reduce" + operator, [x] + ([np.array(axes, np.int64)] if given else []), attributes,
                opset=13 if old else rng.choice([18, 20]), constants=(1,) if rng.random() < 0.7 else ())


@family
def arg_and_top(rng, noise):
    operator = rng.choice(["ArgMax", "ArgMin", "TopK", "CumSum", "Softmax", "LogSoftmax", "Hardmax", "Unique", "NonZero"])
    shape = dims(rng, 1, 4, zero=0.04)
    x = values(rng, noise, shape, [np.float32, np.float32, np.int32, np.float64])
    if rng.random() < 0.5:
        x = np.round(x / 2).astype(x.dtype)  # ties
    axis = axis_of(rng, len(shape))
    if operator in ("ArgMax", "ArgMin"):
        return Case(operator, [x], {"axis": maybe(rng, axis, 0.8), "keepdims": maybe(rng, rng.randint(0, 1)),
                                    "select_last_index": maybe(rng, rng.randint(0, 1))}, opset=13)
    if operator == "TopK":
        k = rng.randint(0, shape[axis])
        return Case("TopK", [x, list_of(k)], {"axis": axis, "largest": maybe(rng, rng.randint(0, 1))}, outputs=2, opset=21,
                    constants=(1,) if rng.random() < 0.5 else ())
    if operator == "CumSum":
        return Case("CumSum", [x, np.array(axis, rng.choice([np.int32, np.int64]))],
                    {"exclusive": maybe(rng, rng.randint(0, 1)), "reverse": maybe(rng, rng.randint(0, 1))}, opset=14)
    if operator == "Unique":
        return Case("Unique", [np.round(x / 3).astype(x.dtype)], {"axis": maybe(rng, axis), "sorted": rng.choice([None, 1])},
                    outputs=rng.choice([1, 2, 3, 4]), opset=11)
    if operator == "NonZero":
        return Case("NonZero", [np.round(x / 3).astype(x.dtype)], opset=13)
    return Case(operator, [x if x.dtype.kind == "f" else x.astype(np.float32)], {"axis": maybe(rng, axis, 0.8)}, opset=13)


# ---- Shape ----------------------------------------------------------------------------------

@family
def reshape(rng, noise):
    operator = rng.choice("Reshape Transpose Squeeze Unsqueeze Flatten Expand Tile Shape Size Concat Split DepthToSpace SpaceToDepth "
                          "Trilu EyeLike Range ConstantOfShape CenterCropPad".split())
    shape = dims(rng, 1, 4, zero=0.06)
    x = values(rng, noise, shape, ANY)
    rank, constants = len(shape), (1,) if rng.random() < 0.6 else ()
    if operator == "Reshape":
        to = [int(n) for n in rng.choice([[x.size], shape[::-1], [1] + shape, [x.size, 1, 1]])]
        if rng.random() < 0.6:
            to[rng.randrange(len(to))] = -1
        if rng.random() < 0.4 and rank:
            to = [0] + ([-1] if rng.random() < 0.5 else shape[1:])
        return Case(operator, [x, np.array(to, np.int64)], {"allowzero": maybe(rng, 1, 0.15)}, opset=21, constants=constants)
    if operator == "Transpose":
        return Case(operator, [x], {"perm": maybe(rng, rng.sample(range(rank), rank), 0.8)})
    if operator == "Squeeze":
        ones = [i - rank if rng.random() < 0.5 else i for i, d in enumerate(shape) if d == 1]
        axes = rng.sample(ones, rng.randint(0, len(ones)))
        return Case(operator, [x] + ([np.array(axes, np.int64)] if axes else []), constants=constants)
    if operator == "Unsqueeze":
        more = rng.randint(1, 3)
        axes = rng.sample(range(rank + more), more)
        return Case(operator, [x, np.array([a - rank - more if rng.random() < 0.4 else a for a in axes], np.int64)],
                    constants=constants)
    if operator == "Flatten":
        return Case(operator, [x], {"axis": maybe(rng, rng.randint(-rank, rank))})
    if operator == "Expand":
        a, b = broadcast_pair(rng)
        return Case(operator, [values(rng, noise, a, ANY), np.array(b, np.int64)], constants=constants)
    if operator == "Tile":
        return Case(operator, [x, np.array([rng.randint(0 if rng.random() < 0.1 else 1, 3) for _ in shape], np.int64)],
                    constants=constants)
    if operator == "Shape":
        return Case(operator, [x], {"start": maybe(rng, rng.randint(-6, 6)), "end": maybe(rng, rng.randint(-6, 6))}, opset=21)
    if operator == "Concat":
        axis = axis_of(rng, rank)
        parts = []
        for _ in range(rng.randint(1, 4)):
            own = list(shape)
            own[axis] = rng.choice([0, 1, 2, 3])
            parts.append(values(rng, noise, own, [x.dtype]))
        return Case(operator, parts, {"axis": axis})
    if operator == "Split":
        axis = axis_of(rng, rank)
        if rng.random() < 0.5:
            pieces = rng.randint(1, 4)
            return Case(operator, [x], {"axis": axis, "num_outputs": pieces}, outputs=pieces)
        rest, sizes = shape[axis], []
        for _ in range(rng.randint(0, 2)):
            sizes.append(rng.randint(0, rest))
            rest -= sizes[-1]
        return Case(operator, [x, np.array(sizes + [rest], np.int64)], {"axis": axis}, outputs=len(sizes) + 1,
                    constants=constants)
    if operator in ("DepthToSpace", "SpaceToDepth"):
        block = rng.choice([1, 2, 3])
        n, c, h, w = (rng.randint(1, 3) for _ in range(4))
        if operator == "DepthToSpace":
            return Case(operator, [floats(noise, (n, c * block * block, h, w))],
                        {"blocksize": block, "mode": maybe(rng, rng.choice(["DCR", "CRD"]))}, opset=13)
        return Case(operator, [floats(noise, (n, c, h * block, w * block))], {"blocksize": block}, opset=13)
    if operator == "Trilu":
        x = values(rng, noise, dims(rng, 2, 4), [np.float32, np.int64, np.float64])
        return Case(operator, [x] + rng.choice([[], [np.array(rng.randint(-4, 4), np.int64)]]), {"upper": maybe(rng, rng.randint(0, 1))},
                    opset=14)
    if operator == "EyeLike":
        return Case(operator, [values(rng, noise, dims(rng, 2, 2), [np.float32, np.int32])],
                    {"k": maybe(rng, rng.randint(-3, 3)), "dtype": maybe(rng, rng.choice([1, 7, 11]))})
    if operator == "Range":
        kind = rng.choice([np.float32, np.int64, np.int32, np.float64])
        step = rng.choice([1, 2, -1, -3]) if np.dtype(kind).kind == "i" else rng.choice([0.5, -0.3, 2])
        return Case(operator, [np.array(v, kind) for v in (rng.randint(-9, 9), rng.randint(-9, 9), step)], opset=11)
    if operator == "ConstantOfShape":
        return Case(operator, [np.array(shape, np.int64)], opset=21, constants=(0,) if constants else ())
    if operator == "CenterCropPad":
        axes = maybe(rng, some_axes(rng, rank, 1))
        count = rank if axes is None else len(axes)
        return Case(operator, [floats(noise, shape), np.array([rng.randint(1, 8) for _ in range(count)], np.int64)], {"axes": axes},
                    opset=18, constants=constants)
    return Case("Size", [x])


@family
def slice_and_pad(rng, noise):
    shape = dims(rng, 1, 4, zero=0.04)
    rank = len(shape)
    constants = tuple(range(1, 5)) if rng.random() < 0.6 else ()
    if rng.random() < 0.5:
        x = values(rng, noise, shape, ANY)
        axes = some_axes(rng, rank, 1)
        far = [-2**63 + 1, 2**63 - 1, -100, 100]
        starts = [rng.choice(far) if rng.random() < 0.2 else rng.randint(-6, 6) for _ in axes]
        ends = [rng.choice(far) if rng.random() < 0.3 else rng.randint(-6, 6) for _ in axes]
        steps = [rng.choice([1, 1, 2, 3, -1, -2]) for _ in axes]
        kind = rng.choice([np.int64, np.int64, np.int32])
        if kind == np.int32:
            starts, ends = ([int(np.clip(v, -2**31 + 1, 2**31 - 1)) for v in part] for part in (starts, ends))
        inputs = [x, np.array(starts, kind), np.array(ends, kind), np.array(axes, kind), np.array(steps, kind)]
        return Case("Slice", inputs[:rng.choice([5, 5, 4])], opset=13, constants=constants)
    mode = rng.choice(["constant", "constant", "reflect", "edge", "wrap"])
    x = values(rng, noise, [max(d, 1) if mode != "constant" else d for d in shape], [np.float32, np.float32, np.int64, np.float64, np.int32])
    axes = maybe(rng, some_axes(rng, rank, 1), 0.4)
    padded = [a % rank for a in axes] if axes is not None else range(rank)
    most = [x.shape[a] - 1 if mode == "reflect" else x.shape[a] if mode == "wrap" else 3 for a in padded]
    least = [-x.shape[a] // 2 if mode == "constant" and rng.random() < 0.3 else 0 for a in padded]
    pads = [rng.randint(a, max(a, min(m, 4))) for a, m in zip(least + least, most + most)]
    value = np.array(7, x.dtype) if mode == "constant" and rng.random() < 0.5 else None
    return Case("Pad", [x, np.array(pads, np.int64), value, np.array(axes, np.int64) if axes is not None else None], {"mode": mode},
                opset=rng.choice([19, 21]), constants=constants)


@family
def gather_and_scatter(rng, noise):
    operator = rng.choice("Gather GatherElements GatherND ScatterElements ScatterND OneHot Compress ReverseSequence".split())
    shape = [max(1, d) for d in dims(rng, 1, 4)]
    rank = len(shape)
    x = values(rng, noise, shape, [np.float32, np.float32, np.int64, np.float64])
    axis = axis_of(rng, rank)
    kind = rng.choice([np.int64, np.int32])
    if operator == "Gather":
        where = noise.integers(-shape[axis], shape[axis], dims(rng, 0, 3)).astype(kind)
        return Case(operator, [x, where], {"axis": maybe(rng, axis)} if axis == 0 else {"axis": axis}, opset=13)
    if operator in ("GatherElements", "ScatterElements"):
        own = [rng.randint(1, d) for d in shape]
        own[axis] = rng.randint(1, 5) if operator == "GatherElements" else rng.randint(1, shape[axis])
        where = noise.integers(-shape[axis], shape[axis], own).astype(kind)
        if operator == "GatherElements":
            return Case(operator, [x, where], {"axis": axis}, opset=13)
        reduction = rng.choice([None, "add", "mul", "max", "min"])
        if reduction is None:  # each place once, else the result depends on order
            flat = np.moveaxis(where, axis, -1).reshape(-1, own[axis])
            for row in flat:
                row[:] = noise.permutation(shape[axis])[:own[axis]]
            where = np.moveaxis(flat.reshape(np.moveaxis(where, axis, -1).shape), -1, axis)
        return Case(operator, [x, np.ascontiguousarray(where), values(rng, noise, own, [x.dtype])],
                    {"axis": axis, "reduction": reduction}, opset=18)
    if operator == "GatherND":
        batch = rng.randint(0, min(2, rank - 1))
        places = rng.randint(1, rank - batch)
        lead = shape[:batch] + [max(1, d) for d in dims(rng, 0, 2)]
        if len(lead) == batch:
            lead = lead + [2]
        where = np.stack([noise.integers(-shape[batch + i], shape[batch + i], lead) for i in range(places)], -1)
        return Case(operator, [x, where.astype(np.int64)], {"batch_dims": batch}, opset=13)
    if operator == "ScatterND":
        places = rng.randint(1, rank)
        count = rng.randint(1, 4)
        reduction = rng.choice([None, "add", "mul", "max", "min"])
        where = np.stack([noise.integers(-shape[i], shape[i], count) for i in range(places)], -1)
        if reduction is None:
            where = np.unique(where % np.array(shape[:places]), axis=0)
        return Case(operator, [x, where.astype(np.int64), values(rng, noise, [len(where)] + shape[places:], [x.dtype])],
                    {"reduction": reduction}, opset=18)
    if operator == "OneHot":
        depth = rng.randint(1, 6)
        where = noise.integers(-depth - 1, depth + 1, dims(rng, 0, 3)).astype(rng.choice([np.int64, np.float32, np.int32]))
        return Case(operator, [where, np.array(depth, np.int64), np.array([2, 5], rng.choice([np.float32, np.int64]))],
                    {"axis": maybe(rng, axis_of(rng, where.ndim + 1))}, opset=11)
    if operator == "Compress":
        taken = maybe(rng, axis)
        size = x.size if taken is None else shape[taken]
        return Case(operator, [x, noise.random(rng.randint(1, size)) < 0.5], {"axis": taken}, opset=11)
    x = floats(noise, [max(1, d) for d in dims(rng, 2, 4)])
    time = rng.randint(0, 1)
    return Case(operator, [x, noise.integers(1, x.shape[time], x.shape[1 - time], endpoint=True)],
                {"time_axis": time, "batch_axis": 1 - time}, opset=10)


@family
def resize(rng, noise):
    rank = rng.choice([3, 4, 4, 5])
    shape = [rng.randint(1, 2), rng.randint(1, 2)] + [rng.randint(1, 9) for _ in range(rank - 2)]
    mode = rng.choice(["nearest", "linear", "cubic"]) if rank == 4 else rng.choice(["nearest", "linear"])
    attributes = {"mode": mode, "coordinate_transformation_mode": rng.choice(
        ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize"])}
    if mode == "nearest":
        attributes["nearest_mode"] = rng.choice([None, "round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])
    if mode == "cubic":
        attributes["cubic_coeff_a"] = maybe(rng, -0.5)
        attributes["exclude_outside"] = maybe(rng, 1)
    if mode != "nearest":
        attributes["antialias"] = maybe(rng, 1, 0.3)
    region = None
    if attributes["coordinate_transformation_mode"] == "tf_crop_and_resize":
        region = np.array([0] * 2 + [rng.choice([0, 0.213, -0.117]) for _ in shape[2:]] + [1] * 2 +
                          [rng.choice([0.973, 0.719, 1.231]) for _ in shape[2:]], np.float32)
        attributes["extrapolation_value"] = maybe(rng, 9.0)
    x = floats(noise, shape)
    if rng.random() < 0.5:
        scales = np.array([1, 1] + [rng.choice([0.5, 0.6, 1, 1.5, 2, 2.7]) for _ in shape[2:]], np.float32)
        return Case("Resize", [x, region, scales], attributes, opset=19, constants=(1, 2, 3))
    sizes = list_of(*shape[:2], *[rng.randint(1, 12) for _ in shape[2:]])
    return Case("Resize", [x, region, None, sizes], attributes, opset=19, constants=(1, 2, 3))


@family
def sample(rng, noise):
    if rng.random() < 0.6:
        n, c, h, w = rng.randint(1, 2), rng.randint(1, 3), rng.randint(1, 6), rng.randint(1, 6)
        grid = noise.uniform(-1.4, 1.4, (n, rng.randint(1, 4), rng.randint(1, 4), 2)).astype(np.float32)
        return Case("GridSample", [floats(noise, (n, c, h, w)), grid],
                    {"mode": rng.choice(["linear", "nearest", "cubic"]), "padding_mode": rng.choice(["zeros", "border", "reflection"]),
                     "align_corners": rng.randint(0, 1)}, opset=20)
    if rng.random() < 0.5:
        corners = rng.randint(0, 1)  # of one place there are no corners: all answer differently
        return Case("AffineGrid", [floats(noise, (2, 2, 3), scale=0.5),
                                   list_of(2, 3, rng.randint(1 + corners, 5), rng.randint(1 + corners, 5))],
                    {"align_corners": corners}, opset=20, constants=(1,))
    boxes = np.stack([noise.uniform(0, 4, 3), noise.uniform(0, 4, 3), noise.uniform(4, 9, 3), noise.uniform(4, 9, 3)], -1)
    return Case("RoiAlign", [floats(noise, (2, 2, 9, 9)), boxes.astype(np.float32), list_of(0, 1, 0)],
                {"mode": rng.choice(["avg", "max"]), "output_height": rng.randint(1, 4), "output_width": rng.randint(1, 4),
                 "sampling_ratio": rng.choice([0, 1, 2]), "spatial_scale": rng.choice([1.0, 0.5]),
                 "coordinate_transformation_mode": rng.choice(["half_pixel", "output_half_pixel"])}, opset=16)


# ---- Networks -------------------------------------------------------------------------------

def window(rng, rank):
    """kernel, strides, dilations, pads or auto_pad of a convolution or pool."""
    kernel = [rng.choice([1, 2, 3, 3, 5]) for _ in range(rank)]
    attributes = {"strides": maybe(rng, [rng.choice([1, 2, 3]) for _ in range(rank)]),
                  "dilations": maybe(rng, [rng.choice([1, 1, 2]) for _ in range(rank)], 0.3)}
    way = rng.random()
    if way < 0.5:
        attributes["pads"] = [rng.randint(0, min(2, k - 1)) for k in kernel + kernel]
    elif way < 0.7:
        # The reference goes wrong where SAME meets dilation, or a stride wider than the kernel.
        attributes["auto_pad"] = rng.choice(["SAME_UPPER", "SAME_LOWER", "VALID"])
        attributes["dilations"] = None
        kernel = [max(k, s) for k, s in zip(kernel, attributes["strides"] or [1] * rank)]
    return kernel, attributes


@family
def convolution(rng, noise):
    operator = rng.choice(["Conv", "Conv", "Conv", "ConvTranspose"])
    rank = rng.choice([1, 2, 2, 2, 3])
    kernel, attributes = window(rng, rank)
    groups = rng.choice([1, 1, 2, 3])
    per, out = rng.choice([1, 2, 5, 8]), rng.choice([1, 2, 4, 9])
    spatial = [rng.randint(9 if attributes["dilations"] else 5, 12) for _ in range(rank)]
    if rng.random() < 0.2:
        groups, per, out = rng.choice([4, 8, 17]), 1, rng.choice([1, 1, 2])
    # ConvTranspose in float32: the reference alone runs others, and goes wrong with groups.
    kind = rng.choice([np.float32] * 5 + ([np.float64, np.float16] if operator == "Conv" else []))
    x = floats(noise, [rng.randint(1, 2), groups * per] + spatial, kind, 1)
    attributes["group"] = groups
    if rng.random() < 0.5:
        attributes["kernel_shape"] = kernel
    if operator == "Conv":
        w, bias = floats(noise, [groups * out, per] + kernel, kind, 1), groups * out
    else:
        w, bias = floats(noise, [groups * per, out] + kernel, kind, 1), groups * out
        strides = attributes.get("strides") or [1] * rank
        attributes["output_padding"] = maybe(rng, [rng.randint(0, s - 1) for s in strides], 0.3)
    return Case(operator, [x, w] + ([floats(noise, [bias], kind)] if rng.random() < 0.5 else []), attributes, opset=11,
                constants=(1, 2) if rng.random() < 0.8 else ())


@family
def pool(rng, noise):
    operator = rng.choice("MaxPool MaxPool AveragePool AveragePool LpPool GlobalAveragePool GlobalMaxPool GlobalLpPool".split())
    rank = rng.choice([1, 2, 2, 3])
    x = floats(noise, [rng.randint(1, 2), rng.choice([1, 3, 8, 17])] + [rng.randint(9, 14) for _ in range(rank)])
    if operator.startswith("Global"):
        return Case(operator, [x], {"p": maybe(rng, 3) if "Lp" in operator else None}, opset=21)
    kernel, attributes = window(rng, rank)
    attributes["kernel_shape"] = kernel
    if "auto_pad" not in attributes:
        attributes["ceil_mode"] = maybe(rng, 1, 0.4)
    if operator == "AveragePool":
        attributes["count_include_pad"] = maybe(rng, 1)
    if operator == "LpPool":
        attributes["p"] = maybe(rng, rng.choice([1, 3]))
    outputs = 1
    if operator == "MaxPool" and rng.random() < 0.4:
        outputs = 2
        attributes["storage_order"] = maybe(rng, 1, 0.3)
    return Case(operator, [x], attributes, outputs=outputs, opset=rng.choice([19, 22]))


@family
def normalise(rng, noise):
    operator = rng.choice("BatchNormalization InstanceNormalization GroupNormalization LayerNormalization RMSNormalization LRN "
                          "MeanVarianceNormalization LpNormalization".split())
    shape = [rng.randint(1, 3), rng.choice([1, 2, 4, 6])] + [rng.randint(1, 6) for _ in range(rng.randint(1, 3))]
    x = floats(noise, shape) + 1
    eps = maybe(rng, rng.choice([1e-3, 0.1]))
    if operator == "BatchNormalization":
        return Case(operator, [x] + [floats(noise, shape[1]) for _ in range(3)] + [np.abs(floats(noise, shape[1])) + 0.5],
                    {"epsilon": eps}, opset=15, constants=(1, 2, 3, 4) if rng.random() < 0.7 else ())
    if operator == "InstanceNormalization":
        return Case(operator, [x, floats(noise, shape[1]), floats(noise, shape[1])], {"epsilon": eps}, opset=21)
    if operator == "GroupNormalization":
        groups = rng.choice([g for g in (1, 2, 3, 6) if shape[1] % g == 0])
        return Case(operator, [x, floats(noise, shape[1]), floats(noise, shape[1])], {"epsilon": eps, "num_groups": groups}, opset=21)
    if operator in ("LayerNormalization", "RMSNormalization"):
        axis = axis_of(rng, len(shape))
        own = shape[axis:]
        bias = [floats(noise, own)] if operator[0] == "L" and rng.random() < 0.6 else []
        outputs = rng.choice([1, 3]) if operator[0] == "L" else 1
        return Case(operator, [x, floats(noise, own)] + bias, {"axis": axis, "epsilon": eps}, outputs=outputs,
                    opset=17 if operator[0] == "L" else 23)
    if operator == "LRN":  # of an odd size: the reference loops over the batch where it means channels
        return Case(operator, [x], {"size": rng.choice([1, 3, 5]), "alpha": maybe(rng, 0.01), "beta": maybe(rng, 0.5),
                                    "bias": maybe(rng, 2.0)}, opset=13)
    if operator == "LpNormalization":
        return Case(operator, [x], {"axis": axis_of(rng, len(shape)), "p": maybe(rng, rng.choice([1, 2]))}, opset=22)
    return Case(operator, [x], {"axes": None if len(shape) == 4 and rng.random() < 0.5 else some_axes(rng, len(shape), 1)}, opset=13)


@family
def product(rng, noise):
    operator = rng.choice(["MatMul", "MatMul", "Gemm", "Einsum", "MatMulInteger", "Det"])
    m, k, n = (rng.choice([1, 2, 3, 7, 16, 33, 0 if rng.random() < 0.05 else 5]) for _ in range(3))
    if operator == "MatMul":
        lead = dims(rng, 0, 2, zero=0)
        a = [1 if rng.random() < 0.3 else d for d in lead] + [m, k]
        b = [1 if rng.random() < 0.3 else d for d in lead][rng.randint(0, len(lead)):] + [k, n]
        kind = rng.choice([np.float32] * 4 + [np.float64, np.int32])
        a, b = a[-1:] if rng.random() < 0.1 else a, b[-2:-1] if rng.random() < 0.1 else b
        make = (lambda s: whole(noise, s, np.int32)) if kind is np.int32 else (lambda s: floats(noise, s, kind, 1))
        return Case(operator, [make(a), make(b)], opset=13, constants=(1,) if rng.random() < 0.5 else ())
    if operator == "Gemm":
        ta, tb = rng.randint(0, 1), rng.randint(0, 1)
        kind = rng.choice([np.float32] * 4 + [np.float64])
        c = rng.choice([None, [m, n], [n], [1, n], [m, 1], [1], []])
        inputs = [floats(noise, [k, m] if ta else [m, k], kind, 1), floats(noise, [n, k] if tb else [k, n], kind, 1)]
        return Case(operator, inputs + ([floats(noise, c, kind)] if c is not None else []),
                    {"transA": ta, "transB": tb, "alpha": maybe(rng, 0.5), "beta": maybe(rng, 2.0)}, opset=13,
                    constants=(1, 2) if rng.random() < 0.6 else ())
    if operator == "Einsum":
        letters = "abcde"
        size = {letter: rng.randint(1, 4) for letter in letters}
        terms = ["".join(rng.sample(letters, rng.randint(1, 4))) for _ in range(rng.randint(1, 3))]
        there = sorted(set("".join(terms)))
        equation = ",".join(terms)
        if rng.random() < 0.7:
            equation += "->" + "".join(rng.sample(there, rng.randint(0, len(there))))
        return Case(operator, [floats(noise, [size[i] for i in term], scale=1) for term in terms], {"equation": equation}, opset=12)
    if operator == "Det":
        return Case(operator, [floats(noise, dims(rng, 0, 2, zero=0) + [3, 3])], opset=11)
    ka, kb = (rng.choice([np.uint8, np.int8]) for _ in range(2))
    inputs = [whole(noise, [m, k], ka, -100, 100), whole(noise, [k, n], kb, -100, 100)]
    if rng.random() < 0.6:
        inputs += [whole(noise, [], ka), whole(noise, rng.choice([[], [n]]), kb)]
    return Case(operator, inputs, opset=10)


@family
def quantise(rng, noise):
    operator = rng.choice("QuantizeLinear DequantizeLinear QLinearMatMul QLinearConv ConvInteger DynamicQuantizeLinear".split())
    kind = rng.choice([np.uint8, np.int8])
    if operator == "DynamicQuantizeLinear":
        return Case(operator, [floats(noise, dims(rng, 1, 3, zero=0)) + rng.choice([0, 5, -9])], outputs=3, opset=11)
    shape = [max(1, d) for d in dims(rng, 1, 4)]
    if operator in ("QuantizeLinear", "DequantizeLinear"):
        wide = rng.choice([kind, np.uint16, np.int16])
        axis, attributes, own = axis_of(rng, len(shape)), {}, []
        way = rng.random()
        if way < 0.4:
            attributes["axis"], own = axis, [shape[axis]]
        elif way < 0.7:
            block = rng.randint(1, shape[axis])
            attributes.update(axis=axis, block_size=block)
            own = list(shape)
            own[axis] = -(-shape[axis] // block)
        scale = (np.abs(floats(noise, own)) + 0.1).astype(np.float32)
        zero = [whole(noise, own, wide, -5, 5)] if rng.random() < 0.7 else []
        if operator == "QuantizeLinear":
            return Case(operator, [floats(noise, shape, scale=60), scale] + (zero if zero else []), attributes, opset=21)
        return Case(operator, [whole(noise, shape, wide, -100, 100), scale] + zero, attributes, opset=21)

    def pair(own=()):
        return [np.abs(floats(noise, own, scale=0.05)) + np.float32(0.01), whole(noise, own, kind, -5, 5)]
    if operator == "QLinearMatMul":
        m, k, n = (rng.choice([1, 2, 5, 9]) for _ in range(3))
        inputs = [whole(noise, [m, k], kind, -90, 90)] + pair() + [whole(noise, [k, n], kind, -90, 90)] + pair() + pair()
        return Case(operator, [np.asarray(i) for i in inputs], opset=10)
    kernel, attributes = window(rng, 2)
    c, out = rng.choice([1, 2, 4]), rng.choice([1, 3, 6])
    x, w = whole(noise, [1, c, 9, 9], kind, -90, 90), whole(noise, [out, c] + kernel, kind, -90, 90)
    if operator == "ConvInteger":
        return Case(operator, [x, w] + rng.choice([[], [whole(noise, [], kind)]]), attributes, opset=10)
    per = (out,) if rng.random() < 0.5 else ()
    weight = pair(per)
    weight[1] = np.zeros(per, kind) if per else weight[1]
    inputs = [x] + pair() + [w] + weight + pair()
    if rng.random() < 0.5:
        inputs.append(whole(noise, [out], np.int32, -500, 500))
    return Case(operator, [np.asarray(i) for i in inputs], attributes, opset=10)


@family
def recurrent(rng, noise):
    operator = rng.choice(["RNN", "GRU", "LSTM"])
    gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[operator]
    direction = rng.choice(["forward", "reverse", "bidirectional"])
    d, t, b, i, h = 2 if direction == "bidirectional" else 1, rng.randint(1, 5), rng.randint(1, 3), rng.randint(1, 5), rng.randint(1, 6)
    inputs = [floats(noise, (t, b, i), scale=1), floats(noise, (d, gates * h, i), scale=0.6), floats(noise, (d, gates * h, h), scale=0.6)]
    inputs.append(floats(noise, (d, 2 * gates * h), scale=0.5) if rng.random() < 0.7 else None)
    inputs.append(noise.integers(1, t, b, endpoint=True).astype(np.int32) if rng.random() < 0.4 else None)
    inputs.append(floats(noise, (d, b, h), scale=0.5) if rng.random() < 0.5 else None)
    if operator == "LSTM":
        inputs.append(floats(noise, (d, b, h), scale=0.5) if inputs[-1] is not None else None)
        inputs.append(floats(noise, (d, 3 * h), scale=0.5) if rng.random() < 0.3 else None)
    attributes = {"hidden_size": h, "direction": direction}
    if operator != "LSTM":  # whose cell, the input of an activation too, onnxruntime does not clip
        attributes["clip"] = maybe(rng, 0.5, 0.2)
    if operator == "GRU":
        attributes["linear_before_reset"] = maybe(rng, 1)
    if operator == "LSTM":
        attributes["input_forget"] = maybe(rng, 1, 0.15)
    return Case(operator, inputs, attributes, outputs=3 if operator == "LSTM" else 2, opset=14, constants=(1, 2, 3))


@family
def attention(rng, noise):
    b, kv, s, t, d, e = (rng.choice(c) for c in ([1, 2], [1, 2, 3], [1, 3, 5], [1, 4, 6], [2, 4, 8], [2, 4, 6]))
    q = kv * rng.choice([1, 1, 2, 3])
    flat = rng.random() < 0.4
    attributes = {"is_causal": maybe(rng, 1, 0.3), "scale": maybe(rng, 0.3), "softcap": maybe(rng, 2.0, 0.3)}
    if flat:
        attributes.update(q_num_heads=q, kv_num_heads=kv)
        inputs = [floats(noise, (b, s, q * d), scale=1), floats(noise, (b, t, kv * d), scale=1), floats(noise, (b, t, kv * e), scale=1)]
    else:
        inputs = [floats(noise, (b, q, s, d), scale=1), floats(noise, (b, kv, t, d), scale=1), floats(noise, (b, kv, t, e), scale=1)]
    shape = rng.choice([(s, t), (1, 1, s, t), (b, 1, s, t), (b, q, s, t)])
    if rng.random() < 0.5:
        inputs.append(noise.random(shape) < 0.8 if rng.random() < 0.4 else floats(noise, shape))
    return Case("Attention", inputs, attributes, opset=23)


@family
def signal(rng, noise):
    if rng.random() < 0.7:
        shape = [rng.randint(1, 2), rng.randint(1, 9), rng.randint(1, 9)]
        onesided = maybe(rng, 1, 0.3)
        inverse = None if onesided else maybe(rng, 1, 0.3)
        x = floats(noise, shape + [1 if onesided or rng.random() < 0.5 else 2], rng.choice([np.float32, np.float64]))
        inputs = [x, maybe(rng, np.array(rng.randint(1, 10), np.int64)), np.array(rng.choice([1, 2, -2, -3]), np.int64)]
        return Case("DFT", inputs, {"onesided": onesided, "inverse": inverse}, opset=20)
    return Case(rng.choice(["HannWindow", "HammingWindow", "BlackmanWindow"]), [np.array(rng.randint(2, 12), np.int64)],
                {"periodic": maybe(rng, rng.randint(0, 1)), "output_datatype": rng.choice([None, 11])}, opset=17)


@family
def cast(rng, noise):
    to = rng.choice([1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13])
    x = values(rng, noise, dims(rng, 0, 3), ANY)
    if x.dtype.kind == "f":
        x = np.clip(x * 10, 0 if to in (2, 4, 12, 13) else -100, 100).astype(x.dtype)
    elif to in (2, 4, 12, 13) and x.dtype.kind == "i":
        x = np.abs(x)
    return Case("Cast", [x], {"to": to}, opset=21)


@family
def image(rng, noise):
    operator = rng.choice(["Col2Im", "DeformConv", "NonMaxSuppression", "MaxUnpool", "DepthToSpace", "Upsample"])
    if operator == "Col2Im":
        shape, block = [rng.randint(4, 8) for _ in range(2)], [rng.randint(1, 3) for _ in range(2)]
        strides, dilations = [rng.randint(1, 2) for _ in range(2)], [rng.randint(1, 2) for _ in range(2)]
        pads = [rng.randint(0, 1) for _ in range(4)]
        places = 1
        for i in range(2):
            places *= max(0, (shape[i] + pads[i] + pads[i + 2] - dilations[i] * (block[i] - 1) - 1) // strides[i] + 1)
        return Case(operator, [floats(noise, (2, 3 * block[0] * block[1], places)), np.array(shape, np.int64), np.array(block, np.int64)],
                    {"strides": strides, "dilations": dilations, "pads": pads}, opset=18)
    if operator == "DeformConv":
        k, pad, stride, groups, offsets = rng.randint(1, 3), rng.randint(0, 1), rng.randint(1, 2), rng.choice([1, 2]), rng.choice([1, 2])
        h, w = rng.randint(4, 7), rng.randint(4, 7)
        oh, ow = (h + 2 * pad - k) // stride + 1, (w + 2 * pad - k) // stride + 1
        inputs = [floats(noise, (2, 4, h, w)), floats(noise, (6, 4 // groups, k, k)), floats(noise, (2, offsets * k * k * 2, oh, ow), scale=1),
                  floats(noise, 6) if rng.random() < 0.5 else None,
                  np.abs(floats(noise, (2, offsets * k * k, oh, ow), scale=1)) if rng.random() < 0.5 else None]
        return Case(operator, inputs, {"kernel_shape": [k, k], "pads": [pad] * 4, "strides": [stride] * 2, "group": groups,
                                       "offset_group": offsets}, opset=19)
    if operator == "NonMaxSuppression":
        n = rng.randint(1, 8)
        corners = noise.uniform(0, 1, (2, n, 2))
        boxes = np.concatenate([corners, corners + noise.uniform(0.05, 0.6, (2, n, 2))], -1).astype(np.float32)
        if rng.random() < 0.3:
            boxes = np.ascontiguousarray(boxes[..., [2, 3, 0, 1]])
        return Case(operator, [boxes, noise.random((2, 2, n)).astype(np.float32), np.array(rng.randint(0, 5), np.int64),
                               np.array(rng.choice([0.1, 0.5, 0.9]), np.float32), np.array(rng.choice([0.0, 0.4]), np.float32)],
                    {"center_point_box": maybe(rng, 1, 0.2)}, opset=11)
    if operator == "MaxUnpool":
        h, w = rng.randint(1, 4), rng.randint(1, 4)
        where = np.stack([noise.permutation(4 * h * w)[:h * w] for _ in range(4)]).reshape(2, 2, h, w) + \
            np.arange(4).reshape(2, 2, 1, 1) * 4 * h * w
        return Case(operator, [floats(noise, (2, 2, h, w)), where.astype(np.int64)], {"kernel_shape": [2, 2], "strides": [2, 2]}, opset=11)
    if operator == "Upsample":
        return Case(operator, [floats(noise, (1, 2, rng.randint(1, 4), rng.randint(1, 4))), np.array([1, 1, 2, rng.choice([1, 3])], np.float32)],
                    {"mode": rng.choice(["nearest", "linear"])}, opset=9, constants=(1,))
    return Case(operator, [floats(noise, (1, 8, 2, 3))], {"blocksize": 2, "mode": "CRD"}, opset=13)


@family
def loss(rng, noise):
    operator = rng.choice(["NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"])
    n, c = rng.randint(1, 3), rng.randint(1, 5)
    more = [rng.randint(1, 3) for _ in range(rng.randint(0, 3))]
    target = noise.integers(0, c, [n] + more).astype(rng.choice([np.int64, np.int32]))
    weight = [np.abs(floats(noise, c)) + np.float32(0.1)] if rng.random() < 0.5 else []
    attributes = {"reduction": rng.choice(["none", "mean", "sum"]), "ignore_index": maybe(rng, rng.choice([0, -1, c - 1]), 0.4)}
    outputs = 2 if operator[0] == "S" and rng.random() < 0.4 else 1
    return Case(operator, [floats(noise, [n, c] + more), target] + weight, attributes, outputs=outputs, opset=13)


@family
def tokens(rng, noise):
    if rng.random() < 0.5:
        b, heads, s, d = rng.randint(1, 2), rng.randint(1, 3), rng.randint(1, 4), rng.choice([2, 4, 8])
        turn = rng.choice([0, 0, d // 2 if d > 2 else 0])
        flat = rng.random() < 0.5
        half = (turn or d) // 2
        longest = 6
        ids = noise.integers(0, longest, (b, s)) if rng.random() < 0.6 else None
        table = (longest, half) if ids is not None else (b, s, half)
        x = floats(noise, (b, s, heads * d) if flat else (b, heads, s, d))
        return Case("RotaryEmbedding", [x, floats(noise, table, scale=0.5), floats(noise, table, scale=0.5), ids],
                    {"interleaved": maybe(rng, 1), "num_heads": heads if flat else None, "rotary_embedding_dim": turn or None}, opset=23)
    b, kv, s, t, d, past = (rng.randint(1, 3) for _ in range(6))
    q, d = kv * rng.choice([1, 2]), 2 * d
    inputs = [floats(noise, (b, q, s, d), scale=1), floats(noise, (b, kv, t, d), scale=1), floats(noise, (b, kv, t, d), scale=1),
              floats(noise, (s, t + past)) if rng.random() < 0.5 else None,
              floats(noise, (b, kv, past, d), scale=1), floats(noise, (b, kv, past, d), scale=1)]
    return Case("Attention", inputs, {"is_causal": maybe(rng, 1, 0.3), "softcap": maybe(rng, 2.0, 0.3),
                                      "qk_matmul_output_mode": rng.choice([None, 0, 1, 2, 3])}, outputs=rng.choice([1, 3, 4]), opset=23)


@family
def learning(rng, noise):
    operator = rng.choice(["Scaler", "Normalizer", "Binarizer", "LinearRegressor", "LinearClassifier", "ArrayFeatureExtractor", "Imputer",
                           "LabelEncoder", "TreeEnsembleRegressor", "SVMRegressor"])
    n, c = rng.randint(1, 4), rng.randint(1, 5)
    x = floats(noise, (n, c))
    numbers = [float(v) for v in noise.standard_normal(c)]
    ml = dict(opset=20, domain="ai.onnx.ml")
    if operator == "Scaler":
        one = rng.random() < 0.3
        return Case(operator, [x], {"offset": numbers[:1] if one else numbers, "scale": [2.0] if one else numbers[::-1]}, **ml)
    if operator == "Normalizer":
        return Case(operator, [x], {"norm": rng.choice(["MAX", "L1", "L2"])}, **ml)
    if operator == "Binarizer":
        return Case(operator, [x], {"threshold": rng.choice([0.0, 0.7])}, **ml)
    if operator == "LinearRegressor":
        targets = rng.randint(1, 3)
        return Case(operator, [x], {"coefficients": [float(v) for v in noise.standard_normal(targets * c)], "targets": targets,
                                    "intercepts": [float(v) for v in noise.standard_normal(targets)]}, **ml)
    if operator == "LinearClassifier":
        classes = rng.randint(2, 4)
        return Case(operator, [x], {"coefficients": [float(v) for v in noise.standard_normal(classes * c)],
                                    "intercepts": [float(v) for v in noise.standard_normal(classes)],
                                    "classlabels_ints": list(range(5, 5 + classes)),
                                    "post_transform": rng.choice([None, "SOFTMAX", "LOGISTIC"])}, outputs=2, **ml)
    if operator == "ArrayFeatureExtractor":
        return Case(operator, [x, noise.integers(0, c, (1, rng.randint(1, 4)))], {}, **ml)
    if operator == "Imputer":
        return Case(operator, [np.where(noise.random((n, c)) < 0.3, np.float32("nan"), x)],
                    {"imputed_value_floats": numbers, "replaced_value_float": float("nan")}, **ml)
    if operator == "LabelEncoder":
        return Case(operator, [noise.integers(0, 5, (n, c))], {"keys_int64s": [0, 1, 3], "values_floats": [0.5, 1.5, 2.5],
                                                               "default_float": -1.0}, **ml)
    if operator == "SVMRegressor":
        vectors = rng.randint(1, 3)
        return Case(operator, [x], {"coefficients": [float(v) for v in noise.standard_normal(vectors)], "n_supports": vectors,
                                    "support_vectors": [float(v) for v in noise.standard_normal(vectors * c)], "rho": [0.3],
                                    "kernel_type": rng.choice(["LINEAR", "RBF", "POLY", "SIGMOID"]), "kernel_params": [0.4, 0.2, 3.0]}, **ml)
    modes = [rng.choice(["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]) for _ in range(3)] + ["LEAF"] * 4
    return Case(operator, [np.round(x)], {
        "nodes_treeids": [0] * 7, "nodes_nodeids": list(range(7)), "nodes_featureids": [int(noise.integers(0, c)) for _ in range(7)],
        "nodes_modes": modes, "nodes_values": [float(round(v)) for v in noise.standard_normal(7) * 2],
        "nodes_truenodeids": [1, 3, 5, 0, 0, 0, 0], "nodes_falsenodeids": [2, 4, 6, 0, 0, 0, 0],
        "target_treeids": [0] * 4, "target_nodeids": [3, 4, 5, 6], "target_ids": [0, 0, 0, 0], "n_targets": 1,
        "target_weights": [float(v) for v in noise.standard_normal(4)]}, **ml)
