# tests/tensor/local.mk - src/tensor: types, values, conversions
check_PROGRAMS += \
	%D%/convert_test \
	%D%/element_test \
	%D%/tensor_test \
	%D%/type_test \
	%D%/value_test
TESTS += \
	%D%/convert_test \
	%D%/element_test \
	%D%/tensor_test \
	%D%/type_test \
	%D%/value_test
%C%_convert_test_SOURCES = %D%/convert_test.c
%C%_convert_test_LDADD = $(TEST_LIBS)
%C%_element_test_SOURCES = %D%/element_test.c
%C%_element_test_LDADD = $(TEST_LIBS)
%C%_tensor_test_SOURCES = %D%/tensor_test.c
%C%_tensor_test_LDADD = $(TEST_LIBS)
%C%_type_test_SOURCES = %D%/type_test.c
%C%_type_test_LDADD = $(TEST_LIBS)
%C%_value_test_SOURCES = %D%/value_test.c
%C%_value_test_LDADD = $(TEST_LIBS)
