#!/usr/bin/env python3
"""tests/e2e/evaluation_race.py - pictures a second, from file to scores, beside two Python pipelines

    python3 evaluation_race.py --eval IMGCLS-EVAL --convert IMGCLS-CONVERT --pictures FOLDER
        [--labels FILE] [--cores 1] [--rounds 3] [--limit N] [--json FILE] NAME=MODEL.onnx:RECIPE...

Pillow + ONNX Runtime, OpenCV + OpenVINO and imgcls-eval take turns on the same pictures, pinned to
the same cores; what counts is the median over the rounds of pictures a second. Peers begin to count
when model and libraries are loaded and one picture was run; with two cores each runs as two
processes of one thread and as one process of two threads that take whole pictures, and the better
one counts. imgcls-eval runs as a user starts it (progress kept in a database, a row at the end) and
counts everything after the data set was listed: making plans, commits. Processor time a picture
stands beside it, for machines that are not quiet: ours for the whole process from its start, the
peers' for their loops alone.

RECIPE is one of peer_pipelines.py. Weights in float16 are widened first, for all alike. Answers are
compared: the share of pictures where the best class is the one of Pillow + ONNX Runtime. Prints a
table in Markdown. Needs onnx, onnxruntime, pillow, openvino, opencv-python-headless.

SPDX-License-Identifier: Apache-2.0
"""
import argparse, csv, json, os, queue, resource, statistics, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from peer_pipelines import RECIPES, OpenCV, Pillow  # noqa: E402

PEERS = {"Pillow + ONNX Runtime": (Pillow, "onnxruntime"), "OpenCV + OpenVINO": (OpenCV, "openvino")}
WAYS = ("processes", "threads")


def pictures_in(folder, limit):
    found = sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)
    limit = min(limit or len(found), len(found))
    return [found[i * len(found) // limit] for i in range(limit)]  # as imgcls-eval --limit


# ---- A peer's process ---------------------------------------------------------------------------

def runner(engine, model):
    """A call from planes to the best class, which threads may make side by side."""
    if engine == "onnxruntime":
        import onnxruntime as ort
        ort.set_default_logger_severity(3)
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        return lambda: lambda x: int(session.run(None, {name: x})[0].argmax())
    import openvino as ov
    compiled = ov.Core().compile_model(model, "CPU", {
        "INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"})

    def mine():
        request = compiled.create_infer_request()

        def run(x):
            request.infer({0: x})
            return int(request.get_output_tensor(0).data.argmax())
        return run
    return mine


def work(peer, recipe, model, threads, files):
    """Prints "ready", waits for a line, evaluates, and prints seconds and answers as JSON."""
    pipeline_of, engine = PEERS[peer]
    pipeline, mine = pipeline_of(RECIPES[recipe]), runner(engine, model)
    calls = [mine() for _ in range(threads)]
    for call in calls:
        call(pipeline.tensor(files[0]))
    print("ready", flush=True)
    sys.stdin.readline()
    answers, waiting = {}, queue.SimpleQueue()
    for name in files:
        waiting.put(name)

    def loop(call):
        while True:
            try:
                name = waiting.get_nowait()
            except queue.Empty:
                return
            answers[name] = call(pipeline.tensor(name))
    began, used = time.perf_counter(), time.process_time()
    others = [threading.Thread(target=loop, args=(call,)) for call in calls[1:]]
    for thread in others:
        thread.start()
    loop(calls[0])
    for thread in others:
        thread.join()
    print(json.dumps({"seconds": time.perf_counter() - began,
                      "processor": time.process_time() - used, "answers": answers}), flush=True)


# ---- The race -----------------------------------------------------------------------------------

def race_peer(peer, way, given, recipe, model, files):
    processes = given.cores if way == "processes" else 1
    running = []
    for i in range(processes):
        cores = str(i) if way == "processes" else "0-%d" % (given.cores - 1)
        running.append(subprocess.Popen(
            ["taskset", "-c", cores, sys.executable, os.path.abspath(__file__), "--work", peer, recipe,
             model, str(given.cores // processes), "\n".join(files[i::processes])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))
    for one in running:
        if one.stdout.readline() != "ready\n":
            raise SystemExit("%s cannot run %s" % (peer, model))
    began = time.perf_counter()
    for one in running:
        one.stdin.write("go\n")
        one.stdin.flush()
    results = [json.loads(one.stdout.readline()) for one in running]
    seconds = time.perf_counter() - began
    for one in running:
        one.communicate()
    answers = {name: best for result in results for name, best in result["answers"].items()}
    return {"rate": len(files) / seconds, "answers": answers,
            "processor_ms": sum(r["processor"] for r in results) / len(files) * 1e3}


def race_ours(given, bundle, files, folder):
    csv_file, before = os.path.join(folder, "p.csv"), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["taskset", "-c", "0-%d" % (given.cores - 1), given.eval, bundle, "-d", given.pictures,
               "--threads", str(given.cores), "--json", "--predictions", csv_file,
               "--db", os.path.join(folder, "race.db")]
    if given.limit:
        command += ["--limit", str(given.limit)]
    out = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = out["runs"][0] if "runs" in out else out
    with open(csv_file) as lines:
        rows = list(csv.reader(lines))[1:]
    place = {os.path.relpath(f, given.pictures): f for f in files}
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"rate": run["images_per_second"], "processor_ms": used / len(files) * 1e3,
            "answers": {place[r[0]]: int(r[2]) for r in rows if r[2]}}


def widen(path, folder):
    """A copy with float32 in the place of float16."""
    import numpy as np
    import onnx
    from onnx import TensorProto, numpy_helper
    model = onnx.load(path)
    halves = [t for t in model.graph.initializer if t.data_type == TensorProto.FLOAT16]
    if not halves:
        return path
    for tensor in halves:
        wide = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(wide, tensor.name))
    for value in [*model.graph.input, *model.graph.output, *model.graph.value_info]:
        if value.type.tensor_type.elem_type == TensorProto.FLOAT16:
            value.type.tensor_type.elem_type = TensorProto.FLOAT
    out = os.path.join(folder, os.path.basename(path))
    onnx.save(model, out)
    return out


def race(name, model, recipe, given, files, folder):
    model = widen(model, folder)
    bundle = os.path.join(folder, name + ".imgcls")
    command = [given.convert, model, "-o", bundle, "--preprocess", RECIPES[recipe]["text"]]
    if given.labels:
        command += ["--labels", given.labels]
    subprocess.run(command, check=True, capture_output=True)
    entrants = {"imgcls": lambda: race_ours(given, bundle, files, folder)}
    for peer in PEERS:
        for way in WAYS[:1 if given.cores == 1 else 2]:
            entrants[peer, way] = lambda peer=peer, way=way: race_peer(peer, way, given, recipe,
                                                                       model, files)
    results = {entrant: [] for entrant in entrants}
    for turn in range(given.rounds):
        order = list(entrants)
        for entrant in order[turn % len(order):] + order[:turn % len(order)]:
            results[entrant].append(entrants[entrant]())
    row = {"model": name}
    middle = lambda key, entrant: statistics.median(r[key] for r in results[entrant])
    reference = results["Pillow + ONNX Runtime", "processes"][0]["answers"]
    for column in ["imgcls", *PEERS]:
        mine = [e for e in results if e == column or e[0] == column]
        best = max(mine, key=lambda e: middle("rate", e))
        answers = results[best][0]["answers"]
        row[column] = {"rate": middle("rate", best), "way": best[1] if best != "imgcls" else "",
                       "processor_ms": min(middle("processor_ms", e) for e in mine),
                       "agrees": sum(answers.get(f) == reference[f] for f in files) / len(files)}
    row["ratio"] = row["imgcls"]["rate"] / max(row[p]["rate"] for p in PEERS)
    row["processor_ratio"] = (min(row[p]["processor_ms"] for p in PEERS) /
                              row["imgcls"]["processor_ms"])
    return row


def mean(numbers):
    return statistics.geometric_mean(numbers)


def show(rows, given, count):
    columns = ["imgcls", *PEERS]
    print("%d pictures, %d core%s, medians of %d rounds\n" % (count, given.cores, "s"[:given.cores - 1],
                                                            given.rounds))
    print("| model | " + " | ".join(columns) + " | imgcls / best peer | processor time, best peer / imgcls"
          " | same best class |\n|" + "---|" * (len(columns) + 4))
    for row in rows:
        print("| %s | " % row["model"]
              + " | ".join("%.1f/s, %.1f ms" % (row[c]["rate"], row[c]["processor_ms"]) for c in columns)
              + " | %.2f | %.2f | " % (row["ratio"], row["processor_ratio"])
              + ", ".join("%.1f %%" % (100 * row[c]["agrees"]) for c in ("imgcls", "OpenCV + OpenVINO"))
              + " |")
    print("| geometric mean | | | | %.2f | %.2f | |" % (mean([r["ratio"] for r in rows]),
                                                   mean([r["processor_ratio"] for r in rows])))


def main():
    if len(sys.argv) == 7 and sys.argv[1] == "--work":
        return work(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]), sys.argv[6].split("\n"))
    arguments = argparse.ArgumentParser()
    arguments.add_argument("models", nargs="+", metavar="NAME=MODEL.onnx:RECIPE")
    arguments.add_argument("--eval", default="imgcls-eval")
    arguments.add_argument("--convert", default="imgcls-convert")
    arguments.add_argument("--pictures", required=True)
    arguments.add_argument("--labels")
    arguments.add_argument("--cores", type=int, default=1)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--limit", type=int)
    arguments.add_argument("--json")
    given = arguments.parse_args()
    given.pictures = os.path.abspath(given.pictures)
    files = pictures_in(given.pictures, given.limit)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for text in given.models:
            name, _, rest = text.partition("=")
            model, _, recipe = rest.rpartition(":")
            rows.append(race(name, model, recipe, given, files, folder))
            print("%s: %.2f" % (name, rows[-1]["ratio"]), file=sys.stderr)
    show(rows, given, len(files))
    if given.json:
        with open(given.json, "w") as out:
            json.dump(rows, out, indent=1)


if __name__ == "__main__":
    main()
