# schemas/local.mk - wire formats and the database

# The schema and its steps as C strings, so that the library needs no file at run time.
schema_steps = \
	%D%/leaderboard.sql \
	%D%/leaderboard.2.sql \
	%D%/leaderboard.3.sql \
	%D%/leaderboard.4.sql \
	%D%/leaderboard.5.sql \
	%D%/leaderboard.6.sql \
	%D%/leaderboard.7.sql \
	%D%/leaderboard.8.sql \
	%D%/leaderboard.views.sql
EXTRA_DIST += \
	$(schema_steps) \
	%D%/manifest.schema.json
BUILT_SOURCES += $(schema_steps:=.h)
CLEANFILES += $(schema_steps:=.h)
%D%/%.sql.h: %D%/%.sql
	$(AM_V_GEN)$(MKDIR_P) %D% && { \
	echo '/* made from schemas/$*.sql by schemas/local.mk */'; \
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $<; } > $@.tmp && \
	mv $@.tmp $@
eval/leaderboard/schema.lo: $(schema_steps:=.h)

# protoc-c writes the C of onnx.proto and onnx-data.proto; one convenience library holds it.
proto_sources = schemas/onnx.pb-c.c schemas/onnx-data.pb-c.c
proto_headers = schemas/onnx.pb-c.h schemas/onnx-data.pb-c.h

noinst_LTLIBRARIES += schemas/libonnxproto.la
nodist_schemas_libonnxproto_la_SOURCES = $(proto_sources) $(proto_headers)
schemas_libonnxproto_la_SOURCES =
schemas_libonnxproto_la_LIBADD = $(PROTOBUFC_LIBS)

# -I the source tree, so that "schemas/..." means the same in imports and in includes.
schemas/onnx.pb-c.c: $(top_srcdir)/schemas/onnx.proto
	$(AM_V_GEN)$(MKDIR_P) schemas && $(PROTOC_C) -I$(top_srcdir) --c_out=. schemas/onnx.proto
schemas/onnx-data.pb-c.c: $(top_srcdir)/schemas/onnx-data.proto $(top_srcdir)/schemas/onnx.proto
	$(AM_V_GEN)$(MKDIR_P) schemas && $(PROTOC_C) -I$(top_srcdir) --c_out=. schemas/onnx-data.proto
# Both files come of one run; a header that was removed alone is made by making both again
# (automake manual, "Multiple Outputs").
schemas/onnx.pb-c.h: schemas/onnx.pb-c.c
	$(AM_V_at)if test -f $@; then touch $@; else \
		rm -f schemas/onnx.pb-c.c && $(MAKE) $(AM_MAKEFLAGS) schemas/onnx.pb-c.c; fi
schemas/onnx-data.pb-c.h: schemas/onnx-data.pb-c.c
	$(AM_V_at)if test -f $@; then touch $@; else \
		rm -f schemas/onnx-data.pb-c.c && $(MAKE) $(AM_MAKEFLAGS) schemas/onnx-data.pb-c.c; fi

BUILT_SOURCES += $(proto_headers)
CLEANFILES += $(proto_sources) $(proto_headers)
EXTRA_DIST += schemas/onnx.proto schemas/onnx-data.proto schemas/README.md
