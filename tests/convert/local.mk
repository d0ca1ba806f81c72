# tests/convert/local.mk - tests of the folder of the same name
