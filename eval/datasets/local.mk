# eval/datasets/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/archive.c \
	%D%/class_names.c \
	%D%/class_names.h \
	%D%/dataset.c \
	%D%/dataset.h \
	%D%/folders.c \
	%D%/inflate.c \
	%D%/inflate.h \
	%D%/label_list.c \
	%D%/labels.c \
	%D%/links.c \
	%D%/listed.c \
	%D%/listed.h \
	%D%/manifest.c \
	%D%/picture_finder.c \
	%D%/place.c \
	%D%/place.h \
	%D%/records.c \
	%D%/synsets.c \
	%D%/truth.c \
	%D%/truth.h \
	%D%/unicode.c \
	%D%/unicode.h \
	%D%/unicode_tables.h \
	%D%/walker.c \
	%D%/walker.h \
	%D%/webdataset.c
EXTRA_DIST += \
	%D%/README.md \
	%D%/make_unicode_tables.py
