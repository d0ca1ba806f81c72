#!/usr/bin/env python3
"""tests/bundle/make_fixtures.py - zip files as PyTorch, numpy and Python write them

    python3 make_fixtures.py

Writes fixtures/* beside itself. Needs torch and numpy. What the members hold is known by
construction; zip_read_test.c has the same numbers.

SPDX-License-Identifier: Apache-2.0
"""
import io, os, zipfile
import numpy as np
import torch

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")


def put(name, data):
    with open(os.path.join(OUT, name), "wb") as f:
        f.write(data)


os.makedirs(OUT, exist_ok=True)

b = io.BytesIO()
torch.save({"a": torch.arange(5, dtype=torch.float32), "b": torch.arange(3, dtype=torch.int64)}, b)
put("pytorch.pt", b.getvalue())

arrays = {"x": np.arange(6, dtype=np.float32).reshape(2, 3), "deep/y": np.zeros(500, np.int8)}
b = io.BytesIO()
np.savez(b, **arrays)
put("stored.npz", b.getvalue())
b = io.BytesIO()
np.savez_compressed(b, **arrays)
put("deflated.npz", b.getvalue())

b = io.BytesIO()
with zipfile.ZipFile(b, "w") as z:
    z.comment = b"a comment at the end"
    z.writestr(zipfile.ZipInfo("folder/"), b"")
    z.writestr(zipfile.ZipInfo("folder/text.txt"), b"hello\n")
    z.writestr(zipfile.ZipInfo("n\u00e4me.txt"), b"utf-8\n")
    with z.open(zipfile.ZipInfo("wide.txt"), "w", force_zip64=True) as f:
        f.write(b"zip64 in the local header\n")
put("python.zip", b.getvalue())

b = io.BytesIO()  # as "zip -e" would: only the flag matters, the data are never read
with zipfile.ZipFile(b, "w") as z:
    z.writestr(zipfile.ZipInfo("secret.txt"), b"hello\n")
data = bytearray(b.getvalue())
for signature, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
    data[data.index(signature) + flags] |= 1
put("encrypted.zip", bytes(data))
