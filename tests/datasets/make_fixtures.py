#!/usr/bin/env python3
"""tests/datasets/make_fixtures.py - fixtures/meta.mat and meta-plain.mat, by SciPy

The devkit's file in small: ten classes whose numbers are a permutation, one synset above them
with children, fields in the order of ILSVRC2012's meta.mat. Run it in this folder.

SPDX-License-Identifier: Apache-2.0
"""
import numpy
import scipy.io

# ILSVRC2012_ID i + 1 is the class ORDER[i]; layouts_test.sh has the same.
ORDER = [3, 0, 7, 1, 9, 5, 2, 8, 6, 4]

kind = [("ILSVRC2012_ID", object), ("WNID", object), ("words", object), ("gloss", object),
        ("num_children", object), ("children", object), ("wordnet_height", object),
        ("num_train_images", object)]
rows = numpy.zeros((len(ORDER) + 1, 1), dtype=kind)
for i, digit in enumerate(ORDER):
    rows[i, 0] = (float(i + 1), f"n{digit:08d}", f"digit {digit}", "a digit", 0.0,
                  numpy.zeros((0, 0)), 0.0, 10.0)
rows[len(ORDER), 0] = (float(len(ORDER) + 1), "n09999999", "number", "what digits make", 10.0,
                       numpy.arange(1.0, 11.0).reshape(1, 10), 1.0, 0.0)
scipy.io.savemat("fixtures/meta.mat", {"synsets": rows}, do_compression=True)
scipy.io.savemat("fixtures/meta-plain.mat", {"synsets": rows}, do_compression=False)
