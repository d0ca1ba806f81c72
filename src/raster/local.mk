# src/raster/local.mk - see README.md of this folder
RASTER_SOURCES = \
	%D%/bmp.c \
	%D%/pnm.c \
	%D%/raster.c \
	%D%/raster.h \
	%D%/tiff.c \
	%D%/tiff_library.c \
	%D%/tiff_library.h
libicl_la_SOURCES += $(RASTER_SOURCES)
EXTRA_DIST += %D%/README.md
