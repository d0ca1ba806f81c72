# src/plan/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/adapt.c \
	%D%/build.c \
	%D%/choices.c \
	%D%/choices.h \
	%D%/choose.c \
	%D%/convert.c \
	%D%/convert.h \
	%D%/fold.c \
	%D%/host_infer.c \
	%D%/host_infer.h \
	%D%/image_count.c \
	%D%/image_rows.c \
	%D%/image_rows.h \
	%D%/image_stride.c \
	%D%/image_stride.h \
	%D%/images.c \
	%D%/images.h \
	%D%/liveness.c \
	%D%/offsets.c \
	%D%/offsets.h \
	%D%/pack.c \
	%D%/parts.c \
	%D%/parts.h \
	%D%/pieces.c \
	%D%/plan.h \
	%D%/shapes.c \
	%D%/shapes.h \
	%D%/slots.c \
	%D%/step.h \
	%D%/summary.c \
	%D%/walk.c
EXTRA_DIST += %D%/README.md
