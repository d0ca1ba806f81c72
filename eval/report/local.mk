# eval/report/local.mk - the page; its style, script and Chart.js become text in the library
libicl_la_SOURCES += \
	%D%/front.c \
	%D%/html.c \
	%D%/html.h \
	%D%/pair.c \
	%D%/pictures.c \
	%D%/record.c \
	%D%/report.c \
	%D%/report.h \
	%D%/run.c \
	%D%/source.c \
	%D%/source.h \
	%D%/whole.c
EXTRA_DIST += \
	%D%/README.md \
	%D%/page.css \
	%D%/page.js

# A line a string, so that the compiler's messages and the limits on one string stay sane.
report_text = %D%/page.css.h %D%/page.js.h
%D%/%.css.h: %D%/%.css
	$(AM_V_GEN)$(MKDIR_P) %D% && $(report_string) $< > $@.tmp && mv $@.tmp $@
%D%/%.js.h: %D%/%.js
	$(AM_V_GEN)$(MKDIR_P) %D% && $(report_string) $< > $@.tmp && mv $@.tmp $@
report_string = $(SED) -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/'

if HAVE_CHART_JS
report_text += %D%/chart.js.h
%D%/chart.js.h: $(CHART_JS)
	$(AM_V_GEN)$(MKDIR_P) %D% && od -An -v -tu1 '$(CHART_JS)' | \
	$(SED) -e 's/  *\([0-9]\)/,\1/g' -e 's/^,//' -e 's/$$/,/' > $@.tmp && mv $@.tmp $@
endif
BUILT_SOURCES += $(report_text)
CLEANFILES += $(report_text)
%D%/report.lo: $(report_text)
