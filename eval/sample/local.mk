# eval/sample/local.mk - see README.md of this folder
