# src/passes/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/batch_norm.c \
	%D%/channels_last.c \
	%D%/channels_last.h \
	%D%/channels_last_rows.c \
	%D%/clean.c \
	%D%/epilogue.c \
	%D%/expand.c \
	%D%/gelu.c \
	%D%/global_mean.c \
	%D%/heads.c \
	%D%/inline_if.c \
	%D%/layer_scale.c \
	%D%/linear.c \
	%D%/linear.h \
	%D%/passes.c \
	%D%/passes.h \
	%D%/plan_only.c \
	%D%/product_pair.c \
	%D%/row_moves.c \
	%D%/rows.h \
	%D%/turned.c \
	%D%/upgrade.c \
	%D%/view.c \
	%D%/view.h
EXTRA_DIST += %D%/README.md
