# src/passes/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/batch_norm.c \
	%D%/clean.c \
	%D%/epilogue.c \
	%D%/gelu.c \
	%D%/passes.c \
	%D%/passes.h \
	%D%/rows.h \
	%D%/upgrade.c
EXTRA_DIST += %D%/README.md
