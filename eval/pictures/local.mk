# eval/pictures/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/decode.c \
	%D%/decoder.h \
	%D%/exif.c \
	%D%/jpeg.c \
	%D%/picture.h \
	%D%/png.c \
	%D%/pnm.c \
	%D%/preprocess.c \
	%D%/resize.c \
	%D%/webp.c
EXTRA_DIST += %D%/README.md
