# include/local.mk - the public headers
imgclsinclude_HEADERS += \
	%D%/imgcls/convert.h \
	%D%/imgcls/bench.h \
	%D%/imgcls/evaluate.h \
	%D%/imgcls/gemm.h \
	%D%/imgcls/imgcls.h \
	%D%/imgcls/leaderboard.h \
	%D%/imgcls/plugin.h \
	%D%/imgcls/registry.h \
	%D%/imgcls/suite.h \
	%D%/imgcls/types.h \
	%D%/imgcls/verify.h
