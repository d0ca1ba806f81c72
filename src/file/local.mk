# src/file/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/beneath.c \
	%D%/beneath.h \
	%D%/file.h \
	%D%/follow.c \
	%D%/output.c \
	%D%/settle.c \
	%D%/sha256.c \
	%D%/source.c \
	%D%/storage.c \
	%D%/storage.h
EXTRA_DIST += %D%/README.md
