# tests/passes/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/heads_test %D%/passes_test
TESTS += %D%/heads_test %D%/passes_test
%C%_heads_test_SOURCES = %D%/heads_test.c
%C%_heads_test_LDADD = $(TEST_LIBS)
%C%_passes_test_SOURCES = %D%/passes_test.c
%C%_passes_test_LDADD = $(TEST_LIBS)
