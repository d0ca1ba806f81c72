# tests/ops/local.mk - tests of plugins/ops
check_PROGRAMS += %D%/nn_test
TESTS += %D%/nn_test
%C%_nn_test_SOURCES = %D%/nn_test.c %D%/nn_rows.h
%C%_nn_test_LDADD = $(TEST_LIBS) -lm
EXTRA_DIST += %D%/nn_reference.py

check_PROGRAMS += %D%/nn_service_test
TESTS += %D%/nn_service_test
%C%_nn_service_test_SOURCES = %D%/nn_service_test.c
%C%_nn_service_test_LDADD = $(TEST_LIBS) -lm

# One operator a row, through the real registry and session (op_case.h).
check_PROGRAMS += %D%/cast_test
TESTS += %D%/cast_test
%C%_cast_test_SOURCES = %D%/cast_test.c %D%/op_case.c %D%/op_case.h
%C%_cast_test_LDADD = $(TEST_LIBS) -lm
check_PROGRAMS += %D%/elementwise_test
TESTS += %D%/elementwise_test
%C%_elementwise_test_SOURCES = %D%/elementwise_test.c %D%/op_case.c %D%/op_case.h
%C%_elementwise_test_LDADD = $(TEST_LIBS) -lm
check_PROGRAMS += %D%/infer_test
TESTS += %D%/infer_test
%C%_infer_test_SOURCES = %D%/infer_test.c %D%/op_case.c %D%/op_case.h
%C%_infer_test_LDADD = $(TEST_LIBS) -lm
check_PROGRAMS += %D%/loss_test
TESTS += %D%/loss_test
%C%_loss_test_SOURCES = %D%/loss_test.c %D%/op_case.c %D%/op_case.h
%C%_loss_test_LDADD = $(TEST_LIBS) -lm
check_PROGRAMS += %D%/reduce_test
TESTS += %D%/reduce_test
%C%_reduce_test_SOURCES = %D%/reduce_test.c %D%/op_case.c %D%/op_case.h
%C%_reduce_test_LDADD = $(TEST_LIBS) -lm
check_PROGRAMS += %D%/shape_test
TESTS += %D%/shape_test
%C%_shape_test_SOURCES = %D%/shape_test.c %D%/op_case.c %D%/op_case.h
%C%_shape_test_LDADD = $(TEST_LIBS) -lm
check_PROGRAMS += %D%/upgrade_test
TESTS += %D%/upgrade_test
%C%_upgrade_test_SOURCES = %D%/upgrade_test.c %D%/op_case.c %D%/op_case.h
%C%_upgrade_test_LDADD = $(TEST_LIBS) -lm
