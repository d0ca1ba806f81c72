# tests/kernels/local.mk - tests of the folder of the same name
check_PROGRAMS += \
	%D%/approx_test \
	%D%/cl_first_test \
	%D%/cl_grouped_test \
	%D%/cl_test \
	%D%/end_test \
	%D%/gemm_test \
	%D%/heads_test \
	%D%/pointwise_test \
	%D%/rows_test \
	%D%/strassen_test \
	%D%/winograd_test
TESTS += \
	%D%/approx_test \
	%D%/cl_first_test \
	%D%/cl_grouped_test \
	%D%/cl_test \
	%D%/end_test \
	%D%/gemm_test \
	%D%/heads_test \
	%D%/neon_test.sh \
	%D%/pointwise_test \
	%D%/rows_test \
	%D%/strassen_test \
	%D%/winograd_test
EXTRA_DIST += %D%/cross/cmocka.h %D%/neon_test.sh
check_LTLIBRARIES += %D%/liblanes.la %D%/liblanes512.la %D%/liblanesneon.la
%C%_liblanesneon_la_SOURCES = %D%/lanes.neon.c %D%/lanes.h
%C%_liblanes_la_SOURCES = %D%/lanes.avx2.c %D%/lanes.h
%C%_liblanes_la_CFLAGS = $(AM_CFLAGS) $(lanes_cflags)
%C%_liblanes512_la_SOURCES = %D%/lanes.avx512.c %D%/lanes.h
%C%_liblanes512_la_CFLAGS = $(AM_CFLAGS) $(lanes512_cflags)
if BUILD_AVX2
lanes_cflags = $(AVX2_CFLAGS)
endif
if BUILD_AVX512
lanes512_cflags = $(AVX512_CFLAGS)
endif
%C%_approx_test_SOURCES = %D%/approx_test.c %D%/drawn.h
%C%_approx_test_LDADD = %D%/liblanes.la %D%/liblanes512.la %D%/liblanesneon.la $(CMOCKA_LIBS) -lm
%C%_cl_first_test_SOURCES = %D%/cl_first_test.c %D%/drawn.h %D%/offered.h
%C%_cl_first_test_LDADD = $(kernel_libs) $(CMOCKA_LIBS) -lm
%C%_cl_grouped_test_SOURCES = %D%/cl_grouped_test.c %D%/drawn.h %D%/offered.h
%C%_cl_grouped_test_LDADD = $(kernel_libs) $(CMOCKA_LIBS) -lm
%C%_cl_test_SOURCES = %D%/cl_test.c %D%/drawn.h %D%/offered.h plugins/ops/nn/pool_planes.c
%C%_cl_test_CFLAGS = $(AM_CFLAGS) -fopenmp-simd -Wno-pass-failed # an object of its own: the plugin's is for libtool
%C%_cl_test_LDADD = $(kernel_libs) $(CMOCKA_LIBS) -lm
%C%_gemm_test_SOURCES = %D%/gemm_test.c %D%/drawn.h %D%/offered.h
%C%_gemm_test_LDADD = $(kernel_libs) $(CMOCKA_LIBS) -lm
%C%_heads_test_SOURCES = %D%/heads_test.c %D%/drawn.h %D%/offered.h
%C%_heads_test_LDADD = $(kernel_libs) $(CMOCKA_LIBS) -lm
%C%_pointwise_test_SOURCES = %D%/pointwise_test.c %D%/drawn.h
%C%_pointwise_test_LDADD = $(kernel_libs) $(CMOCKA_LIBS) -lm
%C%_rows_test_SOURCES = %D%/rows_test.c %D%/drawn.h %D%/offered.h
%C%_rows_test_LDADD = $(kernel_libs) $(CMOCKA_LIBS) -lm
%C%_end_test_SOURCES = %D%/end_test.c
%C%_end_test_LDADD = $(CMOCKA_LIBS)
%C%_strassen_test_SOURCES = %D%/strassen_test.c %D%/drawn.h %D%/offered.h
%C%_strassen_test_LDADD = $(kernel_libs) $(CMOCKA_LIBS) -lm
%C%_winograd_test_SOURCES = %D%/winograd_test.c %D%/drawn.h %D%/offered.h
%C%_winograd_test_LDADD = $(kernel_libs) $(CMOCKA_LIBS) -lm
