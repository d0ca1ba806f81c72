# tests/docs/local.mk - what the pages say is there
TESTS += %D%/paths_test.sh
EXTRA_DIST += %D%/paths_test.sh
