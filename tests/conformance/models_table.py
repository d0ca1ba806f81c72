#!/usr/bin/env python3
"""Prints docs/models.md: relative L2 of imgcls and of ONNX Runtime on exported models, against float64 references.

    models_table.py TITLE=FOLDER [TITLE=FOLDER...] >docs/models.md
    (needs onnx, onnxruntime and numpy; imgcls-verify and imgcls-convert on PATH)

FOLDER holds one folder a model, in the model-zoo layout: model.onnx and test_data_set_0 with input_0.pb and
output_0.pb, whose output was computed in float64. Each model is verified as it is and again as a bundle.
The page's sections on checkpoints are put behind these by tests/architectures/checkpoint_table.py --into.
"""
import glob, json, os, subprocess, sys, tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

LIMIT = "5e-4"


def imgcls_l2(model):
    run = subprocess.run(["imgcls-verify", model, "--l2", LIMIT, "--no-blame", "--json"], capture_output=True, text=True)
    if run.returncode > 1:
        return None
    return max(output["l2_relative"] for output in json.loads(run.stdout)["outputs"])


def bundle_l2(model, folder):
    bundle = f"{folder}/model.imgcls"
    run = subprocess.run(["imgcls-convert", model, "-o", bundle, "--no-verify", "--no-register", "--quiet"])
    return imgcls_l2(bundle) if run.returncode == 0 else None


def onnxruntime_l2(folder):
    tensors = [numpy_helper.to_array(onnx.load_tensor(f"{folder}/test_data_set_0/{name}_0.pb")) for name in ("input", "output")]
    try:
        session = onnxruntime.InferenceSession(f"{folder}/model.onnx", providers=["CPUExecutionProvider"])
        got = session.run(None, {session.get_inputs()[0].name: tensors[0]})[0]
    except Exception:
        return None
    want = tensors[1].astype(np.float64)
    return float(np.linalg.norm(got - want) / np.linalg.norm(want))


def cell(value):
    return "does not run" if value is None else f"{value:.2g}"


def main():
    onnxruntime.set_default_logger_severity(4)
    print("<!-- made by tests/conformance/models_table.py; do not edit -->")
    print("# Models\n")
    print("Exported classifiers with random weights, one of each family of timm, verified against outputs that PyTorch")
    print(f"computed in float64. Figures are relative L2 ({LIMIT} is allowed) of the .onnx file, of the bundle made from it,")
    print(f"and of ONNX Runtime {onnxruntime.__version__} on the same file.")
    for argument in sys.argv[1:]:
        title, root = argument.split("=", 1)
        print(f"\n## {title}\n\n| model | imgcls | bundle | ONNX Runtime |\n|---|---|---|---|")
        for folder in sorted(glob.glob(f"{root}/*/")):
            if not os.path.exists(f"{folder}test_data_set_0/output_0.pb"):
                continue
            with tempfile.TemporaryDirectory() as scratch:
                row = imgcls_l2(f"{folder}model.onnx"), bundle_l2(f"{folder}model.onnx", scratch), onnxruntime_l2(folder[:-1])
            print(f"| {os.path.basename(folder[:-1])} | {' | '.join(map(cell, row))} |", flush=True)


if __name__ == "__main__":
    main()
