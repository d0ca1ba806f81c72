# tests/local.mk - one fragment per folder that is tested
include tests/context/local.mk
include tests/file/local.mk
include tests/tensor/local.mk
include tests/graph/local.mk
include tests/checkpoint/local.mk
include tests/registry/local.mk
include tests/passes/local.mk
include tests/plan/local.mk
include tests/session/local.mk
include tests/bundle/local.mk
include tests/recipe/local.mk
include tests/model/local.mk
include tests/bench/local.mk
include tests/verify/local.mk
include tests/convert/local.mk
include tests/pictures/local.mk
include tests/datasets/local.mk
include tests/metrics/local.mk
include tests/leaderboard/local.mk
include tests/report/local.mk
include tests/onnx/local.mk
include tests/ops/local.mk
include tests/kernels/local.mk
include tests/programs/local.mk
include tests/e2e/local.mk
include tests/examples/local.mk
include tests/docs/local.mk
include tests/architectures/local.mk
include tests/conformance/local.mk

# ---- What a second build runs (.ci/run; a first build runs everything by `make check`)

# Under sanitizers everything but these, where they have nothing to look at:
# - SIGKILL and a lost host end a process before a leak or a late error could be reported, and
#   an interrupted run's one path out is taken by programs/eval_test.sh, too;
# - ranks run with leaks ignored, for Open MPI's own would be reported;
# - ImageNet's pictures go through pictures/part_test, too, and their layouts through
#   datasets/layouts_test.sh: what they add is figures;
# - many writers wait for each other: processes, of which each does what one alone does;
# - NEON kernels are compiled by another compiler, with traps of its own;
# - pages of large runs are measured, in bytes and milliseconds; their code makes small ones, too;
# - what the library exports and headers declare does not change by them.
NOT_SANITIZED = \
	tests/e2e/interrupt_test.sh \
	tests/e2e/kill_test.sh \
	tests/e2e/mpi_hosts_test.sh \
	tests/e2e/mpi_test.sh \
	tests/e2e/real_layouts_test.sh \
	tests/e2e/real_pictures_test.sh \
	tests/kernels/neon_test.sh \
	tests/programs/leaderboard_writers_test.sh \
	tests/registry/headers_test.sh \
	tests/registry/symbols_test.sh \
	tests/report/browser_test.sh \
	tests/report/large_test.sh

# With another compiler the programs in C, which compare results with what they must be, bit by
# bit where that is promised; and of the scripts, which start programs by the hundred and see what
# these do to files, those that show that what was built works together: the main job, the
# example of docs/ and of a plugin, headers and symbols.
OF_A_COMPILER = \
	tests/e2e/example_test.sh \
	tests/e2e/main_job_test.sh \
	tests/examples/scaled_tanh_test.sh \
	tests/registry/headers_test.sh \
	tests/registry/symbols_test.sh

# automake's check takes TESTS; a name that is gone from there must not be skipped unnoticed.
known_tests = $(if $(filter-out $(TESTS),$(1)),$(error no such test: $(filter-out $(TESTS),$(1))),$(1))
check-sanitized:
	@echo 'skipped here: $(call known_tests,$(NOT_SANITIZED))'
	$(MAKE) check TESTS='$(filter-out $(NOT_SANITIZED),$(TESTS))'
check-compiler:
	@echo 'skipped here: $(filter-out $(OF_A_COMPILER),$(filter %.sh,$(TESTS)))'
	$(MAKE) check TESTS='$(filter-out %.sh,$(TESTS)) $(call known_tests,$(OF_A_COMPILER))'
.PHONY: check-sanitized check-compiler
