"""tests/conformance/random_layers.py - random cases: what networks are made of, and the rest

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np

from random_draw import (Case, family, dims, floats, whole, values, some_axes, axis_of, maybe, ANY)


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
