# eval/leaderboard/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/answers.c \
	%D%/answers.h \
	%D%/blocks.c \
	%D%/blocks.h \
	%D%/board.c \
	%D%/board.h \
	%D%/cells.c \
	%D%/cells.h \
	%D%/check.c \
	%D%/classes.c \
	%D%/classes.h \
	%D%/column.c \
	%D%/columns.c \
	%D%/columns.h \
	%D%/compare.c \
	%D%/context.c \
	%D%/csv.c \
	%D%/csv.h \
	%D%/describe.c \
	%D%/drop.c \
	%D%/filter.c \
	%D%/gather.c \
	%D%/gather.h \
	%D%/list.c \
	%D%/machine.c \
	%D%/machine.h \
	%D%/merge.c \
	%D%/models.c \
	%D%/pareto.c \
	%D%/pick.c \
	%D%/place.c \
	%D%/place.h \
	%D%/progress.c \
	%D%/progress.h \
	%D%/provenance.c \
	%D%/provenance.h \
	%D%/query.c \
	%D%/regressions.c \
	%D%/render.c \
	%D%/rows.c \
	%D%/runs.c \
	%D%/schema.c \
	%D%/schema.h \
	%D%/select.c \
	%D%/select.h \
	%D%/sides.c \
	%D%/sides.h \
	%D%/succession.c \
	%D%/succession.h \
	%D%/suites.c \
	%D%/text.c \
	%D%/text.h \
	%D%/timm.c
EXTRA_DIST += \
	%D%/README.md
