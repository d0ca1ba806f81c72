# tests/kernels/local.mk - tests of the folder of the same name
check_PROGRAMS += \
	%D%/approx_test \
	%D%/gemm_test \
	%D%/rows_test
TESTS += \
	%D%/approx_test \
	%D%/gemm_test \
	%D%/rows_test
check_LTLIBRARIES += %D%/liblanes.la
%C%_liblanes_la_SOURCES = %D%/lanes.avx2.c %D%/lanes.h
%C%_liblanes_la_CFLAGS = $(AM_CFLAGS) $(lanes_cflags)
if BUILD_AVX2
lanes_cflags = $(AVX2_CFLAGS)
endif
%C%_approx_test_SOURCES = %D%/approx_test.c %D%/drawn.h
%C%_approx_test_LDADD = %D%/liblanes.la $(CMOCKA_LIBS) -lm
%C%_gemm_test_SOURCES = %D%/gemm_test.c %D%/drawn.h
%C%_gemm_test_LDADD = $(kernel_libs) $(CMOCKA_LIBS) -lm
%C%_rows_test_SOURCES = %D%/rows_test.c %D%/drawn.h
%C%_rows_test_LDADD = $(kernel_libs) $(CMOCKA_LIBS) -lm
