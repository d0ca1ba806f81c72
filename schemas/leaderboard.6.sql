-- schemas/leaderboard.6.sql - version 6 of the leaderboard: the step from version 5
--
-- Two ways to find few runs among many: those that none supersedes, which most questions are
-- about, and the runs of one subject (a model by name, on one data set, in one way), newest
-- last, which tell what got worse.
--
-- SPDX-License-Identifier: Apache-2.0

-- Derived from runs.supersedes by the trigger below, and checked by imgcls-leaderboard check.
CREATE TABLE newest_runs (
    id INTEGER PRIMARY KEY REFERENCES runs (id)
) STRICT;
INSERT INTO newest_runs (id)
SELECT id FROM runs
WHERE NOT EXISTS (SELECT 1 FROM runs AS later WHERE later.supersedes = runs.id);
CREATE TRIGGER runs_newest AFTER INSERT ON runs
BEGIN
    DELETE FROM newest_runs WHERE id = NEW.supersedes;
    INSERT INTO newest_runs (id) VALUES (NEW.id);
END;

CREATE INDEX runs_by_subject ON runs (model_name, dataset_id, recipe, precision, recorded_at,
    id, cpu, threads, batch);
