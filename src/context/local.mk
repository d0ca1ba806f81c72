# src/context/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/context.c \
	%D%/context.h \
	%D%/cpu.c \
	%D%/isa.c \
	%D%/memory.c \
	%D%/pile.c \
	%D%/pile.h \
	%D%/version.c
EXTRA_DIST += %D%/README.md
