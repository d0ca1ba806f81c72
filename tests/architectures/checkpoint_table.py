#!/usr/bin/env python3
"""tests/architectures/checkpoint_table.py - what checkpoints compute, against their sources

    checkpoint_table.py [--into FILE.md] TITLE=FOLDER [TITLE=FOLDER...]

FOLDER holds one folder a case, as transformer_cases.py and convolutional_cases.py write them:
weights, configuration, case.json, and reference.npz with the logits that the source library
computes in float64. Columns are relative L2 against those: of the checkpoint as it is, of the
bundle made from it, and of the ONNX file made from it as ONNX Runtime runs it (2e-5 is
allowed); and how many of the source's tensors come back out of the bundle as .safetensors, read
by the safetensors package, under their names and with their bits. What is not among them are
buffers that nothing computes with (BUFFERS). A section TITLE of FILE.md is put in or replaced;
without --into it is printed. Exits with 1 where one is past the limit, differs, or does not run.

Needs numpy, onnxruntime, safetensors, and torch where a case is a .pt; imgcls-verify and
imgcls-convert on PATH.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy
import onnxruntime

LIMIT = 2e-5
# Of the source, and in no graph: they are counters, or indices that are worked out anew.
BUFFERS = ("num_batches_tracked", "relative_position_index", "relative_coords_table", "attn_mask", "position_ids")


def complain(what, run):
    print("%s: %s" % (what, (run.stderr.strip().splitlines() or ["failed"])[0]), file=sys.stderr)


def verify(model, reference, shape):
    run = subprocess.run(["imgcls-verify", model, "--reference", reference, "--json", "--no-blame"] + shape,
                         capture_output=True, text=True)
    if run.returncode > 1:
        complain(model, run)
        return None
    return max(output["l2_relative"] for output in json.loads(run.stdout)["outputs"])


def convert(model, to, shape):
    run = subprocess.run(["imgcls-convert", model, "-o", to, "--no-verify", "--no-register", "--quiet"] + shape,
                         capture_output=True, text=True)
    if run.returncode:
        complain(to, run)
    return run.returncode == 0


def by_onnxruntime(model, reference):
    known = numpy.load(reference)
    try:
        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        got = session.run(None, {session.get_inputs()[0].name: known["input"]})[0]
    except Exception as error:  # whatever it says is for the reader
        print("%s: %s" % (model, error), file=sys.stderr)
        return None
    return float(numpy.linalg.norm(got - known["output"]) / numpy.linalg.norm(known["output"].astype(numpy.float64)))


def tensors_of(folder):
    """Name -> array of what the case's source has."""
    from safetensors.numpy import load_file
    path = os.path.join(folder, "model.safetensors")
    if os.path.exists(path):
        return load_file(path)
    import torch
    path = next(p for p in (os.path.join(folder, n) for n in ("checkpoint.pt", "pytorch_model.pt")) if os.path.exists(p))
    state = torch.load(path, map_location="cpu", weights_only=True)
    return {name: tensor.numpy() for name, tensor in state.get("state_dict", state).items()}


def weights_back(bundle, folder, work):
    """How many tensors come back; None where one differs, is new, or is lost."""
    from safetensors.numpy import load_file
    path = os.path.join(work, "back.safetensors")
    if not convert(bundle, path, []):
        return None
    source, back = tensors_of(folder), load_file(path)
    wrong = ["%s is new" % name for name in back if name not in source]
    wrong += ["%s is lost" % name for name in source if name not in back and not name.endswith(BUFFERS)]
    wrong += ["%s differs" % name for name, array in back.items()
              if name in source and (array.dtype != source[name].dtype or array.shape != source[name].shape or
                                     array.tobytes() != numpy.ascontiguousarray(source[name]).tobytes())]
    if wrong:
        print("%s: %s" % (folder, "; ".join(wrong[:3])), file=sys.stderr)
        return None
    return "%d of %d" % (len(back), len(source))


def measure(folder, case, work):
    model = os.path.join(folder, case["path"]) if case["path"] else folder
    reference = os.path.join(folder, "reference.npz")
    shape = ["--shape", "input=" + ",".join(map(str, case["shape"]))] if "shape" in case else []
    bundle, graph = os.path.join(work, "model.imgcls"), os.path.join(work, "model.onnx")
    return (verify(model, reference, shape),
            verify(bundle, reference, []) if convert(model, bundle, shape) else None,
            by_onnxruntime(graph, reference) if convert(model, graph, shape) else None,
            weights_back(bundle, folder, work) if os.path.exists(bundle) else None)


def section(title, root):
    lines = ["## " + title, "", "Made by tests/architectures/checkpoint_table.py: random weights, relative L2 against the",
             "source library in float64 (2e-5 is allowed) of the checkpoint, of the bundle made from it, and of the ONNX",
             "file made from it as ONNX Runtime %s runs it; tensors that come back as .safetensors with names and"
             % onnxruntime.__version__, "bits of the source.", "",
             "| case | architecture | names | checkpoint | bundle | ONNX Runtime | weights back |",
             "|---|---|---|---|---|---|---|"]
    good = True
    for path in sorted(glob.glob(os.path.join(root, "*", "case.json"))):
        with open(path, encoding="utf-8") as file:
            case = json.load(file)
        folder = os.path.dirname(path)
        with tempfile.TemporaryDirectory() as work:
            figures = measure(folder, case, work)
        good = good and all(figure is not None for figure in figures) and max(figures[:3]) <= LIMIT
        cells = ["does not run" if figure is None else "%.2g" % figure for figure in figures[:3]]
        cells.append(figures[3] or "differ")
        lines.append("| " + " | ".join([os.path.basename(folder), case["architecture"], case["names"]] + cells) + " |")
        print(lines[-1], file=sys.stderr)
    return "\n".join(lines) + "\n", good


def put(file_name, title, text):
    with open(file_name, encoding="utf-8") as file:
        page = file.read()
    pattern = r"\n## %s\n.*?(?=\n## |\Z)" % re.escape(title)
    page = re.sub(pattern, "", page, flags=re.S).rstrip("\n") + "\n\n" + text
    with open(file_name, "w", encoding="utf-8") as file:
        file.write(page)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--into")
    parser.add_argument("folders", nargs="+")
    arguments = parser.parse_args()
    onnxruntime.set_default_logger_severity(4)
    good = True
    for argument in arguments.folders:
        title, root = argument.split("=", 1)
        text, fine = section(title, root)
        good = good and fine
        if arguments.into:
            put(arguments.into, title, text)
        else:
            print(text)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
