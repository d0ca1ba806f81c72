#!/usr/bin/env python3
"""Writes unicode_tables.h: canonical decompositions and combining classes of Unicode.

    python3 make_unicode_tables.py > unicode_tables.h

Takes them from Python's unicodedata (the Unicode Character Database). Hangul syllables are
left out: they decompose by arithmetic (unicode.c). Decompositions are one level deep, second
0 for singletons; unicode.c repeats.
"""
import sys
import unicodedata

HANGUL = range(0xAC00, 0xD7A4)


def main():
    pairs, classes = [], []
    for point in range(sys.maxunicode + 1):
        if point in HANGUL or 0xD800 <= point < 0xE000:
            continue
        text = unicodedata.decomposition(chr(point))
        if text and not text.startswith("<"):
            parts = [int(part, 16) for part in text.split()] + [0]
            pairs.append((point, parts[0], parts[1]))
        order = unicodedata.combining(chr(point))
        if order:
            if classes and classes[-1][1] == point - 1 and classes[-1][2] == order:
                classes[-1][1] = point
            else:
                classes.append([point, point, order])
    print("/* made by eval/datasets/make_unicode_tables.py > eval/datasets/unicode_tables.h")
    print(" *")
    print(f" * Unicode {unicodedata.unidata_version}: canonical decompositions, combining"
          " classes; sorted.")
    print(" *\n * SPDX-License-Identifier: Apache-2.0\n */")
    print("/* clang-format off */")
    print("static const struct { uint32_t point, first, second; } decompositions[] = {")
    emit([f"{{0x{a:x},0x{b:x},0x{c:x}}}," for a, b, c in pairs])
    print("};")
    print("static const struct { uint32_t from, to, order; } combining[] = {")
    emit([f"{{0x{a:x},0x{b:x},{c}}}," for a, b, c in classes])
    print("};\n/* clang-format on */")


def emit(items):
    line = ""
    for item in items:
        if len(line) + len(item) > 90:
            print(line)
            line = ""
        line += item
    print(line)


main()
