# src/context/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/context.h \
	%D%/version.c
