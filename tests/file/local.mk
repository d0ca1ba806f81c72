# tests/file/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/file_test
TESTS += %D%/file_test
%C%_file_test_SOURCES = %D%/file_test.c
%C%_file_test_LDADD = $(TEST_LIBS)
