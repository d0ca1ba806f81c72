#!/usr/bin/env python3
"""tests/pictures/pillow_peers.py - generated pictures of every kind, decoded here and by Pillow

    python3 pillow_peers.py PICTURE_BYTES [--seed N] [--rounds N] [--keep FOLDER]
    python3 pillow_peers.py --fixtures fixtures/kinds.txt

PICTURE_BYTES is the program of that name in the build tree. Each round makes one picture of every
kind that Pillow writes (modes, depths, compressions, predictors, orientations) and of many that it
only reads (TIFFs of any depth in strips or tiles, together or in planes, of either byte order; BMPs
with masks and run lengths; PNM as text), of random size and content. Pixels must be Pillow's, as RGB
and as gray. Exit status 1 where one differs, or is refused that Pillow reads. Needs pillow, numpy.

With --fixtures small pictures of the kinds that src/raster reads are written as lines for kinds_test,

    NAME WIDTH HEIGHT SHA256-OF-RGB SHA256-OF-GRAY BYTES-IN-HEXADECIMAL

SPDX-License-Identifier: Apache-2.0
"""
import argparse, hashlib, io, os, struct, subprocess, sys, tempfile, warnings, zlib
import numpy as np
from PIL import Image

warnings.simplefilter("ignore")


def smooth(rng, width, height, channels, most):
    coarse = rng.integers(0, most + 1, (3, 4, channels)).astype(float)
    ys, xs = np.linspace(0, 1.99, height), np.linspace(0, 2.99, width)
    y, x = ys.astype(int), xs.astype(int)
    fy, fx = (ys - y)[:, None, None], (xs - x)[None, :, None]
    a = (coarse[y][:, x] * (1 - fx) + coarse[y][:, x + 1] * fx) * (1 - fy) + \
        (coarse[y + 1][:, x] * (1 - fx) + coarse[y + 1][:, x + 1] * fx) * fy
    return np.clip(a + rng.normal(0, most / 30, a.shape), 0, most).astype(np.int64)


# ---- TIFF, written by hand ------------------------------------------------------------------

def packed(samples, bits, order, kind):
    """[rows, values] -> bytes, each row padded to whole bytes."""
    if kind == "f":
        return samples.astype(order + "f4").tobytes()
    if bits >= 8 and bits != 12:
        return samples.astype("%s%s%d" % (order, kind, bits // 8)).tobytes()
    out = b""
    for row in samples:
        text = "".join(format(int(v), "0%db" % bits) for v in row)
        text += "0" * (-len(text) % 8)
        out += int(text, 2).to_bytes(len(text) // 8, "big")
    return out


def differences(samples, channels, bits):
    """Predictor 2: each sample less the one left of it."""
    a = samples.reshape(samples.shape[0], -1, channels)
    b = a.copy()
    b[:, 1:] -= a[:, :-1]
    return (b % (1 << bits)).reshape(samples.shape)


def tiff(a, bits, photometric, kind="u", order="<", planar=1, tile=None, rows=None, deflate=False,
         predictor=1, extra=(), palette=None, orientation=None, big=False):
    height, width, channels = a.shape
    planes = [a] if planar == 1 else [a[..., c:c + 1] for c in range(channels)]
    pieces = []
    for plane in planes:
        if tile:
            for y in range(0, height, tile[1]):
                for x in range(0, width, tile[0]):
                    part = np.zeros((tile[1], tile[0], plane.shape[2]), a.dtype)
                    inside = plane[y:y + tile[1], x:x + tile[0]]
                    part[:inside.shape[0], :inside.shape[1]] = inside
                    pieces.append(part)
        else:
            pieces += [plane[y:y + rows] for y in range(0, height, rows)]
    data = []
    for piece in pieces:
        flat = piece.reshape(piece.shape[0], -1)
        if predictor == 2:
            flat = differences(flat, piece.shape[2], bits)
        raw = packed(flat, bits, order, kind)
        data.append(zlib.compress(raw) if deflate else raw)
    tags = {256: ("I", [width]), 257: ("I", [height]), 258: ("H", [bits] * channels),
            259: ("H", [8 if deflate else 1]), 262: ("H", [photometric]), 277: ("H", [channels]),
            284: ("H", [planar])}
    if kind != "u":
        tags[339] = ("H", [{"i": 2, "f": 3}[kind]] * channels)
    if predictor != 1:
        tags[317] = ("H", [predictor])
    if extra:
        tags[338] = ("H", list(extra))
    if palette is not None:
        tags[320] = ("H", list(palette))
    if photometric == 6:
        tags[530] = ("H", [1, 1])
    if orientation:
        tags[274] = ("H", [orientation])
    if tile:
        tags[322], tags[323] = ("I", [tile[0]]), ("I", [tile[1]])
    else:
        tags[278] = ("I", [rows])
    tags[324 if tile else 273] = ("Q" if big else "I", [0] * len(data))
    tags[325 if tile else 279] = ("I", [len(d) for d in data])
    number, head = ("Q", 16) if big else ("I", 8)
    entry = 20 if big else 12
    start = head + (8 if big else 2) + entry * len(tags) + (8 if big else 4)
    blobs = b"".join(data)
    places = [start + sum(map(len, data[:i])) for i in range(len(data))]
    tags[324 if tile else 273] = (tags[324 if tile else 273][0], places)
    extra_at, extra_bytes, entries = start + len(blobs), b"", b""
    for tag in sorted(tags):
        code, values = tags[tag]
        raw = struct.pack(order + code * len(values), *values)
        room = 8 if big else 4
        if len(raw) <= room:
            field = raw + b"\0" * (room - len(raw))
        else:
            field = struct.pack(order + number, extra_at + len(extra_bytes))
            extra_bytes += raw + b"\0" * (len(raw) % 2)
        entries += struct.pack(order + "HH" + number, tag, {"H": 3, "I": 4, "Q": 16}[code],
                               len(values)) + field
    mark = b"II" if order == "<" else b"MM"
    if big:
        header = mark + struct.pack(order + "HHHQ", 43, 8, 0, 16) + struct.pack(order + "Q", len(tags))
    else:
        header = mark + struct.pack(order + "HI", 42, 8) + struct.pack(order + "H", len(tags))
    return header + entries + b"\0" * (8 if big else 4) + blobs + extra_bytes


def tiffs(rng, width, height):
    forms = [("bits%d" % b, 1, b, 1, "u", ()) for b in (1, 2, 4, 8, 12, 16, 32)]
    forms += [("white%d" % b, 1, b, 0, "u", ()) for b in (1, 2, 4, 8, 16)]
    forms += [("int%d" % b, 1, b, 1, "i", ()) for b in (8, 16, 32)]
    forms += [("float", 1, 32, 1, "f", ()), ("white_float", 1, 32, 0, "f", ())]
    forms += [("gray_extra%d" % e, 2, 8, 1, "u", (e,)) for e in (0, 2)]
    forms += [("rgb%d" % b, 3, b, 2, "u", ()) for b in (8, 16)]
    forms += [("rgb%d_extra%d" % (b, e), 4, b, 2, "u", (e,)) for b in (8, 16) for e in (0, 1, 2)]
    forms += [("rgb_extras", 5, 8, 2, "u", (1, 0)), ("rgb_alpha_unsaid", 4, 8, 2, "u", ())]
    forms += [("palette%d" % b, 1, b, 3, "u", ()) for b in (1, 2, 4, 8)]
    forms += [("cmyk%d" % b, 4, b, 5, "u", ()) for b in (8, 16)] + [("cmyk_extra", 5, 8, 5, "u", (0,))]
    forms += [("ycbcr", 3, 8, 6, "u", ())]
    for name, channels, bits, photometric, kind, extra in forms:
        most = min((1 << bits) - 1, 1 << 30)
        a = smooth(rng, width, height, channels, most)
        if photometric in (0, 1) and bits > 8:  # levels on both sides of 255
            a = np.where(rng.random(a.shape) < .5, a % 256, a)
        if kind == "i":
            a = a - (a.max() // 2 if bits > 8 else 0)
            a = np.clip(a, -(1 << (bits - 1)), (1 << (bits - 1)) - 1)
        if kind == "f":
            a = a / 2.0**22 - 20
        palette = rng.integers(0, 65536, 3 << bits) if photometric == 3 else None
        order = "<>"[rng.integers(2)]
        planar = 2 if channels > 1 and bits == 8 and photometric != 6 and rng.random() < .4 else 1
        deflate = bool(rng.random() < .5)
        tile = (16 * int(rng.integers(1, 4)), 16 * int(rng.integers(1, 3))) if rng.random() < .4 else None
        if planar == 2 and not deflate:
            tile = None
        if kind in "if" and bits > 8 and order == ">":
            deflate = False  # Pillow swaps the bytes of these once too often
        if name == "rgb_alpha_unsaid":
            planar = 1  # in planes and compressed, Pillow divides by an alpha that nobody announced
        if bits == 12:
            order, deflate, tile = "<", False, None
        predictor = 2 if deflate and kind != "f" and bits in (8, 16) and rng.random() < .6 else 1
        yield "tiff_" + name, tiff(a, bits, photometric, kind, order, planar, tile,
                                   int(rng.integers(1, height + 1)), deflate, predictor, extra, palette,
                                   int(rng.integers(0, 9)) or None, bool(rng.random() < .2))


# ---- What Pillow writes ---------------------------------------------------------------------

def saved(im, kind, **options):
    b = io.BytesIO()
    im.save(b, kind, **options)
    return b.getvalue()


def by_pillow(rng, width, height):
    def im(mode):
        channels = {"L": 1, "LA": 2, "RGB": 3, "YCbCr": 3, "LAB": 3, "RGBA": 4, "CMYK": 4}[mode]
        a = smooth(rng, width, height, channels, 255).astype(np.uint8)
        return Image.frombytes(mode, (width, height), a.tobytes())
    wide = Image.fromarray(smooth(rng, width, height, 1, 65535)[..., 0].astype(np.uint16))
    bits, few = im("L").convert("1"), im("RGB").quantize(int(rng.integers(2, 256)))
    for compression in (None, "packbits", "tiff_lzw", "tiff_adobe_deflate", "lzma", "zstd", "webp", "jpeg",
                        "group3", "group4", "tiff_ccitt"):
        for mode, picture in (("1", bits), ("P", few), ("I16", wide), ("L", im("L")), ("LA", im("LA")),
                              ("RGB", im("RGB")), ("RGBA", im("RGBA")), ("CMYK", im("CMYK")),
                              ("YCbCr", im("YCbCr"))):
            for predictor in (1, 2):
                if predictor == 2 and compression not in ("tiff_lzw", "tiff_adobe_deflate", "zstd"):
                    continue
                options = {"tiffinfo": {317: 2}} if predictor == 2 else {}
                if compression:
                    options["compression"] = compression
                if rng.random() < .2:
                    options.setdefault("tiffinfo", {})[274] = int(rng.integers(1, 9))
                try:
                    yield "tiff_%s_%s_%d" % (mode, compression, predictor), saved(picture, "TIFF", **options)
                except Exception:
                    pass  # not every compression takes every mode
    exif = Image.Exif()
    exif[274] = int(rng.integers(1, 9))
    for mode in ("L", "RGB", "CMYK"):
        for quality in (30, 75, 95):
            for options in ({}, {"progressive": True}, {"subsampling": 0}, {"subsampling": 1},
                            {"optimize": True, "exif": exif}):
                yield "jpeg_" + mode, saved(im(mode), "JPEG", quality=quality, **options)
    for mode, picture in (("1", bits), ("P", few), ("I16", wide), ("L", im("L")), ("LA", im("LA")),
                          ("RGB", im("RGB")), ("RGBA", im("RGBA"))):
        yield "png_" + mode, saved(picture, "PNG", exif=exif)
        if mode == "P":
            yield "png_P_bits", saved(im("RGB").quantize(4), "PNG", bits=2)
    for mode in ("RGB", "RGBA", "L"):
        yield "webp_" + mode, saved(im(mode), "WEBP", quality=int(rng.integers(10, 100)))
        yield "webp_lossless_" + mode, saved(im(mode), "WEBP", lossless=True)
    for mode, picture in (("1", bits), ("P", few), ("L", im("L")), ("RGB", im("RGB")), ("RGBA", im("RGBA"))):
        yield "bmp_" + mode, saved(picture, "BMP")
    for mode, picture in (("1", bits), ("L", im("L")), ("I16", wide), ("RGB", im("RGB"))):
        yield "pnm_" + mode, saved(picture, "PPM")


# ---- BMP and PNM that Pillow only reads ------------------------------------------------------

def bmp(width, height, bits, compression, body, masks=(), palette=b"", header=40):
    info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(body), 2835, 2835,
                       len(palette) // 4, 0)
    info += b"".join(struct.pack("<I", m) for m in masks)
    info += b"\0" * (header - 40 - 4 * len(masks)) if header > 40 else b""
    at = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", at + len(body), 0, 0, at) + info + palette + body


def run_lengths(rng, indices, four):
    """Encoded, literal and skipping codes in a random mixture, row by row."""
    out = b""
    for y, row in enumerate(indices):
        x = 0
        while x < len(row):
            left = len(row) - x
            if left >= 3 and rng.random() < .5:
                n = int(rng.integers(3, min(left, 40) + 1))
                n = min(n // 2 * 2, left) if four and n > 4 else n
                literal = row[x:x + n]
                if four:
                    body = bytes(int(literal[i]) << 4 | (int(literal[i + 1]) if i + 1 < n else 0)
                                 for i in range(0, n, 2))
                else:
                    body = bytes(map(int, literal))
                out += bytes([0, n]) + body + b"\0" * (len(body) % 2)
                x += n
            else:
                n = 1
                while n < min(left, 255) and row[x + n] == row[x]:
                    n += 1
                out += bytes([n, int(row[x]) * 17 if four else int(row[x])])
                x += n
        out += b"\0\0"
    return out + b"\0\1"


def by_hand(rng, width, height):
    a = smooth(rng, width, height, 3, 255)
    for bits, masks in ((16, ()), (16, (0xf800, 0x7e0, 0x1f)), (16, (0x7c00, 0x3e0, 0x1f)), (32, ()),
                        (32, (0xff0000, 0xff00, 0xff)), (32, (0xff000000, 0xff0000, 0xff00)),
                        (24, (0xff0000, 0xff00, 0xff))):
        row = (width * bits + 31) // 32 * 4
        body = b"".join(rng.integers(0, 256, row, dtype=np.uint8).tobytes() for _ in range(height))
        for header in (40, 56) if masks else (40, 124):
            flip = -1 if rng.random() < .3 else 1
            yield "bmp_%d_%x" % (bits, masks[0] if masks else 0), bmp(
                width, flip * height, bits, 3 if masks else 0, body, masks, b"", header)
    for bits in (4, 8):
        most = (1 << bits) - 1
        palette = rng.integers(0, 256, 4 << bits, dtype=np.uint8).tobytes()
        indices = (a[..., 0] * most // 255) // 3 * 3 % (most + 1)
        yield "bmp_rle%d" % bits, bmp(width, height, bits, 2 if bits == 4 else 1,
                                      run_lengths(rng, indices, bits == 4), (), palette)
    size = b"%d %d" % (width, height)
    most = int(rng.integers(1, 256))
    wide = int(rng.integers(256, 65536))
    gray, colour = a[..., 0], a.reshape(-1)
    text = lambda v: b"\n".join(b" ".join(b"%d" % n for n in v[i:i + 9]) for i in range(0, len(v), 9))
    yield "pnm_one_line", b"P6 " + size + b" 255 " + colour.astype(np.uint8).tobytes()
    yield "pnm_comments", b"P5\n# a\n%d # b\n%d\n#c\n255\n" % (width, height) + gray.astype(np.uint8).tobytes()
    yield "pnm_few", b"P6\n" + size + b"\n%d\n" % most + (colour * most // 255).astype(np.uint8).tobytes()
    yield "pnm_wide_gray", b"P5\n" + size + b"\n%d\n" % wide + (gray * wide // 255 // 3).astype(">u2").tobytes()
    yield "pnm_wide", b"P6\n" + size + b"\n%d\n" % wide + (colour * wide // 255).astype(">u2").tobytes()
    yield "pnm_text", b"P3\n" + size + b"\n%d\n" % most + text(colour * most // 255) + b"\n"
    yield "pnm_text_gray", b"P2\n" + size + b"\n%d\n" % wide + text(gray.reshape(-1) * wide // 255) + b"\n"
    yield "pnm_text_bits", b"P1\n" + size + b"\n" + bytes(b"01"[int(v)] for v in (gray > 99).reshape(-1)) + b"\n"
    row = -(-width // 8)
    yield "pnm_bits", b"P4\n" + size + b"\n" + rng.integers(0, 256, row * height, dtype=np.uint8).tobytes()


def write_fixtures(path):
    import PIL
    sha = lambda image: hashlib.sha256(image.tobytes()).hexdigest()
    rng = np.random.default_rng(20240229)
    names = {}
    with open(path, "w") as f:
        f.write("# made by tests/pictures/pillow_peers.py with Pillow %s\n" % PIL.__version__)
        for source in (tiffs, by_pillow, by_hand):
            for name, data in source(rng, 11, 9):
                if name.split("_")[0] not in ("tiff", "bmp", "pnm") or "lzma" in name or "zstd" in name:
                    continue
                try:
                    image = Image.open(io.BytesIO(data))
                    rgb, gray = image.convert("RGB"), image.convert("L")
                except Exception:
                    continue
                names[name] = names.get(name, 0) + 1
                f.write("%s_%d %d %d %s %s %s\n" % (name, names[name], *rgb.size, sha(rgb), sha(gray), data.hex()))
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?")
    parser.add_argument("--fixtures", help="write lines for kinds_test")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", help="where pictures that differ are put")
    options = parser.parse_args()
    if options.fixtures:
        return write_fixtures(options.fixtures)
    if not options.program:
        parser.error("PICTURE_BYTES is wanted")
    read = refused = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "picture")
        for number in range(options.rounds):
            rng = np.random.default_rng([options.seed, number])
            width, height = (int(v) for v in rng.integers(1, 70, 2))
            for source in (tiffs, by_pillow, by_hand):
                for name, data in source(rng, width, height):
                    try:
                        image = Image.open(io.BytesIO(data))
                        want = {"none": np.asarray(image.convert("RGB")).tobytes(),
                                "color=gray,range=1,mean=0,std=1": np.asarray(image.convert("L")).tobytes()}
                    except Exception:
                        refused += 1
                        continue
                    with open(path, "wb") as f:
                        f.write(data)
                    read += 1
                    for recipe, pixels in want.items():
                        got = subprocess.run([options.program, recipe, path], capture_output=True)
                        if got.stdout == pixels:
                            continue
                        wrong += 1
                        print("%s, %d x %d, round %d, %s: %s" % (
                            name, width, height, number, recipe.split(",")[0],
                            got.stderr.decode().strip() or "other pixels"))
                        if options.keep:
                            os.makedirs(options.keep, exist_ok=True)
                            with open(os.path.join(options.keep, "%s-%d" % (name, number)), "wb") as f:
                                f.write(data)
                        break
    print("%d pictures, %d differ; %d more that Pillow does not read" % (read, wrong, refused))
    return wrong > 0 or read == 0


sys.exit(main())
