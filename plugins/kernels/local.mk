# plugins/kernels/local.mk - one convenience library per instruction set, its flags nowhere else
noinst_LTLIBRARIES += %D%/libportable.la
%C%_libportable_la_SOURCES = \
	%D%/approx.h \
	%D%/cl_dwconv.c \
	%D%/cl_dwconv.h \
	%D%/cl_dwconv.portable.c \
	%D%/cl_first.c \
	%D%/cl_first.h \
	%D%/cl_grouped.c \
	%D%/cl_grouped.h \
	%D%/cl_pool.h \
	%D%/cl_pool.portable.c \
	%D%/direct.body.h \
	%D%/direct_panels.body.h \
	%D%/direct.c \
	%D%/direct.h \
	%D%/dwconv.c \
	%D%/dwconv.h \
	%D%/end.h \
	%D%/fused.h \
	%D%/gemm.c \
	%D%/gemm.h \
	%D%/gemm.portable.body.h \
	%D%/gemm.portable.c \
	%D%/heads.c \
	%D%/heads.h \
	%D%/heads.portable.body.h \
	%D%/heads.portable.c \
	%D%/lanes.portable.h \
	%D%/panels.c \
	%D%/panels.h \
	%D%/pointwise.h \
	%D%/pointwise.portable.c \
	%D%/rows.h \
	%D%/rows.portable.body.h \
	%D%/rows.portable.c \
	%D%/sets.h \
	%D%/step.h \
	%D%/strassen.c \
	%D%/strassen.h \
	%D%/strassen.portable.body.h \
	%D%/winograd.body.h \
	%D%/winograd.c \
	%D%/winograd.h \
	%D%/winograd.portable.c \
	%D%/winograd_weights.body.h
kernel_libs = %D%/libportable.la

if BUILD_AVX2
noinst_LTLIBRARIES += %D%/libavx2.la
%C%_libavx2_la_CFLAGS = $(AM_CFLAGS) $(AVX2_CFLAGS)
%C%_libavx2_la_SOURCES = \
	%D%/approx.avx2.h \
	%D%/cl_dwconv.avx2.c \
	%D%/cl_dwconv.body.h \
	%D%/cl_dwconv_direct.body.h \
	%D%/cl_dwconv_lines.body.h \
	%D%/cl_first.avx2.c \
	%D%/cl_first.body.h \
	%D%/cl_end.body.h \
	%D%/cl_grouped.avx2.c \
	%D%/cl_grouped.body.h \
	%D%/cl_pool.avx2.c \
	%D%/cl_part.body.h \
	%D%/cl_pool.body.h \
	%D%/direct.avx2.c \
	%D%/dwconv.avx2.c \
	%D%/finish.avx2.h \
	%D%/gather.avx2.h \
	%D%/gather.body.h \
	%D%/gemm.avx2.c \
	%D%/gemm.body.h \
	%D%/heads.avx2.c \
	%D%/heads.body.h \
	%D%/lanes.avx2.h \
	%D%/lanes16.avx2.h \
	%D%/pointwise.avx2.c \
	%D%/pointwise.body.h \
	%D%/rows.avx2.c \
	%D%/rows.body.h \
	%D%/strassen.body.h \
	%D%/transpose.avx2.h \
	%D%/winograd.avx2.c
kernel_libs += %D%/libavx2.la
endif

if BUILD_AVX512
noinst_LTLIBRARIES += %D%/libavx512.la
%C%_libavx512_la_CFLAGS = $(AM_CFLAGS) $(AVX512_CFLAGS)
%C%_libavx512_la_SOURCES = \
	%D%/approx.avx512.h \
	%D%/cl_dwconv.avx512.c \
	%D%/cl_first.avx512.c \
	%D%/cl_first.body.h \
	%D%/cl_first_run.avx512.h \
	%D%/cl_grouped.avx512.c \
	%D%/cl_pool.avx512.c \
	%D%/direct.avx512.c \
	%D%/direct_run.avx512.h \
	%D%/finish.avx512.h \
	%D%/fused.avx512.h \
	%D%/heads.avx512.c \
	%D%/heads.body.h \
	%D%/lanes.avx512.h \
	%D%/lanes_step.h \
	%D%/lanes16.avx512.h \
	%D%/pointwise.avx512.c \
	%D%/pointwise.body.h \
	%D%/rows.avx512.c \
	%D%/rows.body.h \
	%D%/strassen.body.h \
	%D%/transpose.avx2.h \
	%D%/winograd.avx512.c
kernel_libs += %D%/libavx512.la
endif
if BUILD_NEON
noinst_LTLIBRARIES += %D%/libneon.la
%C%_libneon_la_CFLAGS = $(AM_CFLAGS) $(NEON_CFLAGS)
%C%_libneon_la_SOURCES = \
	%D%/approx.neon.h \
	%D%/cl_dwconv.body.h \
	%D%/cl_dwconv_direct.body.h \
	%D%/cl_dwconv_lines.body.h \
	%D%/cl_dwconv.neon.c \
	%D%/cl_first.body.h \
	%D%/cl_first.neon.c \
	%D%/cl_end.body.h \
	%D%/cl_grouped.body.h \
	%D%/cl_grouped.neon.c \
	%D%/cl_part.body.h \
	%D%/cl_pool.body.h \
	%D%/cl_pool.neon.c \
	%D%/direct.neon.c \
	%D%/finish.neon.h \
	%D%/gather.body.h \
	%D%/gather.neon.h \
	%D%/gemm.body.h \
	%D%/gemm.neon.c \
	%D%/heads.body.h \
	%D%/heads.neon.c \
	%D%/lanes.neon.h \
	%D%/lanes_step.h \
	%D%/lanes16.neon.h \
	%D%/rows.body.h \
	%D%/rows.neon.c \
	%D%/strassen.body.h \
	%D%/winograd.neon.c
kernel_libs += %D%/libneon.la
endif
EXTRA_DIST += %D%/README.md
