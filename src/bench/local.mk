# src/bench/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/bench.c \
	%D%/choices.c \
	%D%/feed.c \
	%D%/feed.h \
	%D%/peak.c \
	%D%/peak.h \
	%D%/profile.c \
	%D%/profile.h
EXTRA_DIST += %D%/README.md
