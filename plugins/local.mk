# plugins/local.mk - one fragment per plugin or kernel family
include plugins/kernels/local.mk
include plugins/kernels/peak/local.mk
include plugins/formats/onnx/local.mk
include plugins/formats/bundle/local.mk
include plugins/formats/numpy/local.mk
include plugins/ops/elementwise/local.mk
include plugins/ops/shape/local.mk
include plugins/ops/reduce/local.mk
include plugins/ops/nn/local.mk
include plugins/ops/control/local.mk
include plugins/ops/sequence/local.mk
include plugins/ops/string/local.mk
include plugins/ops/loss/local.mk
include plugins/ops/attention/local.mk
include plugins/ops/recurrent/local.mk
include plugins/ops/quantised/local.mk
include plugins/examples/local.mk
