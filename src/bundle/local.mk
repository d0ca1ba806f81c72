# src/bundle/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/zip.h \
	%D%/zip_archive.h \
	%D%/zip_format.h \
	%D%/zip_member.c \
	%D%/zip_name.c \
	%D%/zip_read.c \
	%D%/zip_write.c
EXTRA_DIST += %D%/README.md
