# plugins/kernels/local.mk - see README.md of this folder
