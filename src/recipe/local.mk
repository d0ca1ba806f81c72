# src/recipe/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/parse.c \
	%D%/recipe.h \
	%D%/size.c \
	%D%/text.c \
	%D%/words.c \
	%D%/words.h
EXTRA_DIST += %D%/README.md
