# src/model/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/checkpoint.c \
	%D%/checkpoint.h \
	%D%/classify.c \
	%D%/fingerprint.c \
	%D%/labels.c \
	%D%/model.h \
	%D%/open.c \
	%D%/read.c \
	%D%/read.h \
	%D%/run.c \
	%D%/scores.c \
	%D%/shape_option.c \
	%D%/top.c
EXTRA_DIST += %D%/README.md
