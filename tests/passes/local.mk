# tests/passes/local.mk - tests of the folder of the same name
