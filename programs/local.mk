# programs/local.mk - one thin file a command, and what they share
#
# A command: bin_PROGRAMS += imgcls-NAME, imgcls_NAME_SOURCES = %D%/NAME.c,
# imgcls_NAME_LDADD = $(COMMAND_LIBS). Its man page follows by itself (docs/local.mk).
noinst_LTLIBRARIES += %D%/libcommand.la
%C%_libcommand_la_SOURCES = \
	%D%/command.c \
	%D%/command.h \
	%D%/model_options.c \
	%D%/model_options.h \
	%D%/progress.c \
	%D%/terminal.c \
	eval/number_text.c
COMMAND_LIBS = %D%/libcommand.la libimgcls.la $(JANSSON_LIBS)

bin_PROGRAMS += imgcls-bench
imgcls_bench_SOURCES = %D%/bench.c
imgcls_bench_LDADD = $(COMMAND_LIBS) -lm

bin_PROGRAMS += imgcls-classify
imgcls_classify_SOURCES = %D%/classify.c
imgcls_classify_LDADD = $(COMMAND_LIBS)

bin_PROGRAMS += imgcls-convert
imgcls_convert_SOURCES = \
	%D%/convert.c \
	%D%/inspect.c \
	%D%/inspect.h \
	%D%/weights.c
imgcls_convert_LDADD = $(COMMAND_LIBS) -lm

# What one process and many have in common: options, and what becomes of an evaluation.
EVALUATION = \
	%D%/eval_options.c \
	%D%/eval_options.h \
	%D%/eval_outcome.c \
	%D%/eval_outcome.h \
	%D%/eval_results.c \
	%D%/eval_results.h \
	%D%/eval_tables.c \
	%D%/eval_tables.h

bin_PROGRAMS += imgcls-eval
imgcls_eval_SOURCES = \
	%D%/eval.c \
	%D%/eval_devkit.c \
	%D%/eval_diagnose.c \
	%D%/eval_diagnose.h \
	%D%/eval_names.c \
	%D%/eval_names.h \
	%D%/eval_orders.c \
	%D%/eval_orders.h \
	$(EVALUATION)
imgcls_eval_LDADD = $(COMMAND_LIBS) -lm

if HAVE_MPI
bin_PROGRAMS += imgcls-eval-mpi
imgcls_eval_mpi_SOURCES = \
	%D%/eval_mpi.c \
	$(EVALUATION)
imgcls_eval_mpi_CPPFLAGS = $(AM_CPPFLAGS) $(MPI_CFLAGS)
imgcls_eval_mpi_LDADD = $(COMMAND_LIBS) $(MPI_LIBS) -lm
endif

bin_PROGRAMS += imgcls-leaderboard
imgcls_leaderboard_SOURCES = \
	%D%/leaderboard.c \
	%D%/leaderboard.h \
	%D%/leaderboard_compare.c \
	%D%/leaderboard_judge.c \
	%D%/leaderboard_narrow.c \
	%D%/leaderboard_runs.c \
	%D%/leaderboard_table.c
imgcls_leaderboard_LDADD = $(COMMAND_LIBS)

bin_PROGRAMS += imgcls-verify
imgcls_verify_SOURCES = \
	%D%/suite.c \
	%D%/suite.h \
	%D%/verify.c
imgcls_verify_LDADD = $(COMMAND_LIBS) -lm

bin_PROGRAMS += imgcls-plugin
imgcls_plugin_SOURCES = \
	%D%/plugin.c \
	%D%/skeleton.c \
	%D%/skeleton.h
imgcls_plugin_LDADD = $(COMMAND_LIBS)

EXTRA_DIST += %D%/README.md
