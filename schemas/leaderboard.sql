-- schemas/leaderboard.sql - version 1 of the leaderboard, one SQLite file
--
-- Wide typed columns and indexes, so that a listing touches one table; per-picture answers lie
-- in a table of their own, out of its way. Runs, data sets and answers are only ever added:
-- triggers refuse to change them, whoever asks. Times are UTC, ISO 8601, ending in Z. Rates are
-- fractions from 0 to 1. docs/leaderboard.md explains each column.
--
-- A later version is a file of its own with the step from this one (eval/leaderboard/board.c
-- lists them); this file never changes.
--
-- SPDX-License-Identifier: Apache-2.0

-- A model is its bytes: the same file under two names is one model.
CREATE TABLE models (
    id             INTEGER PRIMARY KEY,
    sha256         TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64), -- of the file
    weights_sha256 TEXT CHECK (length(weights_sha256) = 64),         -- of the weights alone
    name           TEXT NOT NULL,    -- short name when first seen
    format         TEXT NOT NULL,    -- onnx, bundle, ...
    parameters     INTEGER CHECK (parameters >= 0), -- elements of weights; NULL: not known
    macs           INTEGER CHECK (macs >= 0),  -- multiply-adds for one picture; NULL: not known
    nodes          INTEGER CHECK (nodes >= 0), -- of the graph as stored; NULL: not known
    classes        INTEGER CHECK (classes > 0),
    recipe         TEXT,             -- preprocessing it carries, canonical; NULL: none
    first_seen     TEXT NOT NULL
) STRICT;

-- Where and when a model was converted; the last row is what eval takes by default.
CREATE TABLE registrations (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    model_id      INTEGER NOT NULL REFERENCES models (id),
    path          TEXT NOT NULL,     -- absolute
    registered_at TEXT NOT NULL
) STRICT;

-- A data set is its pictures and their labels: sha256 is over the sorted lines
-- "file<TAB>label<TAB>sha256 of the file".
CREATE TABLE datasets (
    id         INTEGER PRIMARY KEY,
    sha256     TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
    name       TEXT NOT NULL,        -- the folder's name when first seen
    path       TEXT NOT NULL,        -- absolute, when first seen
    layout     TEXT NOT NULL,        -- folders, ...
    images     INTEGER NOT NULL CHECK (images > 0),
    classes    INTEGER NOT NULL CHECK (classes > 0), -- width of the label space
    first_seen TEXT NOT NULL
) STRICT;

-- File names are kept once a data set; a run's answers refer to them by position.
CREATE TABLE pictures (
    dataset_id INTEGER NOT NULL REFERENCES datasets (id),
    position   INTEGER NOT NULL,     -- from 0, in the order of the set
    file       TEXT NOT NULL,        -- relative to the set's folder
    label      INTEGER NOT NULL CHECK (label >= 0), -- class index
    PRIMARY KEY (dataset_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    id                INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice
    uid               TEXT NOT NULL UNIQUE CHECK (length(uid) = 32), -- the same in every copy
    model_id          INTEGER NOT NULL REFERENCES models (id),
    dataset_id        INTEGER NOT NULL REFERENCES datasets (id),
    model_name        TEXT NOT NULL, -- as evaluated
    model_path        TEXT NOT NULL, -- absolute
    recipe            TEXT NOT NULL, -- preprocessing that was used, canonical
    precision         TEXT NOT NULL, -- effective: what the arithmetic was done in
    engine_version    TEXT NOT NULL,
    isa               TEXT NOT NULL, -- instruction set used: portable, avx2, avx512
    threads           INTEGER NOT NULL CHECK (threads > 0),
    batch             INTEGER NOT NULL CHECK (batch > 0),
    cpu               TEXT NOT NULL, -- the processor's own name
    cpus              INTEGER NOT NULL CHECK (cpus > 0), -- that the process was allowed
    images            INTEGER NOT NULL CHECK (images > 0), -- the denominator, failed included
    failed            INTEGER NOT NULL CHECK (failed BETWEEN 0 AND images),
    nan_scores        INTEGER NOT NULL CHECK (nan_scores BETWEEN 0 AND images),
    top1_correct      INTEGER NOT NULL CHECK (top1_correct BETWEEN 0 AND images),
    top1              REAL NOT NULL, -- fraction
    top1_low          REAL NOT NULL, -- 95 % interval (Wilson)
    top1_high         REAL NOT NULL,
    top5_correct      INTEGER CHECK (top5_correct BETWEEN top1_correct AND images),
    top5              REAL,          -- NULL with 10 classes or fewer
    top5_low          REAL,
    top5_high         REAL,
    seconds           REAL NOT NULL, -- wall clock, first read to last score
    images_per_second REAL NOT NULL,
    started_at        TEXT NOT NULL,
    recorded_at       TEXT NOT NULL
) STRICT;

CREATE INDEX runs_by_top1 ON runs (top1 DESC);
CREATE INDEX runs_by_model ON runs (model_id);
CREATE INDEX runs_by_dataset ON runs (dataset_id, top1 DESC);

-- Per picture, in the order of the set, little-endian, without gaps: five class indices
-- (index_bytes each, all bits set: none), five probabilities (float16), the natural logarithm
-- of the label's probability (float32). No index and NaN probabilities: the scores held a NaN;
-- no index and zero probabilities: the picture failed.
CREATE TABLE answers (
    run_id      INTEGER PRIMARY KEY REFERENCES runs (id),
    index_bytes INTEGER NOT NULL CHECK (index_bytes IN (2, 4)),
    bytes       BLOB NOT NULL
) STRICT;

-- Pictures without an answer, and why.
CREATE TABLE failures (
    run_id   INTEGER NOT NULL REFERENCES runs (id),
    position INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;

-- What one reads: a row a run, with its model and data set.
CREATE VIEW leaderboard AS
SELECT
    runs.id AS run, runs.model_name AS model, datasets.name AS dataset,
    runs.images, runs.failed,
    runs.top1, runs.top1_low, runs.top1_high, runs.top5, runs.top5_low, runs.top5_high,
    runs.top1_correct, runs.top5_correct, runs.nan_scores,
    runs.images_per_second, runs.seconds, runs.recipe, runs.precision,
    runs.engine_version, runs.isa, runs.threads, runs.batch, runs.cpu, runs.cpus,
    models.parameters, models.macs, models.nodes, models.format, datasets.classes,
    models.sha256 AS model_sha256, models.weights_sha256, datasets.sha256 AS dataset_sha256,
    datasets.layout, runs.model_path, datasets.path AS dataset_path,
    runs.started_at, runs.recorded_at, runs.uid
FROM runs
JOIN models ON models.id = runs.model_id
JOIN datasets ON datasets.id = runs.dataset_id;

-- Append-only, enforced where nobody can forget it.
CREATE TRIGGER runs_keep BEFORE UPDATE ON runs
BEGIN SELECT RAISE(ABORT, 'runs are never changed'); END;
CREATE TRIGGER runs_stay BEFORE DELETE ON runs
BEGIN SELECT RAISE(ABORT, 'runs are never deleted'); END;
CREATE TRIGGER answers_keep BEFORE UPDATE ON answers
BEGIN SELECT RAISE(ABORT, 'answers are never changed'); END;
CREATE TRIGGER answers_stay BEFORE DELETE ON answers
BEGIN SELECT RAISE(ABORT, 'answers are never deleted'); END;
CREATE TRIGGER failures_keep BEFORE UPDATE ON failures
BEGIN SELECT RAISE(ABORT, 'failures are never changed'); END;
CREATE TRIGGER failures_stay BEFORE DELETE ON failures
BEGIN SELECT RAISE(ABORT, 'failures are never deleted'); END;
CREATE TRIGGER datasets_keep BEFORE UPDATE ON datasets
BEGIN SELECT RAISE(ABORT, 'data sets are never changed'); END;
CREATE TRIGGER datasets_stay BEFORE DELETE ON datasets
BEGIN SELECT RAISE(ABORT, 'data sets are never deleted'); END;
CREATE TRIGGER pictures_keep BEFORE UPDATE ON pictures
BEGIN SELECT RAISE(ABORT, 'pictures are never changed'); END;
CREATE TRIGGER pictures_stay BEFORE DELETE ON pictures
BEGIN SELECT RAISE(ABORT, 'pictures are never deleted'); END;
CREATE TRIGGER registrations_keep BEFORE UPDATE ON registrations
BEGIN SELECT RAISE(ABORT, 'registrations are never changed'); END;
