# src/tensor/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/convert.c \
	%D%/element.c \
	%D%/tensor.c \
	%D%/tensor.h \
	%D%/type.c \
	%D%/value.c
if BUILD_AVX2
noinst_LTLIBRARIES += %D%/libtensoravx2.la
%C%_libtensoravx2_la_SOURCES = %D%/convert.avx2.c
%C%_libtensoravx2_la_CFLAGS = $(AM_CFLAGS) $(AVX2_CFLAGS)
libicl_la_LIBADD += %D%/libtensoravx2.la
endif
EXTRA_DIST += %D%/README.md
