# eval/sample/local.mk - the embedded sample: installed, since `bootstrap demo` and the tests
# use it and a newcomer's first evaluation should need no download
EXTRA_DIST += \
	%D%/README.md \
	%D%/labels.txt \
	%D%/lenet5 \
	%D%/reference.csv \
	%D%/train.py \
	%D%/val \
	%D%/vit_tiny
