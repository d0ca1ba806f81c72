# tests/recipe/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/parse_test
TESTS += %D%/parse_test
%C%_parse_test_SOURCES = %D%/parse_test.c
%C%_parse_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/size_test
TESTS += %D%/size_test
%C%_size_test_SOURCES = %D%/size_test.c
%C%_size_test_LDADD = $(TEST_LIBS)
