#!/usr/bin/env python3
"""Writes the files of tests/checkpoint/good, tests/checkpoint/hostile and tests/e2e/modelscope.

    make_checkpoints.py                 (needs torch, safetensors, numpy and pillow; run from anywhere)

good/: what PyTorch, safetensors and NumPy write, each with tensors whose numbers count up.
hostile/: hand-made files, one for each way to be wrong; corpus.txt names each with words that
the refusal must have. modelscope/: a folder as ModelScope leaves it, with 1,296 Chinese class
names and a tiny network of random weights, and the answers of a double-precision forward pass.
Pickles with calls in them are written byte by byte; nothing of them is ever loaded here.
"""
import argparse, collections, datetime, gzip, io, json, math, os, pickle, struct, zipfile
import numpy as np
import torch
import safetensors.torch as st
from PIL import Image

here = os.path.dirname(os.path.abspath(__file__))
good, bad, scope = f"{here}/good", f"{here}/hostile", f"{here}/../e2e/modelscope"


# ---- good -----------------------------------------------------------------------------------
def make_good():
    os.makedirs(good, exist_ok=True)
    base = torch.arange(60.0)
    plain = collections.OrderedDict(
        a=torch.arange(6.0).reshape(2, 3), half=torch.arange(3).half(), bf=torch.arange(4).bfloat16(),
        double=torch.arange(5, dtype=torch.float64), long=torch.arange(2), flags=torch.tensor([True, False, True]),
        # one storage, three views: an offset, a transposed one, and one with a hole
        view=base[10:20], turned=base[20:32].reshape(3, 4).t(), sparse=base[40:60].reshape(4, 5)[:, 1:3],
        parameter=torch.nn.Parameter(base[:2].clone()), scalar=torch.tensor(7.0))
    torch.save(plain, f"{good}/archive.pt")
    torch.save(plain, f"{good}/stream.pth", _use_new_zipfile_serialization=False)
    torch.save({"model": plain}, f"{good}/protocol4.pt", pickle_protocol=4)
    torch.save({"model": plain}, f"{good}/protocol5.pt", pickle_protocol=5)
    torch.save(plain, f"{good}/stream4.pth", pickle_protocol=4, _use_new_zipfile_serialization=False)
    torch.save({"epoch": 3, "state_dict": {"module." + k: v for k, v in plain.items()},
                "optimizer": {"state": {0: {"step": 4}}, "param_groups": [{"lr": 0.1, "params": [0, 1]}]},
                "args": argparse.Namespace(lr=0.1, data="/x"), "when": datetime.datetime(2020, 1, 2),
                "scores": np.arange(4), "one": np.float32(1), "arch": "resnet18"}, f"{good}/training.pth.tar")
    contiguous = {k: v.contiguous().clone() for k, v in plain.items() if k != "parameter"}
    st.save_file(contiguous, f"{good}/single.safetensors", {"format": "pt"})
    first = {k: contiguous[k] for k in list(contiguous)[:4]}
    rest = {k: contiguous[k] for k in list(contiguous)[4:]}
    st.save_file(first, f"{good}/part-00001-of-00002.safetensors")
    st.save_file(rest, f"{good}/part-00002-of-00002.safetensors")
    names = {k: "part-00001-of-00002.safetensors" if k in first else "part-00002-of-00002.safetensors"
             for k in contiguous}
    with open(f"{good}/part.safetensors.index.json", "w") as f:
        json.dump({"metadata": {"total_size": 1}, "weight_map": names}, f)
    arrays = {"a": np.arange(6, dtype=np.float32).reshape(2, 3),
              "turned": np.asfortranarray(np.arange(20, 32, dtype=np.float32).reshape(3, 4).T),
              "double": np.arange(5.0), "long": np.arange(2), "sub/half": np.arange(3, dtype=np.float16)}
    np.savez(f"{good}/stored.npz", **arrays)
    np.savez_compressed(f"{good}/deflated.npz", **arrays)
    with open(f"{good}/archive.pt", "rb") as f:
        content = f.read()
    with open(f"{good}/archive.pt.gz", "wb") as f:
        f.write(gzip.compress(content, mtime=0))


# ---- hostile --------------------------------------------------------------------------------
corpus = []


def put(name, words, content):
    with open(f"{bad}/{name}", "wb") as f:
        f.write(content)
    corpus.append((name, words))


def archive(pkl, storages=(), extra=(), root="x", method=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr(f"{root}/data.pkl", pkl)
        for key, data in storages:
            z.writestr(zipfile.ZipInfo(f"{root}/data/{key}"), data, method)
        for member, data in extra:
            z.writestr(member, data)
    return out.getvalue()


def text(s):
    b = s.encode()
    return b"X" + struct.pack("<I", len(b)) + b


def name(module, n):
    return b"c" + module.encode() + b"\n" + n.encode() + b"\n"


def storage(key="0", count=4, kind="FloatStorage"):
    return b"(" + text("storage") + name("torch", kind) + text(key) + text("cpu") + number(count) + b"tQ"


def number(n):
    return b"\x8a\x08" + struct.pack("<q", n) if not -2**31 <= n < 2**31 else b"J" + struct.pack("<i", n)


def numbers(list_):
    return b"(" + b"".join(number(n) for n in list_) + b"t"


def tensor(sizes, strides, first=0, **kw):
    return (name("torch._utils", "_rebuild_tensor_v2") + b"(" + storage(**kw) + number(first) + numbers(sizes) +
            numbers(strides) + b"\x89" + name("collections", "OrderedDict") + b")Rt" + b"R")


def state(*tensors):
    return b"\x80\x02}(" + b"".join(text(f"t{i}") + t for i, t in enumerate(tensors)) + b"u."


four = [("0", struct.pack("<4f", 1, 2, 3, 4))]


def call(module, n):
    return b"\x80\x02" + name(module, n) + text("echo hacked") + b"\x85R."


def make_pickles():
    for module, n in (("posix", "system"), ("os", "system"), ("nt", "system"), ("builtins", "exec"),
                      ("builtins", "eval"), ("builtins", "__import__"), ("__builtin__", "getattr"),
                      ("subprocess", "Popen"), ("runpy", "run_path"), ("pip", "main"), ("torch.hub", "load"),
                      ("torch._utils", "_rebuild_tensor_v2.x"), ("numpy.core.multiarray.x", "scalar")):
        words = f"{module}.{n}" if (module, n) != ("__builtin__", "getattr") else "stands for no data"
        put(f"call-{module}-{n}.pt", words, archive(call(module, n)))
    put("call-stack-global.pt", "os.system",
        archive(b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R."))
    several = b"\x80\x02](" + b"".join(name(*n) + text("id") + b"\x85R" for n in (
        ("os", "system"), ("builtins", "eval"), ("os", "system"), ("torch", "QInt8Storage"), ("shutil", "rmtree")))
    put("call-several.pt", "names 'os.system', 'builtins.eval', 'shutil.rmtree', which are not", archive(several + b"e."))
    put("call-several-then-broken.pt", "names 'os.system', 'builtins.eval', 'shutil.rmtree', which are not",
        archive(several + b"u2i"))
    put("call-many.pt", "'m15.f' and more", archive(
        b"\x80\x02](" + b"".join(name(f"m{i}", "f") for i in range(40)) + b"e."))
    put("call-two-lines.pt", "'os?other file: fine.system'",
        archive(b"\x80\x04\x8c\x13os\nother file: fine\x8c\x06system\x93\x8c\x02id\x85R."))
    put("call-in-stream.pth", "posix.system", pickle_stream(call("posix", "system")))
    put("bare-pickle.bin", "posix.system", call("posix", "system"))
    put("bare-data.bin", "none that torch.save wrote", pickle.dumps({"a": 1}, 2))
    put("call-result.pt", "something other than a name", archive(b"\x80\x02}(X\x01\x00\x00\x00aK\x01K\x02\x85Ru."))
    put("instance.pt", "opcode 0x69", archive(b"\x80\x02(ios\nsystem\n."))
    put("object.pt", "opcode 0x6f", archive(b"\x80\x02(ccollections\nOrderedDict\no."))
    put("extension.pt", "opcode 0x82", archive(b"\x80\x02\x82\x01."))
    put("protocol0.pt", "opcode 0x49", archive(b"I1\n."))
    put("protocol9.pt", "protocol 9", archive(b"\x80\x09N."))
    put("duplicate-opcode.pt", "opcode 0x32", archive(b"\x80\x02]2."))
    put("no-stop.pt", "ends without STOP", archive(b"\x80\x02}"))
    put("behind-stop.pt", "behind the end", archive(state(tensor([4], [1])) + b"N.", four))
    put("cut-text.pt", "has", archive(b"\x80\x02X\xff\xff\xff\x7fabc."))
    put("empty-stack.pt", "from a stack", archive(b"\x80\x02\x85."))
    put("no-mark.pt", "needs a mark", archive(b"\x80\x02t."))
    put("two-values.pt", "instead of one", archive(b"\x80\x02NN."))
    put("memo-far.pt", "memo index", archive(b"\x80\x02Nr\xff\xff\xff\x7f."))
    put("memo-unset.pt", "never set", archive(b"\x80\x02h\x05."))
    put("items-on-list.pt", "no dictionary", archive(b"\x80\x02]NNs."))
    put("append-on-dict.pt", "no list", archive(b"\x80\x02}Na."))
    put("odd-items.pt", "key without a value", archive(b"\x80\x02}(Nu."))
    put("state-on-number.pt", "state to a value", archive(b"\x80\x02K\x01}b."))
    # the state of one dictionary, given to another again and again: quadratic in what it says
    big = b"}(" + b"K\x01N" * 2000 + b"uq\x00"
    put("state-bomb.pt", "unfolds", archive(b"\x80\x02" + big +
        name("collections", "OrderedDict") + b")R" + b"h\x00b" * 2000 + b"\x86."))
    # a list of ten times the list before: no dictionary of tensors, and no memory either
    bomb = b"\x80\x02]q\x00" + b"".join(
        b"](" + (b"h" + bytes([i])) * 10 + b"eq" + bytes([i + 1]) for i in range(40))
    put("list-bomb.pt", "no dictionary of tensors", archive(bomb + b"\x86" * 40 + b"."))
    put("deep.pt", "no dictionary of tensors", archive(b"\x80\x02" + b"(" * 20000 + b"t" * 20000 + b"."))
    put("self.pt", "no dictionary of tensors",
        archive(b"\x80\x02}q\x00(" + text("state_dict") + b"h\x00" + text("model") + b"h\x00u."))
    put("no-tensors.pt", "no dictionary of tensors", archive(b"\x80\x02}."))
    put("name-not-utf8.pt", "is no text", archive(b"\x80\x02}(X\x02\x00\x00\x00\xc0\x80" + tensor([4], [1]) + b"u.", four))


def pickle_stream(fourth, keys=("0",), data=struct.pack("<q4f", 4, 1, 2, 3, 4)):
    head = (bytes.fromhex("80028a0a6cfc9c46f9206aa850192e") + pickle.dumps(1001, 2) +
            pickle.dumps({"protocol_version": 1001, "little_endian": True}, 2))
    return head + fourth + pickle.dumps(list(keys), 2) + data


def make_tensors():
    put("negative-stride.pt", "negative", archive(state(tensor([2], [-1])), four))
    put("negative-size.pt", "negative", archive(state(tensor([-2], [1])), four))
    put("negative-offset.pt", "offset", archive(state(tensor([2], [1], -1)), four))
    put("past-storage.pt", "past the end of its storage", archive(state(tensor([5], [1])), four))
    put("offset-past.pt", "past the end of its storage", archive(state(tensor([2], [1], 3)), four))
    put("stride-past.pt", "past the end of its storage", archive(state(tensor([2, 2], [3, 1])), four))
    put("product-overflow.pt", "more elements than the file", archive(state(tensor([2**62, 4], [0, 0])), four))
    put("reach-overflow.pt", "past the end of its storage", archive(state(tensor([2**40, 2], [2**40, 1])), four))
    put("expanded-bomb.pt", "more elements than the file", archive(state(tensor([2**40], [0])), four))
    put("rank-17.pt", "rank is above", archive(state(tensor([1] * 17, [1] * 17)), four))
    put("sizes-strides.pt", "one length", archive(state(tensor([2, 2], [1])), four))
    put("storage-longer.pt", "the pickle says", archive(state(tensor([4], [1], count=4096)), four))
    put("storage-shorter.pt", "the pickle says", archive(state(tensor([2], [1], count=2)), four))
    put("storage-two-sizes.pt", "in one place",
        archive(state(tensor([2], [1]), tensor([2], [1], kind="DoubleStorage")), four))
    put("storage-missing.pt", "data/7", archive(state(tensor([2], [1], key="7")), four))
    put("storage-outside.pt", "is no name", archive(state(tensor([2], [1], key="../0")), four))
    put("storage-huge.pt", "more than memory", archive(state(tensor([2], [1], count=2**62)), four))
    put("twice.pt", "twice", archive(b"\x80\x02}(" + (text("t") + tensor([4], [1])) * 2 + b"u.", four))
    put("quantised.pt", "quantised", archive(state(name("torch._utils", "_rebuild_qtensor") + b")R")))
    put("sparse.pt", "sparse", archive(state(name("torch._utils", "_rebuild_sparse_tensor") + b")R")))
    put("complex.pt", "complex", archive(state(tensor([2], [1], kind="ComplexFloatStorage")), four))
    put("stream-cut.pth", "past the end of the file", pickle_stream(state(tensor([4], [1])))[:-3])
    put("stream-long.pth", "behind the last", pickle_stream(state(tensor([4], [1]))) + b"\0")
    put("stream-count.pth", "past the end of the file",
        pickle_stream(state(tensor([4], [1])), data=struct.pack("<q4f", 2**61, 1, 2, 3, 4)))
    put("stream-unlisted.pth", "not in the list", pickle_stream(state(tensor([4], [1])), keys=(), data=b""))
    put("stream-twice.pth", "twice",
        pickle_stream(state(tensor([4], [1])), keys=("0", "0"), data=struct.pack("<q4f", 4, 1, 2, 3, 4) * 2))


def make_zips():
    sound = state(tensor([4], [1]))
    put("zip-dotdot.pt", "refused", archive(sound, four, [("x/../../evil", b"1")]))
    put("zip-absolute.pt", "refused", archive(sound, four, [("/etc/evil", b"1")]))
    whole = archive(sound, four)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("x/data.pkl", sound)
        z.writestr("x/data/0", four[0][1])
        z.writestr("x/data/1", four[0][1])
    put("zip-duplicate.pt", "two members are named",
        out.getvalue().replace(b"x/data/1", b"x/data/0"))
    put("zip-local-name.pt", "another name", whole.replace(b"x/data/0", b"x/data/9", 1))
    put("zip-crc.pt", "checksum", whole.replace(sound[10:40], sound[10:39] + b"!", 1))
    put("zip-cut.pt", "broken zip", whole[:-30])
    at = whole.rindex(b"PK\x01\x02")
    put("zip-overlap.pt", "broken zip", whole[:at + 42] + struct.pack("<I", 0) + whole[at + 46:])
    put("zip-encrypted.pt", "encrypted", whole[:at + 8] + struct.pack("<H", 1) + whole[at + 10:])
    put("zip-two-pickles.pt", "two members", archive(sound, four, [("y/data.pkl", sound)]))
    put("zip-big-endian.pt", "byte order", archive(sound, four, [("x/byteorder", b"big")]))
    put("zip-torchscript.pt", "TorchScript", archive(sound, four, [("x/constants.pkl", b"N.")]))
    put("zip-exported.pt2", "without data.pkl", exported())
    bomb = b"\0" * 4000000
    put("zip-bomb.pt", "inflates", archive(state(tensor([4], [1])), [("0", bomb)], method=zipfile.ZIP_DEFLATED))


def exported():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("m/archive_format", "pt2")
    return out.getvalue()


def safe(header, data=b"\0" * 16, length=None):
    body = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(body) if length is None else length) + body + data


def entry(begin=0, end=16, shape=(4,), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


def make_others():
    put("header-long.safetensors", "a header of", safe({"a": entry()}, length=10**6))
    put("header-huge.safetensors", "a header of", safe({"a": entry()}, length=2**63))
    put("header-text.safetensors", "no JSON", safe(b"{nothing}"))
    put("hole.safetensors", "begins at", safe({"a": entry(0, 4, (1,)), "b": entry(8, 16, (2,))}))
    put("overlap.safetensors", "begins at", safe({"a": entry(0, 12, (3,)), "b": entry(8, 16, (2,))}))
    put("short.safetensors", "the file has", safe({"a": entry(0, 8, (2,))}))
    put("past.safetensors", "the file has", safe({"a": entry(0, 32, (8,))}))
    put("shape.safetensors", "its shape needs", safe({"a": entry(0, 16, (5,))}))
    put("overflow.safetensors", "overflow", safe({"a": entry(0, 16, (2**40, 2**40))}))
    put("minus.safetensors", "no count", safe({"a": entry(0, 16, (-4,))}))
    put("falling.safetensors", "rising", safe({"a": entry(16, 0)}))
    put("twice.safetensors", "uplicate", safe(b'{"a":%s,"a":%s}' % ((json.dumps(entry()).encode(),) * 2)))
    put("type.safetensors", "F4", safe({"a": entry(dtype="F4")}))
    put("nested.safetensors", "no JSON", safe(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"))
    for file, where in (("outside", "../good/single.safetensors"), ("absent", "none.safetensors"),
                        ("absolute", "/etc/passwd")):
        words = "none.safetensors" if file == "absent" else "no plain name"
        put(f"{file}.safetensors.index.json", words, json.dumps({"weight_map": {"a": where}}).encode())
    put("wrong-shard.safetensors.index.json", "should be",
        json.dumps({"weight_map": {"b": "sound.safetensors", "a": "sound.safetensors"}}).encode())
    put("more-in-shard.safetensors.index.json", "nothing of it",
        json.dumps({"weight_map": {"c": "sound.safetensors"}}).encode())
    put("no-map.safetensors.index.json", "no weight_map", b"{}")
    with open(f"{bad}/sound.safetensors", "wb") as f:
        f.write(safe({"a": entry()}))
    put("pointer.safetensors", "LFS pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    put("keras.pt", "HDF5", b"\x89HDF\r\n\x1a\n" + b"\0" * 32)
    put("page.pth", "web page", b"<!DOCTYPE html><html></html>")
    out = io.BytesIO()
    np.savez(out, a=np.array([{}], dtype=object))
    put("object.npz", "object", out.getvalue())
    put("bomb.pt.gz", "times its size", gzip.compress(b"\1" * 30000000, mtime=0))
    put("cut.pt.gz", "cannot be unpacked", gzip.compress(os.urandom(64), mtime=0)[:40])
    put("twice.pt.gz", "twice", gzip.compress(gzip.compress(b"x" * 64, mtime=0), mtime=0))


def make_hostile():
    os.makedirs(bad, exist_ok=True)
    make_pickles()
    make_tensors()
    make_zips()
    make_others()
    with open(f"{here}/corpus.txt", "w") as f:
        for n, words in corpus:
            f.write(f"{n}\t{words}\n")


# ---- ModelScope -----------------------------------------------------------------------------
ADJECTIVES = ("红色 橙色 黄色 绿色 青色 蓝色 紫色 黑色 白色 灰色 棕色 粉色 金色 银色 木质 竹制 塑料 玻璃 陶瓷 金属 布艺 皮革 "
              "纸质 石质 圆形 方形 大号 小号 儿童 家用 户外 旅行 办公 厨房 浴室 老式").split()
NOUNS = ("杯子 碗 盘子 勺子 筷子 锅 水壶 茶壶 瓶子 盒子 篮子 袋子 背包 钱包 雨伞 帽子 手套 围巾 鞋 袜子 外套 裤子 裙子 毛巾 "
         "牙刷 梳子 镜子 台灯 闹钟 椅子 桌子 沙发 枕头 毯子 玩具 自行车").split()
DIM, HEADS, FFN, SIDE, PATCH = 32, 2, 64, 32, 8


def scope_weights():
    g = torch.Generator().manual_seed(20)
    n = (SIDE // PATCH) ** 2
    shapes = {"backbone.cls_token": (1, 1, DIM), "backbone.pos_embed": (1, n + 1, DIM),
              "backbone.patch_embed.projection.weight": (DIM, 3, PATCH, PATCH), "backbone.patch_embed.projection.bias": (DIM,)}
    b = "backbone.layers.0."
    shapes |= {b + "ln1.weight": (DIM,), b + "ln1.bias": (DIM,), b + "attn.qkv.weight": (3 * DIM, DIM),
               b + "attn.qkv.bias": (3 * DIM,), b + "attn.proj.weight": (DIM, DIM), b + "attn.proj.bias": (DIM,),
               b + "ln2.weight": (DIM,), b + "ln2.bias": (DIM,), b + "ffn.layers.0.0.weight": (FFN, DIM),
               b + "ffn.layers.0.0.bias": (FFN,), b + "ffn.layers.1.weight": (DIM, FFN), b + "ffn.layers.1.bias": (DIM,),
               "backbone.ln1.weight": (DIM,), "backbone.ln1.bias": (DIM,),
               "head.layers.head.weight": (len(ADJECTIVES) * len(NOUNS), DIM), "head.layers.head.bias": (1296,)}
    out = collections.OrderedDict()
    for k, s in shapes.items():
        t = torch.randn(*s, generator=g) / math.sqrt(s[-1] if len(s) == 2 else PATCH * PATCH * 3 if len(s) == 4 else 4)
        out[k] = (t + 1 if "ln" in k and k.endswith("weight") else t).half()
    out["head.layers.head.bias"][:10] += 6  # the digits' folders are classes 0 to 9: some answers shall be right
    return out


def scope_forward(w, x):
    w = {k: v.double() for k, v in w.items()}
    f = torch.nn.functional
    x = f.conv2d(x, w["backbone.patch_embed.projection.weight"], w["backbone.patch_embed.projection.bias"], stride=PATCH)
    x = x.flatten(2).transpose(1, 2)
    x = torch.cat([w["backbone.cls_token"].expand(len(x), -1, -1), x], 1) + w["backbone.pos_embed"]
    b = "backbone.layers.0."
    ln = lambda x, n: f.layer_norm(x, (DIM,), w[n + ".weight"], w[n + ".bias"], 1e-6)
    lin = lambda x, n: f.linear(x, w[n + ".weight"], w[n + ".bias"])
    q, k, v = lin(ln(x, b + "ln1"), b + "attn.qkv").reshape(len(x), -1, 3, HEADS, DIM // HEADS).permute(2, 0, 3, 1, 4)
    a = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(DIM // HEADS), -1) @ v
    x = x + lin(a.transpose(1, 2).reshape(len(x), -1, DIM), b + "attn.proj")
    x = x + lin(f.gelu(lin(ln(x, b + "ln2"), b + "ffn.layers.0.0")), b + "ffn.layers.1")
    return lin(ln(x, "backbone.ln1")[:, 0], "head.layers.head")


def picture(path):
    """ModelScope's preprocessing below: shorter side to 36 (the pictures are square), centre 32, 0..255 normalised."""
    image = Image.open(path).convert("RGB").resize((36, 36), Image.BICUBIC).crop((2, 2, 34, 34))
    x = torch.from_numpy(np.asarray(image).copy()).double().permute(2, 0, 1)[None]
    mean, std = (torch.tensor(v).double().reshape(1, 3, 1, 1) for v in ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)))
    return (x - mean) / std


def make_scope():
    os.makedirs(scope, exist_ok=True)
    classes = tuple(a + n for a in ADJECTIVES for n in NOUNS)
    assert len(set(classes)) == 1296
    weights = scope_weights()
    torch.save({"meta": {"mmcls_version": "0.25.0", "epoch": 1, "CLASSES": classes}, "state_dict": weights},
               f"{scope}/pytorch_model.pt")
    steps = [{"type": "LoadImageFromFile"}, {"type": "Resize", "size": [36, -1], "backend": "pillow", "interpolation": "bicubic"},
             {"type": "CenterCrop", "crop_size": SIDE},
             {"type": "Normalize", "mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375], "to_rgb": True},
             {"type": "ImageToTensor", "keys": ["img"]}, {"type": "Collect", "keys": ["img"]}]
    arch = {"embed_dims": DIM, "num_layers": 1, "num_heads": HEADS, "feedforward_channels": FFN}
    config = {"framework": "pytorch", "task": "image-classification",
              "pipeline": {"type": "vit-base_image-classification_Dailylife-labels"},
              "model": {"type": "ClassificationModel", "mm_model": {
                  "type": "ImageClassifier", "pretrained": None,
                  "backbone": {"type": "VisionTransformer", "arch": arch, "img_size": SIDE, "patch_size": PATCH, "drop_rate": 0.1},
                  "neck": None, "head": {"type": "VisionTransformerClsHead", "num_classes": 1296, "in_channels": DIM}}},
              "dataset": {"classes": None, "data_prefix": None}, "preprocessor": {"train": [], "val": steps}}
    with open(f"{scope}/configuration.json", "w") as f:
        json.dump(config, f, indent=1)
    sample = f"{here}/../../eval/sample/val"
    right = five = total = 0
    for folder in sorted(os.listdir(sample)):
        for file in sorted(os.listdir(f"{sample}/{folder}")):
            scores = scope_forward(weights, picture(f"{sample}/{folder}/{file}"))[0]
            order = torch.argsort(-scores)[:5].tolist()
            right, five, total = right + (order[0] == int(folder)), five + (int(folder) in order), total + 1
    first = sorted(os.listdir(f"{sample}/3"))[0]
    scores = torch.softmax(scope_forward(weights, picture(f"{sample}/3/{first}"))[0], -1)
    with open(f"{scope}/expected.txt", "w") as f:
        f.write(f"{right} {five} {total} 3/{first}\n")
        for i in torch.argsort(-scores)[:5].tolist():
            f.write(f"{i} {scores[i]:.6f} {classes[i]}\n")


make_good()
make_hostile()
make_scope()
