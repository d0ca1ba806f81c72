# docs/local.mk - pages, and man pages made of each command's --help
EXTRA_DIST += \
	%D%/abi.md \
	%D%/architecture.md \
	%D%/dependencies.md \
	%D%/examples/classify.c \
	%D%/file-format.md \
	%D%/leaderboard.md \
	%D%/plugin-guide.md

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
