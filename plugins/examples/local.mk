# plugins/examples/local.mk - see README.md of this folder; nothing here is built by us
EXTRA_DIST += \
	%D%/README.md \
	%D%/scaled-tanh/Makefile \
	%D%/scaled-tanh/network.c \
	%D%/scaled-tanh/network.h \
	%D%/scaled-tanh/scaled-tanh.c
