# tests/passes/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/channels_last_test %D%/expand_test %D%/gelu_test %D%/heads_test %D%/layer_scale_test %D%/passes_test %D%/row_moves_test
TESTS += %D%/channels_last_test %D%/expand_test %D%/gelu_test %D%/heads_test %D%/layer_scale_test %D%/passes_test %D%/row_moves_test
%C%_channels_last_test_SOURCES = %D%/channels_last_test.c
%C%_channels_last_test_LDADD = $(TEST_LIBS)
%C%_expand_test_SOURCES = %D%/expand_test.c
%C%_expand_test_LDADD = $(TEST_LIBS)
%C%_gelu_test_SOURCES = %D%/gelu_test.c
%C%_gelu_test_LDADD = $(TEST_LIBS)
%C%_heads_test_SOURCES = %D%/heads_test.c
%C%_heads_test_LDADD = $(TEST_LIBS)
%C%_layer_scale_test_SOURCES = %D%/layer_scale_test.c
%C%_layer_scale_test_LDADD = $(TEST_LIBS)
%C%_passes_test_SOURCES = %D%/passes_test.c
%C%_passes_test_LDADD = $(TEST_LIBS)
%C%_row_moves_test_SOURCES = %D%/row_moves_test.c
%C%_row_moves_test_LDADD = $(TEST_LIBS)
