# tests/verify/local.mk - tests of the folder of the same name
