# tests/graph/local.mk - src/graph: names, nodes, inner graphs, order, copies
check_PROGRAMS += \
	%D%/attr_test \
	%D%/clone_test \
	%D%/graph_test \
	%D%/names_test \
	%D%/node_test \
	%D%/scope_test \
	%D%/sort_test \
	%D%/sweep_test
TESTS += \
	%D%/attr_test \
	%D%/clone_test \
	%D%/graph_test \
	%D%/names_test \
	%D%/node_test \
	%D%/scope_test \
	%D%/sort_test \
	%D%/sweep_test
%C%_attr_test_SOURCES = %D%/attr_test.c %D%/drawing.h
%C%_attr_test_LDADD = $(TEST_LIBS)
%C%_clone_test_SOURCES = %D%/clone_test.c %D%/drawing.h
%C%_clone_test_LDADD = $(TEST_LIBS)
%C%_graph_test_SOURCES = %D%/graph_test.c %D%/drawing.h
%C%_graph_test_LDADD = $(TEST_LIBS)
%C%_names_test_SOURCES = %D%/names_test.c %D%/drawing.h
%C%_names_test_LDADD = $(TEST_LIBS)
%C%_node_test_SOURCES = %D%/node_test.c %D%/drawing.h
%C%_node_test_LDADD = $(TEST_LIBS)
%C%_scope_test_SOURCES = %D%/scope_test.c %D%/drawing.h
%C%_scope_test_LDADD = $(TEST_LIBS)
%C%_sort_test_SOURCES = %D%/sort_test.c %D%/drawing.h
%C%_sort_test_LDADD = $(TEST_LIBS)
%C%_sweep_test_SOURCES = %D%/sweep_test.c %D%/drawing.h
%C%_sweep_test_LDADD = $(TEST_LIBS)
