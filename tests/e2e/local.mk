# tests/e2e/local.mk - the installed programs on real input, as a user runs them
#
# The stamp stands for a whole `make install` below tests/e2e/root; env.sh points there.
check_DATA = %D%/installed.stamp
%D%/installed.stamp: $(bin_PROGRAMS) $(lib_LTLIBRARIES) $(plugin_LTLIBRARIES)
	$(AM_V_GEN)$(MKDIR_P) %D% && rm -rf %D%/root && \
	$(MAKE) install DESTDIR='$(abs_top_builddir)/%D%/root' >%D%/install.log 2>&1 && touch $@

E2E_TESTS = \
	%D%/bad_graph_test.sh \
	%D%/bad_input_test.sh \
	%D%/classify_test.sh \
	%D%/example_test.sh \
	%D%/full_disk_test.sh \
	%D%/interrupt_test.sh \
	%D%/kill_test.sh \
	%D%/main_job_test.sh \
	%D%/modelscope_test.sh \
	%D%/not_finite_test.sh \
	%D%/mpi_hosts_test.sh \
	%D%/mpi_test.sh \
	%D%/options_test.sh \
	%D%/real_layouts_test.sh \
	%D%/real_pictures_test.sh
TESTS += $(E2E_TESTS)
EXTRA_DIST += $(E2E_TESTS) %D%/env.sh %D%/evaluation_race.py %D%/memory_growth.sh %D%/peer_pipelines.py %D%/bad-graphs %D%/modelscope
TEST_EXTENSIONS = .sh
SH_LOG_COMPILER = $(SHELL)
CLEANFILES += %D%/installed.stamp %D%/install.log
E2E_PREFIX = $(abs_top_builddir)/%D%/root
