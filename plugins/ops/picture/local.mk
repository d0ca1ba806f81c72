# plugins/ops/picture/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/ops-picture.la
plugins_ops_picture_la_SOURCES = \
	plugins/ops/op.h \
	$(RASTER_SOURCES) \
	%D%/image_decoder.c \
	%D%/jpeg.c \
	%D%/picture.h \
	%D%/plugin.c \
	%D%/png.c \
	%D%/webp.c
plugins_ops_picture_la_CFLAGS = $(AM_CFLAGS) $(JPEG_CFLAGS) $(PNG_CFLAGS) $(WEBP_CFLAGS) $(TIFF_CFLAGS)
plugins_ops_picture_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_ops_picture_la_LIBADD = $(JPEG_LIBS) $(PNG_LIBS) $(WEBP_LIBS) -lm
EXTRA_DIST += %D%/README.md
