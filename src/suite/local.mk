# src/suite/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/case.c \
	%D%/case.h \
	%D%/suite.c
EXTRA_DIST += %D%/README.md
