# tests/conformance/local.mk - the vendor-neutral suite (run by ./bootstrap check --all)
EXTRA_DIST += \
	%D%/README.md \
	%D%/baseline.json \
	%D%/models_table.py \
	%D%/random_cases.py \
	%D%/random_draw.py \
	%D%/random_layers.py \
	%D%/random_operators.py \
	%D%/speed_table.py \
	%D%/suite_test.py
