# tests/plan/local.mk - tests of the folder of the same name, and the operators they use
check_LTLIBRARIES += tests/plan/fixture.la
tests_plan_fixture_la_SOURCES = %D%/fixture.c
tests_plan_fixture_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)

check_PROGRAMS += %D%/host_infer_test
TESTS += %D%/host_infer_test
%C%_host_infer_test_SOURCES = \
	%D%/host_infer_test.c \
	%D%/sketch.c \
	%D%/sketch.h
%C%_host_infer_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/image_rows_test
TESTS += %D%/image_rows_test
%C%_image_rows_test_SOURCES = \
	%D%/drawn_graph.h \
	%D%/image_rows_test.c \
	%D%/rows_graph.h
%C%_image_rows_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/image_rows_drawn_test
TESTS += %D%/image_rows_drawn_test
%C%_image_rows_drawn_test_SOURCES = \
	%D%/drawn_graph.h \
	%D%/image_rows_drawn_test.c \
	%D%/rows_graph.h
%C%_image_rows_drawn_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/liveness_test
TESTS += %D%/liveness_test
%C%_liveness_test_SOURCES = \
	%D%/drawn_graph.h \
	%D%/liveness_test.c
%C%_liveness_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/offsets_test
TESTS += %D%/offsets_test
%C%_offsets_test_SOURCES = %D%/offsets_test.c
%C%_offsets_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/parts_test
TESTS += %D%/parts_test
%C%_parts_test_SOURCES = \
	%D%/drawn_graph.h \
	%D%/parts_test.c \
	%D%/rows_graph.h
%C%_parts_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/pieces_test
TESTS += %D%/pieces_test
%C%_pieces_test_SOURCES = \
	%D%/drawn_graph.h \
	%D%/pieces_test.c
%C%_pieces_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/plan_test
TESTS += %D%/plan_test
%C%_plan_test_SOURCES = \
	%D%/plan_test.c \
	%D%/sketch.c \
	%D%/sketch.h
%C%_plan_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/strassen_test
TESTS += %D%/strassen_test
%C%_strassen_test_SOURCES = \
	%D%/drawn_graph.h \
	%D%/strassen_test.c
%C%_strassen_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/winograd_test
TESTS += %D%/winograd_test
%C%_winograd_test_SOURCES = \
	%D%/drawn_graph.h \
	%D%/winograd_test.c
%C%_winograd_test_LDADD = $(TEST_LIBS)
