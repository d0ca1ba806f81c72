#!/usr/bin/env python3
"""Measures imgcls and ONNX Runtime on exported models and puts the table into docs/models.md.

    speed_table.py [--rounds N] [--seconds S] [--results FILE] [--into FILE] TITLE=FOLDER [TITLE=FOLDER...]
    (needs onnxruntime and numpy; imgcls-bench on PATH; an otherwise idle machine)

FOLDER holds one folder a model with model.onnx, as for models_table.py. Batch 1, one thread, each on its own noise;
open dimensions are 1. The two take turns, N times for S seconds each (and at least three and five runs), so that
neither has a quieter machine; a figure is the median of the rounds' medians. With the defaults a model takes three to
five seconds.

Every figure is kept in FILE of --results as soon as it is there, one JSON object a line; a model that is in it
already, and whose file did not change since, is not measured again. So a run that was ended goes on, and a model is
measured anew by deleting its line. --into replaces the part of FILE between two comments (or adds it at the end);
without it the table is printed. A row whose ratio is above LIMIT is marked, and the exit status is 1 then.
"""
import argparse, glob, json, os, statistics, subprocess, sys, time

LIMIT = 2.0
BEGIN, END = "<!-- begin of what speed_table.py wrote -->", "<!-- end of what speed_table.py wrote -->"


def ort_session(model):
    import numpy as np, onnxruntime
    types = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64,
             "tensor(uint8)": np.uint8}
    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(7)
    feed = {}
    for value in session.get_inputs():
        shape = [d if isinstance(d, int) else 1 for d in value.shape]
        feed[value.name] = rng.standard_normal(shape).astype(types[value.type])
    session.run(None, feed)
    return session, feed


def ort_median(session, feed, seconds):
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        session.run(None, feed)
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def imgcls_median(model, seconds):
    run = subprocess.run(["imgcls-bench", model, "--batch", "1", "--threads", "1", "--seconds", str(seconds), "--json"],
                         capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(run.stderr.strip())
    figures = json.loads(run.stdout)
    return figures["median_ms"], figures["isa"]


def measure(model, rounds, seconds):
    session, feed = ort_session(model)
    ours, theirs, isa = [], [], None
    for _ in range(rounds):
        theirs.append(ort_median(session, feed, seconds))
        median, isa = imgcls_median(model, seconds)
        ours.append(median)
    return {"imgcls": statistics.median(ours), "onnxruntime": statistics.median(theirs), "isa": isa}


def identity(model):
    """What a kept figure is of: the file as it was."""
    status = os.stat(model)
    return [os.path.abspath(model), status.st_size, int(status.st_mtime)]


def read_results(path):
    kept = {}
    if path and os.path.exists(path):
        for line in open(path):
            try:
                row = json.loads(line)
                kept[tuple(row["of"])] = row
            except (ValueError, KeyError):  # a line that was being written when the run was ended
                continue
    return kept


def rows_of(root, arguments, kept):
    for model in sorted(glob.glob(f"{root}/*/model.onnx")):
        of = identity(model)
        row = kept.get(tuple(of))
        if not row:
            try:
                row = {"of": of, **measure(model, arguments.rounds, arguments.seconds)}
            except Exception as error:
                row = {"of": of, "fails": " ".join(str(error).split())[:80]}
            if arguments.results and "fails" not in row:
                with open(arguments.results, "a") as file:
                    file.write(json.dumps(row) + "\n")
        name = os.path.basename(os.path.dirname(model))
        print(name, row.get("fails") or f"{row['imgcls'] / row['onnxruntime']:.2f}", file=sys.stderr, flush=True)
        yield name, row


def table(title, rows):
    import onnxruntime
    ratios = [row["imgcls"] / row["onnxruntime"] for _, row in rows if "fails" not in row]
    sets = sorted({row["isa"] for _, row in rows if "fails" not in row})
    lines = [f"## Speed: {title}", "",
             f"Milliseconds a picture, batch 1, one thread, float32, {', '.join(sets)}, {time.strftime('%Y-%m-%d')}; "
             "a ratio below 1 says that imgcls is faster.", "",
             f"| model | imgcls | ONNX Runtime {onnxruntime.__version__} | ratio |", "|---|---|---|---|"]
    for name, row in rows:
        if "fails" in row:
            lines.append(f"| {name} | does not run: {row['fails']} | | |")
            continue
        ratio = row["imgcls"] / row["onnxruntime"]
        slow = " (slow)" if ratio > LIMIT else ""
        lines.append(f"| {name} | {row['imgcls']:.2f} | {row['onnxruntime']:.2f} | {ratio:.2f}{slow} |")
    if ratios:
        lines += ["", f"{len(ratios)} models; geometric mean of the ratios {statistics.geometric_mean(ratios):.2f}, "
                      f"largest {max(ratios):.2f}; {sum(r > 1 for r in ratios)} above 1, "
                      f"{sum(r > LIMIT for r in ratios)} above {LIMIT:g}."]
    return lines + [""], len(rows) - len(ratios) + sum(r > LIMIT for r in ratios)


def put(path, text):
    old = open(path).read() if os.path.exists(path) else ""
    if BEGIN in old and END in old:
        before, rest = old.split(BEGIN, 1)
        after = rest.split(END, 1)[1]
    else:
        before, after = old.rstrip("\n") + "\n\n" if old else "", "\n"
    with open(path + ".new", "w") as file:
        file.write(f"{before}{BEGIN}\n\n{text}\n{END}{after}")
    os.replace(path + ".new", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.4)
    parser.add_argument("--results", help="keep figures here, and go on from them")
    parser.add_argument("--into", help="put the table into this file")
    parser.add_argument("folders", nargs="+", metavar="TITLE=FOLDER")
    arguments = parser.parse_args()
    kept, lines, slow = read_results(arguments.results), [], 0
    for argument in arguments.folders:
        title, root = argument.split("=", 1)
        rows = list(rows_of(root, arguments, kept))
        part, bad = table(title, rows)
        lines += part
        slow += bad
    text = "\n".join(lines)
    if arguments.into:
        put(arguments.into, text)
    else:
        print(text)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
