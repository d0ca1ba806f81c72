# plugins/formats/bundle/local.mk - see README.md of this folder
