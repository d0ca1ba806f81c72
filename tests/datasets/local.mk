# tests/datasets/local.mk - tests of the folder of the same name
check_PROGRAMS += %D%/class_names_test
TESTS += %D%/class_names_test
%C%_class_names_test_SOURCES = %D%/class_names_test.c
%C%_class_names_test_LDADD = $(TEST_LIBS)
check_PROGRAMS += %D%/folders_test
TESTS += %D%/folders_test
%C%_folders_test_SOURCES = %D%/folders_test.c
%C%_folders_test_LDADD = $(TEST_LIBS)
