# src/tensor/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/convert.c \
	%D%/element.c \
	%D%/tensor.c \
	%D%/tensor.h \
	%D%/type.c \
	%D%/value.c
EXTRA_DIST += %D%/README.md
