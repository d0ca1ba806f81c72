# src/session/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/bodies.c \
	%D%/bodies.h \
	%D%/body_graph.c \
	%D%/dynamic.c \
	%D%/execute.c \
	%D%/execute.h \
	%D%/host_run.c \
	%D%/host_run.h \
	%D%/plans.c \
	%D%/plans.h \
	%D%/pool.c \
	%D%/pool.h \
	%D%/rounds.c \
	%D%/rounds.h \
	%D%/session.c \
	%D%/session.h
EXTRA_DIST += %D%/README.md
