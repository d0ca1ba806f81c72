# plugins/ops/elementwise/local.mk - see README.md of this folder
