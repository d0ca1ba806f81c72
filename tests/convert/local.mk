# tests/convert/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/batch_test
TESTS += %D%/batch_test
%C%_batch_test_SOURCES = %D%/batch_test.c tests/ops/flow.h
%C%_batch_test_LDADD = $(TEST_LIBS)
EXTRA_DIST += %D%/conversion_time.sh
