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
