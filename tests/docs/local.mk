# tests/docs/local.mk - what the pages say is there
TESTS += %D%/operators_test.sh %D%/paths_test.sh
EXTRA_DIST += %D%/operators_test.sh %D%/paths_test.sh
