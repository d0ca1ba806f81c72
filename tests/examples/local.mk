# tests/examples/local.mk - plugins built out of tree, as a stranger builds them
check_PROGRAMS += %D%/splice
%C%_splice_SOURCES = %D%/splice.c
%C%_splice_LDADD = libicl.la
TESTS += %D%/scaled_tanh_test.sh
EXTRA_DIST += %D%/scaled_tanh_test.sh
