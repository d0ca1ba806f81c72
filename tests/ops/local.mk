# tests/ops/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/nn_test
TESTS += %D%/nn_test
%C%_nn_test_SOURCES = %D%/nn_test.c %D%/nn_rows.h
%C%_nn_test_LDADD = $(TEST_LIBS) -lm
EXTRA_DIST += %D%/nn_reference.py

check_PROGRAMS += %D%/nn_service_test
TESTS += %D%/nn_service_test
%C%_nn_service_test_SOURCES = %D%/nn_service_test.c
%C%_nn_service_test_LDADD = $(TEST_LIBS) -lm
