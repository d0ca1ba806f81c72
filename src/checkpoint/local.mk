# src/checkpoint/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/checkpoint.c \
	%D%/checkpoint.h \
	%D%/edits.c \
	%D%/edits.h \
	%D%/entries.h \
	%D%/match.c \
	%D%/prefix.c \
	%D%/settings.c \
	%D%/values.c
EXTRA_DIST += %D%/README.md
