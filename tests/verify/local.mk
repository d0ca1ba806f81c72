# tests/verify/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/compare_test
TESTS += %D%/compare_test
%C%_compare_test_SOURCES = %D%/compare_test.c
%C%_compare_test_LDADD = $(TEST_LIBS)
