#!/usr/bin/env python3
# tests/leaderboard/make_board.py - a leaderboard of 100,000 runs, to see how it behaves then
#
#   make_board.py FILE.db [RUNS [FOLDER PICTURES]]
#
# 250 models on four data sets, measured again and again by changing engine versions on changing
# machines; every run has answers that its figures follow from (`imgcls-leaderboard check` agrees).
# Besides, as the last two runs, two models over one set of 50,000 pictures in 1000 classes, which
# FOLDER then holds as links to the files beneath PICTURES, so that pages can show them. The tables
# are made from schemas/, the numbers from a fixed seed. Python's standard library alone.
#
# SPDX-License-Identifier: Apache-2.0
import glob, hashlib, math, os, random, re, shutil, sqlite3, struct, subprocess, sys

PICTURES = 50
LARGE = 50_000
CLASSES = 1000
Z95 = 1.959963984540054

top = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
random.seed(20261125)


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def wilson(correct, n):
    """As eval/metrics/significance.c computes it, operation by operation."""
    p = correct / n
    scale = 1 + Z95 * Z95 / n
    middle = (p + Z95 * Z95 / (2 * n)) / scale
    half = Z95 * math.sqrt(p * (1 - p) / n + Z95 * Z95 / (4 * n * n)) / scale
    return (p, 0.0 if correct == 0 else max(0.0, middle - half),
            1.0 if correct == n else min(1.0, middle + half))


def answers(labels, accuracy):
    """Stored answers of a model that is right that often; counts of top-1 and top-5."""
    out, top1, top5 = bytearray(), 0, 0
    for label in labels:
        others = random.sample(range(CLASSES - 1), 5)
        five = [o + (o >= label) for o in others]
        draw = random.random()
        first = random.uniform(0.3, 0.95)
        rest = (1 - first) / 8
        p = [first, rest * 3, rest * 2, rest, rest / 2]
        if draw < accuracy:
            five[0], log_p = label, math.log(first)
            top1 += 1
            top5 += 1
        elif draw < accuracy + (1 - accuracy) * 0.6:
            k = random.randrange(1, 5)
            five[k], log_p = label, math.log(p[k])
            top5 += 1
        else:
            log_p = math.log(rest / 50)
        out += struct.pack('<5H5ef', *five, *p, log_p)
    return bytes(out), top1, top5


def link_pictures(folder, pictures, files):
    """The files, each a link to one of the pictures, in turns."""
    sources = sorted(os.path.join(at, name) for at, _, names in os.walk(os.path.abspath(pictures))
                     for name in names if name.lower().endswith(('.jpeg', '.jpg', '.png')))
    if not sources:
        sys.exit(f'{pictures}: no pictures')
    for k, file in enumerate(files):
        path = os.path.join(folder, file)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(sources[k % len(sources)], path)


def steps():
    """The schema, its steps in order of their versions, and the views; the newest version."""
    def version(name):
        found = re.search(r'\.(\d+)\.sql$', name)
        return int(found.group(1)) if found else 1
    schemas = os.path.join(top, 'schemas')
    views = os.path.join(schemas, 'leaderboard.views.sql')
    names = sorted(set(glob.glob(os.path.join(schemas, 'leaderboard*.sql'))) - {views}, key=version)
    return [open(n, encoding='utf-8').read() for n in names + [views]], version(names[-1])


def main():
    path = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    folder, pictures = sys.argv[3:5] if len(sys.argv) > 4 else ('/data/large', None)
    if os.path.exists(path):
        sys.exit(f'{path}: exists already')
    db = sqlite3.connect(path, isolation_level=None)
    db.execute('PRAGMA journal_mode = WAL')
    db.execute('PRAGMA synchronous = OFF')
    scripts, version = steps()
    for sql in scripts:
        db.executescript(sql)
    db.execute(f'PRAGMA user_version = {version}')
    db.execute(f'PRAGMA application_id = {0x696d6763}')
    db.execute('BEGIN')

    models = []
    families = ['resnet', 'vit_base_patch', 'convnext_', 'efficientnet_b', 'swin_tiny_window']
    for i in range(250):
        name = f'{families[i % 5]}{i // 5 + 1}'
        quality = random.uniform(0.55, 0.9)
        parameters = int(10 ** random.uniform(6.3, 8.6))
        db.execute(
            'INSERT INTO models (id, sha256, weights_sha256, graph_sha256, name, format,'
            ' parameters, macs, nodes, classes, bytes, opset, producer, weights_type,'
            " first_seen) VALUES (?,?,?,?,?,'onnx',?,?,?,?,?,17,'pytorch 2.13.0','float32',?)",
            (i + 1, sha(f'm{i}'), sha(f'w{i}'), sha(f'g{i}'), name, parameters,
             parameters * 160, 100 + i, CLASSES, parameters * 4, '2026-01-01T00:00:00Z'))
        models.append((name, quality, parameters))
    sets = []
    for i, name in enumerate(['imagenet-val', 'imagenet-v2', 'imagenet-r', 'sketch', 'large']):
        n = LARGE if name == 'large' else PICTURES
        labels = [random.randrange(CLASSES) for _ in range(n)]
        files = [f'n{label:08d}/ILSVRC2012_val_{k:08d}.JPEG' for k, label in enumerate(labels)]
        path = os.path.abspath(folder) if name == 'large' else f'/data/{name}'
        db.execute(
            'INSERT INTO datasets (id, sha256, name, path, layout, images, classes, first_seen)'
            " VALUES (?,?,?,?,'folders',?,?,'2026-01-01T00:00:00Z')",
            (i + 1, sha(f'd{i}'), name, path, n, CLASSES))
        db.executemany(
            'INSERT INTO pictures (dataset_id, position, file, label) VALUES (?,?,?,?)',
            ((i + 1, k, *both) for k, both in enumerate(zip(files, labels))))
        if name == 'large' and pictures:
            link_pictures(folder, pictures, files)
        sets.append((name, labels))
    db.execute('INSERT INTO label_spaces VALUES (1, ?, ?)', (sha('labels'), CLASSES))
    db.executemany('INSERT INTO class_names VALUES (1, ?, ?)',
                   ((k, f'第{k}类, class number {k}') for k in range(CLASSES)))
    db.execute('INSERT INTO plugin_sets VALUES (1, ?)', (sha('plugins'),))
    db.executemany('INSERT INTO plugins VALUES (1, ?, ?, ?)',
                   ((p, '0.1.0', sha(p)) for p in ['bundle', 'onnx', 'ops-nn', 'ops-shape']))

    # Answers to draw from: 40 for each data set and each of 20 levels of quality.
    pool = [[[answers(labels, 0.4 + 0.025 * level) for _ in range(40)] for level in range(21)]
            for _, labels in sets[:4]]
    cpus = [('AMD EPYC 9554 64-Core Processor', 64), ('Intel(R) Xeon(R) Gold 6430', 32),
            ('AMD Ryzen 9 7950X 16-Core Processor', 16)]
    last = {}

    def add(run, model, dataset, found, threads, cpu, recipe, minute):
        blob, top1, top5 = found
        name, _, parameters = models[model]
        images = len(sets[dataset][1])
        rate = threads * 4e8 / parameters * random.uniform(0.9, 1.1)
        stamp = (f'2026-{1 + minute // 40320 % 12:02d}-{1 + minute // 1440 % 28:02d}'
                 f'T{minute // 60 % 24:02d}:{minute % 60:02d}:00Z')
        key = (model, dataset, threads, cpu[0])
        db.execute(
            'INSERT INTO runs (id, uid, model_id, dataset_id, model_name, model_path, recipe,'
            ' precision, engine_version, isa, threads, batch, cpu, cpus, images, failed,'
            ' nan_scores, top1_correct, top1, top1_low, top1_high, top5_correct, top5,'
            ' top5_low, top5_high, seconds, images_per_second, started_at, recorded_at,'
            ' supersedes, recorded_by, memory_bytes, peak_memory_bytes, latency_p50_ms,'
            ' latency_p90_ms, latency_p99_ms, label_space_id, plugin_set_id)'
            " VALUES (?,?,?,?,?,?,?,'float32',?,'avx512',?,8,?,?,?,0,0,?,?,?,?,?,?,?,?,?,?,"
            '?,?,?,?,?,?,?,?,?,1,1)',
            (run, f'{random.getrandbits(128):032x}', model + 1, dataset + 1, name,
             f'/models/{name}.imgcls', recipe, f'0.{run * 10 // (count + 1)}.0', threads,
             cpu[0], cpu[1], images, top1, *wilson(top1, images), top5, *wilson(top5, images),
             images / rate, rate, stamp, stamp, last.get(key), 'lab@host', 1 << 37,
             parameters * 6, 1000 / rate, 1200 / rate, 1500 / rate))
        db.execute('INSERT INTO answers VALUES (?, 2, ?)', (run, blob))
        last[key] = run

    recipe = ('resize={},filter=bicubic,crop=224,color=rgb,range=1,mean=0.485/0.456/0.406,'
              'std=0.229/0.224/0.225')
    for run in range(1, count - 1):
        model, dataset = random.randrange(250), random.randrange(4)
        level = min(20, max(0, round((models[model][1] - 0.4 - 0.06 * dataset) / 0.025)))
        add(run, model, dataset, random.choice(pool[dataset][level]),
            random.choice([1, 8, 16]), random.choice(cpus), recipe.format(256), run * 4)
    for model, accuracy in ((0, 0.76), (1, 0.765)):
        add(count - 1 + model, model, 4, answers(sets[4][1], accuracy), 8, cpus[0],
            recipe.format(232), count * 4)
    db.execute('COMMIT')
    db.execute('PRAGMA wal_checkpoint(TRUNCATE)')
    db.close()
    # Packing columns of runs is the program's (eval/leaderboard/blocks.c); without it here the
    # first command on the file does it, and takes the longer.
    program = shutil.which('imgcls-leaderboard')
    if program:
        subprocess.run([program, 'list', '--limit', '1', '--db', sys.argv[1]], check=True,
                       stdout=subprocess.DEVNULL)


main()
