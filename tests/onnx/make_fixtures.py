#!/usr/bin/env python3
"""tests/onnx/make_fixtures.py - writes tests/onnx/fixtures, one file per rule of the format

    python tests/onnx/make_fixtures.py

Needs the onnx wheel (1.23). good/ has files to be read, with what is in them repeated in
tests/onnx/read_test.c; bad/ has one file per way to be malformed, with the message each must
give in tests/onnx/malformed_test.c. The output is committed: tests need no Python.

SPDX-License-Identifier: Apache-2.0
"""

import pathlib
import struct

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent / "fixtures"
FLOAT = TensorProto.FLOAT


def value(name, shape=(1,), kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def raw(name, array):
    return numpy_helper.from_array(numpy.asarray(array), name)


def model(nodes, inputs, outputs, initializers=(), opsets=(("", 21),), ir=10, functions=(),
          sparse=(), name="g"):
    graph = helper.make_graph(list(nodes), name, list(inputs), list(outputs),
                              list(initializers), sparse_initializer=list(sparse))
    made = helper.make_model(graph, producer_name="fixtures", producer_version="1",
                             opset_imports=[helper.make_opsetid(*o) for o in opsets],
                             functions=list(functions))
    made.ir_version = ir
    return made


def save(path, message):
    path = HERE / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(message if isinstance(message, bytes) else message.SerializeToString())


def with_initializer(tensor, extra=()):
    """A model that adds `tensor` to its input."""
    return model([helper.make_node("Add", ["x", "w"], ["y"], name="add")],
                 [value("x")], [value("y", ["n"])], [tensor, *extra])


# ---- good -----------------------------------------------------------------------------------


def plain():
    w = numpy.arange(2 * 3 * 3 * 3, dtype=numpy.float32).reshape(2, 3, 3, 3) / 8
    made = model(
        [helper.make_node("Conv", ["x", "w", "b"], ["c"], name="conv", pads=[1, 1, 1, 1]),
         helper.make_node("Relu", ["c"], ["y"], name="relu")],
        [value("x", ["batch", 3, 8, 8])], [value("y", ["batch", 2, 8, 8])],
        [raw("w", w), raw("b", numpy.array([0.5, -1.5], numpy.float32))],
        opsets=(("", 21), ("org.example", 3)))
    for key, text in (("imgcls.recipe", "resize=8"), ("imgcls.labels", "cat\ndog"),
                      ("author", "nobody")):
        made.metadata_props.add(key=key, value=text)
    save("good/plain.onnx", made)


def types():
    """One initializer per element type, the same values in raw_data and in typed fields."""
    plain_types = {
        "float32": ([1.5, -2.0, 0.25], TensorProto.FLOAT, "<f4"),
        "uint8": ([0, 7, 255], TensorProto.UINT8, "u1"),
        "int8": ([-128, 0, 127], TensorProto.INT8, "i1"),
        "uint16": ([0, 300, 65535], TensorProto.UINT16, "<u2"),
        "int16": ([-32768, 1, 32767], TensorProto.INT16, "<i2"),
        "int32": ([-2147483648, 5, 2147483647], TensorProto.INT32, "<i4"),
        "int64": ([-(2 ** 63), 6, 2 ** 63 - 1], TensorProto.INT64, "<i8"),
        "bool": ([1, 0, 1], TensorProto.BOOL, "u1"),
        "float64": ([1e300, -0.5, 3.0], TensorProto.DOUBLE, "<f8"),
        "uint32": ([0, 9, 4294967295], TensorProto.UINT32, "<u4"),
        "uint64": ([0, 10, 2 ** 64 - 1], TensorProto.UINT64, "<u8"),
        "complex64": ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], TensorProto.COMPLEX64, "<f4"),
        "complex128": ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], TensorProto.COMPLEX128, "<f8"),
        # bits: 1.0 and -2.0 and 0.5 in each format
        "float16": ([0x3C00, 0xC000, 0x3800], TensorProto.FLOAT16, "<u2"),
        "bfloat16": ([0x3F80, 0xC000, 0x3F00], TensorProto.BFLOAT16, "<u2"),
        "float8e4m3fn": ([0x38, 0xC0, 0x30], TensorProto.FLOAT8E4M3FN, "u1"),
        "float8e4m3fnuz": ([0x40, 0xC8, 0x38], TensorProto.FLOAT8E4M3FNUZ, "u1"),
        "float8e5m2": ([0x3C, 0xC0, 0x38], TensorProto.FLOAT8E5M2, "u1"),
        "float8e5m2fnuz": ([0x40, 0xC4, 0x3C], TensorProto.FLOAT8E5M2FNUZ, "u1"),
        "float8e8m0": ([127, 128, 126], TensorProto.FLOAT8E8M0, "u1"),
        # packed, low bits first; three elements: 1, 2, 3 (3 is -1 in int2)
        "uint4": ([0x21, 0x03], TensorProto.UINT4, "u1"),
        "int4": ([0x21, 0x03], TensorProto.INT4, "u1"),
        "float4e2m1": ([0x21, 0x03], TensorProto.FLOAT4E2M1, "u1"),
        "uint2": ([0x39], TensorProto.UINT2, "u1"),
        "int2": ([0x39], TensorProto.INT2, "u1"),
        # of 6 bits raw_data is packed and int32_data is not: 1.0, -2.0, 0.5
        "float6e2m3": ([0x08, 0x30, 0x04], TensorProto.FLOAT6E2M3, "6 bits"),
        "float6e3m2": ([0x0C, 0x30, 0x08], TensorProto.FLOAT6E3M2, "6 bits"),
    }
    field = {TensorProto.FLOAT: "float_data", TensorProto.COMPLEX64: "float_data",
             TensorProto.DOUBLE: "double_data", TensorProto.COMPLEX128: "double_data",
             TensorProto.INT64: "int64_data", TensorProto.UINT32: "uint64_data",
             TensorProto.UINT64: "uint64_data"}
    for form in ("raw", "typed"):
        tensors = []
        for name, (entries, kind, dtype) in plain_types.items():
            tensor = TensorProto(name=name, data_type=kind, dims=[3])
            if form == "raw" and dtype == "6 bits":
                stream = sum(entry << 6 * i for i, entry in enumerate(entries))
                tensor.raw_data = stream.to_bytes(3, "little")
            elif form == "raw":
                tensor.raw_data = numpy.array(entries, dtype).tobytes()
            else:
                getattr(tensor, field.get(kind, "int32_data")).extend(entries)
            tensors.append(tensor)
        strings = TensorProto(name="string", data_type=TensorProto.STRING, dims=[3])
        strings.string_data.extend([b"one", b"", "drei ä".encode()])
        empty = TensorProto(name="empty", data_type=FLOAT, dims=[0, 4])
        scalar = TensorProto(name="scalar", data_type=FLOAT)
        if form == "raw":
            scalar.raw_data = struct.pack("<f", 42.0)
        else:
            scalar.float_data.append(42.0)
        save(f"good/types_{form}.onnx",
             model([helper.make_node("Identity", ["x"], ["y"])], [value("x")], [value("y")],
                   [*tensors, strings, empty, scalar], ir=14))


def external(name, entries, dims=(4,), kind=FLOAT):
    tensor = TensorProto(name=name, data_type=kind, dims=list(dims))
    tensor.data_location = TensorProto.EXTERNAL
    for key, text in entries.items():
        tensor.external_data.add(key=key, value=text)
    return tensor


def external_data():
    save("good/weights.bin", numpy.arange(16, dtype="<f4").tobytes())
    save("good/external.onnx", with_initializer(
        external("w", {"location": "weights.bin", "offset": "16", "length": "16"}),
        [external("whole", {"location": "weights.bin"}, (16,)),
         external("odd", {"location": "weights.bin", "offset": "6", "checksum": "0"}, (2,))]))
    bad = {
        "parent": {"location": "../good/weights.bin"},
        "absolute": {"location": "/etc/passwd"},
        "missing": {"location": "absent.bin"},
        "past_end": {"location": "../bad/six.bin", "offset": "4"},
        "link": {"location": "link.bin"},
        "offset_text": {"location": "six.bin", "offset": "0x10"},
        "offset_huge": {"location": "six.bin", "offset": "18446744073709551600"},
        "offset_overflow": {"location": "six.bin", "offset": "18446744073709551616"},
        "length_wrong": {"location": "six.bin", "length": "12"},
        "no_location": {"offset": "0"},
        "negative": {"location": "six.bin", "offset": "-4"},
    }
    bad["past_end"]["location"] = "six.bin"
    save("bad/six.bin", b"\1\2\3\4\5\6")
    for name, entries in bad.items():
        save(f"bad/external_{name}.onnx", with_initializer(external("w", entries)))
    save("bad/external_string.onnx", with_initializer(
        external("w", {"location": "six.bin"}, (1,), TensorProto.STRING)))


def sparse(name, values, indices, dims):
    made = onnx.SparseTensorProto()
    made.values.CopyFrom(raw(name, numpy.array(values, numpy.float32)))
    made.indices.CopyFrom(raw("", numpy.array(indices, numpy.int64)))
    made.dims.extend(dims)
    return made


def sparse_data():
    def with_sparse(*tensors):
        return model([helper.make_node("Add", ["x", "s"], ["y"])], [value("x")],
                     [value("y", ["n"])], sparse=tensors)
    save("good/sparse.onnx", with_sparse(
        sparse("s", [5, 7], [1, 5], [2, 3]), sparse("t", [5, 7], [[0, 1], [1, 2]], [2, 3])))
    save("bad/sparse_range.onnx", with_sparse(sparse("s", [5, 7], [1, 6], [2, 3])))
    save("bad/sparse_order.onnx", with_sparse(sparse("s", [5, 7], [5, 1], [2, 3])))
    save("bad/sparse_negative.onnx", with_sparse(sparse("s", [5], [[0, -1]], [2, 3])))
    save("bad/sparse_huge.onnx", with_sparse(sparse("s", [5], [1], [1 << 20, 1 << 20])))
    save("bad/sparse_shape.onnx", with_sparse(sparse("s", [5, 7], [[0], [1]], [2, 3])))


def attributes():
    inner = helper.make_graph([helper.make_node("Neg", ["x"], ["r"])], "inner", [],
                              [value("r")])
    node = helper.make_node(
        "Everything", ["x", "", "x"], ["y", "", "z"], name="all", domain="org.example",
        f=1.5, i=-7, s="text", fs=[1.0, 2.0], strs=["a", "bc"],
        t=raw("", numpy.array([3, 4], numpy.int32)), g=inner)
    node.attribute.append(helper.make_attribute("ints", [1, 2, 3]))
    node.attribute.append(helper.make_attribute("ts", [raw("", numpy.float32(1)),
                                                       raw("", numpy.array([2, 3]))]))
    node.attribute.append(helper.make_attribute("gs", [inner, inner]))
    node.attribute.append(helper.make_attribute(
        "tp", helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, None))))
    save("good/attributes.onnx",
         model([node], [value("x")], [value("y"), value("z")], opsets=(("", 21), ("org.example", 1))))


def nested():
    """If in an If: inner graphs that read names of the graphs around them; and nodes that
    stand after what reads them."""
    deepest = helper.make_graph([helper.make_node("Add", ["h", "x"], ["d"])], "deepest", [],
                                [value("d")])
    then = helper.make_graph(
        [helper.make_node("Mul", ["x", "two"], ["h"]),
         helper.make_node("If", ["cond"], ["e"], then_branch=deepest, else_branch=deepest)],
        "then", [], [value("e")],
        [raw("two", numpy.float32(2))])
    other = helper.make_graph([helper.make_node("Neg", ["late"], ["n"])], "else", [],
                              [value("n")])
    save("good/nested.onnx",
         model([helper.make_node("If", ["cond"], ["y"], then_branch=then, else_branch=other),
                helper.make_node("Abs", ["x"], ["late"])],
               [value("x"), value("cond", (), TensorProto.BOOL)], [value("y")]))


def wrapped():
    """Types that lie in one another: sequences, optionals and maps."""
    tensor = helper.make_tensor_type_proto(FLOAT, None)
    types = {"os": helper.make_optional_type_proto(helper.make_sequence_type_proto(tensor)),
             "s": helper.make_sequence_type_proto(tensor),
             "sm7": helper.make_sequence_type_proto(helper.make_map_type_proto(TensorProto.INT64, tensor)),
             "m8": helper.make_map_type_proto(TensorProto.STRING, tensor)}
    save("good/wrapped.onnx",
         model([helper.make_node("Identity", [name], [name + "_out"]) for name in types],
               [helper.make_value_info(name, kind) for name, kind in types.items()],
               [helper.make_value_info(name + "_out", kind) for name, kind in types.items()]))


def old():
    """IR version 3: initializers are inputs, too. And no operator set: version 1."""
    made = model([helper.make_node("Add", ["x", "w"], ["y"])], [value("x"), value("w")],
                 [value("y")], [raw("w", numpy.array([2], numpy.float32))], ir=3)
    del made.opset_import[:]
    save("good/old.onnx", made)


def function(name, inputs, outputs, nodes, attributes=(), defaults=(), domain="local",
             overload=""):
    made = helper.make_function(domain, name, list(inputs), list(outputs), list(nodes),
                                [helper.make_opsetid("", 21), helper.make_opsetid("local", 1)],
                                list(attributes), list(defaults), overload=overload)
    return made


def reference(node, name, refers_to, kind=onnx.AttributeProto.FLOAT):
    node.attribute.add(name=name, ref_attr_name=refers_to, type=kind)
    return node


LOCAL = (("", 21), ("local", 1))


def call(name, inputs, outputs, **attributes):
    return helper.make_node(name, inputs, outputs, domain="local", **attributes)


def functions():
    # scaled(x) = elu(x, alpha) + x, alpha by reference with a default
    scaled = function("Scaled", ["x"], ["y"], [
        reference(helper.make_node("Elu", ["x"], ["t"]), "alpha", "slope"),
        helper.make_node("Add", ["t", "x"], ["y"])],
        defaults=[helper.make_attribute("slope", 0.5)])
    # twice(x) = scaled(scaled(x)), slope handed on by reference
    twice = function("Twice", ["x"], ["y", "same"], [
        reference(call("Scaled", ["x"], ["t"]), "slope", "slope"),
        call("Scaled", ["t"], ["y"]),
        helper.make_node("Identity", ["x"], ["same"])], attributes=["slope"])
    # an output that is an input; an optional input; a graph that reads a formal name
    inner = helper.make_graph([helper.make_node("Neg", ["x"], ["t"])], "inner", [],
                              [value("t")])
    odd = function("Odd", ["x", "low", "cond"], ["x", "c", "i"], [
        helper.make_node("Clip", ["x", "low"], ["c"]),
        helper.make_node("If", ["cond"], ["i"], then_branch=inner, else_branch=inner)])
    # Scaled.1/t is a name of the model: generated names must avoid it
    save("good/functions.onnx", model(
        [call("Twice", ["x"], ["a"], slope=0.25),
         helper.make_node("Relu", ["a"], ["Scaled.2/t"]),
         call("Odd", ["Scaled.2/t", "", "cond"], ["b", "c", "d"]),
         helper.make_node("Sum", ["b", "c", "d"], ["y"])],
        [value("x"), value("cond", (), TensorProto.BOOL)], [value("y")], opsets=LOCAL,
        functions=[scaled, twice, odd]))

    def bad(name, nodes, *made, outputs=("y",)):
        save(f"bad/function_{name}.onnx",
             model(nodes, [value("x")], [value(o) for o in outputs], opsets=LOCAL,
                   functions=made))
    use = [call("F", ["x"], ["y"])]
    relu = helper.make_node("Relu", ["x"], ["y"])
    bad("self", use, function("F", ["x"], ["y"], use))
    bad("mutual", use, function("F", ["x"], ["y"], [call("G", ["x"], ["y"])]),
        function("G", ["x"], ["y"], use))
    bad("unknown_attribute", use, function("F", ["x"], ["y"], [
        reference(helper.make_node("Elu", ["x"], ["y"]), "alpha", "absent")]))
    bad("wrong_kind", [call("F", ["x"], ["y"], slope=3)], function("F", ["x"], ["y"], [
        reference(helper.make_node("Elu", ["x"], ["y"]), "alpha", "slope")], ["slope"]))
    bad("reference_outside", [reference(helper.make_node("Elu", ["x"], ["y"]), "alpha", "s")])
    bad("dangling", use, function("F", ["x"], ["y"], [helper.make_node("Relu", ["q"], ["y"])]))
    bad("twice", use, function("F", ["x"], ["y"], [relu]), function("F", ["x"], ["y"], [relu]))
    bad("inputs", [call("F", ["x", "x"], ["y"])], function("F", ["x"], ["y"], [relu]))
    bad("input_twice", use, function("F", ["x", "x"], ["y"], [relu]))
    # f20 calls f19 twice, and so on: a million nodes from a kilobyte
    chain = [function("F0", ["x"], ["y"], [relu])]
    for i in range(1, 24):
        chain.append(function(f"F{i}", ["x"], ["y"], [call(f"F{i - 1}", ["x"], ["t"]),
                                                       call(f"F{i - 1}", ["t"], ["y"])]))
    bad("explosion", [call("F23", ["x"], ["y"])], *chain)
    # each calls the next once: too deep
    chain = [function("F0", ["x"], ["y"], [relu])]
    for i in range(1, 70):
        chain.append(function(f"F{i}", ["x"], ["y"], [call(f"F{i - 1}", ["x"], ["y"])]))
    bad("deep", [call("F69", ["x"], ["y"])], *chain)


def values():
    tensor = raw("t", numpy.array([[1, 2], [3, 4]], numpy.float32))
    save("good/tensor.pb", tensor)
    save("good/scalar.pb", numpy_helper.from_array(numpy.array(True)))
    save("good/strings.pb", helper.make_tensor("s", TensorProto.STRING, [2], [b"a", b"bc"]))
    sequence = onnx.SequenceProto(name="q", elem_type=onnx.SequenceProto.TENSOR)
    sequence.tensor_values.extend([tensor, raw("", numpy.array([5], numpy.float32))])
    save("good/sequence.pb", sequence)
    save("good/sequence_empty.pb",
         onnx.SequenceProto(name="q", elem_type=onnx.SequenceProto.TENSOR))
    outer = onnx.SequenceProto(name="qq", elem_type=onnx.SequenceProto.SEQUENCE)
    outer.sequence_values.append(sequence)
    outer.sequence_values.append(sequence)
    save("good/sequence_nested.pb", outer)
    optional = onnx.OptionalProto(name="o", elem_type=onnx.OptionalProto.SEQUENCE)
    optional.sequence_value.CopyFrom(sequence)
    save("good/optional_sequence.pb", optional)
    save("good/optional_empty.pb",
         onnx.OptionalProto(name="o", elem_type=onnx.OptionalProto.UNDEFINED))
    mapping = onnx.MapProto(name="m", key_type=TensorProto.INT64, keys=[3, -1])
    mapping.values.elem_type = onnx.SequenceProto.TENSOR
    mapping.values.tensor_values.extend([tensor, tensor])
    save("good/map.pb", mapping)
    text = onnx.MapProto(name="n", key_type=TensorProto.STRING, string_keys=[b"k"])
    text.values.elem_type = onnx.SequenceProto.TENSOR
    text.values.tensor_values.append(tensor)
    save("good/map_string.pb", text)
    broken = TensorProto()
    broken.CopyFrom(tensor)
    broken.raw_data = broken.raw_data[:12]
    save("bad/tensor_short.pb", broken)
    mapping.keys.append(4)
    save("bad/map_count.pb", mapping)


# ---- bad ------------------------------------------------------------------------------------


def varint(number):
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def tensors():
    def bad(case, /, **fields):
        tensor = TensorProto(name="w", data_type=FLOAT, dims=[2, 3])
        tensor.raw_data = bytes(24)
        for key, entry in fields.items():
            if isinstance(entry, list):
                del getattr(tensor, key)[:]
                getattr(tensor, key).extend(entry)
            elif entry is None:
                tensor.ClearField(key)
            else:
                setattr(tensor, key, entry)
        save(f"bad/tensor_{case}.onnx", with_initializer(tensor))
    bad("raw_short", raw_data=bytes(12))
    bad("raw_long", raw_data=bytes(25))
    bad("no_data", raw_data=None)
    bad("typed_count", raw_data=None, float_data=[1.0] * 5)
    bad("wrong_field", raw_data=None, int32_data=[1] * 6)
    bad("range", raw_data=None, int32_data=[0, 0, 300, 0, 0, 0], data_type=TensorProto.UINT8)
    bad("range_u32", raw_data=None, uint64_data=[0, 0, 0, 0, 0, 1 << 32],
        data_type=TensorProto.UINT32)
    bad("range_float6", raw_data=None, int32_data=[0, 63, 64, 0, 0, 0],
        data_type=TensorProto.FLOAT6E2M3)
    bad("negative", dims=[2, -3])
    bad("huge", dims=[1 << 62, 1 << 62])
    bad("huge_bytes", dims=[1 << 61])
    bad("rank", dims=[1] * 17)
    bad("type_unknown", data_type=99)
    bad("type_undefined", data_type=0)
    bad("both", float_data=[1.0])
    bad("string_raw", data_type=TensorProto.STRING)
    bad("unnamed", name="")
    tensor = TensorProto(name="w", data_type=FLOAT, dims=[1], raw_data=bytes(4))
    tensor.segment.begin = 0
    tensor.segment.end = 1
    save("bad/tensor_segment.onnx", with_initializer(tensor))


def models():
    whole = (HERE / "good/plain.onnx").read_bytes()
    relu = helper.make_node("Relu", ["x"], ["y"], name="relu")
    good = model([relu], [value("x")], [value("y")])
    graph = good.graph.SerializeToString()
    head = b"\x08\x0a"  # ir_version 10
    opset = field(8, b"\x10\x15")

    save("bad/empty.onnx", b"")
    save("bad/pointer.onnx", b"version https://git-lfs.github.com/spec/v1\n"
         b"oid sha256:0000000000000000000000000000000000000000000000000000000000000000\n"
         b"size 97000\n")
    save("bad/page.onnx", b"<!DOCTYPE html>\n<html><body>not found</body></html>\n")
    save("bad/no_graph.onnx", head + opset)
    save("bad/no_version.onnx", field(7, graph) + opset)
    save("bad/graph_twice.onnx", head + field(7, graph) + field(7, graph) + opset)
    save("bad/cut.onnx", whole[:100])
    save("bad/length_past_end.onnx", head + varint(7 << 3 | 2) + varint(1 << 20) + graph)
    save("bad/length_64_bits.onnx",
         head + varint(7 << 3 | 2) + b"\xff" * 9 + b"\x01" + graph)
    save("bad/varint_long.onnx", b"\x08" + b"\x80" * 10 + b"\x01" + field(7, graph))
    save("bad/group.onnx", head + field(7, b"\x0b" + graph))
    save("bad/wire_type.onnx", head + field(7, b"\x08\x01" + graph) + opset)  # node: a number
    save("bad/packed.onnx", head + field(7, graph + field(5, field(1, b"\x80"))) + opset)
    save("bad/nul.onnx", head + field(7, field(1, field(4, b"Re\0lu"))) + opset)
    save("bad/latin1.onnx", head + field(7, field(1, field(3, b"caf\xe9"))) + opset)
    save("bad/newline.onnx", head + field(7, field(1, field(1, b"a\nb"))) + opset)

    inner = b""
    for _ in range(200):  # If in If in If
        inner = field(1, field(4, b"If") + field(5, field(1, b"then_branch") + field(6, inner)))
    save("bad/deep_graphs.onnx", head + field(7, inner) + opset)
    kind = b""
    for _ in range(400):  # a sequence of sequences of ...
        kind = field(4, field(1, kind))
    save("bad/deep_types.onnx", head + field(7, field(11, field(1, b"x") + field(2, kind))) + opset)

    def edited(name, edit):
        made = onnx.ModelProto()
        made.CopyFrom(good)
        edit(made)
        save(f"bad/{name}.onnx", made)
    edited("opset_zero", lambda m: setattr(m.opset_import[0], "version", 0))
    edited("no_op_type", lambda m: m.graph.node[0].ClearField("op_type"))
    edited("input_unnamed", lambda m: setattr(m.graph.input[0], "name", ""))
    edited("input_type", lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", 77))
    edited("input_rank", lambda m: m.graph.input[0].type.tensor_type.shape.dim.extend(
        [onnx.TensorShapeProto.Dimension(dim_value=1)] * 16))
    edited("overload", lambda m: setattr(m.graph.node[0], "overload", "other"))
    edited("attribute_unnamed", lambda m: m.graph.node[0].attribute.add(type=2, i=1))
    edited("attribute_empty", lambda m: m.graph.node[0].attribute.add(name="t", type=4))
    edited("attribute_kind", lambda m: m.graph.node[0].attribute.add(name="t", type=14))

    def opaque(m):
        m.graph.input[0].type.ClearField("tensor_type")
        m.graph.input[0].type.MergeFromString(field(7, field(2, b"secret")))
    edited("opaque", opaque)


def arrays():
    def npy(name, array, **more):
        path = HERE / "good" / name
        with path.open("wb") as out:
            numpy.lib.format.write_array(out, array, **more)
    npy("f4.npy", numpy.array([[1.5, -2], [3, 4], [5, 6]], "<f4"))
    npy("fortran.npy", numpy.asfortranarray(numpy.arange(24, dtype="<i4").reshape(2, 3, 4)))
    npy("big_endian.npy", numpy.array([1, 256, -2], ">i2"))
    npy("complex_big.npy", numpy.array([1 + 2j], ">c8"))
    npy("unicode.npy", numpy.array(["a", "é€", "😀"]))
    npy("bytes.npy", numpy.array([b"ab", b"c"]))
    npy("version2.npy", numpy.array([True, False]), version=(2, 0))
    npy("scalar.npy", numpy.array(7, "<u8"))
    npy("empty.npy", numpy.zeros((0, 3), "<f8"))
    numpy.savez(HERE / "good/stored.npz", x=numpy.array([1, 2], "<i8"),
                y=numpy.array([0.5], "<f2"))
    numpy.savez_compressed(HERE / "good/deflated.npz", x=numpy.zeros(1000, "<f4"))
    good = (HERE / "good/f4.npy").read_bytes()
    save("bad/array_short.npy", good[:-1])
    save("bad/array_long.npy", good + b"\0")
    save("bad/array_version.npy", good[:6] + b"\x09" + good[7:])
    save("bad/array_header_cut.npy", good[:40])
    save("bad/array_object.npy", good.replace(b"'<f4'", b"'|O8'"))
    save("bad/array_structured.npy", good.replace(b"'<f4'", b"[('a', '<f4')]"))
    save("bad/array_shape.npy", good.replace(b"(3, 2)", b"(3,-2)"))
    save("bad/array_huge.npy", good.replace(b"(3, 2), }" + b" " * 30, b"(4611686018427387904, 9), }"
                                            + b" " * 12))
    save("bad/array_key.npy", good.replace(b"'shape'", b"'sharp'"))


def main():
    plain()
    types()
    external_data()
    sparse_data()
    attributes()
    nested()
    wrapped()
    old()
    functions()
    values()
    tensors()
    models()
    arrays()
    for path in sorted((HERE / "good").glob("*.onnx")):
        if path.name in ("old.onnx", "attributes.onnx", "nested.onnx"):
            continue  # no operator set; an operator that nobody knows; nodes out of order
        onnx.checker.check_model(str(path))


if __name__ == "__main__":
    main()
