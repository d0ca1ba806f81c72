# eval/pictures/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/decode.c \
	%D%/decoder.h \
	%D%/exif.c \
	%D%/interpolate.c \
	%D%/jpeg.c \
	%D%/picture.h \
	%D%/planes.c \
	%D%/planes.h \
	%D%/png.c \
	%D%/preprocess.c \
	%D%/resize.c \
	%D%/resize.h \
	%D%/webp.c
if BUILD_AVX2
noinst_LTLIBRARIES += %D%/libpicturesavx2.la
%C%_libpicturesavx2_la_SOURCES = \
	%D%/planes.avx2.c \
	%D%/resize.avx2.c
%C%_libpicturesavx2_la_CFLAGS = $(AM_CFLAGS) $(AVX2_CFLAGS)
libicl_la_LIBADD += %D%/libpicturesavx2.la
endif
EXTRA_DIST += %D%/README.md
