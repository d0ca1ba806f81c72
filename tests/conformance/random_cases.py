#!/usr/bin/env python3
"""tests/conformance/random_cases.py - operators on random cases, against two references

    random_cases.py DIR [--count N] [--seed S] [--families NAME,NAME]   write cases, run them
    random_cases.py DIR --write-only ...                                write them only

Draws N cases of each family: odd shapes, empty dimensions, broadcasting, negative axes, strides,
every attribute. What onnx.reference computes is the expected output, and onnxruntime is the referee
where it is installed: a case that only one of them runs has that one's answer, and one on which they
differ is disputed: it passes with either answer. DIR/FAMILY/N_OPERATOR/ is a case as the suite has them, which
`imgcls-verify --suite DIR` runs; its failures are printed with the node. The same seed draws the
same cases.

Needs onnx, numpy (onnxruntime if there), and imgcls-verify on PATH. Exits with 1 where a case fails.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import warnings

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import random_draw
import random_operators  # noqa: F401 (its families, and those of the next)
import random_layers  # noqa: F401

try:
    import onnxruntime
except ImportError:
    onnxruntime = None

DISPUTED = ("-reference", "-runtime")  # behind a family's name: one case in two folders
RTOL, ATOL = 1e-3, 1e-5  # as the suite has them, but for sums that cancel


def model_of(case):
    names = ["x%d" % i if value is not None else "" for i, value in enumerate(case.inputs)]
    while names and not names[-1]:
        names.pop()
    outputs = ["y%d" % i for i in range(case.outputs)]
    node = helper.make_node(case.operator, names, outputs, name="node", domain=case.domain, **case.attributes)
    inputs, constants = [], []
    for i, (name, value) in enumerate(zip(names, case.inputs)):
        if value is None:
            continue
        if i in case.constants:
            constants.append(numpy_helper.from_array(value, name))
        else:
            inputs.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape))
    graph = helper.make_graph([node], "random", inputs, [onnx.ValueInfoProto(name=name) for name in outputs], constants)
    opsets = [helper.make_opsetid("", case.opset)]
    if case.domain:
        opsets.append(helper.make_opsetid(case.domain, 3))
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def feeds_of(case):
    return {"x%d" % i: value for i, value in enumerate(case.inputs) if value is not None and i not in case.constants}


def by_reference(model, case):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            outputs = ReferenceEvaluator(model).run(None, feeds_of(case))
        return [np.asarray(output) for output in outputs]
    except Exception:  # it cannot: the other one may
        return None


def serve(pipe):
    """onnxruntime in a process of its own: it may end it."""
    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    while True:
        model, feeds = pipe.recv()
        try:
            session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            pipe.send(session.run(None, feeds))
        except Exception:  # it cannot
            pipe.send(None)


class Runtime:
    def __init__(self):
        self.pipe = self.process = None

    def run(self, model, case):
        if not onnxruntime:
            return None
        if not self.process or not self.process.is_alive():
            self.pipe, other = multiprocessing.Pipe()
            self.process = multiprocessing.Process(target=serve, args=(other,), daemon=True)
            self.process.start()
            other.close()
        try:
            self.pipe.send((model.SerializeToString(), feeds_of(case)))
            return self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            return None


def agree(one, other):
    if one is None or other is None:
        return True
    for a, b in zip(one, other):
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        half = a.dtype == np.float16
        if a.dtype.kind in "fc" and not np.allclose(a, b, 5e-3 if half else RTOL, 5e-3 if half else ATOL, equal_nan=True):
            return False
        if a.dtype.kind not in "fc" and not np.array_equal(a, b):
            return False
    return True


def write(folder, model, case, outputs):
    data = os.path.join(folder, "test_data_set_0")
    os.makedirs(data)
    # What an operator gives is declared by type alone: shapes are for the reader to infer.
    for info, value in zip(model.graph.output, outputs):
        info.CopyFrom(helper.make_tensor_value_info(info.name, helper.np_dtype_to_tensor_dtype(value.dtype), None))
    onnx.save(model, os.path.join(folder, "model.onnx"))
    half = any(value.dtype == np.float16 for value in outputs)
    with open(os.path.join(folder, "tolerance.txt"), "w", encoding="utf-8") as file:
        file.write("5e-3 5e-3" if half else "%g %g" % (RTOL, ATOL))
    for i, value in enumerate(feeds_of(case).values()):
        with open(os.path.join(data, "input_%d.pb" % i), "wb") as file:
            file.write(numpy_helper.from_array(value, "x").SerializeToString())
    for i, value in enumerate(outputs):
        with open(os.path.join(data, "output_%d.pb" % i), "wb") as file:
            file.write(numpy_helper.from_array(np.ascontiguousarray(value).reshape(value.shape), "y").SerializeToString())


def describe(folder):
    node = onnx.load(os.path.join(folder, "model.onnx"))
    values = [(i.name, helper.tensor_dtype_to_np_dtype(i.type.tensor_type.elem_type).name,
               [d.dim_value for d in i.type.tensor_type.shape.dim]) for i in node.graph.input]
    constants = {c.name: numpy_helper.to_array(c).tolist() for c in node.graph.initializer}
    attributes = {a.name: helper.get_attribute_value(a) for a in node.graph.node[0].attribute}
    return "opset %d %s %s %s" % (node.opset_import[0].version, values, constants, attributes)


def draw(family, make, count, seed, root, runtime):
    """Returns how many were written, how many are disputed, and how many nobody runs."""
    written = disputed = refused = 0
    for number in range(count):
        rng = random.Random("%s %d %d" % (family, seed, number))
        case = make(rng, np.random.default_rng(rng.getrandbits(32)))
        try:
            model = model_of(case)
        except Exception as error:
            sys.exit("%s %d: %s" % (family, number, error))
        first, second = by_reference(model, case), runtime.run(model, case)
        if first is None and second is None:
            refused += 1
            continue
        name = "%05d_%s" % (number, case.operator)
        if agree(first, second):
            write(os.path.join(root, family, name), model, case, second if first is None else first)
        else:
            disputed += 1
            write(os.path.join(root, family + DISPUTED[0], name), model, case, first)
            write(os.path.join(root, family + DISPUTED[1], name), model, case, second)
        written += 1
    return written, disputed, refused


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--families")
    parser.add_argument("--write-only", action="store_true")
    arguments = parser.parse_args()
    names = arguments.families.split(",") if arguments.families else list(random_draw.FAMILIES)
    runtime = Runtime()
    for name in names:
        for suffix in ("",) + DISPUTED:
            shutil.rmtree(os.path.join(arguments.folder, name + suffix), ignore_errors=True)
        figures = draw(name, random_draw.FAMILIES[name], arguments.count, arguments.seed, arguments.folder,
                       runtime)
        print("%-14s %d cases, %d disputed, %d that no reference runs" % ((name,) + figures), flush=True)
    if arguments.write_only:
        return
    run = subprocess.run(["imgcls-verify", "--suite", arguments.folder, "--json"], capture_output=True, text=True)
    if not run.stdout:
        sys.exit(run.stderr)
    report = json.loads(run.stdout)
    result = {case["name"]: case for case in report["cases"]}
    failed = []
    for name, case in result.items():
        other = name.replace("-runtime/", "-reference/") if "-runtime/" in name else name.replace("-reference/", "-runtime/")
        if case["result"] != "passed" and result.get(other, case)["result"] != "passed":
            failed.append(case)
    for case in failed:
        print("%s %s: %s\n    %s" % (case["name"], case["result"], case["reason"],
                                     describe(os.path.join(arguments.folder, case["name"]))[:1000]))
    print("%d cases, %d as neither reference has it" % (len(result), len(failed)))
    sys.exit(len(failed) > 0)


if __name__ == "__main__":
    main()
