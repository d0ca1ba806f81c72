# plugins/ops/elementwise/local.mk - see README.md of this folder
plugin_LTLIBRARIES += plugins/ops-elementwise.la
plugins_ops_elementwise_la_SOURCES = \
	plugins/ops/number.c \
	plugins/ops/number.h \
	plugins/ops/op.h \
	plugins/ops/upgrade.h \
	%D%/activation.c \
	%D%/arithmetic.c \
	%D%/broadcast.c \
	%D%/broadcast.h \
	%D%/cast.c \
	%D%/clip.c \
	%D%/compare.c \
	%D%/elementwise.h \
	%D%/elementwise.list.h \
	%D%/fold.c \
	%D%/function.c \
	%D%/logic.c \
	%D%/map.c \
	%D%/map.h \
	%D%/modulo.c \
	%D%/plugin.c \
	%D%/pointwise.c \
	%D%/pointwise.h \
	%D%/power.c \
	%D%/prelu.c \
	%D%/sign.c \
	%D%/where.c
# -fopenmp-simd: only the simd pragma, no run-time library; it permits, so that clang need not
# report where it did not vectorise (gcc takes any -Wno- option).
plugins_ops_elementwise_la_CFLAGS = $(AM_CFLAGS) -fopenmp-simd -Wno-pass-failed
plugins_ops_elementwise_la_LDFLAGS = $(PLUGIN_LINK_FLAGS)
plugins_ops_elementwise_la_LIBADD = $(kernel_libs) -lm
EXTRA_DIST += %D%/README.md
