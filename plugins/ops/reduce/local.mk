# plugins/ops/reduce/local.mk - see README.md of this folder
