# tests/report/local.mk - the page in a browser (README.md)
REPORT_TESTS = %D%/browser_test.sh %D%/large_test.sh %D%/pictures_test.sh
TESTS += $(REPORT_TESTS)
EXTRA_DIST += $(REPORT_TESTS) %D%/README.md %D%/browser_test.mjs %D%/opening.mjs
