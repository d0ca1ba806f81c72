# tests/model/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/damage_test
TESTS += %D%/damage_test
%C%_damage_test_SOURCES = %D%/damage_test.c tests/bundle/memory.h tests/plan/drawn_graph.h
%C%_damage_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/labels_test
TESTS += %D%/labels_test
%C%_labels_test_SOURCES = %D%/labels_test.c
%C%_labels_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/open_test
TESTS += %D%/open_test
%C%_open_test_SOURCES = %D%/open_test.c
%C%_open_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/scores_test
TESTS += %D%/scores_test
%C%_scores_test_SOURCES = \
	%D%/scores_test.c \
	tests/plan/sketch.c \
	tests/plan/sketch.h
%C%_scores_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/shape_option_test
TESTS += %D%/shape_option_test
%C%_shape_option_test_SOURCES = %D%/shape_option_test.c
%C%_shape_option_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/top_test
TESTS += %D%/top_test
%C%_top_test_SOURCES = %D%/top_test.c
%C%_top_test_LDADD = $(TEST_LIBS) -lm
