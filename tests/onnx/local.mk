# tests/onnx/local.mk - tests of plugins/formats/onnx and plugins/formats/numpy
check_PROGRAMS += %D%/damage_test
TESTS += %D%/damage_test
%C%_damage_test_SOURCES = %D%/damage_test.c %D%/fixture.h
%C%_damage_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/malformed_test
TESTS += %D%/malformed_test
%C%_malformed_test_SOURCES = %D%/malformed_test.c %D%/fixture.h
%C%_malformed_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/numpy_test
TESTS += %D%/numpy_test
%C%_numpy_test_SOURCES = %D%/numpy_test.c %D%/fixture.h
%C%_numpy_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/read_test
TESTS += %D%/read_test
%C%_read_test_SOURCES = %D%/read_test.c %D%/fixture.h
%C%_read_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/values_test
TESTS += %D%/values_test
%C%_values_test_SOURCES = %D%/values_test.c %D%/fixture.h
%C%_values_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/write_test
TESTS += %D%/write_test
%C%_write_test_SOURCES = %D%/write_test.c %D%/fixture.h
%C%_write_test_LDADD = $(TEST_LIBS)

# A tool of roundtrip_test.py, built with the tests.
check_PROGRAMS += %D%/rewrite
%C%_rewrite_SOURCES = %D%/rewrite.c
%C%_rewrite_LDADD = libicl.la

EXTRA_DIST += \
	%D%/fixtures \
	%D%/make_fixtures.py \
	%D%/roundtrip_test.py \
	%D%/schema_test.py
