# plugins/ops/nn/local.mk - see README.md of this folder
