# plugins/architectures/local.mk - networks by name, from checkpoints
plugin_LTLIBRARIES += plugins/architectures.la
plugins_architectures_la_SOURCES = \
	%D%/alexnet.c \
	%D%/attention.c \
	%D%/beit.c \
	%D%/convnext.c \
	%D%/deit.c \
	%D%/densenet.c \
	%D%/efficientnet.c \
	%D%/family.c \
	%D%/layers.c \
	%D%/lenet.c \
	%D%/list.h \
	%D%/mobilenet_v2.c \
	%D%/mobilenet_v3.c \
	%D%/names.c \
	%D%/net.c \
	%D%/net.h \
	%D%/nextvit.c \
	%D%/nodes.c \
	%D%/plugin.c \
	%D%/regnet.c \
	%D%/resample.c \
	%D%/resnet.c \
	%D%/shufflenet.c \
	%D%/squeezenet.c \
	%D%/swin.c \
	%D%/swin.h \
	%D%/swin_body.c \
	%D%/swinv2.c \
	%D%/tokens.c \
	%D%/tokens.h \
	%D%/vgg.c \
	%D%/vit.c \
	%D%/vit.h \
	%D%/vit_body.c \
	%D%/windows.c
plugins_architectures_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
EXTRA_DIST += %D%/README.md
