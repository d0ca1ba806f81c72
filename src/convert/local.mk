# src/convert/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/convert.c \
	%D%/golden.c \
	%D%/golden.h \
	%D%/inspect.c \
	%D%/operators.c \
	%D%/operators.h
EXTRA_DIST += %D%/README.md
