# src/bundle/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/checks.c \
	%D%/checks.h \
	%D%/crc32.c \
	%D%/crc32.h \
	%D%/zip.h \
	%D%/zip_archive.h \
	%D%/zip_format.h \
	%D%/zip_member.c \
	%D%/zip_name.c \
	%D%/zip_read.c \
	%D%/zip_write.c
if BUILD_PCLMUL
noinst_LTLIBRARIES += %D%/libpclmul.la
%C%_libpclmul_la_CFLAGS = $(AM_CFLAGS) $(PCLMUL_CFLAGS)
%C%_libpclmul_la_SOURCES = %D%/crc32.pclmul.c %D%/crc32.vpclmul.c
libicl_la_LIBADD += %D%/libpclmul.la
endif
EXTRA_DIST += %D%/README.md
