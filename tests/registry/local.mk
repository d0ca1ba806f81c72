# tests/registry/local.mk - tests of the folder of the same name
check_PROGRAMS += \
	%D%/boundary_test \
	%D%/bytes_test \
	%D%/cache_test \
	%D%/host_test \
	%D%/refusal_test \
	%D%/registry_test
TESTS += \
	%D%/boundary_test \
	%D%/bytes_test \
	%D%/cache_test \
	%D%/headers_test.sh \
	%D%/host_test \
	%D%/refusal_test \
	%D%/registry_test \
	%D%/symbols_test.sh
EXTRA_DIST += \
	%D%/headers_test.sh \
	%D%/symbols_test.sh
%C%_boundary_test_SOURCES = %D%/boundary_test.c %D%/stage.c %D%/stage.h
%C%_boundary_test_LDADD = $(TEST_LIBS)
%C%_bytes_test_SOURCES = %D%/bytes_test.c
%C%_bytes_test_LDADD = $(TEST_LIBS)
%C%_cache_test_SOURCES = %D%/cache_test.c %D%/stage.c %D%/stage.h
%C%_cache_test_LDADD = $(TEST_LIBS)
%C%_host_test_SOURCES = %D%/host_test.c %D%/stage.c %D%/stage.h
%C%_host_test_LDADD = $(TEST_LIBS)
%C%_refusal_test_SOURCES = %D%/refusal_test.c %D%/stage.c %D%/stage.h
%C%_refusal_test_LDADD = $(TEST_LIBS)
%C%_registry_test_SOURCES = %D%/registry_test.c %D%/stage.c %D%/stage.h
%C%_registry_test_LDADD = $(TEST_LIBS)

# Plugins to be scanned, sound and broken: one source, one number each.
check_LTLIBRARIES += %D%/sample_good.la
%C%_sample_good_la_SOURCES = %D%/sample_plugin.c
%C%_sample_good_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=1
%C%_sample_good_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_older.la
%C%_sample_older_la_SOURCES = %D%/sample_plugin.c
%C%_sample_older_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=2
%C%_sample_older_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_newer.la
%C%_sample_newer_la_SOURCES = %D%/sample_plugin.c
%C%_sample_newer_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=3
%C%_sample_newer_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_kernels.la
%C%_sample_kernels_la_SOURCES = %D%/sample_plugin.c
%C%_sample_kernels_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=4
%C%_sample_kernels_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_crash_load.la
%C%_sample_crash_load_la_SOURCES = %D%/sample_plugin.c
%C%_sample_crash_load_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=10
%C%_sample_crash_load_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_crash_entry.la
%C%_sample_crash_entry_la_SOURCES = %D%/sample_plugin.c
%C%_sample_crash_entry_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=11
%C%_sample_crash_entry_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_hang_load.la
%C%_sample_hang_load_la_SOURCES = %D%/sample_plugin.c
%C%_sample_hang_load_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=12
%C%_sample_hang_load_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_hang_entry.la
%C%_sample_hang_entry_la_SOURCES = %D%/sample_plugin.c
%C%_sample_hang_entry_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=13
%C%_sample_hang_entry_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_exit.la
%C%_sample_exit_la_SOURCES = %D%/sample_plugin.c
%C%_sample_exit_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=14
%C%_sample_exit_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_major.la
%C%_sample_major_la_SOURCES = %D%/sample_plugin.c
%C%_sample_major_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=15
%C%_sample_major_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_minor.la
%C%_sample_minor_la_SOURCES = %D%/sample_plugin.c
%C%_sample_minor_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=16
%C%_sample_minor_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_small.la
%C%_sample_small_la_SOURCES = %D%/sample_plugin.c
%C%_sample_small_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=17
%C%_sample_small_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_null.la
%C%_sample_null_la_SOURCES = %D%/sample_plugin.c
%C%_sample_null_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=18
%C%_sample_null_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_no_symbol.la
%C%_sample_no_symbol_la_SOURCES = %D%/sample_plugin.c
%C%_sample_no_symbol_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=19
%C%_sample_no_symbol_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_wild.la
%C%_sample_wild_la_SOURCES = %D%/sample_plugin.c
%C%_sample_wild_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=20
%C%_sample_wild_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_endless.la
%C%_sample_endless_la_SOURCES = %D%/sample_plugin.c
%C%_sample_endless_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=21
%C%_sample_endless_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_nameless.la
%C%_sample_nameless_la_SOURCES = %D%/sample_plugin.c
%C%_sample_nameless_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=22
%C%_sample_nameless_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_escape.la
%C%_sample_escape_la_SOURCES = %D%/sample_plugin.c
%C%_sample_escape_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=23
%C%_sample_escape_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_unbound.la
%C%_sample_unbound_la_SOURCES = %D%/sample_plugin.c
%C%_sample_unbound_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=24
%C%_sample_unbound_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
check_LTLIBRARIES += %D%/sample_range.la
%C%_sample_range_la_SOURCES = %D%/sample_plugin.c
%C%_sample_range_la_CPPFLAGS = $(AM_CPPFLAGS) -DSAMPLE=25
%C%_sample_range_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
# The three proofs of the boundary, in one throw-away plugin.
check_LTLIBRARIES += %D%/sample_boundary.la
%C%_sample_boundary_la_SOURCES = %D%/boundary_plugin.c
%C%_sample_boundary_la_LDFLAGS = $(PLUGIN_TEST_LINK_FLAGS)
# As plugins are linked, but never installed; -rpath makes libtool build a shared object.
PLUGIN_TEST_LINK_FLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere
