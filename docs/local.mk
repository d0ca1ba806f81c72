# docs/local.mk - pages, and man pages made of each command's --help
EXTRA_DIST += \
	%D%/abi.md \
	%D%/architecture.md \
	%D%/checkpoints.md \
	%D%/dependencies.md \
	%D%/evaluation.md \
	%D%/examples/classify.c \
	%D%/file-format.md \
	%D%/make_operators.sh \
	%D%/models.md \
	%D%/operators.md \
	%D%/leaderboard.md \
	%D%/performance.md \
	%D%/plugin-guide.md \
	%D%/scale.md

# The second sentence of NAME is the summary: the last line before --help's first empty one.
docs/man/%.1: %$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	name=`./$< --help | $(SED) '/^$$/q' | $(SED) -n '/./h;$$!d;x;p'` && \
	$(HELP2MAN) --no-info --name="$$name" --manual='imgcls' --output=$@.tmp ./$< && \
	mv $@.tmp $@

if HAVE_HELP2MAN
man1_MANS += $(bin_PROGRAMS:%$(EXEEXT)=docs/man/%.1)
CLEANFILES += $(bin_PROGRAMS:%$(EXEEXT)=docs/man/%.1)
endif

# docs/operators.md anew: make operators SUITE=FOLDER, a folder of cases in the suite's layout.
.PHONY: operators
operators: $(bin_PROGRAMS) $(lib_LTLIBRARIES) $(plugin_LTLIBRARIES)
	test -n '$(SUITE)'
	IMGCLS_PLUGIN_PATH='$(abs_top_builddir)/plugins/.libs' ./imgcls-plugin list --json \
		>docs/plugins.json
	IMGCLS_PLUGIN_PATH='$(abs_top_builddir)/plugins/.libs' ./imgcls-verify --json \
		--suite '$(SUITE)' >docs/suite.json || test $$? -eq 1
	$(srcdir)/docs/make_operators.sh docs/plugins.json docs/suite.json \
		>$(srcdir)/docs/operators.md
CLEANFILES += docs/plugins.json docs/suite.json
