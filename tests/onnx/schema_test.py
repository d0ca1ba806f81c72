#!/usr/bin/env python3
"""tests/onnx/schema_test.py - our .proto files against those of the onnx wheel, field by field

Compiles both with protoc-c to descriptors and compares: every message, and in it every field's
number, name, type, label, packing and oneof; every enum's numbers and names. Runs where the
onnx wheel is installed (./bootstrap check --all); ends with 77 and the reason elsewhere.

SPDX-License-Identifier: Apache-2.0
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def compile_proto(include, name):
    """The FileDescriptorProto of include/name."""
    from google.protobuf import descriptor_pb2

    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "set"
        subprocess.run(["protoc-c", f"-I{include}", f"--descriptor_set_out={out}", name],
                       check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    return files.file[0]


def describe_message(prefix, message, table):
    name = f"{prefix}.{message.name}"
    for field in message.field:
        oneof = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else ""
        table[f"{name}: field {field.number}"] = (
            f"{field.name}, type {field.type} {field.type_name}, label {field.label}, "
            f"packed {field.options.packed}, oneof '{oneof}'")
    table[f"{name}: fields"] = sorted(field.number for field in message.field)
    for enum in message.enum_type:
        describe_enum(name, enum, table)
    for inner in message.nested_type:
        describe_message(name, inner, table)


def describe_enum(prefix, enum, table):
    table[f"{prefix}.{enum.name}: values"] = sorted((v.number, v.name) for v in enum.value)


def describe(file):
    table = {}
    for message in file.message_type:
        describe_message(file.package, message, table)
    for enum in file.enum_type:
        describe_enum(file.package, enum, table)
    return table


def main():
    try:
        import onnx
    except ImportError:
        skip("the onnx wheel is not installed")
    if not shutil.which("protoc-c"):
        skip("protoc-c is not installed")
    wheel = pathlib.Path(onnx.__file__).parent
    wrong = compared = 0
    for ours, theirs in (("onnx.proto", "onnx.proto"), ("onnx-data.proto", "onnx-data.proto")):
        mine = describe(compile_proto(TOP, f"schemas/{ours}"))
        reference = describe(compile_proto(wheel.parent, f"onnx/{theirs}"))
        for key in sorted(set(mine) | set(reference)):
            compared += 1
            if mine.get(key) != reference.get(key):
                wrong += 1
                print(f"{ours}: {key}: ours {mine.get(key)}, onnx's {reference.get(key)}")
    print(f"onnx {onnx.__version__}: {compared} entries compared, {wrong} differ")
    if compared < 150:
        print("fewer entries than the schema has: the comparison did not see it")
        return 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
