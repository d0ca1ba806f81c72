# tests/bundle/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/bundle_test
TESTS += %D%/bundle_test
%C%_bundle_test_SOURCES = %D%/bundle_test.c %D%/memory.h
%C%_bundle_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/checks_test
TESTS += %D%/checks_test
%C%_checks_test_SOURCES = %D%/checks_test.c %D%/memory.h
%C%_checks_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/crc32_test
TESTS += %D%/crc32_test
%C%_crc32_test_SOURCES = %D%/crc32_test.c
%C%_crc32_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/zip_read_test
TESTS += %D%/zip_read_test
%C%_zip_read_test_SOURCES = %D%/memory.h %D%/zip_read_test.c
%C%_zip_read_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/zip_write_test
TESTS += %D%/zip_write_test
%C%_zip_write_test_SOURCES = %D%/memory.h %D%/zip_write_test.c
%C%_zip_write_test_LDADD = $(TEST_LIBS) $(ARCHIVE_LIBS)
EXTRA_DIST += \
	%D%/make_fixtures.py \
	%D%/fixtures/deflated.npz \
	%D%/fixtures/encrypted.zip \
	%D%/fixtures/python.zip \
	%D%/fixtures/pytorch.pt \
	%D%/fixtures/stored.npz
