# plugins/kernels/peak/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/peak.la
plugins_peak_la_SOURCES = \
	%D%/peak.c \
	%D%/peak.h
plugins_peak_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_peak_la_LIBADD =

if BUILD_AVX2
noinst_LTLIBRARIES += %D%/libpeak_avx2.la
%C%_libpeak_avx2_la_CFLAGS = $(AM_CFLAGS) $(AVX2_CFLAGS)
%C%_libpeak_avx2_la_SOURCES = %D%/peak.avx2.c
plugins_peak_la_LIBADD += %D%/libpeak_avx2.la
else
EXTRA_DIST += %D%/peak.avx2.c
endif

if BUILD_AVX512
noinst_LTLIBRARIES += %D%/libpeak_avx512.la
%C%_libpeak_avx512_la_CFLAGS = $(AM_CFLAGS) $(AVX512_CFLAGS)
%C%_libpeak_avx512_la_SOURCES = %D%/peak.avx512.c
plugins_peak_la_LIBADD += %D%/libpeak_avx512.la
else
EXTRA_DIST += %D%/peak.avx512.c
endif

if BUILD_NEON
plugins_peak_la_SOURCES += %D%/peak.neon.c
else
EXTRA_DIST += %D%/peak.neon.c
endif
EXTRA_DIST += %D%/README.md
