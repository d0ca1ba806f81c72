#!/usr/bin/env python3
"""tests/pictures/make_fixtures.py - small pictures of every kind, and what Pillow and torchvision make of them

    python3 make_fixtures.py [IMAGENET_SAMPLE]

Writes fixtures/* and fixtures/expected.txt beside itself; with a folder of ImageNet pictures
(val/WNID/*.JPEG beneath it) also fixtures/imagenet-sample.txt. Needs pillow, torchvision,
numpy. The lines of expected.txt are

    decode FILE CHANNELS WIDTH HEIGHT SHA256-OF-BYTES
    recipe FILE TEXT WIDTH HEIGHT SHA256-OF-BYTES SHA256-OF-FLOAT32-PLANES

Pictures are made of fixed random numbers; the expectations come from the libraries, never from
the code under test.

SPDX-License-Identifier: Apache-2.0
"""
import hashlib, io, os, struct, sys, zlib
import numpy as np
import torch
from PIL import Image

try:
    import torchvision
except RuntimeError:  # its compiled part may not load beside a CPU-only torch; it is not needed
    for name in [m for m in sys.modules if m.startswith("torchvision")]:
        del sys.modules[name]
    stub = torch.library.Library("torchvision", "DEF")
    stub.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    stub.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from torchvision import transforms as T
from torchvision.transforms import functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "fixtures")
rng = np.random.default_rng(20240229)


def photo(width, height, channels):
    """Smooth shapes with a little grain, like a photograph and unlike a test card."""
    planes = []
    for _ in range(channels):
        coarse = Image.fromarray(rng.integers(0, 256, (5, 6), dtype=np.uint8))
        plane = np.asarray(coarse.resize((width, height), Image.BICUBIC)).astype(int)
        planes.append(np.clip(plane + rng.integers(-9, 10, plane.shape), 0, 255))
    return np.stack(planes, -1).astype(np.uint8)


def image(width, height, mode):
    a = photo(width, height, {"L": 1, "RGB": 3, "CMYK": 4, "RGBA": 4}[mode])
    return Image.fromarray(a[..., 0] if mode == "L" else a, mode)


def put(name, data):
    with open(os.path.join(OUT, name), "wb") as f:
        f.write(data)


def saved(im, kind, **options):
    b = io.BytesIO()
    im.save(b, kind, **options)
    return b.getvalue()


# ---- PNG of any depth, colour type and interlace: Pillow writes only some of them -----------

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed_rows(samples, depth):
    """samples: [height, width, components]; each row is packed and given filter 0."""
    out = b""
    for row in samples:
        flat = row.reshape(-1)
        if depth == 16:
            out += b"\0" + flat.astype(">u2").tobytes()
        else:
            bits = "".join(format(int(v), "0%db" % depth) for v in flat)
            bits += "0" * (-len(bits) % 8)
            out += b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")
    return out


ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
         (0, 1, 1, 2))


def png(samples, depth, kind, interlaced=False, palette=None, transparent=None):
    height, width = samples.shape[:2]
    raw = b""
    if interlaced:
        for x, y, dx, dy in ADAM7:
            part = samples[y::dy, x::dx]
            if part.shape[0] and part.shape[1]:
                raw += packed_rows(part, depth)
    else:
        raw = packed_rows(samples, depth)
    data = b"\x89PNG\r\n\x1a\n"
    data += chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced))
    if palette is not None:
        data += chunk(b"PLTE", bytes(map(int, palette)))
    if transparent is not None:
        data += chunk(b"tRNS", bytes(map(int, transparent)))
    return data + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")


def make_pngs():
    for kind, components in ((0, 1), (2, 3), (4, 2), (6, 4)):
        for depth in (1, 2, 4, 8, 16):
            if depth < 8 and kind != 0:
                continue
            for interlaced in (False, True):
                a = photo(21, 13, components).astype(int)
                a = a * 257 - a % 3 if depth == 16 else a >> (8 - depth)
                if kind == 0 and depth == 16:
                    a[:6] = a[:6] >> 7  # levels on both sides of 255
                name = "png_type%d_depth%d%s.png" % (kind, depth, "_adam7" if interlaced else "")
                put(name, png(a, depth, kind, interlaced))
    for depth in (1, 2, 4, 8):
        for interlaced in (False, True):
            count = 1 << depth
            a = rng.integers(0, count, (11, 19, 1))
            colours = rng.integers(0, 256, 3 * count)
            name = "png_palette_depth%d%s.png" % (depth, "_adam7" if interlaced else "")
            put(name, png(a, depth, 3, interlaced, colours, rng.integers(0, 256, count)))
    put("png_palette_short.png",
        png(rng.integers(0, 16, (9, 9, 1)), 4, 3, False, rng.integers(0, 256, 15)))
    put("png_gray_transparent.png",
        png(rng.integers(0, 256, (9, 9, 1)), 8, 0, False, None, struct.pack(">H", 77)))
    put("png_rgb_transparent.png",
        png(photo(9, 9, 3), 8, 2, False, None, struct.pack(">HHH", 1, 2, 3)))


# ---- JPEG and WebP --------------------------------------------------------------------------

def make_jpegs():
    for name, subsampling in (("444", 0), ("422", 1), ("420", 2)):
        put("jpeg_%s.jpg" % name, saved(image(64, 64, "RGB"), "JPEG", quality=88,
                                        subsampling=subsampling))
    # 4:4:0 has as many blocks as 4:2:2 in a square: another sampling byte makes it one.
    data = bytearray(saved(image(64, 64, "RGB"), "JPEG", quality=80, subsampling=1))
    frame = data.index(b"\xff\xc0")
    assert data[frame + 11] == 0x21
    data[frame + 11] = 0x12
    put("jpeg_440.jpg", bytes(data))
    put("jpeg_odd.jpg", saved(image(83, 59, "RGB"), "JPEG", quality=75))
    put("jpeg_tiny.jpg", saved(image(1, 1, "RGB"), "JPEG", quality=75))
    put("jpeg_progressive.jpg", saved(image(75, 61, "RGB"), "JPEG", quality=85, progressive=True))
    put("jpeg_restart.jpg", saved(image(50, 40, "RGB"), "JPEG", restart_marker_blocks=3))
    put("jpeg_gray.jpg", saved(image(57, 43, "L"), "JPEG", quality=85))
    put("jpeg_rgb.jpg", saved(image(33, 31, "RGB"), "JPEG", quality=85, keep_rgb=True))
    cmyk = saved(image(41, 37, "CMYK"), "JPEG", quality=85)
    put("jpeg_cmyk.jpg", cmyk)
    data = bytearray(cmyk)  # the same blocks, declared YCCK (Adobe transform 2)
    adobe = data.index(b"Adobe")
    assert data[adobe + 11] == 0
    data[adobe + 11] = 2
    put("jpeg_ycck.jpg", bytes(data))
    exif = Image.Exif()
    exif[0x0112] = 6
    put("jpeg_orientation6.jpg", saved(image(48, 32, "RGB"), "JPEG", exif=exif))
    put("png_named.JPEG", saved(image(20, 15, "RGBA"), "PNG"))
    put("jpeg_trailing.jpg", saved(image(20, 15, "RGB"), "JPEG") + b"after the end")


def make_webps():
    put("webp_lossy.webp", saved(image(61, 47, "RGB"), "WEBP", quality=70))
    put("webp_lossless.webp", saved(image(31, 23, "RGB"), "WEBP", lossless=True))
    put("webp_alpha.webp", saved(image(31, 23, "RGBA"), "WEBP", quality=80))
    put("webp_alpha_exact.webp", saved(image(17, 19, "RGBA"), "WEBP", lossless=True, exact=True))
    frames = [image(24, 18, "RGBA") for _ in range(3)]
    put("webp_animated.webp", saved(frames[0], "WEBP", save_all=True, append_images=frames[1:],
                                    lossless=True))


def make_others():
    put("bmp_rgb.bmp", saved(image(31, 23, "RGB"), "BMP"))
    put("bmp_gray.bmp", saved(image(30, 11, "L"), "BMP"))
    put("bmp_bits.bmp", saved(image(37, 9, "L").convert("1"), "BMP"))
    put("tiff_rgb.tif", saved(image(31, 23, "RGB"), "TIFF"))
    put("tiff_gray_packbits.tif", saved(image(30, 11, "L"), "TIFF", compression="packbits"))
    put("tiff_rgb_deflate.tif", saved(image(29, 13, "RGB"), "TIFF",
                                      compression="tiff_adobe_deflate"))
    put("tiff_palette.tif", saved(image(21, 17, "RGB").quantize(32), "TIFF"))


# ---- What the libraries make of them --------------------------------------------------------

FILTERS = {"nearest": T.InterpolationMode.NEAREST, "box": T.InterpolationMode.BOX,
           "bilinear": T.InterpolationMode.BILINEAR, "bicubic": T.InterpolationMode.BICUBIC,
           "hamming": T.InterpolationMode.HAMMING, "lanczos": T.InterpolationMode.LANCZOS}


def sha(a):
    return hashlib.sha256(np.ascontiguousarray(a).tobytes()).hexdigest()


def preprocess(im, mode, resize=None, filter="bilinear", crop=None, bgr=False, scale=1,
               mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), views=1):
    """torchvision's pipeline; resize int or (w, h), crop int or (w, h). Returns one picture (of
    several views the centre) and the tensor, views one after another."""
    im = im.convert(mode)
    if resize:
        size = resize if isinstance(resize, int) else (resize[1], resize[0])
        im = T.Resize(size, FILTERS[filter])(im)
    if views > 1:
        each = [preprocess(one, mode, None, filter, None, bgr, scale, mean, std)
                for one in (T.FiveCrop(crop) if views == 5 else T.TenCrop(crop))(im)]
        return each[4][0], torch.cat([x for _, x in each])
    if crop:
        im = T.CenterCrop(crop if isinstance(crop, int) else (crop[1], crop[0]))(im)
    x = F.to_tensor(im) if scale == 1 else torch.from_numpy(np.array(im)).permute(2, 0, 1).float()
    if bgr:
        x = x[[2, 1, 0]].contiguous()
    return im, F.normalize(x, mean, std)


def text_of(mode, resize=None, filter="bilinear", crop=None, bgr=False, scale=1,
            mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), views=1):
    size = lambda s: str(s) if isinstance(s, int) else "%dx%d" % s
    parts = ["resize=%s,filter=%s" % (size(resize), filter)] if resize else []
    parts += ["crop=" + size(crop)] if crop else []
    parts += ["views=%d" % views] if views > 1 else []
    parts += ["color=" + ("gray" if mode == "L" else "bgr" if bgr else "rgb"), "range=%d" % scale]
    numbers = lambda v: "/".join(repr(x).removesuffix(".0") for x in v)
    return ",".join(parts + ["mean=" + numbers(mean), "std=" + numbers(std)])


def recipes():
    for filter in FILTERS:
        for resize in (31, 64, 150, (40, 90), (83, 20), (30, 59), (7, 5), (300, 301)):
            yield "jpeg_odd.jpg", "RGB", dict(resize=resize, filter=filter)
        yield "jpeg_gray.jpg", "L", dict(resize=29, filter=filter, crop=24, mean=(0.5,), std=(0.25,))
    for crop in (58, 59, 60, 61, 27, (60, 33), (90, 40), (84, 60), 200):
        yield "jpeg_odd.jpg", "RGB", dict(crop=crop)
    for name in ("jpeg_420.jpg", "jpeg_cmyk.jpg", "jpeg_gray.jpg", "png_named.JPEG",
                 "png_palette_depth8.png", "png_type0_depth16.png", "webp_lossy.webp",
                 "jpeg_tiny.jpg", "webp_alpha.webp"):
        yield name, "RGB", dict(resize=36, crop=32)
        yield name, "RGB", dict(resize=36, crop=32, bgr=True, scale=255, mean=(104, 117, 123),
                                std=(1, 1, 1))
        yield name, "L", dict(resize=28, filter="bicubic", crop=28, mean=(0.1307,), std=(0.3081,))
    for crop in (19, 20):  # an odd rest: the centre of the mirrored picture lies elsewhere
        for views in (5, 10):
            yield "jpeg_odd.jpg", "RGB", dict(crop=crop, views=views)
            yield "jpeg_odd.jpg", "RGB", dict(resize=32, crop=crop, views=views)
    for name, size in (("png_type0_depth8.png", (300, 186)), ("jpeg_odd.jpg", (53, 38))):
        # few weights show that the window's constants are float32
        yield name, "L", dict(resize=size, filter="hamming", mean=(0.5,), std=(0.25,))
    yield "jpeg_420.jpg", "RGB", dict(resize=256, crop=224)
    yield "jpeg_odd.jpg", "RGB", dict(resize=256, crop=224, mean=(0.5,) * 3, std=(0.5,) * 3)


def expectations():
    for name in sorted(os.listdir(OUT)):
        if name.endswith(".txt"):
            continue
        for channels, mode in ((3, "RGB"), (1, "L")):
            im = Image.open(os.path.join(OUT, name)).convert(mode)
            yield "decode %s %d %d %d %s" % (name, channels, *im.size, sha(np.asarray(im)))
    for name, mode, options in recipes():
        im, x = preprocess(Image.open(os.path.join(OUT, name)), mode, **options)
        yield "recipe %s %s %d %d %s %s" % (name, text_of(mode, **options), *im.size,
                                            sha(np.asarray(im)), sha(x.numpy()))


def sample_expectations(folder):
    """Every 12th of the sample's pictures, and all of its gray ones."""
    names = sorted(os.path.join(w, f) for w in os.listdir(os.path.join(folder, "val"))
                   for f in os.listdir(os.path.join(folder, "val", w)))
    for i, name in enumerate(names):
        im = Image.open(os.path.join(folder, "val", name))
        if i % 12 == 0 or im.mode != "RGB":
            im, x = preprocess(im, "RGB", resize=256, crop=224)
            yield "%s %s" % (name, sha(x.numpy()))


def write_lines(name, lines):
    import PIL, torchvision
    with open(os.path.join(OUT, name), "w") as f:
        f.write("# made by tests/pictures/make_fixtures.py with Pillow %s, torchvision %s\n"
                % (PIL.__version__, torchvision.__version__))
        f.writelines(line + "\n" for line in lines)


if __name__ == "__main__":
    os.makedirs(OUT, exist_ok=True)
    make_pngs()
    make_jpegs()
    make_webps()
    make_others()
    write_lines("expected.txt", expectations())
    if len(sys.argv) > 1:
        write_lines("imagenet-sample.txt", sample_expectations(sys.argv[1]))
