# src/convert/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/batch.h \
	%D%/batch_branches.c \
	%D%/batch_check.c \
	%D%/batch_edit.c \
	%D%/batch_free.c \
	%D%/batch_trace.c \
	%D%/convert.c \
	%D%/golden.c \
	%D%/golden.h \
	%D%/inspect.c \
	%D%/operators.c \
	%D%/operators.h \
	%D%/weights.c
EXTRA_DIST += %D%/README.md
