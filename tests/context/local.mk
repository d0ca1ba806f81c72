# tests/context/local.mk - src/context: failures, memory, CPUs, instruction sets
check_PROGRAMS += \
	%D%/context_test \
	%D%/cpu_test \
	%D%/isa_test \
	%D%/memory_test
TESTS += \
	%D%/context_test \
	%D%/cpu_test \
	%D%/isa_test \
	%D%/memory_test
%C%_context_test_SOURCES = %D%/context_test.c
%C%_context_test_LDADD = $(TEST_LIBS)
%C%_cpu_test_SOURCES = %D%/cpu_test.c
%C%_cpu_test_LDADD = $(TEST_LIBS)
%C%_isa_test_SOURCES = %D%/isa_test.c
%C%_isa_test_LDADD = $(TEST_LIBS)
%C%_memory_test_SOURCES = %D%/memory_test.c
%C%_memory_test_LDADD = $(TEST_LIBS)
