#!/usr/bin/env python3
"""Writes the models of tests/e2e/bad_graph_test.sh, each wrong in one way.

    make_bad_graphs.py FOLDER       (needs onnx; FOLDER is where this file is)
"""
import sys

import numpy as np
from onnx import TensorProto as T, helper as h, numpy_helper


def model(nodes, constants=(), functions=(), inputs=(("x", T.FLOAT, [1, 4]),), outputs=(("y", T.FLOAT, None),), domains=()):
    graph = h.make_graph(nodes, "g", [h.make_tensor_value_info(*v) for v in inputs], [h.make_tensor_value_info(*v) for v in outputs],
                         [numpy_helper.from_array(a, n) for n, a in constants])
    return h.make_model(graph, functions=list(functions), ir_version=10,
                        opset_imports=[h.make_opsetid("", 18)] + [h.make_opsetid(d, 1) for d in domains])


def i64(*numbers):
    return np.array(numbers, np.int64)


def node(kind, inputs, outputs, **attributes):
    return h.make_node(kind, inputs, outputs, name=attributes.pop("name", "at_fault"), **attributes)


def call(kind, inputs, outputs):
    return h.make_node(kind, inputs, outputs, name="at_fault", domain="f")


def function(name, nodes):
    return h.make_function("f", name, ["a"], ["b"], nodes, [h.make_opsetid("", 18), h.make_opsetid("f", 1)])


forever = h.make_graph([h.make_node("Identity", ["go"], ["go_on"]), h.make_node("Identity", ["v"], ["w"])], "body",
                       [h.make_tensor_value_info("i", T.INT64, []), h.make_tensor_value_info("go", T.BOOL, []),
                        h.make_tensor_value_info("v", T.FLOAT, [1, 4])],
                       [h.make_tensor_value_info("go_on", T.BOOL, []), h.make_tensor_value_info("w", T.FLOAT, [1, 4])])

of_plans = h.make_graph([node("Softmax", ["x"], ["s"], imgcls_flatten=1)], "branch", [], [h.make_tensor_value_info("s", T.FLOAT, None)])

models = {
    "cycle": model([node("Add", ["x", "b"], ["a"]), h.make_node("Relu", ["a"], ["b"]), h.make_node("Relu", ["b"], ["y"])]),
    "undefined_input": model([node("Add", ["x", "nowhere"], ["y"])]),
    "duplicate_name": model([node("Relu", ["x"], ["y"]), node("Neg", ["x"], ["y"])]),
    "recursion": model([call("even", ["x"], ["y"])], domains=["f"],
                       functions=[function("even", [call("odd", ["a"], ["b"])]), function("odd", [call("even", ["a"], ["b"])])]),
    "self_recursion": model([call("again", ["x"], ["y"])], domains=["f"], functions=[function("again", [call("again", ["a"], ["b"])])]),
    "endless_loop": model([node("Loop", ["", "yes", "x"], ["y"], body=forever)], [("yes", np.array(True))]),
    "reshape_terabytes": model([node("Reshape", ["x", "s"], ["y"])], [("s", i64(1 << 20, 1 << 22))]),
    "expand_terabytes": model([node("Expand", ["x", "s"], ["y"])], [("s", i64(1 << 20, 1 << 20, 1, 4))]),
    "expand_uncountable": model([node("Expand", ["x", "s"], ["y"])], [("s", i64(1 << 40, 1 << 40, 1, 4))]),
    "tile_terabytes": model([node("Tile", ["x", "s"], ["y"])], [("s", i64(1 << 30, 1 << 10))]),
    "fill_terabytes": model([node("ConstantOfShape", ["s"], ["c"]), h.make_node("ReduceSum", ["c"], ["r"], keepdims=0),
                             h.make_node("Add", ["x", "r"], ["y"])], [("s", i64(1 << 40))]),
    "index_out_of_range": model([node("Gather", ["x", "i"], ["y"], axis=1)], [("i", i64(0, 4))]),
    "gather_nd_out_of_range": model([node("GatherND", ["x", "i"], ["y"])], [("i", i64(0, 9).reshape(1, 2))]),
    "scatter_out_of_range": model([node("ScatterElements", ["x", "i", "u"], ["y"], axis=1)],
                                  [("i", i64(-5).reshape(1, 1)), ("u", np.zeros((1, 1), np.float32))]),
    "axis_out_of_range": model([node("Softmax", ["x"], ["y"], axis=2)]),
    "shapes_that_contradict": model([node("Add", ["x", "c"], ["y"])], [("c", np.zeros(3, np.float32))]),
    "output_not_as_declared": model([node("Relu", ["x"], ["y"])], outputs=[("y", T.FLOAT, [1, 5])]),
    "stride_uncountable": model([h.make_node("Unsqueeze", ["x", "axes"], ["z"]),
                                 node("ConvTranspose", ["z", "w"], ["y"], strides=[1 << 30, 1 << 30])],
                                [("axes", i64(0, 1)), ("w", np.zeros((1, 4, 4, 2**2), np.float32))], inputs=[("x", T.FLOAT, [9, 9])]),
    # believed, the square matrix would be read the other way round
    "attribute_of_plans": model([node("MatMul", ["x", "w"], ["y"], transB=1)], [("w", np.arange(16, dtype=np.float32).reshape(4, 4))]),
    "attribute_of_plans_within": model([h.make_node("If", ["yes"], ["y"], then_branch=of_plans, else_branch=of_plans)],
                                       [("yes", np.array(True))]),
    # believed, a kernel would trust what a pass has not looked at
    "operator_of_plans": model([h.make_node("Conv", ["x", "w"], ["y"], name="at_fault", domain="imgcls.channels_last")],
                               [("w", np.zeros((1, 4, 1, 1), np.float32))], domains=["imgcls.channels_last"]),
    "unknown_operator": model([h.make_node("Frobnicate", ["x"], ["y"], name="at_fault", domain="org.example")], domains=["org.example"]),
}
for name, made in models.items():
    with open(f"{sys.argv[1]}/{name}.onnx", "wb") as f:
        f.write(made.SerializeToString())
