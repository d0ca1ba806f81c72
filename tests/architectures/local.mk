# tests/architectures/local.mk - networks against the libraries that their weights come from
check_PROGRAMS += %D%/convolutional_test %D%/transformer_test
TESTS += %D%/convolutional_test %D%/transformer_test
%C%_convolutional_test_SOURCES = %D%/case.c %D%/case.h %D%/convolutional_test.c
%C%_convolutional_test_LDADD = $(TEST_LIBS)
%C%_transformer_test_SOURCES = %D%/case.c %D%/case.h %D%/transformer_test.c
%C%_transformer_test_LDADD = $(TEST_LIBS)
EXTRA_DIST += \
	%D%/cases \
	%D%/checkpoint_table.py \
	%D%/convolutional_cases.py \
	%D%/formula.py \
	%D%/seeds_table.py \
	%D%/transformer_cases.py
