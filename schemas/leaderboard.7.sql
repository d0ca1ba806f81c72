-- schemas/leaderboard.7.sql - version 7 of the leaderboard: the step from version 6
--
-- Columns of runs, packed: what a listing filters and sorts by lies together there, for any
-- column, in fewer bytes than the indexes took that did this for some of them.
--
-- SPDX-License-Identifier: Apache-2.0

-- Derived from runs, 1024 of them a block in the order of their numbers, by whoever opens the
-- file to write next (eval/leaderboard/blocks.c has the layout); checked by imgcls-leaderboard
-- check. A step that adds a column to runs empties this table. Runs that are in no block yet are
-- read from runs.
CREATE TABLE run_blocks (
    name  TEXT NOT NULL,    -- of the column of runs
    block INTEGER NOT NULL, -- from 0
    bytes BLOB NOT NULL,
    PRIMARY KEY (name, block)
) STRICT, WITHOUT ROWID;

DROP INDEX IF EXISTS runs_narrow;
DROP INDEX IF EXISTS runs_by_recipe;
DROP INDEX IF EXISTS runs_by_path;
