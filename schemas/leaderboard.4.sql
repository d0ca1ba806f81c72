-- schemas/leaderboard.4.sql - version 4 of the leaderboard: the step from version 3
--
-- Indexes by which a board of 100,000 runs is listed in milliseconds, whatever it is filtered
-- and sorted by; the view `leaderboard` walks runs in their order.
--
-- SPDX-License-Identifier: Apache-2.0

-- All that one filters and sorts by, without the long texts: a listing that no other index
-- serves reads this and not the rows themselves, a third of the bytes.
CREATE INDEX runs_narrow ON runs (dataset_id, model_id, model_name, images, failed, top1,
    top1_low, top1_high, top5, top5_low, top5_high, top1_correct, top5_correct, nan_scores,
    ties, class_accuracy, macro_precision, macro_f1, nll, ece, mce,
    images_per_second, seconds, latency_p50_ms, latency_p90_ms, latency_p99_ms,
    peak_memory_bytes, precision, engine_version, isa, threads, batch, cpu, cpus, memory_bytes,
    ranks, resumed, oriented, skipped, compared_classes,
    label_space_id, plugin_set_id, tier, supersedes, reproduces, origin, recorded_by,
    started_at, recorded_at);
-- And for the long texts.
CREATE INDEX runs_by_recipe ON runs (recipe, top1 DESC, dataset_id, model_id);
CREATE INDEX runs_by_path ON runs (model_path, top1 DESC, dataset_id, model_id);

DROP VIEW leaderboard;
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
