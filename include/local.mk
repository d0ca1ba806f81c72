# include/local.mk - the public headers
imgclsinclude_HEADERS += \
	%D%/imgcls/imgcls.h \
	%D%/imgcls/plugin.h \
	%D%/imgcls/types.h
