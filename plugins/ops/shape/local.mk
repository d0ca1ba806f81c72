# plugins/ops/shape/local.mk - see README.md of this folder
