# plugins/examples/local.mk - see README.md of this folder
