-- schemas/leaderboard.2.sql - version 2 of the leaderboard: the step from version 1
--
-- More provenance beside the figures, and a place for figures of others. Columns that a run
-- of version 1 does not have are NULL there. As in version 1: times are UTC, ISO 8601, ending in
-- Z; rates are fractions from 0 to 1; what is a run, or what a run rests on, is only ever added.
-- docs/leaderboard.md explains each column.
--
-- SPDX-License-Identifier: Apache-2.0

ALTER TABLE models ADD COLUMN graph_sha256 TEXT CHECK (length(graph_sha256) = 64);
ALTER TABLE models ADD COLUMN bytes INTEGER CHECK (bytes >= 0);   -- of the file
ALTER TABLE models ADD COLUMN opset INTEGER CHECK (opset > 0);    -- of ai.onnx
ALTER TABLE models ADD COLUMN producer TEXT;      -- who made the source, as it says itself
ALTER TABLE models ADD COLUMN weights_type TEXT;  -- element type of most weight bytes
ALTER TABLE models ADD COLUMN parent_sha256 TEXT CHECK (length(parent_sha256) = 64);

-- The plugins that a process had loaded, and the bytes of each: sha256 is over the sorted lines
-- "name<TAB>version<TAB>sha256 of the file".
CREATE TABLE plugin_sets (
    id     INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64)
) STRICT;
CREATE TABLE plugins (
    set_id  INTEGER NOT NULL REFERENCES plugin_sets (id),
    name    TEXT NOT NULL,
    version TEXT NOT NULL,
    sha256  TEXT NOT NULL CHECK (length(sha256) = 64), -- of the file
    PRIMARY KEY (set_id, name)
) STRICT, WITHOUT ROWID;

-- What class indices mean: sha256 is over the names in order, each ended by a line feed.
CREATE TABLE label_spaces (
    id      INTEGER PRIMARY KEY,
    sha256  TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
    classes INTEGER NOT NULL CHECK (classes > 0)
) STRICT;
CREATE TABLE class_names (
    label_space_id INTEGER NOT NULL REFERENCES label_spaces (id),
    class          INTEGER NOT NULL CHECK (class >= 0),
    name           TEXT NOT NULL,
    PRIMARY KEY (label_space_id, class)
) STRICT, WITHOUT ROWID;

ALTER TABLE runs ADD COLUMN tier TEXT NOT NULL DEFAULT 'measured'
    CHECK (tier IN ('measured', 'reproduced'));
ALTER TABLE runs ADD COLUMN supersedes INTEGER REFERENCES runs (id);
ALTER TABLE runs ADD COLUMN reproduces INTEGER REFERENCES runs (id);
ALTER TABLE runs ADD COLUMN origin TEXT;          -- file that it was merged from; NULL: none
ALTER TABLE runs ADD COLUMN recorded_by TEXT;     -- user@host
ALTER TABLE runs ADD COLUMN memory_bytes INTEGER CHECK (memory_bytes > 0); -- of the machine
ALTER TABLE runs ADD COLUMN peak_memory_bytes INTEGER CHECK (peak_memory_bytes > 0);
ALTER TABLE runs ADD COLUMN latency_p50_ms REAL CHECK (latency_p50_ms >= 0);
ALTER TABLE runs ADD COLUMN latency_p90_ms REAL CHECK (latency_p90_ms >= 0);
ALTER TABLE runs ADD COLUMN latency_p99_ms REAL CHECK (latency_p99_ms >= 0);
ALTER TABLE runs ADD COLUMN label_space_id INTEGER REFERENCES label_spaces (id);
ALTER TABLE runs ADD COLUMN plugin_set_id INTEGER REFERENCES plugin_sets (id);

CREATE INDEX runs_by_supersedes ON runs (supersedes);
CREATE INDEX runs_by_reproduces ON runs (reproduces);
CREATE INDEX runs_by_top5 ON runs (top5 DESC);
CREATE INDEX runs_by_speed ON runs (images_per_second DESC);
CREATE INDEX runs_by_latency ON runs (latency_p50_ms);
CREATE INDEX runs_by_time ON runs (recorded_at);
CREATE INDEX runs_by_name ON runs (model_name);

-- Figures that others published: rows beside the runs, never among them.
CREATE TABLE context_sources (
    id          INTEGER PRIMARY KEY,
    sha256      TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64), -- of the file
    file        TEXT NOT NULL,    -- its name, without folders
    dataset     TEXT NOT NULL,    -- what the figures are about, by the file's name or as told
    environment TEXT,             -- from the name of a file of timings; NULL: none
    imported_at TEXT NOT NULL,
    imported_by TEXT NOT NULL     -- user@host
) STRICT;
CREATE TABLE context (
    id                INTEGER PRIMARY KEY,
    source_id         INTEGER NOT NULL REFERENCES context_sources (id),
    line              INTEGER NOT NULL CHECK (line > 1), -- of the file
    model             TEXT NOT NULL,
    top1              REAL CHECK (top1 BETWEEN 0 AND 1), -- fraction
    top5              REAL CHECK (top5 BETWEEN 0 AND 1),
    parameters        INTEGER CHECK (parameters >= 0),
    macs              INTEGER CHECK (macs >= 0),
    img_size          INTEGER CHECK (img_size > 0),      -- pixels
    crop_pct          REAL CHECK (crop_pct > 0),         -- fraction
    interpolation     TEXT,
    images_per_second REAL CHECK (images_per_second >= 0),
    UNIQUE (source_id, line)
) STRICT;
CREATE INDEX context_by_top1 ON context (top1 DESC);

-- What one reads: a row a run, with its model and data set.
DROP VIEW leaderboard;
CREATE VIEW leaderboard AS
SELECT
    runs.id AS run, runs.model_name AS model, datasets.name AS dataset,
    runs.images, runs.failed,
    runs.top1, runs.top1_low, runs.top1_high, runs.top5, runs.top5_low, runs.top5_high,
    runs.top1_correct, runs.top5_correct, runs.nan_scores,
    runs.images_per_second, runs.seconds,
    runs.latency_p50_ms, runs.latency_p90_ms, runs.latency_p99_ms, runs.peak_memory_bytes,
    runs.recipe, runs.precision,
    runs.engine_version, runs.isa, runs.threads, runs.batch, runs.cpu, runs.cpus,
    runs.memory_bytes,
    models.parameters, models.macs, models.nodes, models.format, models.opset,
    models.producer, models.weights_type, models.bytes AS model_bytes, datasets.classes,
    models.sha256 AS model_sha256, models.weights_sha256, models.graph_sha256,
    models.parent_sha256, datasets.sha256 AS dataset_sha256,
    (SELECT sha256 FROM label_spaces WHERE id = runs.label_space_id) AS labels_sha256,
    (SELECT sha256 FROM plugin_sets WHERE id = runs.plugin_set_id) AS plugins_sha256,
    datasets.layout, runs.model_path, datasets.path AS dataset_path,
    runs.tier, runs.supersedes,
    (SELECT max(later.id) FROM runs AS later WHERE later.supersedes = runs.id)
        AS superseded_by,
    runs.reproduces, runs.origin, runs.recorded_by,
    runs.started_at, runs.recorded_at, runs.uid
FROM runs
JOIN models ON models.id = runs.model_id
JOIN datasets ON datasets.id = runs.dataset_id;

-- Runs and figures of others in one table; tier tells them apart.
CREATE VIEW board AS
SELECT runs.tier AS tier, runs.id AS run, runs.model_name AS model, datasets.name AS dataset,
    runs.top1, runs.top1_low, runs.top1_high, runs.top5, runs.images_per_second,
    models.parameters, models.macs, runs.recorded_at, NULL AS source
FROM runs
JOIN models ON models.id = runs.model_id
JOIN datasets ON datasets.id = runs.dataset_id
UNION ALL
SELECT 'imported', NULL, context.model, context_sources.dataset,
    context.top1, NULL, NULL, context.top5, context.images_per_second,
    context.parameters, context.macs, context_sources.imported_at, context_sources.file
FROM context
JOIN context_sources ON context_sources.id = context.source_id;

-- The plugins behind a run, a row each.
CREATE VIEW run_plugins AS
SELECT runs.id AS run, plugins.name, plugins.version, plugins.sha256
FROM runs
JOIN plugins ON plugins.set_id = runs.plugin_set_id;

-- Class names as a run's model has them, a row each.
CREATE VIEW run_classes AS
SELECT runs.id AS run, class_names.class, class_names.name
FROM runs
JOIN class_names ON class_names.label_space_id = runs.label_space_id;

-- Pictures that a run had no answer for, with their file names.
CREATE VIEW run_failures AS
SELECT failures.run_id AS run, pictures.file, failures.reason
FROM failures
JOIN runs ON runs.id = failures.run_id
JOIN pictures ON pictures.dataset_id = runs.dataset_id
    AND pictures.position = failures.position;

CREATE TRIGGER plugin_sets_keep BEFORE UPDATE ON plugin_sets
BEGIN SELECT RAISE(ABORT, 'plugin sets are never changed'); END;
CREATE TRIGGER plugin_sets_stay BEFORE DELETE ON plugin_sets
BEGIN SELECT RAISE(ABORT, 'plugin sets are never deleted'); END;
CREATE TRIGGER plugins_keep BEFORE UPDATE ON plugins
BEGIN SELECT RAISE(ABORT, 'plugins are never changed'); END;
CREATE TRIGGER plugins_stay BEFORE DELETE ON plugins
BEGIN SELECT RAISE(ABORT, 'plugins are never deleted'); END;
CREATE TRIGGER label_spaces_keep BEFORE UPDATE ON label_spaces
BEGIN SELECT RAISE(ABORT, 'label spaces are never changed'); END;
CREATE TRIGGER label_spaces_stay BEFORE DELETE ON label_spaces
BEGIN SELECT RAISE(ABORT, 'label spaces are never deleted'); END;
CREATE TRIGGER class_names_keep BEFORE UPDATE ON class_names
BEGIN SELECT RAISE(ABORT, 'class names are never changed'); END;
CREATE TRIGGER class_names_stay BEFORE DELETE ON class_names
BEGIN SELECT RAISE(ABORT, 'class names are never deleted'); END;
CREATE TRIGGER context_sources_keep BEFORE UPDATE ON context_sources
BEGIN SELECT RAISE(ABORT, 'sources are never changed'); END;
CREATE TRIGGER context_sources_stay BEFORE DELETE ON context_sources
BEGIN SELECT RAISE(ABORT, 'sources are never deleted'); END;
CREATE TRIGGER context_keep BEFORE UPDATE ON context
BEGIN SELECT RAISE(ABORT, 'figures of others are never changed'); END;
CREATE TRIGGER context_stay BEFORE DELETE ON context
BEGIN SELECT RAISE(ABORT, 'figures of others are never deleted'); END;
