# plugins/formats/onnx/local.mk - the ONNX format, reading and writing
plugin_LTLIBRARIES += plugins/onnx.la
plugins_onnx_la_SOURCES = \
	%D%/arena.c \
	%D%/arena.h \
	%D%/attribute.c \
	%D%/build_graph.c \
	%D%/build_node.c \
	%D%/build_tensor.c \
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
	%D%/stream.c \
	%D%/stream.h \
	%D%/strip.c \
	%D%/tensor.c \
	%D%/text.c \
	%D%/type.c \
	%D%/values.c \
	%D%/wire.c \
	%D%/wire.h \
	%D%/write_model.c \
	%D%/write_value.c \
	%D%/writer.h
plugins_onnx_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_onnx_la_LIBADD = schemas/libonnxproto.la
EXTRA_DIST += %D%/README.md
