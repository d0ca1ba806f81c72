# eval/metrics/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/answer.c \
	%D%/corruption.c \
	%D%/corruption.h \
	%D%/figures.c \
	%D%/figures.h \
	%D%/metrics.h \
	%D%/significance.c
EXTRA_DIST += \
	%D%/README.md
