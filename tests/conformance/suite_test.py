#!/usr/bin/env python3
"""Runs the ONNX backend cases that ship in the onnx wheel, and fails where one that passed before does not.

    suite_test.py [--write-baseline]     (needs onnx 1.23 and numpy; imgcls-verify on PATH)

Cases go to a temporary folder in the model-zoo layout that imgcls-verify --suite takes. baseline.json beside this
script names those that passed; --write-baseline makes it anew from this run. Nothing here knows a case by name.
Exit status 77 where the onnx wheel is absent or another version.
"""
import json, os, shutil, subprocess, sys, tempfile, warnings

warnings.filterwarnings("ignore")
try:
    import numpy as np
    import onnx
    from onnx import numpy_helper
    from onnx.backend.test import loader
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

BASELINE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "baseline.json")
KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator")


def proto_of(value, info):
    """A case's value as the message that its file holds; some cases give messages, others arrays and lists."""
    if hasattr(value, "SerializeToString"):
        return value
    makers = {"sequence_type": numpy_helper.from_list, "optional_type": numpy_helper.from_optional,
              "map_type": numpy_helper.from_dict}
    maker = makers.get(info.type.WhichOneof("value"))
    return maker(value, info.name) if maker else numpy_helper.from_array(np.asarray(value), info.name)


def write_data(folder, name, values, infos):
    for number, (value, info) in enumerate(zip(values, infos)):
        with open(f"{folder}/{name}_{number}.pb", "wb") as file:
            file.write(proto_of(value, info).SerializeToString())


def write_case(case, folder):
    if case.model is None:
        shutil.copytree(case.model_dir, folder, dirs_exist_ok=True)
    else:
        os.makedirs(folder)
        onnx.save(case.model, f"{folder}/model.onnx")
        for number, (inputs, outputs) in enumerate(case.data_sets):
            os.makedirs(f"{folder}/test_data_set_{number}")
            write_data(f"{folder}/test_data_set_{number}", "input", inputs, case.model.graph.input)
            write_data(f"{folder}/test_data_set_{number}", "output", outputs, case.model.graph.output)
    with open(f"{folder}/tolerance.txt", "w") as file:
        file.write(f"{case.rtol} {case.atol}\n")


def main():
    if not onnx.__version__.startswith("1.23."):
        print(f"skipped: the cases of onnx 1.23 are wanted, {onnx.__version__} is installed")
        return 77
    np.seterr(all="ignore")
    with tempfile.TemporaryDirectory() as root:
        for kind in KINDS:
            for case in loader.load_model_tests(kind=kind):
                write_case(case, f"{root}/{kind}/{case.name}")
        writing = "--write-baseline" in sys.argv
        command = ["imgcls-verify", "--suite", root, "--json"] + ([] if writing else ["--baseline", BASELINE])
        run = subprocess.run(command, capture_output=True, text=True)
    print(run.stderr, end="")
    result = json.loads(run.stdout)
    print(f"suite: {result['passed']} passed, {result['failed']} failed, {result['unsupported']} unsupported")
    if writing:
        rows = [{"name": c["name"], "result": "passed"} for c in result["cases"] if c["result"] == "passed"]
        with open(BASELINE, "w") as file:
            file.write('{"cases": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]}\n")
        return 0
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
