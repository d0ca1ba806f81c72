# src/checkpoint/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/checkpoint.c \
	%D%/checkpoint.h \
	%D%/values.c
EXTRA_DIST += %D%/README.md
