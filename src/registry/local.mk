# src/registry/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/bytes.c \
	%D%/bytes.h \
	%D%/cache.c \
	%D%/cache.h \
	%D%/child.c \
	%D%/child.h \
	%D%/conform.c \
	%D%/descriptor.c \
	%D%/descriptor.h \
	%D%/folders.c \
	%D%/host.c \
	%D%/host.h \
	%D%/host_data.c \
	%D%/host_file.c \
	%D%/host_graph.c \
	%D%/index.c \
	%D%/load.c \
	%D%/lookup.c \
	%D%/offers.c \
	%D%/offers.h \
	%D%/plugins.h \
	%D%/registry.c \
	%D%/registry.h \
	%D%/report.c \
	%D%/scan.c \
	%D%/scan.h
EXTRA_DIST += %D%/README.md
