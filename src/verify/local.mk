# src/verify/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/blame.c \
	%D%/blame.h \
	%D%/compare.c \
	%D%/compare.h \
	%D%/finite.c \
	%D%/finite.h \
	%D%/reference.c \
	%D%/reference.h \
	%D%/verify.c \
	%D%/verify.h
EXTRA_DIST += %D%/README.md
