#!/usr/bin/env python3
# tests/ops/nn_reference.py - expected values of tests/ops/nn_test.c, by ONNX Runtime
#
#   python3 tests/ops/nn_reference.py > tests/ops/nn_rows.h
#
# Needs onnx 1.23, onnxruntime 1.32 and numpy. Inputs are made by the formula in value(), which
# nn_test.c has too. Where ONNX Runtime does not take a row (an operator set before 7, a type)
# the row's expected values come from onnx's reference evaluator or from numpy here.
#
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

ort.set_default_logger_severity(4)


def value(count, which):
    i = np.arange(count)
    return (((i * 37 + which * 11 + i // 7) % 23 - 11) / 8.0).astype(np.float32)


def parse(text):
    out = {}
    for part in text.split():
        key, word = part.split("=")
        if "," in word:
            out[key] = [int(v) for v in word.split(",") if v]
        elif word.endswith("f"):
            out[key] = float(word[:-1])
        else:
            out[key] = int(word) if word.lstrip("-").isdigit() else word
    return out


def lrn(x, size, alpha, beta, bias):
    """By the operator's text; ONNX Runtime refuses even sizes, onnx's evaluator errs."""
    out = np.zeros(x.shape)
    for c in range(x.shape[1]):
        near = x[:, max(0, c - (size - 1) // 2):c + size // 2 + 1].astype(float)
        out[:, c] = x[:, c] / (bias + alpha / size * (near ** 2).sum(1)) ** beta
    return out


R = []  # op, opset, attributes, input shapes, outputs, numpy function or None


def row(op, opset, attrs, *shapes, outputs=1, by=None):
    R.append((op, opset, attrs, shapes, outputs, by))


# Conv: 1, 2, 3 dimensions; stride, dilation, groups, lopsided padding, auto_pad, no bias
row("Conv", 11, "", (1, 2, 5), (3, 2, 3), (3,))
row("Conv", 22, "pads=1,2,0,1 strides=2,1 dilations=1,2", (1, 2, 6, 7), (2, 2, 3, 2), (2,))
row("Conv", 11, "group=2 kernel_shape=3,3 pads=1,1,1,1", (1, 4, 4, 4), (4, 2, 3, 3))
row("Conv", 1, "group=3 pads=1,1,1,1 strides=2,2", (2, 3, 5, 5), (3, 1, 3, 3), (3,))
row("Conv", 11, "group=2 pads=2,2,2,2 dilations=2,2", (1, 2, 5, 6), (4, 1, 3, 3), (4,))
row("Conv", 11, "auto_pad=SAME_UPPER strides=2,2", (1, 1, 5, 4), (1, 1, 3, 2))
row("Conv", 11, "auto_pad=SAME_LOWER strides=2,2", (1, 1, 5, 4), (1, 1, 3, 2))
row("Conv", 11, "auto_pad=VALID strides=2,3", (1, 1, 6, 7), (2, 1, 2, 2))
row("Conv", 11, "pads=0,1,0,0,1,1", (1, 2, 3, 3, 4), (2, 2, 2, 2, 2), (2,))
row("Conv", 11, "", (2, 5, 3, 3), (7, 5, 1, 1), (7,))
row("ConvTranspose", 11, "strides=2,2 pads=1,1,1,1 output_padding=1,1", (1, 2, 3, 3),
    (2, 2, 3, 3), (2,))
row("ConvTranspose", 11, "group=2 dilations=2,", (1, 4, 4), (4, 1, 3))
row("ConvTranspose", 11, "strides=2,2 auto_pad=SAME_UPPER", (1, 1, 3, 3), (1, 2, 3, 3))
row("ConvTranspose", 11, "strides=3,2 output_shape=10,8", (1, 1, 3, 3), (1, 2, 3, 3))
# Pooling
row("MaxPool", 8, "kernel_shape=2,3 strides=2,2 pads=0,1,0,1", (1, 2, 4, 5), outputs=2)
row("MaxPool", 12, "kernel_shape=3,3 strides=2,2 ceil_mode=1 pads=1,1,1,1", (1, 1, 6, 7),
    outputs=2)
row("MaxPool", 12, "kernel_shape=2,2 dilations=2,3 storage_order=1", (1, 2, 5, 5), outputs=2)
row("MaxPool", 11, "kernel_shape=3, auto_pad=SAME_LOWER", (1, 2, 6))
row("MaxPool", 11, "kernel_shape=2,2,2", (1, 1, 3, 4, 3))
row("AveragePool", 7, "kernel_shape=3,3 pads=1,1,1,1 strides=2,2", (1, 2, 5, 5))
row("AveragePool", 11, "kernel_shape=3,3 pads=1,1,1,1 count_include_pad=1", (1, 1, 4, 4))
row("AveragePool", 19, "kernel_shape=2,2 strides=2,2 ceil_mode=1", (1, 1, 5, 5))
row("AveragePool", 19, "kernel_shape=2,2 dilations=2,2 pads=1,0,0,1", (1, 1, 5, 5))
row("AveragePool", 19, "kernel_shape=3, strides=3, ceil_mode=1 pads=1,1 count_include_pad=1",
    (1, 1, 6), by="reference")
row("LpPool", 18, "kernel_shape=2,2 strides=2,1 p=1", (1, 2, 4, 4))
row("LpPool", 18, "kernel_shape=3, p=3", (1, 1, 7))
row("GlobalAveragePool", 1, "", (2, 3, 3, 5))
row("GlobalMaxPool", 1, "", (2, 3, 7))
row("GlobalLpPool", 2, "p=2", (1, 3, 4, 4))
# Products
row("Gemm", 13, "", (3, 4), (4, 5), (5,))
row("Gemm", 13, "transA=1 transB=1 alpha=0.5f beta=2.0f", (4, 3), (5, 4), (3, 1))
row("Gemm", 11, "transB=1", (1, 7), (9, 7))
row("Gemm", 7, "transB=1 beta=0.25f", (2, 3), (4, 3), (2, 4))
row("Gemm", 6, "broadcast=1", (2, 3), (3, 4), (4,), by=lambda a, x, w, c: [x @ w + c])
row("MatMul", 13, "", (2, 3), (3, 4))
row("MatMul", 13, "", (3,), (2, 3, 4))
row("MatMul", 13, "", (2, 3, 4), (4,))
row("MatMul", 13, "", (5,), (5,))
row("MatMul", 13, "", (2, 1, 3, 4), (3, 4, 2))
row("MatMul", 9, "", (3, 2, 5), (5, 3))
# Softmax: new meaning, and flattened
row("Softmax", 13, "", (2, 3, 5))
row("Softmax", 13, "axis=1", (2, 3, 4))
row("Softmax", 11, "axis=1", (2, 3, 4))
row("Softmax", 11, "", (3, 5))
row("LogSoftmax", 13, "axis=0", (3, 4))
row("LogSoftmax", 9, "axis=2", (2, 2, 5))
row("Hardmax", 13, "axis=-1", (3, 5))
row("Hardmax", 11, "axis=1", (2, 2, 3))
# Normalisation
row("LayerNormalization", 17, "", (2, 3, 5), (5,), (5,), outputs=3)
row("LayerNormalization", 17, "axis=1 epsilon=0.01f", (2, 3, 4), (3, 4), outputs=1)
row("LayerNormalization", 17, "axis=1", (2, 3, 4), (4,), (3, 1), by="reference")
row("RMSNormalization", 23, "", (2, 3, 5), (5,), by="reference")
row("BatchNormalization", 15, "epsilon=0.5f", (2, 3, 2, 2), (3,), (3,), (3,), "positive:3")
row("BatchNormalization", 9, "", (2, 3), (3,), (3,), (3,), "positive:3")
row("BatchNormalization", 15, "", (3, 150), (150,), (150,), (150,), "positive:150")
row("BatchNormalization", 7, "spatial=0", (2, 2, 3), (2, 3), (2, 3), (2, 3), "positive:2,3",
    by=lambda a, x, s, b, m, v: [(x - m) / np.sqrt(v + np.float32(1e-5)) * s + b])
row("InstanceNormalization", 6, "epsilon=0.1f", (2, 3, 4), (3,), (3,))
row("InstanceNormalization", 6, "", (2, 3, 5, 7), (3,), (3,))
row("GroupNormalization", 21, "num_groups=2", (1, 4, 2, 3), (4,), (4,), by="reference")
row("GroupNormalization", 21, "num_groups=2", (2, 4, 5, 3), (4,), (4,))
row("GroupNormalization", 18, "num_groups=2", (1, 4, 2, 3), (2,), (2,), by="reference")
row("MeanVarianceNormalization", 13, "", (2, 2, 3, 3), by="reference")
row("MeanVarianceNormalization", 9, "axes=1,2", (2, 3, 3), by="reference")
row("LRN", 13, "size=3 alpha=0.5f beta=0.6f bias=2.0f", (1, 5, 2, 2))
row("LRN", 1, "size=4", (1, 6, 2, 2), by=lambda a, x: [lrn(x, 4, 1e-4, 0.75, 1)])
row("LpNormalization", 1, "axis=1 p=1", (2, 3, 4))
row("LpNormalization", 22, "", (3, 4), by="reference")


def shape_of(shape):
    if isinstance(shape, str):  # "positive:3": values made positive, for variances
        return tuple(int(v) for v in shape.split(":")[1].split(",")), True
    return shape, False


def expected(op, opset, attrs, shapes, outputs, by):
    inputs = {}
    for i, shape in enumerate(shapes):
        dims, positive = shape_of(shape)
        x = value(int(np.prod(dims)), i).reshape(dims)
        inputs["x%d" % i] = np.abs(x) + np.float32(0.5) if positive else x
    if callable(by):
        return by(parse(attrs), *inputs.values())
    node = helper.make_node(op, list(inputs), ["y%d" % i for i in range(outputs)],
                            **parse(attrs))
    infos = [helper.make_tensor_value_info(k, TensorProto.FLOAT, v.shape)
             for k, v in inputs.items()]
    index = op == "MaxPool"
    outs = [helper.make_tensor_value_info(
        "y%d" % i, TensorProto.INT64 if index and i else TensorProto.FLOAT, None)
        for i in range(outputs)]
    model = helper.make_model(helper.make_graph([node], "g", infos, outs),
                              opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    if by == "reference":
        return ReferenceEvaluator(model).run(None, inputs)
    return ort.InferenceSession(model.SerializeToString(),
                                providers=["CPUExecutionProvider"]).run(None, inputs)


def dims_text(shape):
    return "{" + ", ".join([str(len(shape))] + [str(d) for d in shape]) + "}"


def main():
    print("/*\n * tests/ops/nn_rows.h - made by: python3 tests/ops/nn_reference.py > "
          "tests/ops/nn_rows.h\n *\n * One row an operator's case; expected values by ONNX "
          "Runtime %s (see the script).\n *\n * SPDX-License-Identifier: Apache-2.0\n */"
          % ort.__version__)
    print("/* clang-format off */")
    lines = []
    for n, (op, opset, attrs, shapes, outputs, by) in enumerate(R):
        try:
            results = [np.asarray(v) for v in expected(op, opset, attrs, shapes, outputs, by)]
        except Exception as error:
            raise SystemExit("%s %d %s: %s" % (op, opset, attrs, error))
        print("static const double want_%d[] = {" % n)
        for v in results:
            print("    " + ", ".join("%.9g" % x for x in v.ravel()) + ",")
        print("};")
        ins = ", ".join(dims_text(shape_of(s)[0]) for s in shapes)
        positive = [i for i, s in enumerate(shapes) if isinstance(s, str)]
        outs = ", ".join(dims_text(v.shape) for v in results)
        lines.append('    {"%s", %d, "%s", %d, {%s}, %d, %d, {%s}, want_%d},'
                     % (op, opset, attrs, len(shapes), ins, positive[0] if positive else -1,
                        len(results), outs, n))
    print("static const struct nn_row rows[] = {")
    print("\n".join(lines))
    print("};\n/* clang-format on */")


main()
