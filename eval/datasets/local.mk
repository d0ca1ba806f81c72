# eval/datasets/local.mk - see README.md of this folder
