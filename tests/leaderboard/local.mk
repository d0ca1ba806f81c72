# tests/leaderboard/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/board_test
TESTS += %D%/board_test
%C%_board_test_SOURCES = %D%/board_test.c
%C%_board_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/progress_test
TESTS += %D%/progress_test
%C%_progress_test_SOURCES = %D%/progress_test.c
%C%_progress_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/reading_test
TESTS += %D%/reading_test
%C%_reading_test_SOURCES = %D%/reading_test.c
%C%_reading_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/runs_test
TESTS += %D%/runs_test
%C%_runs_test_SOURCES = %D%/runs_test.c
%C%_runs_test_LDADD = $(TEST_LIBS)
EXTRA_DIST += %D%/make_board.py %D%/timings.sh
