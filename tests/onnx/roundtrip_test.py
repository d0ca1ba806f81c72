#!/usr/bin/env python3
"""tests/onnx/roundtrip_test.py - what the plugin writes, onnx and ONNX Runtime take for the same

    python tests/onnx/roundtrip_test.py [FOLDER_OF_CASES...]

Every model found (the fixtures, the sample models, onnx's own backend tests where the wheel
carries them, and model.onnx files below the folders named) is read and written by
build/tests/onnx/rewrite, once with its weights inside and once beside it. Then: onnx's checker
must accept the result where it accepted the source; ONNX Runtime must load it where it loaded
the source, and give the same bits for the inputs of test_data_set_0 (or for ones).

Runs where the wheels are (./bootstrap check --all); ends with 77 and the reason elsewhere.

SPDX-License-Identifier: Apache-2.0
"""

import os
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ICL_TOP_BUILDDIR", TOP / "build"))
REWRITE = BUILD / "tests/onnx/rewrite"

def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


try:
    import numpy
    import onnx
    import onnxruntime
except ImportError as missing:
    skip(f"the {missing.name} wheel is not installed")
if not REWRITE.exists():
    skip(f"{REWRITE} is not built (make check builds it)")


def rewrite(*words):
    environment = dict(os.environ, IMGCLS_PLUGIN_PATH=str(BUILD / "plugins/.libs"))
    return subprocess.run([REWRITE, *map(str, words)], capture_output=True, text=True,
                          env=environment, check=False)


def accepted(path):
    """Why onnx's checker refuses the file, or None."""
    try:
        onnx.checker.check_model(str(path))
    except Exception as error:
        return str(error).strip().splitlines()[0]
    return None


def session(path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
    except Exception:
        return None


def read_value(path, declared):
    """A .pb file as what the graph's input is declared to be."""
    data = path.read_bytes()
    if declared.startswith("optional"):
        made = onnx.OptionalProto.FromString(data)
        return onnx.numpy_helper.to_optional(made)
    if declared.startswith("seq"):
        return onnx.numpy_helper.to_list(onnx.SequenceProto.FromString(data))
    return onnx.numpy_helper.to_array(onnx.TensorProto.FromString(data))


def inputs_for(runtime, folder):
    feeds = {}
    for index, info in enumerate(runtime.get_inputs()):
        path = folder / f"test_data_set_0/input_{index}.pb"
        if path.exists():
            feeds[info.name] = read_value(path, info.type)
            continue
        kinds = {"tensor(float)": numpy.float32, "tensor(bool)": bool,
                 "tensor(float16)": numpy.float16, "tensor(int64)": numpy.int64}
        if info.type not in kinds:
            return None
        shape = [d if isinstance(d, int) else 1 for d in info.shape]
        feeds[info.name] = numpy.ones(shape, kinds[info.type])
    return feeds


def run(runtime, feeds):
    try:
        return runtime.run(None, feeds)
    except Exception:
        return None


def same(a, b):
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, numpy.ndarray):
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        return a.tobytes() == b.tobytes() if a.dtype != object else (a == b).all()
    return a == b


def is_random(path):
    """Operators whose results are drawn anew each time."""
    names = {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike",
             "Bernoulli", "Multinomial", "Dropout"}
    return any(node.op_type in names for node in onnx.load(str(path)).graph.node)


def check(path, folder, counts):
    """Returns what is wrong with the rewritten model, or None."""
    refused = accepted(path)
    before = session(path)
    feeds = inputs_for(before, path.parent) if before else None
    wanted = run(before, feeds) if feeds is not None and not is_random(path) else None
    counts["loaded"] += before is not None
    counts["run"] += wanted is not None
    for external in ([], ["weights.bin"]):
        out = folder / "out.onnx"
        done = rewrite(path, out, *external)
        if done.returncode:
            return f"not rewritten: {done.stderr.strip()}"
        now = accepted(out)
        if now and not refused:
            return f"checker: {now}"
        if before is None:
            continue
        after = session(out)
        if after is None:
            return "ONNX Runtime loads the source, but not what was written"
        if wanted is None:
            continue
        got = run(after, {k: v for k, v in feeds.items()
                          if k in {i.name for i in after.get_inputs()}})
        if got is None or not same(wanted, got):
            return "ONNX Runtime gives other results"
    return None


def main():
    folders = [pathlib.Path(f) for f in sys.argv[1:]] or [
        TOP / "tests/onnx/fixtures/good", TOP / "eval/sample",
        pathlib.Path(onnx.__file__).parent / "backend/test/data"]
    models = sorted(p for f in folders for p in f.rglob("*.onnx"))
    counts = {"loaded": 0, "run": 0}
    wrong = 0
    with tempfile.TemporaryDirectory() as temporary:
        for path in models:
            problem = check(path, pathlib.Path(temporary), counts)
            if problem:
                wrong += 1
                print(f"{path}: {problem}")
    print(f"{len(models)} models rewritten, {counts['loaded']} loaded and {counts['run']} run "
          f"by ONNX Runtime {onnxruntime.__version__}; {wrong} wrong")
    if not models:
        print("no model was found: nothing was shown")
        return 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
