#!/usr/bin/env python3
"""tests/pictures/resize_peers.py - engine=opencv and engine=tf beside cv2.resize and tf.image.resize

    python3 resize_peers.py opencv|tf PICTURE_BYTES [--picture FILE]...
    python3 resize_peers.py opencv|tf --fixtures > fixtures/opencv.txt (fixtures/tf.txt)

PICTURE_BYTES is the program of that name in the build tree: it prints a recipe's bytes. Random
pictures of odd sizes, enlarged and shrunk, are written as PNG, resized by both, and the largest
difference and the share of bytes that differ are printed for each filter. Exit status 1 where a
difference is larger than ALLOWED says. With --fixtures the library's own pixels of a small picture
beside this file are printed for engines_test, as lines

    FILE RECIPE WIDTH HEIGHT PIXELS-IN-HEXADECIMAL

Needs pillow, numpy and opencv-python-headless or tensorflow.

SPDX-License-Identifier: Apache-2.0
"""
import os, subprocess, sys, tempfile
import numpy as np
from PIL import Image

SIZES = [((83, 59), (40, 30)), ((83, 59), (41, 59)), ((64, 64), (32, 32)), ((50, 37), (224, 200)),
         ((500, 375), (256, 256)), ((333, 500), (224, 335)), ((7, 5), (3, 2)), ((31, 23), (31, 46)),
         ((120, 90), (40, 30)), ((97, 101), (96, 100))]
# Levels, measured with OpenCV 5.0.0 and TensorFlow 2.21: OpenCV sums bicubic's columns in float32 where
# it has vectors.
ALLOWED = {("opencv", "nearest"): 0, ("opencv", "bilinear"): 0, ("opencv", "bicubic"): 1,
           ("opencv", "area"): 0, ("tf", "nearest"): 0, ("tf", "bilinear"): 0, ("tf", "bicubic"): 0}


def opencv():
    import cv2
    kinds = {"nearest": cv2.INTER_NEAREST, "bilinear": cv2.INTER_LINEAR,
             "bicubic": cv2.INTER_CUBIC, "area": cv2.INTER_AREA}
    cv2.setUseOptimized(False)  # a vendor's library, where the build has one, rounds differently
    print("# OpenCV", cv2.__version__)
    return {name: lambda a, size, kind=kind: cv2.resize(a, size, interpolation=kind)
            for name, kind in kinds.items()}


def tf():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow
    print("# TensorFlow", tensorflow.__version__)

    def call(name):
        def resize(a, size):
            x = tensorflow.image.resize(a.astype("float32"), (size[1], size[0]), method=name,
                                        antialias=False)
            return np.clip(np.rint(x.numpy()), 0, 255).astype("uint8")
        return resize
    return {name: call(name) for name in ("nearest", "bilinear", "bicubic")}


def pictures(rng, given):
    for size, to in SIZES:
        coarse = Image.fromarray(rng.integers(0, 256, (5, 6, 3), dtype="uint8"))
        smooth = np.asarray(coarse.resize(size, Image.BICUBIC)).astype(int)
        grain = rng.integers(-20, 21, smooth.shape)
        yield np.clip(smooth + grain, 0, 255).astype("uint8"), to
        yield rng.integers(0, 256, smooth.shape, dtype="uint8"), to
    for name in given:
        yield np.asarray(Image.open(name).convert("RGB")), (256, 256)


def print_fixtures(engine, resizes):
    name = "png_type2_depth8.png"
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
    pixels = np.asarray(Image.open(os.path.join(here, name)).convert("RGB"))
    for width, height in ((10, 7), (7, 13), (21, 20), (29, 17), (5, 26)):
        for filter, resize in resizes.items():
            print(name, "resize=%dx%d,filter=%s,engine=%s" % (width, height, filter, engine), width, height,
                  resize(pixels, (width, height)).astype("uint8").tobytes().hex())
    return 0


def main():
    engine, program = sys.argv[1:3]
    given = [a for a in sys.argv[3:] if a != "--picture"]
    resizes = {"opencv": opencv, "tf": tf}[engine]()
    if program == "--fixtures":
        return print_fixtures(engine, resizes)
    rng, failed, rows = np.random.default_rng(5), False, {}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "p.png")
        for pixels, to in pictures(rng, given):
            Image.fromarray(pixels).save(path, compress_level=0)
            for name, resize in resizes.items():
                recipe = "resize=%dx%d,filter=%s,engine=%s" % (*to, name, engine)
                got = subprocess.run([program, recipe, path], check=True, capture_output=True).stdout
                got = np.frombuffer(got, "uint8").reshape(to[1], to[0], 3).astype(int)
                apart = np.abs(got - resize(pixels, to))
                row = rows.setdefault(name, [0, 0, 0])
                row[0] = max(row[0], apart.max())
                row[1] += (apart > 0).sum()
                row[2] += apart.size
    for name, (most, differing, all_bytes) in rows.items():
        print("%-9s largest difference %d, %d of %d bytes differ" % (name, most, differing, all_bytes))
        failed |= most > ALLOWED[engine, name]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
