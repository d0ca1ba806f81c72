-- schemas/leaderboard.5.sql - version 5 of the leaderboard: the step from version 4
--
-- Runs of a suite of cases with known answers (imgcls-verify --suite DIR --db FILE), so that
-- one may ask which cases a version stopped or began to pass. Like runs they are only added.
--
-- SPDX-License-Identifier: Apache-2.0

CREATE TABLE suite_runs (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    folder         TEXT NOT NULL, -- absolute
    engine_version TEXT NOT NULL,
    isa            TEXT NOT NULL, -- instruction set used: portable, avx2, avx512
    cpu            TEXT NOT NULL, -- the processor's own name
    cases          INTEGER NOT NULL CHECK (cases > 0),
    passed         INTEGER NOT NULL CHECK (passed BETWEEN 0 AND cases),
    failed         INTEGER NOT NULL CHECK (failed BETWEEN 0 AND cases),
    unsupported    INTEGER NOT NULL CHECK (unsupported BETWEEN 0 AND cases),
    seconds        REAL NOT NULL CHECK (seconds >= 0), -- wall clock, all cases
    recorded_at    TEXT NOT NULL, -- UTC, ISO 8601
    recorded_by    TEXT NOT NULL, -- user@host
    CHECK (passed + failed + unsupported = cases)
) STRICT;

CREATE TABLE suite_cases (
    suite_run_id INTEGER NOT NULL REFERENCES suite_runs (id),
    name         TEXT NOT NULL,    -- path below the folder
    result       TEXT NOT NULL CHECK (result IN ('passed', 'failed', 'unsupported')),
    compared     INTEGER NOT NULL CHECK (compared IN (0, 1)), -- 0: run on zeros
    operators    TEXT NOT NULL,    -- types of the model's nodes, blanks between
    reason       TEXT,             -- where it did not pass
    PRIMARY KEY (suite_run_id, name)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER suite_runs_keep BEFORE UPDATE ON suite_runs
BEGIN SELECT raise(ABORT, 'suite runs are never changed'); END;
CREATE TRIGGER suite_runs_stay BEFORE DELETE ON suite_runs
BEGIN SELECT raise(ABORT, 'suite runs are never deleted'); END;
CREATE TRIGGER suite_cases_keep BEFORE UPDATE ON suite_cases
BEGIN SELECT raise(ABORT, 'suite runs are never changed'); END;
CREATE TRIGGER suite_cases_stay BEFORE DELETE ON suite_cases
BEGIN SELECT raise(ABORT, 'suite runs are never deleted'); END;
