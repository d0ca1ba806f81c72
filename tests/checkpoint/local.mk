# tests/checkpoint/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/checkpoint_test
TESTS += %D%/checkpoint_test
%C%_checkpoint_test_SOURCES = %D%/checkpoint_test.c
%C%_checkpoint_test_LDADD = $(TEST_LIBS)
