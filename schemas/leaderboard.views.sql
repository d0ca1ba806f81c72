-- schemas/leaderboard.views.sql - what one reads: the views of the newest version
--
-- Made anew together with the newest step (eval/leaderboard/schema.c), so that a view stands
-- here alone and not in every step that adds a column to it. Whoever changes a view adds a step,
-- be it an empty one: files of the newest version are not touched.
--
-- SPDX-License-Identifier: Apache-2.0

-- A row a run, with its model and data set.
DROP VIEW IF EXISTS leaderboard;
CREATE VIEW leaderboard AS
SELECT
    runs.id AS run, runs.model_name AS model, datasets.name AS dataset,
    runs.images, runs.failed,
    runs.top1, runs.top1_low, runs.top1_high, runs.top5, runs.top5_low, runs.top5_high,
    runs.top1_correct, runs.top5_correct, runs.nan_scores, runs.ties,
    runs.class_accuracy, runs.macro_precision, runs.macro_f1, runs.nll, runs.ece, runs.mce,
    runs.images_per_second, runs.seconds,
    runs.latency_p50_ms, runs.latency_p90_ms, runs.latency_p99_ms, runs.peak_memory_bytes,
    runs.recipe, runs.precision,
    runs.engine_version, runs.isa, runs.threads, runs.batch, runs.cpu, runs.cpus,
    runs.memory_bytes, runs.ranks, runs.resumed, runs.oriented, runs.skipped,
    runs.compared_classes,
    models.parameters, models.macs, models.nodes, models.format, models.opset,
    models.producer, models.weights_type, models.bytes AS model_bytes, datasets.classes,
    models.sha256 AS model_sha256, models.weights_sha256, models.graph_sha256,
    models.parent_sha256, datasets.sha256 AS dataset_sha256,
    datasets.manifest_sha256,
    (SELECT sha256 FROM label_spaces WHERE id = runs.label_space_id) AS labels_sha256,
    (SELECT sha256 FROM plugin_sets WHERE id = runs.plugin_set_id) AS plugins_sha256,
    datasets.layout, runs.model_path, datasets.path AS dataset_path,
    runs.tier, runs.supersedes,
    (SELECT max(later.id) FROM runs AS later WHERE later.supersedes = runs.id)
        AS superseded_by,
    runs.reproduces, runs.origin, runs.recorded_by,
    runs.started_at, runs.recorded_at, runs.uid
FROM runs -- CROSS JOIN: runs first, in whatever order an index of theirs has them
CROSS JOIN models ON models.id = runs.model_id
CROSS JOIN datasets ON datasets.id = runs.dataset_id;

-- Runs and figures of others in one table; tier tells them apart.
DROP VIEW IF EXISTS board;
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
DROP VIEW IF EXISTS run_plugins;
CREATE VIEW run_plugins AS
SELECT runs.id AS run, plugins.name, plugins.version, plugins.sha256
FROM runs
JOIN plugins ON plugins.set_id = runs.plugin_set_id;

-- Class names as a run's model has them, a row each.
DROP VIEW IF EXISTS run_classes;
CREATE VIEW run_classes AS
SELECT runs.id AS run, class_names.class, class_names.name
FROM runs
JOIN class_names ON class_names.label_space_id = runs.label_space_id;

-- Pictures that a run had no answer for, with their file names.
DROP VIEW IF EXISTS run_failures;
CREATE VIEW run_failures AS
SELECT failures.run_id AS run, pictures.file, failures.reason
FROM failures
JOIN runs ON runs.id = failures.run_id
JOIN pictures ON pictures.dataset_id = runs.dataset_id
    AND pictures.position = failures.position;
