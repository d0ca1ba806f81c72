-- schemas/leaderboard.3.sql - version 3 of the leaderboard: the step from version 2
--
-- More figures of a run, all defined over its stored answers (docs/evaluation.md has the
-- definitions); several right classes for a picture; and the progress of evaluations that are
-- not finished, the one thing here that changes and goes away again.
--
-- SPDX-License-Identifier: Apache-2.0

-- Over the sorted lines "file<TAB>label<TAB>bytes": known before a picture is read. The same
-- label written as "3,17" where several are right.
ALTER TABLE datasets ADD COLUMN manifest_sha256 TEXT;
-- Further right classes, "3,17"; NULL: label alone is right.
ALTER TABLE pictures ADD COLUMN also_right TEXT;

-- NULL in runs recorded before.
ALTER TABLE runs ADD COLUMN ties INTEGER;          -- two best probabilities equal as float16
ALTER TABLE runs ADD COLUMN nll REAL;              -- mean of -ln p(label), nats; NULL: infinite
ALTER TABLE runs ADD COLUMN ece REAL;              -- expected calibration error, 15 bins, 0..1
ALTER TABLE runs ADD COLUMN mce REAL;              -- mean over the bins that hold pictures
ALTER TABLE runs ADD COLUMN class_accuracy REAL;   -- mean over the classes that have pictures
ALTER TABLE runs ADD COLUMN macro_precision REAL;  -- mean over the same classes
ALTER TABLE runs ADD COLUMN macro_f1 REAL;
ALTER TABLE runs ADD COLUMN oriented INTEGER;      -- pictures whose EXIF asks to be turned
ALTER TABLE runs ADD COLUMN skipped INTEGER;       -- left out: the ground truth has no answer
ALTER TABLE runs ADD COLUMN compared_classes INTEGER; -- whose scores were compared
ALTER TABLE runs ADD COLUMN resumed INTEGER;       -- how often it went on after an end
ALTER TABLE runs ADD COLUMN ranks INTEGER;         -- processes that took part

-- A row for each class that has pictures or was answered; accuracy (which is recall) is
-- top1_correct / images, precision top1_correct / predicted.
CREATE TABLE class_figures (
    run_id       INTEGER NOT NULL REFERENCES runs (id),
    class        INTEGER NOT NULL,
    images       INTEGER NOT NULL CHECK (images >= 0),
    top1_correct INTEGER NOT NULL CHECK (top1_correct BETWEEN 0 AND images),
    top5_correct INTEGER NOT NULL CHECK (top5_correct BETWEEN top1_correct AND images),
    predicted    INTEGER NOT NULL CHECK (predicted >= top1_correct),
    PRIMARY KEY (run_id, class)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER class_figures_keep BEFORE UPDATE ON class_figures
BEGIN SELECT RAISE(ABORT, 'class figures are never changed'); END;
CREATE TRIGGER class_figures_stay BEFORE DELETE ON class_figures
BEGIN SELECT RAISE(ABORT, 'class figures are never deleted'); END;

-- An evaluation under way, or one that was ended from outside and waits to be taken up.
CREATE TABLE progress (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    model_sha256    TEXT NOT NULL,
    model_path      TEXT NOT NULL,    -- absolute
    dataset_path    TEXT NOT NULL,    -- absolute
    recipe          TEXT NOT NULL,
    engine          TEXT NOT NULL,    -- version and instruction set
    manifest_sha256 TEXT NOT NULL,    -- the data set's, and its files' times
    images          INTEGER NOT NULL, -- to be done
    owner           TEXT NOT NULL,    -- the process that works on it
    seconds         REAL NOT NULL,    -- spent so far
    resumed         INTEGER NOT NULL,
    oriented        INTEGER NOT NULL,
    started_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL
) STRICT;
CREATE INDEX progress_by_model ON progress (model_sha256);

-- Finished pictures, a commit's worth a row (eval/leaderboard/progress.c has the layout).
CREATE TABLE progress_parts (
    id          INTEGER PRIMARY KEY,
    progress_id INTEGER NOT NULL REFERENCES progress (id) ON DELETE CASCADE,
    bytes       BLOB NOT NULL
) STRICT;
CREATE INDEX progress_parts_by_progress ON progress_parts (progress_id);
