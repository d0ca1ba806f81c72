# src/local.mk - the rooms of the library
include src/context/local.mk
include src/file/local.mk
include src/tensor/local.mk
include src/graph/local.mk
include src/checkpoint/local.mk
include src/registry/local.mk
include src/passes/local.mk
include src/plan/local.mk
include src/session/local.mk
include src/bundle/local.mk
include src/raster/local.mk
include src/recipe/local.mk
include src/model/local.mk
include src/convert/local.mk
include src/suite/local.mk
include src/verify/local.mk
include src/bench/local.mk
