# eval/metrics/local.mk - see README.md of this folder
