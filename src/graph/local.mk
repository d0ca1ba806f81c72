# src/graph/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/attr.c \
	%D%/clone.c \
	%D%/graph.c \
	%D%/graph.h \
	%D%/link.h \
	%D%/meta.c \
	%D%/names.c \
	%D%/names.h \
	%D%/node.c \
	%D%/scope.c \
	%D%/sort.c \
	%D%/sweep.c \
	%D%/value.c
EXTRA_DIST += %D%/README.md
