# tests/session/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/bits_test
TESTS += %D%/bits_test
%C%_bits_test_SOURCES = %D%/bits_test.c
%C%_bits_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/once_test
TESTS += %D%/once_test
%C%_once_test_SOURCES = \
	%D%/once_test.c \
	tests/plan/drawn_graph.h
%C%_once_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/plans_test
TESTS += %D%/plans_test
%C%_plans_test_SOURCES = \
	%D%/plans_test.c \
	tests/plan/sketch.c \
	tests/plan/sketch.h
%C%_plans_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/pool_test
TESTS += %D%/pool_test
%C%_pool_test_SOURCES = %D%/pool_test.c
%C%_pool_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/session_test
TESTS += %D%/session_test
%C%_session_test_SOURCES = \
	%D%/session_test.c \
	tests/plan/sketch.c \
	tests/plan/sketch.h
%C%_session_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/peak_memory_test
TESTS += %D%/peak_memory_test
%C%_peak_memory_test_SOURCES = \
	%D%/peak_memory_test.c \
	tests/plan/sketch.c \
	tests/plan/sketch.h
%C%_peak_memory_test_LDADD = $(TEST_LIBS)
