#!/usr/bin/env python3
"""tests/architectures/convolutional_cases.py - float64 references of convolutional networks, by naming scheme

    convolutional_cases.py fixtures DIR [NAME..]   write small cases as DIR/NAME.case (no weights)
    convolutional_cases.py list                    their names

Needs torch, torchvision, timm, transformers, numpy. A case is a library's model with weights
from formula.py, named as a scheme names them, and the logits that the library computes in
float64. mmcls and mmpretrain, which do not install beside a current torch, are made by
renaming: `names` turns the library's names into theirs. `wrong` puts a known error into the
reference; how far that moves the logits is written into the case, and a case whose limit
could not see the error is complained of here.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import re
import sys

import numpy
import torch
from torch import nn

import formula

STUB = torch.library.Library("torchvision", "FRAGMENT")  # must live: what it defines dies with it
for schema in ("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
               "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"):
    try:  # torchvision's compiled part need not load: no classifier wants it
        STUB.define(schema)
    except RuntimeError:
        pass
import timm  # noqa: E402
import torchvision  # noqa: E402
import transformers as hf  # noqa: E402
from torchvision import models as tv  # noqa: E402

CLASSES = 7
LIMIT = 2e-5
CASES = {}


def case(name, family, make, size=64, channels=3, library=None, config=None, source=None, names=None, wrong=None,
         rules=()):
    """source: the source's own name for the architecture. names: library's name -> scheme's (None: not in the
    file). rules: (pattern, mean, spread) before formula.RULES. wrong: words -> function that spoils the model."""
    CASES["cnn_" + name] = dict(family=family, make=make, size=size, channels=channels, library=library,
                                config=config, source=source, names=names, wrong=wrong or {}, rules=rules)


def by_rules(*rules):
    def rename(name):
        for pattern, to in rules:
            if to is None and re.search(pattern, name):
                return None
            name = re.sub(pattern, to, name)
        return name
    return rename


def set_eps(eps):
    def change(model):
        for module in model.modules():
            if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm)):
                module.eps = eps
    return change


def to_module(kind, make):
    """Replaces every module of a kind: make(old) -> new."""
    def change(model):
        for module in list(model.modules()):
            for name, child in list(module.named_children()):
                if isinstance(child, kind):
                    setattr(module, name, make(child))
    return change


def logits(model, x):
    y = model(x)
    return y.logits if hasattr(y, "logits") else y


# ---- AlexNet, VGG, LeNet ----------------------------------------------------------------------

def narrow(model, width):
    """Fewer channels of the hidden fully connected layers, which hold most of the weights."""
    last = None
    for i, layer in enumerate(model.classifier):
        if isinstance(layer, nn.Linear):
            final = i == len(model.classifier) - 1
            model.classifier[i] = nn.Linear(last or layer.in_features, CLASSES if final else width)
            last = width
    return model


def alexnet():
    return narrow(tv.alexnet(), 32)


in_backbone = by_rules((r"^", "backbone."), (r"^backbone\.fc\.", "head.fc."))


def alexnet_cases():
    case("alexnet_torchvision", "alexnet", alexnet, size=224)
    case("alexnet_torchvision_other_size", "alexnet", alexnet, size=300,
         wrong={"maps are cut off, not pooled": to_module(nn.AdaptiveAvgPool2d, lambda old: Cut(6))})
    case("alexnet_mm", "alexnet", alexnet, size=224, library="mm", source="AlexNet",
         config={"backbone": {"type": "AlexNet", "num_classes": CLASSES}}, names=in_backbone)


class Cut(nn.Module):
    def __init__(self, side):
        super().__init__()
        self.side = side

    def forward(self, x):
        return nn.functional.interpolate(x, size=(self.side, self.side), mode="nearest")


# ---- ResNet ---------------------------------------------------------------------------------

def tv_resnet(block, layers, **more):
    return lambda: tv.ResNet(block, layers, num_classes=CLASSES, **more)


def timm_resnet(**more):
    return lambda: timm.models.resnet.ResNet(num_classes=CLASSES, **more)


def hf_resnet(**more):
    settings = dict(embedding_size=64, hidden_sizes=[64, 128, 256, 512], depths=[1, 2, 1, 1], num_labels=CLASSES)
    settings.update(more)
    return lambda: hf.ResNetForImageClassification(hf.ResNetConfig(**settings))


mm_resnet_d = by_rules((r"^conv1\.([036])\.", lambda m: "stem.%d.conv." % (int(m[1]) // 3)),
                       (r"^conv1\.([14])\.", lambda m: "stem.%d.bn." % (int(m[1]) // 3)),
                       (r"^bn1\.", "stem.2.bn."), (r"^layer1\.0\.downsample\.1\.", "layer1.0.downsample.0."),
                       (r"^layer1\.0\.downsample\.2\.", "layer1.0.downsample.1."), (r"^", "backbone."),
                       (r"^backbone\.fc\.", "head.fc."))


def resnet_cases():
    basic, bottleneck = tv.resnet.BasicBlock, tv.resnet.Bottleneck
    wrong = {"batch norm eps 1e-3": set_eps(1e-3)}
    case("resnet18_torchvision", "resnet", tv_resnet(basic, [2, 2, 2, 2]), wrong=wrong)
    case("resnet_bottleneck_torchvision", "resnet", tv_resnet(bottleneck, [1, 2, 1, 1]))
    case("resnext_torchvision", "resnet", tv_resnet(bottleneck, [1, 1, 1, 1], groups=32, width_per_group=4))
    case("resnet_wide_torchvision", "resnet", tv_resnet(bottleneck, [1, 1, 1, 1], width_per_group=128))
    block = timm.models.resnet
    case("resnet_timm", "resnet", timm_resnet(block=block.Bottleneck, layers=(1, 2, 1, 1)), library="timm",
         source="resnet50_small", config={"architecture": "resnet50_small"})
    case("resnet_d_timm", "resnet", timm_resnet(block=block.Bottleneck, layers=(1, 1, 2, 1), stem_width=32,
                                                stem_type="deep", avg_down=True), size=75, library="timm")
    case("resnet_se_timm", "resnet", timm_resnet(block=block.Bottleneck, layers=(1, 1, 1, 1),
                                                 block_args=dict(attn_layer="se")), library="timm")
    case("resnet_hf", "resnet", hf_resnet(), library="transformers", source="resnet",
         config={"model_type": "resnet", "downsample_in_bottleneck": False})
    case("resnet_basic_hf", "resnet", hf_resnet(layer_type="basic"), library="transformers", source="resnet",
         config={"model_type": "resnet", "layer_type": "basic"})
    case("resnet_caffe_hf", "resnet", hf_resnet(downsample_in_bottleneck=True), library="transformers",
         source="resnet", config={"model_type": "resnet", "downsample_in_bottleneck": True},
         wrong={"stride in the 3x3": swap_strides})
    case("resnet_mm", "resnet", tv_resnet(bottleneck, [1, 2, 1, 1]), library="mm", source="ResNet",
         config={"backbone": {"type": "ResNet", "depth": 50}}, names=in_backbone)
    case("resnet_d_mm", "resnet", timm_resnet(block=block.Bottleneck, layers=(1, 1, 2, 1), stem_width=32,
                                              stem_type="deep", avg_down=True), size=75, library="mm",
         source="ResNetV1d", config={"backbone": {"type": "ResNetV1d", "depth": 50}}, names=mm_resnet_d)


def swap_strides(model):
    for layer in model.modules():
        if type(layer).__name__ == "ResNetBottleNeckLayer":
            first, second = layer.layer[0].convolution, layer.layer[1].convolution
            first.stride, second.stride = second.stride, first.stride


# ---- Making ---------------------------------------------------------------------------------

def weights_of(one, state):
    """Library's name -> (scheme's name, shape, mean, spread, values)."""
    out = {}
    for name, value in state.items():
        to = one["names"](name) if one["names"] else name
        shape = tuple(value.shape)
        if to is None:
            continue
        if not value.is_floating_point():
            out[name] = (to, shape, None, None, numpy.zeros(shape, numpy.int64))
            continue
        mean, spread = formula.rule(to, shape)
        if len(shape) == 4:  # what a rectifier halves is put back
            spread = float(numpy.float32(spread * 2 ** 0.5))
        for pattern, special_mean, special_spread in one["rules"]:
            if re.search(pattern, to):
                mean, spread = special_mean, special_spread
        out[name] = (to, shape, mean, spread, formula.tensor(to, shape, mean, spread))
    return out


def compute(one):
    model = one["make"]().double().eval()
    state = model.state_dict()
    weights = weights_of(one, state)
    for name, (_, _, mean, _, value) in weights.items():
        if mean is not None:
            state[name] = torch.from_numpy(value).double()
    model.load_state_dict(state)
    x = torch.from_numpy(formula.tensor("input", (2, one["channels"], one["size"], one["size"]), 0.0, 1.7)).double()
    with torch.no_grad():
        y = logits(model, x)
        wrong = {}
        for what, change in one["wrong"].items():
            other = one["make"]().double().eval()
            other.load_state_dict(state)
            change(other)
            wrong[what] = float((logits(other, x) - y).norm() / y.norm())
        rough = float((logits(model.float(), x.float()).double() - y).norm() / y.norm())
    return weights, x, y, wrong, rough


def write_fixture(name, folder):
    one = CASES[name]
    weights, x, y, wrong, rough = compute(one)
    lines = ["# made by tests/architectures/convolutional_cases.py; do not edit", "family " + one["family"]]
    if one["library"]:
        lines.append("text imgcls.library " + one["library"])
    if one["source"]:
        lines.append("text imgcls.architecture " + one["source"])
    if one["config"]:
        lines.append("text imgcls.config " + json.dumps(one["config"], sort_keys=True))
    lines += ["text imgcls.height %d" % one["size"], "text imgcls.width %d" % one["size"]]
    lines.append("input %s 0 1.7" % "x".join(map(str, x.shape)))
    for to, shape, mean, spread, _ in weights.values():
        dims = "x".join(map(str, shape)) or "-"
        lines.append("whole %s %s" % (to, dims) if mean is None else
                     "tensor %s %s %.9g %.9g" % (to, dims, mean, spread))
    for what, far in wrong.items():
        lines.append("wrong %.3g %s" % (far, what))
        if not far > 2 * LIMIT:
            print("%s: the error '%s' moves logits by %.2g only" % (name, what, far))
    lines.append("output " + " ".join("%.17g" % v for v in y.flatten().tolist()))
    with open(os.path.join(folder, name + ".case"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    spread = float((y[0] - y[1]).norm() / y.norm())
    print("%-40s torch float32 %.1e, pictures differ by %.2g, %d parameters" % (name, rough, spread, len(weights)))
    if rough > LIMIT / 2 or spread < 1e-2 or not torch.isfinite(y).all():
        print("%s: no good reference" % name)


def main():
    for make in (alexnet_cases, resnet_cases):
        make()
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command == "list":
        print("\n".join(CASES))
    elif command == "fixtures" and len(sys.argv) > 2:
        os.makedirs(sys.argv[2], exist_ok=True)
        for name in sys.argv[3:] or CASES:
            write_fixture(name, sys.argv[2])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
