#!/usr/bin/env python3
"""Prints how long imgcls and ONNX Runtime take on exported models, as a table for docs/models.md.

    speed_table.py TITLE=FOLDER [TITLE=FOLDER...]
    (needs onnxruntime and numpy; imgcls-bench on PATH; an otherwise idle machine)

FOLDER holds one folder a model with model.onnx, as for models_table.py. Batch 1, one thread, each on its own noise;
open dimensions are 1. The two take turns, ROUNDS times for
SECONDS each, so that neither has a quieter machine; a figure is the median of the rounds' medians. A row whose ratio
is above LIMIT is marked, and the exit status is 1 then.
"""
import glob, json, os, statistics, subprocess, sys, time

import numpy as np
import onnxruntime

ROUNDS, SECONDS, LIMIT = 5, 0.6, 2.0
TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64, "tensor(uint8)": np.uint8}


def ort_session(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(7)
    feed = {}
    for value in session.get_inputs():
        shape = [d if isinstance(d, int) else 1 for d in value.shape]
        feed[value.name] = rng.standard_normal(shape).astype(TYPES[value.type])
    session.run(None, feed)
    return session, feed


def ort_median(session, feed):
    times, end = [], time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        session.run(None, feed)
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def imgcls_median(model):
    run = subprocess.run(["imgcls-bench", model, "--batch", "1", "--threads", "1", "--seconds", str(SECONDS), "--json"],
                         capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(run.stderr.strip())
    return json.loads(run.stdout)["median_ms"]


def measure(model):
    session, feed = ort_session(model)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(ort_median(session, feed))
        ours.append(imgcls_median(model))
    return statistics.median(ours), statistics.median(theirs)


def main():
    onnxruntime.set_default_logger_severity(4)
    slow = 0
    for argument in sys.argv[1:]:
        title, root = argument.split("=", 1)
        ratios = []
        print(f"\n## Speed: {title}\n\n| model | imgcls ms | ONNX Runtime {onnxruntime.__version__} ms | ratio |\n|---|---|---|---|")
        for model in sorted(glob.glob(f"{root}/*/model.onnx")):
            name = os.path.basename(os.path.dirname(model))
            try:
                ours, theirs = measure(model)
            except Exception as error:
                print(f"| {name} | does not run: {str(error)[:80]} | | |", flush=True)
                slow += 1
                continue
            ratios.append(ours / theirs)
            slow += ours / theirs > LIMIT
            print(f"| {name} | {ours:.2f} | {theirs:.2f} | {ours / theirs:.2f}{' (slow)' if ours / theirs > LIMIT else ''} |", flush=True)
        if ratios:
            print(f"\n{len(ratios)} models; geometric mean of the ratios {statistics.geometric_mean(ratios):.2f}, "
                  f"largest {max(ratios):.2f}; {sum(r > LIMIT for r in ratios)} above {LIMIT:g}.")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
