# src/passes/local.mk - see README.md of this folder
libicl_la_SOURCES += \
	%D%/passes.h
