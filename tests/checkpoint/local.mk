# tests/checkpoint/local.mk - tests of the folder of the same name, and of the formats that read
# checkpoints
check_PROGRAMS += %D%/checkpoint_test
TESTS += %D%/checkpoint_test
%C%_checkpoint_test_SOURCES = %D%/checkpoint_test.c
%C%_checkpoint_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/match_test
TESTS += %D%/match_test
%C%_match_test_SOURCES = %D%/match_test.c
%C%_match_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/readers_test
TESTS += %D%/readers_test
%C%_readers_test_SOURCES = %D%/readers_test.c
%C%_readers_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/hostile_test
TESTS += %D%/hostile_test
%C%_hostile_test_SOURCES = %D%/hostile_test.c
%C%_hostile_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/damage_test
TESTS += %D%/damage_test
%C%_damage_test_SOURCES = %D%/damage_test.c
%C%_damage_test_LDADD = $(TEST_LIBS)

check_PROGRAMS += %D%/settings_test
TESTS += %D%/settings_test
%C%_settings_test_SOURCES = %D%/settings_test.c
%C%_settings_test_LDADD = $(SETTINGS_LIBS) $(TEST_LIBS)

# make_checkpoints.py writes these (it needs PyTorch; the files are committed).
EXTRA_DIST += \
	%D%/corpus.txt \
	%D%/good \
	%D%/hostile \
	%D%/make_checkpoints.py \
	%D%/written_test.py
