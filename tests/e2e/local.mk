# tests/e2e/local.mk - tests of the folder of the same name
