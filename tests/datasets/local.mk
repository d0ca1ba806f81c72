# tests/datasets/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/class_names_test
TESTS += %D%/class_names_test
%C%_class_names_test_SOURCES = %D%/class_names_test.c
%C%_class_names_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/folders_test
TESTS += %D%/folders_test
%C%_folders_test_SOURCES = %D%/folders_test.c
%C%_folders_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/records_test
TESTS += %D%/records_test
%C%_records_test_SOURCES = %D%/records_test.c
%C%_records_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/synsets_test
TESTS += %D%/synsets_test
%C%_synsets_test_SOURCES = %D%/synsets_test.c
%C%_synsets_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/truth_test
TESTS += %D%/truth_test
%C%_truth_test_SOURCES = %D%/truth_test.c
%C%_truth_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/pack
%C%_pack_SOURCES = %D%/pack.c
%C%_pack_LDADD = $(ARCHIVE_LIBS)
DATASET_TESTS = \
	%D%/bad_sets_test.sh \
	%D%/corrupted_test.sh \
	%D%/layouts_test.sh \
	%D%/restricted_test.sh
TESTS += $(DATASET_TESTS)
EXTRA_DIST += \
	$(DATASET_TESTS) \
	%D%/fixtures/meta-plain.mat \
	%D%/fixtures/meta.mat \
	%D%/make_fixtures.py
