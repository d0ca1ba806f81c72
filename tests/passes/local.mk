# tests/passes/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/passes_test
TESTS += %D%/passes_test
%C%_passes_test_SOURCES = %D%/passes_test.c
%C%_passes_test_LDADD = $(TEST_LIBS)
