# eval/datasets/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/class_names.c \
	%D%/class_names.h \
	%D%/dataset.c \
	%D%/dataset.h \
	%D%/folders.c \
	%D%/unicode.c \
	%D%/unicode.h \
	%D%/unicode_tables.h
EXTRA_DIST += \
	%D%/README.md \
	%D%/make_unicode_tables.py
