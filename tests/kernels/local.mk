# tests/kernels/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/gemm_test
TESTS += %D%/gemm_test
%C%_gemm_test_SOURCES = %D%/gemm_test.c %D%/drawn.h
%C%_gemm_test_LDADD = $(kernel_libs) $(TEST_LIBS) -lm
