# tests/metrics/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/answer_test
TESTS += %D%/answer_test
%C%_answer_test_SOURCES = %D%/answer_test.c
%C%_answer_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/figures_test
TESTS += %D%/figures_test
%C%_figures_test_SOURCES = %D%/figures_test.c
%C%_figures_test_LDADD = $(TEST_LIBS) -lm
check_PROGRAMS += %D%/significance_test
TESTS += %D%/significance_test
%C%_significance_test_SOURCES = %D%/significance_test.c
%C%_significance_test_LDADD = $(TEST_LIBS)
EXTRA_DIST += %D%/significance.csv %D%/significance_reference.py
