# plugins/formats/onnx/local.mk - see README.md of this folder
