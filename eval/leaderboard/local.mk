# eval/leaderboard/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/board.c \
	%D%/board.h \
	%D%/models.c \
	%D%/place.c \
	%D%/place.h \
	%D%/schema.c \
	%D%/schema.h
