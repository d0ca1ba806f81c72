# eval/report/local.mk - see README.md of this folder
