# eval/local.mk - data sets, pictures, figures, leaderboard, and the verb that joins them
libicl_la_SOURCES += \
	%D%/batch.c \
	%D%/batch.h \
	%D%/corruptions.c \
	%D%/evaluate.c \
	%D%/evaluate.h \
	%D%/feeder.c \
	%D%/feeder.h \
	%D%/lanes.c \
	%D%/lanes.h \
	%D%/number_text.c \
	%D%/number_text.h \
	%D%/predictions.c \
	%D%/record.c \
	%D%/results.c
EXTRA_DIST += \
	%D%/README.md
include eval/datasets/local.mk
include eval/pictures/local.mk
include eval/metrics/local.mk
include eval/leaderboard/local.mk
include eval/report/local.mk
include eval/sample/local.mk
