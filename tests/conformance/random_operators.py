"""tests/conformance/random_operators.py - random cases: elementwise, reductions, shape

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np

from random_draw import (Case, family, dims, floats, whole, values, list_of, some_axes, axis_of, maybe, FS,
                         NUMBERS, ANY, broadcast_pair)


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
