# plugins/formats/onnx/local.mk - the ONNX format, reading and writing
plugin_LTLIBRARIES += plugins/onnx.la
plugins_onnx_la_SOURCES = \
	%D%/attribute.c \
	%D%/element.c \
	%D%/element.h \
	%D%/external.c \
	%D%/functions.c \
	%D%/graph.c \
	%D%/model.c \
	%D%/names.c \
	%D%/plugin.c \
	%D%/reader.c \
	%D%/reader.h \
	%D%/sparse.c \
	%D%/strip.c \
	%D%/tensor.c \
	%D%/type.c \
	%D%/values.c \
	%D%/wire.c \
	%D%/wire.h
plugins_onnx_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_onnx_la_LIBADD = schemas/libonnxproto.la
EXTRA_DIST += %D%/README.md
