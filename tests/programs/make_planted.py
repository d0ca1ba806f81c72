"""tests/programs/make_planted.py - a model whose answers turn wrong with its preprocessing

    python3 make_planted.py planted/

Needs numpy, onnx and Pillow. Writes sixteen pictures, planted-1000.onnx and planted-1001.onnx
(with a class for background in front), and weights.bin, which both share.

The model answers with the class of the nearest of 32 templates. Template k of the first sixteen
is picture k as the right pipeline (RIGHT, by Pillow) makes it. The other sixteen are decoys: on
the line from picture k's tensor towards the tensor that one wrong pipeline makes of it, beyond
the right one by a part of the way, so that the answer turns once a pipeline is wrong by half of
that part. Each picture has its own mistake and its own part; a pipeline with two mistakes is
right on fewer pictures than one with one. Nothing here is special to how mistakes are searched.
"""
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper
from PIL import Image

SIDE = 24
CAFFE = (104, 117, 123), (1, 1, 1), 255, True
RIGHT = dict(color=CAFFE, resize=25, filter=Image.BICUBIC)  # resize: 24 / 0.95
BILINEAR = dict(filter=Image.BILINEAR)
MISTAKES = [  # (what is wrong, how far the decoy lies)
    (dict(color=((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 1, False)), 1.5),
    (dict(color=((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 1, True)), 1.5),
    (dict(color=((104, 117, 123), (1, 1, 1), 255, False)), 0.5),
    (dict(color=((104, 117, 123), (1, 1, 1), 255, False)), 1.0),
    (dict(color=((123.68, 116.78, 103.94), (1, 1, 1), 255, True)), 0.5),
    (dict(color=((0, 0, 0), (1, 1, 1), 255, True)), 0.5),
    (dict(resize=24), 0.5),
    (dict(resize=26), 0.5),
    (dict(resize=27), 0.5),
    (dict(resize=27), 1.5),
    (dict(resize=(24, 24)), 0.5),
    (BILINEAR, 0.2),
    (BILINEAR, 0.4),
    (BILINEAR, 0.8),
    (dict(filter=Image.LANCZOS), 0.3),
    (dict(filter=Image.BOX), 0.3),
]


def preprocess(picture, color, resize, filter):
    mean, std, scale, bgr = color
    width, height = picture.size
    if isinstance(resize, int):
        short = min(width, height)
        resize = (resize * width // short, resize * height // short)
    picture = picture.resize(resize, filter)
    left, top = (round((size - SIDE) / 2) for size in picture.size)
    pixels = np.asarray(picture.crop((left, top, left + SIDE, top + SIDE)), np.float32)
    pixels = pixels[..., ::-1] if bgr else pixels
    x = (pixels / np.float32(255 / scale) - np.float32(mean)) / np.float32(std)
    return x.transpose(2, 0, 1).reshape(-1).astype(np.float64)


def draw(rng):
    """Soft colours with some grain, so that crop and filter both show."""
    soft = Image.fromarray(rng.integers(0, 256, (7, 9, 3), np.uint8)).resize((45, 36), Image.BICUBIC)
    grain = rng.normal(0, 22, (36, 45, 3))
    return Image.fromarray(np.clip(np.asarray(soft) + grain, 0, 255).astype(np.uint8))


def model(path, classes):
    k = 2 * len(MISTAKES)
    nodes = [
        helper.make_node("Flatten", ["pixels"], ["flat"]),
        helper.make_node("Cast", ["weights"], ["w"], to=TensorProto.FLOAT),
        helper.make_node("Gemm", ["flat", "w", "bias"], ["near"], transB=1, alpha=SCALE),
        helper.make_node("Pad", ["near", "pads", "lowest"], ["scores"]),
    ]
    front = classes - 1000
    pads = np.array([0, front, 0, classes - k - front], np.int64)
    constants = [
        helper.make_tensor("pads", TensorProto.INT64, [4], pads),
        helper.make_tensor("lowest", TensorProto.FLOAT, [], [-1e6]),
        onnx.numpy_helper.from_array((BIAS * SCALE).astype(np.float32), "bias"),
        onnx.numpy_helper.from_array(TEMPLATES, "weights"),
    ]
    graph = helper.make_graph(
        nodes, "planted",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", classes])], constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(made)
    (path.parent / "weights.bin").unlink(missing_ok=True)
    onnx.save_model(made, path, save_as_external_data=True, location="weights.bin",
                    size_threshold=4096)


SCALE = 1e-3
out = Path(sys.argv[1])
out.mkdir(exist_ok=True)
pictures = [draw(np.random.default_rng(seed)) for seed in range(len(MISTAKES))]
right = [preprocess(picture, **RIGHT) for picture in pictures]
decoys = []
for picture, tensor, (mistake, far) in zip(pictures, right, MISTAKES):
    wrong = preprocess(picture, **{**RIGHT, **mistake})
    decoys.append(tensor + far * (wrong - tensor))
TEMPLATES = np.array(right + decoys).astype(np.float16)
BIAS = -0.5 * (TEMPLATES.astype(np.float64) ** 2).sum(1)


def count(**pipeline):
    x = np.array([preprocess(picture, **pipeline) for picture in pictures])
    answers = (x @ TEMPLATES.astype(np.float64).T + BIAS).argmax(1)
    return int((answers == np.arange(len(pictures))).sum())


assert count(**RIGHT) == len(pictures)
print("right", count(**RIGHT), "from the start",
      count(color=CAFFE, resize=27, filter=Image.BILINEAR),
      [count(**{**RIGHT, **mistake}) for mistake, _ in MISTAKES])
for number, picture in enumerate(pictures):
    picture.save(out / f"{number:02d}.png", optimize=True)
model(out / "planted-1000.onnx", 1000)
model(out / "planted-1001.onnx", 1001)
