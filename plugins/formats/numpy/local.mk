# plugins/formats/numpy/local.mk - NumPy's files of values
plugin_LTLIBRARIES += plugins/numpy.la
plugins_numpy_la_SOURCES = \
	%D%/npy.h \
	%D%/npy_header.c \
	%D%/npy_read.c \
	%D%/npy_write.c \
	%D%/npz.c \
	%D%/plugin.c \
	%D%/weights.c
plugins_numpy_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
EXTRA_DIST += %D%/README.md
