# tests/programs/local.mk - tests of the folder of the same name, with the installed programs
# (tests/e2e/env.sh)
PROGRAM_TESTS = \
	%D%/diagnose_test.sh \
	%D%/eval_test.sh \
	%D%/leaderboard_places_test.sh \
	%D%/leaderboard_test.sh \
	%D%/leaderboard_writers_test.sh \
	%D%/plugin_test.sh \
	%D%/suite_test.sh
TESTS += $(PROGRAM_TESTS)
EXTRA_DIST += $(PROGRAM_TESTS) %D%/make_planted.py %D%/planted
