# plugins/formats/numpy/local.mk - see README.md of this folder
