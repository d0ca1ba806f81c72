# eval/leaderboard/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/answers.c \
	%D%/answers.h \
	%D%/board.c \
	%D%/board.h \
	%D%/check.c \
	%D%/compare.c \
	%D%/describe.c \
	%D%/list.c \
	%D%/machine.c \
	%D%/machine.h \
	%D%/models.c \
	%D%/place.c \
	%D%/place.h \
	%D%/provenance.c \
	%D%/provenance.h \
	%D%/query.c \
	%D%/render.c \
	%D%/rows.c \
	%D%/runs.c \
	%D%/schema.c \
	%D%/schema.h \
	%D%/suites.c \
	%D%/text.c \
	%D%/text.h
EXTRA_DIST += \
	%D%/README.md
