#!/usr/bin/env python3
"""tests/checkpoint/written_test.py - what is written from a checkpoint, others read as the checkpoint says it

    python tests/checkpoint/written_test.py

The ModelScope folder of the end-to-end test is converted to an ONNX file, a bundle, and from the
bundle back to .safetensors. ONNX Runtime must load the first and give what imgcls computes from the
folder itself (relative L2 2e-5); the safetensors package must find in the last every tensor of the
pickle, under its name and with its bits. The pickle is read here, by Python's own unpickler.

All architectures and naming schemes: tests/architectures/checkpoint_table.py, which needs their libraries.
Runs where the wheels are (./bootstrap check --all); ends with 77 and the reason elsewhere.

SPDX-License-Identifier: Apache-2.0
"""
import collections
import json
import pathlib
import pickle
import subprocess
import sys
import tempfile
import zipfile

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "e2e/modelscope"
LIMIT = 2e-5


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


try:
    import numpy
    import onnxruntime
    from safetensors.numpy import load_file
except ImportError as missing:
    skip(f"the {missing.name} wheel is not installed")


def tool(*words):
    run = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False)
    if run.returncode > 1:
        sys.exit(f"{' '.join(map(str, words))}: {run.stderr.strip()}")
    return run.stdout


class Storages(pickle.Unpickler):
    """A torch.save archive without torch: storages are arrays, tensors are views of them."""
    TYPES = {"FloatStorage": "<f4", "HalfStorage": "<f2", "LongStorage": "<i8"}

    def __init__(self, archive, root):
        super().__init__(archive.open(root + "data.pkl"))
        self.archive, self.root = archive, root

    def find_class(self, module, name):
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self.tensor
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch" and name in self.TYPES:
            return name
        raise pickle.UnpicklingError(f"{module}.{name}")

    def persistent_load(self, pid):
        _, kind, key, _, _ = pid
        return numpy.frombuffer(self.archive.read(f"{self.root}data/{key}"), self.TYPES[kind])

    @staticmethod
    def tensor(storage, offset, size, stride, *_):
        bytes_each = storage.itemsize
        return numpy.lib.stride_tricks.as_strided(storage[offset:], size, [s * bytes_each for s in stride])


def pickled(path):
    with zipfile.ZipFile(path) as archive:
        root = next(n for n in archive.namelist() if n.endswith("data.pkl"))[:-len("data.pkl")]
        return Storages(archive, root).load()["state_dict"]


def check_onnx(folder, work):
    tool("imgcls-convert", folder, "-o", work / "model.onnx", "--no-register")
    session = onnxruntime.InferenceSession(str(work / "model.onnx"), providers=["CPUExecutionProvider"])
    info = session.get_inputs()[0]
    shape = [d if isinstance(d, int) else 3 for d in info.shape]
    x = numpy.random.default_rng(1).normal(size=shape).astype(numpy.float32)
    y = session.run(None, {info.name: x})[0]
    numpy.savez(work / "reference.npz", **{info.name: x, session.get_outputs()[0].name: y})
    told = json.loads(tool("imgcls-verify", folder, "--reference", work / "reference.npz", "--json", "--no-blame"))
    error = max(output["l2_relative"] for output in told["outputs"])
    print(f"ONNX Runtime {onnxruntime.__version__} on the file written: relative L2 {error:.2g} to the folder")
    return error <= LIMIT


def check_safetensors(folder, work):
    tool("imgcls-convert", folder, "-o", work / "model.imgcls", "--no-register")
    tool("imgcls-convert", work / "model.imgcls", "-o", work / "back.safetensors", "--no-register")
    source, back = pickled(folder / "pytorch_model.pt"), load_file(work / "back.safetensors")
    wrong = sorted(set(source) ^ set(back))
    wrong += [name for name in set(source) & set(back)
              if source[name].dtype != back[name].dtype or source[name].shape != back[name].shape or
              numpy.ascontiguousarray(source[name]).tobytes() != back[name].tobytes()]
    print(f"{len(back)} of {len(source)} tensors come back" + (f"; not as they were: {wrong}" if wrong else ""))
    return not wrong and len(back) > 0


def main():
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        good = [check_onnx(FOLDER, work), check_safetensors(FOLDER, work)]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
