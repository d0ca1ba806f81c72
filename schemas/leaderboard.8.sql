-- schemas/leaderboard.8.sql - version 8 of the leaderboard: the step from version 7
--
-- What got worse is found over the packed columns since version 7; the index that served it
-- before was read by nothing any more, and took a twelfth of a large leaderboard.
--
-- SPDX-License-Identifier: Apache-2.0

DROP INDEX IF EXISTS runs_by_subject;
