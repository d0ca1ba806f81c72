#!/usr/bin/env python3
"""tests/pictures/picture_race.py - from file to tensor: imgcls beside Pillow and OpenCV, step by step

    python3 picture_race.py PICTURE_TIMES FOLDER [--recipe imagenet] [--rounds 5] [--every 5]

PICTURE_TIMES is the program of that name in the build tree. By turns in one run, one thread, processor
time; each picture's best of the rounds, added up and divided by the number of pictures. "resize" is the
same work for all: the whole decoded picture to the recipe's size (OpenCV's filter is another one: it
looks at two or four pixels whatever the picture's size). "file to tensor" is what an evaluation does:
Pillow and OpenCV decode, resize, crop and normalise as torchvision's transforms do; imgcls leaves out
what lies outside the crop. Prints a table in Markdown. Needs pillow and numpy; OpenCV where it is.

SPDX-License-Identifier: Apache-2.0
"""
import argparse, os, subprocess, sys, time
import numpy as np
from PIL import Image

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from peer_pipelines import RECIPES, OpenCV, Pillow  # noqa: E402


def files_in(folder):
    found = sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)
    return [f for f in found if f.lower().endswith((".jpeg", ".jpg", ".png"))]


def best_of(rounds, call):
    best = float("inf")
    for _ in range(rounds):
        start = time.thread_time()
        result = call()
        best = min(best, time.thread_time() - start)
    return best * 1e3, result


def time_peer(peer, files, rounds):
    sums = {"decode": 0, "resize": 0, "file to tensor": 0}
    for name in files:
        decoding, picture = best_of(rounds, lambda: peer.decode(name))
        resizing, _ = best_of(rounds, lambda: peer.resize(picture))
        sums["decode"] += decoding
        sums["resize"] += resizing
        sums["file to tensor"] += best_of(rounds, lambda: peer.tensor(name))[0]
    return sums


def time_ours(program, recipe, files, rounds):
    out = subprocess.run([program, recipe, str(rounds)], input="\n".join(files) + "\n", text=True,
                         capture_output=True, check=True).stdout
    times = {line.split()[0]: float(line.split()[1]) for line in out.splitlines()}
    return {"decode": times["decode"], "resize": times["resize"],
            "file to tensor": times["decode_for"] + times["prepare"]}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("program")
    arguments.add_argument("folder")
    arguments.add_argument("--recipe", default="imagenet", choices=sorted(RECIPES))
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--every", type=int, default=5, help="take one picture of so many")
    given = arguments.parse_args()
    files = files_in(given.folder)[::given.every]
    recipe = RECIPES[given.recipe]
    entrants = {"imgcls": lambda part: time_ours(given.program, recipe["text"], part, given.rounds)}
    for make in (Pillow, OpenCV):
        try:
            peer = make(recipe)
        except ImportError as error:
            print("left out: %s (%s)" % (make.__name__, error), file=sys.stderr)
            continue
        entrants[peer.name] = lambda part, peer=peer: time_peer(peer, part, given.rounds)
    sums = {name: {} for name in entrants}
    for at in range(0, len(files), 10):  # by turns, so that a machine's moods meet all alike
        for name, run in entrants.items():
            for step, ms in run(files[at:at + 10]).items():
                sums[name][step] = sums[name].get(step, 0) + ms
    steps = list(sums["imgcls"])
    print("milliseconds a picture, recipe %s, %d pictures, best of %d\n"
          % (given.recipe, len(files), given.rounds))
    print("| | " + " | ".join(steps) + " |\n|" + "---|" * (len(steps) + 1))
    for name, took in sums.items():
        print("| %s | " % name + " | ".join("%.3f" % (took[s] / len(files)) for s in steps) + " |")
    if "Pillow" in sums:
        print("| Pillow / imgcls | "
              + " | ".join("%.2f" % (sums["Pillow"][s] / sums["imgcls"][s]) for s in steps) + " |")


if __name__ == "__main__":
    main()
