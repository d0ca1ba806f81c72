# schemas/local.mk - wire formats and the database

# The schema as a C string, so that the library needs no file at run time.
EXTRA_DIST += \
	%D%/leaderboard.sql
BUILT_SOURCES += \
	%D%/leaderboard.sql.h
CLEANFILES += \
	%D%/leaderboard.sql.h
%D%/leaderboard.sql.h: %D%/leaderboard.sql
	$(AM_V_GEN)$(MKDIR_P) %D% && { \
	echo '/* made from schemas/leaderboard.sql by schemas/local.mk */'; \
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' \
		$(srcdir)/%D%/leaderboard.sql; } > $@.tmp && mv $@.tmp $@
eval/leaderboard/schema.lo: %D%/leaderboard.sql.h
