# tests/bench/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/bench_test %D%/choices_test
TESTS += %D%/bench_test %D%/choices_test
%C%_bench_test_SOURCES = %D%/bench_test.c
%C%_bench_test_LDADD = $(TEST_LIBS) -lm
%C%_choices_test_SOURCES = %D%/choices_test.c
%C%_choices_test_LDADD = $(TEST_LIBS)
