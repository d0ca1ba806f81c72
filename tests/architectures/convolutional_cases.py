#!/usr/bin/env python3
"""tests/architectures/convolutional_cases.py - float64 references of convolutional networks, by naming scheme

    convolutional_cases.py fixtures DIR [NAME..]   write small cases as DIR/NAME.case (no weights)
    convolutional_cases.py folders DIR [NAME..]    write them as DIR/NAME/: weights, configuration
    convolutional_cases.py full DIR [NAME..]       the same for networks of their public sizes
    convolutional_cases.py fitted DIR [NAME..]     those with batch norm, its statistics fitted
    convolutional_cases.py list                    names of the small ones, then of the full ones

Folders are measured by checkpoint_table.py, which the table in docs/models.md is made by.

Needs torch, torchvision, timm, transformers, safetensors, numpy. A case is a library's model with weights
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
CASES = {}  # small ones, for fixtures
FULL = {}


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
    aa = dict(stem_width=16, stem_type="deep", avg_down=True, aa_layer=nn.AvgPool2d)
    unpooled = {"no average pools": skip_pixels}
    case("resnetaa_timm", "resnet", timm_resnet(block=block.Bottleneck, layers=(1, 1, 1, 1), **aa), library="timm",
         source="resnetaa50d_small", wrong=unpooled)
    case("resnetaa_basic_timm", "resnet", timm_resnet(block=block.BasicBlock, layers=(1, 1, 1, 1), **aa), library="timm",
         source="resnetaa18d_small", wrong=unpooled)
    case("resnet_hf", "resnet", hf_resnet(), library="transformers", source="resnet",
         config={"model_type": "resnet", "downsample_in_bottleneck": False})
    case("resnet_basic_hf", "resnet", hf_resnet(layer_type="basic"), library="transformers", source="resnet",
         config={"model_type": "resnet", "layer_type": "basic"})
    case("resnet_act_hf", "resnet", hf_resnet(hidden_act="gelu"), library="transformers", source="resnet",
         config={"model_type": "resnet", "hidden_act": "gelu"},
         wrong={"relu for gelu": to_module(hf.activations.GELUActivation, lambda old: nn.ReLU())})
    case("resnet_caffe_hf", "resnet", hf_resnet(downsample_in_bottleneck=True), library="transformers",
         source="resnet", config={"model_type": "resnet", "downsample_in_bottleneck": True},
         wrong={"stride in the 3x3": swap_strides})
    case("resnet_mm", "resnet", tv_resnet(bottleneck, [1, 2, 1, 1]), library="mm", source="ResNet",
         config={"backbone": {"type": "ResNet", "depth": 50}}, names=in_backbone)
    case("resnet_d_mm", "resnet", timm_resnet(block=block.Bottleneck, layers=(1, 1, 2, 1), stem_width=32,
                                              stem_type="deep", avg_down=True), size=75, library="mm",
         source="ResNetV1d", config={"backbone": {"type": "ResNetV1d", "depth": 50}}, names=mm_resnet_d)


def skip_pixels(model):
    """Strides in the 3x3 where average pools behind them halve the map."""
    for module in model.modules():
        if isinstance(getattr(module, "aa", None), nn.AvgPool2d):
            module.aa = nn.Identity()
            (module.conv2 if hasattr(module, "conv3") else module.conv1).stride = (2, 2)


def swap_strides(model):
    for layer in model.modules():
        if type(layer).__name__ == "ResNetBottleNeckLayer":
            first, second = layer.layer[0].convolution, layer.layer[1].convolution
            first.stride, second.stride = second.stride, first.stride


# ---- LeNet, VGG -----------------------------------------------------------------------------

def lenet():
    return Named(features=nn.Sequential(nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5),
                                        nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(16, 120, 5), nn.Tanh()),
                 classifier=nn.Sequential(nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, CLASSES)))


class Named(nn.Module):
    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def lenet_cases():
    case("lenet_plain", "lenet", lenet, size=32, channels=1)
    case("lenet_mm", "lenet", lenet, size=32, channels=1, library="mm", source="LeNet5",
         config={"backbone": {"type": "LeNet5", "num_classes": CLASSES}}, names=by_rules((r"^", "backbone.")))


VGG = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


def vgg_layers(depth):
    return [layer for width, count in zip((8, 12, 16, 24, 24), VGG[depth]) for layer in [width] * count + ["M"]]


def tv_vgg(depth, norms):
    def make():
        model = tv.VGG(tv.vgg.make_layers(vgg_layers(depth), norms), num_classes=CLASSES)
        model.classifier[0] = nn.Linear(24 * 49, 24)
        model.classifier[3] = nn.Linear(24, 24)
        model.classifier[6] = nn.Linear(24, CLASSES)
        return model
    return make


def timm_vgg(depth, norms):
    def make():
        model = timm.models.vgg.VGG(vgg_layers(depth), num_classes=CLASSES, norm_layer=nn.BatchNorm2d if norms else None)
        model.pre_logits = timm.models.vgg.ConvMlp(24, 24, 7)
        model.head.fc = nn.Linear(24, CLASSES)
        return model
    return make


def mm_vgg(depth, norms):
    """features.<layer> -> features.<convolution or pool>.{conv,bn}"""
    places, old, new = {}, 0, 0
    for layer in vgg_layers(depth):
        if layer != "M":
            places[old] = "features.%d.conv" % new
            places[old + 1] = "features.%d.bn" % new
            old += 2 if norms else 1
        old += 1
        new += 1
    return by_rules((r"^features\.(\d+)", lambda m: places[int(m[1])]), (r"^", "backbone."))


def vgg_cases():
    for depth in VGG:
        case("vgg%d_torchvision" % depth, "vgg", tv_vgg(depth, False))
        case("vgg%d_bn_torchvision" % depth, "vgg", tv_vgg(depth, True), source="vgg%d_bn" % depth)
    case("vgg_timm_large", "vgg", timm_vgg(11, False), size=256, library="timm", source="vgg11",
         wrong={"maps pooled before the product": lambda model: setattr(
             model, "features", nn.Sequential(model.features, nn.AdaptiveAvgPool2d(7)))})
    case("vgg_bn_timm_small", "vgg", timm_vgg(13, True), size=96, library="timm", source="vgg13_bn")
    case("vgg_bn_timm", "vgg", timm_vgg(16, True), size=224, library="timm", source="vgg16_bn",
         wrong={"the 7x7 kernel flattened with channels last": lambda model: shuffled_kernel(model)})
    for depth, norms in ((11, False), (16, False), (19, True)):
        case("vgg%d%s_mm" % (depth, "_bn" if norms else ""), "vgg", tv_vgg(depth, norms), library="mm", source="VGG",
             config={"backbone": {"type": "VGG", "depth": depth}}, names=mm_vgg(depth, norms))


def shuffled_kernel(model):
    weight = model.pre_logits.fc1.weight
    with torch.no_grad():
        weight.copy_(weight.permute(0, 2, 3, 1).reshape(weight.shape))


# ---- MobileNets -------------------------------------------------------------------------------

def no_same(kind):
    """Symmetric padding where the source pads as TensorFlow does."""
    def change(model):
        for module in list(model.modules()):
            for name, old in list(module.named_children()):
                if type(old).__name__ == "Conv2dSame":
                    new = nn.Conv2d(old.in_channels, old.out_channels, old.kernel_size, old.stride,
                                    old.kernel_size[0] // 2, groups=old.groups, bias=old.bias is not None).double()
                    new.load_state_dict(old.state_dict())
                    setattr(module, name, new)
    return change


def mm_v2(name):
    places = [(s, b) for s, count in enumerate((1, 2, 3, 4, 3, 3, 1)) for b in range(count)]

    def block(match):
        k = int(match[1])
        if k == 0:
            return "conv1.%s." % ("conv", "bn")[int(match[2].split(".")[0])]
        if k == 18:
            return "conv2.%s." % ("conv", "bn")[int(match[2].split(".")[0])]
        s, b = places[k - 1]
        inner = match[2][len("conv."):].split(".")
        if len(inner) > 2:  # conv.0.1.
            return "layer%d.%d.conv.%s.%s." % (s + 1, b, inner[0], ("conv", "bn")[int(inner[1])])
        last = 1 if k == 1 else 2
        return "layer%d.%d.conv.%d.%s." % (s + 1, b, last, ("conv", "bn")[int(inner[0]) - last])
    name = re.sub(r"^features\.(\d+)\.((?:conv\.)?(?:\d+\.)+)", block, name)
    return "head.fc." + name[len("classifier.1."):] if name.startswith("classifier") else "backbone." + name


def hf_v2(**more):
    return lambda: hf.MobileNetV2ForImageClassification(hf.MobileNetV2Config(
        num_labels=CLASSES, depth_multiplier=0.25, image_size=75, finegrained_output=False, **more))


def mobilenet_v2_cases():
    small = lambda: tv.mobilenet_v2(num_classes=CLASSES, width_mult=0.25)  # noqa: E731
    case("mobilenet_v2_torchvision", "mobilenet_v2", small, size=75,
         wrong={"batch norm eps 1e-3": set_eps(1e-3), "relu for relu6": to_module(nn.ReLU6, lambda old: nn.ReLU())})
    case("mobilenet_v2_timm", "mobilenet_v2", lambda: timm.create_model("mobilenetv2_035", num_classes=CLASSES), size=75,
         library="timm", source="mobilenetv2_035")
    case("mobilenet_v2_deep_timm", "mobilenet_v2", lambda: timm.create_model("mobilenetv2_110d", num_classes=CLASSES),
         size=40, library="timm", source="mobilenetv2_110d")
    case("mobilenet_v2_mm", "mobilenet_v2", small, size=75, library="mm", source="MobileNetV2",
         config={"backbone": {"type": "MobileNetV2", "widen_factor": 0.25}}, names=mm_v2)
    case("mobilenet_v2_hf", "mobilenet_v2", hf_v2(), size=75, library="transformers", source="mobilenet_v2",
         config={"model_type": "mobilenet_v2"}, wrong={"batch norm eps 1e-5": set_eps(1e-5)})
    case("mobilenet_v2_hf_same", "mobilenet_v2", hf_v2(), size=76, library="transformers", source="mobilenet_v2",
         config={"model_type": "mobilenet_v2", "tf_padding": True, "layer_norm_eps": 0.001},
         wrong={"symmetric padding": lambda model: setattr(model.config, "tf_padding", False) or untf(model)})
    case("mobilenet_v2_hf_act", "mobilenet_v2", hf_v2(hidden_act="relu"), size=75, library="transformers",
         source="mobilenet_v2", config={"model_type": "mobilenet_v2", "hidden_act": "relu"})
    case("mobilenet_v2_hf_symmetric", "mobilenet_v2", hf_v2(tf_padding=False, layer_norm_eps=1e-5), size=76,
         library="transformers", source="mobilenet_v2",
         config={"model_type": "mobilenet_v2", "tf_padding": False, "layer_norm_eps": 1e-5})


def untf(model):
    for module in model.modules():
        if type(module).__name__ == "MobileNetV2ConvLayer":
            module.convolution.padding = tuple(k // 2 for k in module.convolution.kernel_size)


def tv_v3(arch, width):
    def make():
        setting, last = tv.mobilenetv3._mobilenet_v3_conf(arch, width_mult=width)
        return tv.MobileNetV3(setting, last, num_classes=CLASSES)
    return make


def mm_v3(name):
    """torchvision's names of blocks depend on what a block has."""
    head = {"classifier.0.": "head.layers.0.fc.", "classifier.3.": "head.layers.1.fc."}
    for old, new in head.items():
        if name.startswith(old):
            return new + name[len(old):]
    match = re.match(r"features\.(\d+)\.(?:block\.(\d+)\.)?(\w+)\.(\w+)$", name)
    layer, j, what, last = int(match[1]), match[2], match[3], match[4]
    if j is None:
        return "backbone.layer%d.%s.%s" % (layer, ("conv", "bn")[int(what)], last)
    if what in ("fc1", "fc2"):
        return "backbone.layer%d.se.conv%s.conv.%s" % (layer, what[2], last)
    order = (["expand"] if layer > 1 else []) + ["depthwise"] + (["se"] if mm_v3.excited[layer] else []) + ["linear"]
    return "backbone.layer%d.%s_conv.%s.%s" % (layer, order[int(j)], ("conv", "bn")[int(what)], last)


def mm_v3_of(excited):
    def rename(name):
        mm_v3.excited = excited
        return mm_v3(name)
    return rename


def mobilenet_v3_cases():
    small = [0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]
    large = [0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    eps = {"batch norm eps 1e-5": set_eps(1e-5)}
    case("mobilenet_v3_small_torchvision", "mobilenet_v3", tv_v3("mobilenet_v3_small", 0.4), size=75, wrong=dict(
        eps, **{"silu for hard swish": to_module(nn.Hardswish, lambda old: nn.SiLU()),
                "sigmoid for hard sigmoid": to_module(nn.Hardsigmoid, lambda old: nn.Sigmoid())}))
    case("mobilenet_v3_large_torchvision", "mobilenet_v3", tv_v3("mobilenet_v3_large", 0.4), size=75, wrong=eps,
         rules=((r"block\.[23]\.1\.weight$", 0.85, 0.2),))
    case("mobilenet_v3_small_mm", "mobilenet_v3", tv_v3("mobilenet_v3_small", 0.4), size=75, library="mm",
         source="MobileNetV3", config={"backbone": {"type": "MobileNetV3", "arch": "small"}}, names=mm_v3_of(small))
    case("mobilenet_v3_large_mm", "mobilenet_v3", tv_v3("mobilenet_v3_large", 0.4), size=75, library="mm",
         source="MobileNetV3", config={"backbone": {"type": "MobileNetV3", "arch": "large"}}, names=mm_v3_of(large))
    for name, wrong in (("mobilenetv3_small_050", {"batch norm eps 1e-3": set_eps(1e-3)}),
                        ("mobilenetv3_large_075", {}),
                        ("tf_mobilenetv3_small_075", dict(eps, **{"symmetric padding": no_same(nn.Conv2d)})),
                        ("tf_mobilenetv3_large_075", eps), ("tf_mobilenetv3_small_minimal_100", {}),
                        ("tf_mobilenetv3_large_minimal_100", {})):
        case(name + "_timm", "mobilenet_v3", lambda name=name: timm.create_model(name, num_classes=CLASSES), size=64,
             library="timm", source=name, config={"architecture": name}, wrong=wrong)


# ---- EfficientNet -----------------------------------------------------------------------------

def tv_efficientnet(arch, width, depth, **more):
    def make():
        setting, _ = tv.efficientnet._efficientnet_conf(arch, width_mult=width, depth_mult=depth)
        return tv.EfficientNet(setting, 0.0, num_classes=CLASSES, last_channel=48, **more)
    return make


def timm_efficientnet(variant, width, depth, **more):
    return lambda: timm.models.efficientnet._gen_efficientnet(variant, width, depth, num_classes=CLASSES, **more)


def mm_efficientnet(counts):
    parts = {"conv_dw": "depthwise_conv.conv", "se.conv_reduce": "se.conv1.conv", "se.conv_expand": "se.conv2.conv"}
    first = dict(parts, bn1="depthwise_conv.bn", conv_pw="linear_conv.conv", bn2="linear_conv.bn")
    other = dict(parts, conv_pw="expand_conv.conv", bn1="expand_conv.bn", bn2="depthwise_conv.bn",
                 conv_pwl="linear_conv.conv", bn3="linear_conv.bn")
    outer = {"conv_stem": "backbone.layers.0.conv", "bn1": "backbone.layers.0.bn", "conv_head": "backbone.layers.6.conv",
             "bn2": "backbone.layers.6.bn", "classifier": "head.fc"}

    def rename(name):
        module, last = name.rsplit(".", 1)
        match = re.match(r"blocks\.(\d+)\.(\d+)\.(.*)$", module)
        if not match:
            return outer[module] + "." + last
        s, b = int(match[1]), int(match[2])
        group = s if s < 4 else 3 if s == 4 else 4
        b += counts[3] if s == 4 else counts[5] if s == 6 else 0
        return "backbone.layers.%d.%d.%s.%s" % (group + 1, b, (other if s else first)[match[3]], last)
    return rename


def hf_efficientnet(**more):
    settings = dict(num_labels=CLASSES, width_coefficient=0.3, depth_coefficient=1.0, hidden_dim=1280, image_size=64,
                    depthwise_padding=[])
    settings.update(more)

    def make():
        config = hf.EfficientNetConfig(**settings)
        config.hidden_dim = timm.models._efficientnet_builder.round_channels(1280, 0.3)
        return hf.EfficientNetForImageClassification(config)
    return make


def efficientnet_cases():
    eps3 = dict(norm_layer=lambda width: nn.BatchNorm2d(width, eps=1e-3))
    case("efficientnet_b0_torchvision", "efficientnet", tv_efficientnet("efficientnet_b0", 0.3, 1.0), size=75,
         wrong={"batch norm eps 1e-3": set_eps(1e-3)})
    case("efficientnet_b1_torchvision", "efficientnet", tv_efficientnet("efficientnet_b1", 0.3, 1.1), size=64,
         source="efficientnet_b1")
    case("efficientnet_b4_torchvision", "efficientnet", tv_efficientnet("efficientnet_b4", 0.3, 1.8), size=64,
         wrong={"batch norm eps 1e-3": set_eps(1e-3)})
    case("efficientnet_b5_torchvision", "efficientnet", tv_efficientnet("efficientnet_b5", 0.3, 2.2, **eps3), size=64,
         rules=((r"block\.3\.1\.weight$", 0.8, 0.2),), wrong={"batch norm eps 1e-5": set_eps(1e-5)})
    tf = dict(bn_eps=1e-3, pad_type="same")
    # Deep ones stay clear of rounding when blocks add little.
    calm = ((r"bn3\.weight$", 0.8, 0.2),)
    lively = ((r"linear_conv\.bn\.weight$", 1.2, 0.2),)
    case("efficientnet_b0_timm", "efficientnet", timm_efficientnet("efficientnet_b0", 0.3, 1.0), size=75, library="timm",
         source="efficientnet_b0")
    case("efficientnet_b5_timm", "efficientnet", timm_efficientnet("efficientnet_b5", 0.3, 2.2), size=64, library="timm",
         source="efficientnet_b5", rules=calm, wrong={"batch norm eps 1e-3": set_eps(1e-3)})
    case("tf_efficientnet_b0_timm", "efficientnet", timm_efficientnet("tf_efficientnet_b0", 0.3, 1.0, **tf), size=64,
         library="timm", source="tf_efficientnet_b0",
         wrong={"batch norm eps 1e-5": set_eps(1e-5), "symmetric padding": no_same(nn.Conv2d)})
    case("tf_efficientnet_b2_timm", "efficientnet", timm_efficientnet("tf_efficientnet_b2", 0.3, 1.2, **tf), size=75,
         library="timm", source="tf_efficientnet_b2_ns")
    for size, depth, counts in (("b0", 1.0, (1, 2, 2, 3, 3, 4, 1)), ("b3", 1.4, (2, 3, 3, 5, 5, 6, 2))):
        case("efficientnet_%s_mm" % size, "efficientnet", timm_efficientnet("tf_efficientnet_" + size, 0.3, depth, **tf),
             size=70, library="mm", source="EfficientNet", config={"backbone": {"type": "EfficientNet", "arch": size}},
             names=mm_efficientnet(counts), rules=lively if size == "b0" else ())
    case("efficientnet_b0_hf", "efficientnet", hf_efficientnet(), size=64, library="transformers", source="efficientnet",
         config={"model_type": "efficientnet", "depthwise_padding": [], "batch_norm_eps": 0.001})
    case("efficientnet_b0_hf_act", "efficientnet", hf_efficientnet(hidden_act="gelu"), size=64, library="transformers",
         source="efficientnet", config={"model_type": "efficientnet", "depthwise_padding": [], "hidden_act": "gelu"})
    case("efficientnet_b1_hf", "efficientnet", hf_efficientnet(depth_coefficient=1.1, depthwise_padding=[5, 16]), size=75,
         library="transformers", source="efficientnet",
         config={"model_type": "efficientnet", "depthwise_padding": [5, 16]})


# ---- DenseNet, SqueezeNet, ShuffleNet ---------------------------------------------------------

def tv_densenet():
    return tv.DenseNet(growth_rate=8, block_config=(2, 3, 2, 2), num_init_features=16, num_classes=CLASSES)


mm_densenet = by_rules((r"^features\.conv0\.", "stem.0."), (r"^features\.norm0\.", "stem.1."),
                       (r"^features\.norm5\.", "transitions.3.0."),
                       (r"^features\.transition(\d)\.", lambda m: "transitions.%d." % (int(m[1]) - 1)),
                       (r"^features\.denseblock(\d)\.denselayer(\d+)\.",
                        lambda m: "stages.%d.block.%d." % (int(m[1]) - 1, int(m[2]) - 1)),
                       (r"^", "backbone."), (r"^backbone\.classifier\.", "head.fc."))
mm_shufflenet = by_rules((r"^stage(\d)\.", lambda m: "layers.%d." % (int(m[1]) - 2)),
                         (r"branch1\.([0123])\.", lambda m: "branch1.%d.%s." % (int(m[1]) // 2, ("conv", "bn")[int(m[1]) % 2])),
                         (r"branch2\.([0-6])\.", lambda m: "branch2." + {"0": "0.conv.", "1": "0.bn.", "3": "1.conv.",
                                                                         "4": "1.bn.", "5": "2.conv.", "6": "2.bn."}[m[1]]),
                         (r"^conv1\.0\.", "conv1.conv."), (r"^conv1\.1\.", "conv1.bn."), (r"^conv5\.0\.", "layers.3.conv."),
                         (r"^conv5\.1\.", "layers.3.bn."), (r"^", "backbone."), (r"^backbone\.fc\.", "head.fc."))


def floor_pools(model):
    for module in model.modules():
        if isinstance(module, nn.MaxPool2d):
            module.ceil_mode = False


def other_cases():
    case("densenet_torchvision", "densenet", tv_densenet, wrong={"batch norm eps 1e-3": set_eps(1e-3)})
    case("densenet_timm", "densenet", lambda: timm.models.densenet.DenseNet(8, (2, 2, 3, 2), num_classes=CLASSES),
         library="timm")
    case("densenet_old_torchvision", "densenet", tv_densenet,
         names=by_rules((r"(denselayer\d+\.(?:norm|conv))(\d)\.", r"\1.\2.")))
    case("densenet_mm", "densenet", tv_densenet, library="mm", source="DenseNet",
         config={"backbone": {"type": "DenseNet", "arch": "121"}}, names=mm_densenet)
    case("squeezenet1_0_torchvision", "squeezenet", lambda: tv.squeezenet1_0(num_classes=CLASSES), size=66,
         wrong={"pools round down": floor_pools})
    case("squeezenet1_1_torchvision", "squeezenet", lambda: tv.squeezenet1_1(num_classes=CLASSES), size=70,
         source="squeezenet1_1", wrong={"pools round down": floor_pools})
    case("shufflenet_v2_torchvision", "shufflenet_v2", lambda: tv.shufflenet_v2_x0_5(num_classes=CLASSES), size=75)
    case("shufflenet_v2_wide_torchvision", "shufflenet_v2", lambda: tv.shufflenet_v2_x1_5(num_classes=CLASSES), size=40)
    case("shufflenet_v2_mm", "shufflenet_v2", lambda: tv.shufflenet_v2_x0_5(num_classes=CLASSES), size=75, library="mm",
         source="ShuffleNetV2", config={"backbone": {"type": "ShuffleNetV2", "widen_factor": 0.5}}, names=mm_shufflenet)


# ---- RegNet -----------------------------------------------------------------------------------

mm_regnet = by_rules((r"^stem\.conv\.", "conv1."), (r"^stem\.bn\.", "bn1."),
                     (r"^s(\d)\.b(\d+)\.", lambda m: "layer%s.%d." % (m[1], int(m[2]) - 1)),
                     (r"conv(\d)\.conv\.", r"conv\1."), (r"conv(\d)\.bn\.", r"bn\1."),
                     (r"downsample\.conv\.", "downsample.0."), (r"downsample\.bn\.", "downsample.1."),
                     (r"^", "backbone."), (r"^backbone\.head\.", "head."))


def hf_regnet(kind, **more):
    return lambda: hf.RegNetForImageClassification(hf.RegNetConfig(
        num_labels=CLASSES, embedding_size=16, hidden_sizes=[16, 32, 48, 64], depths=[1, 1, 2, 1], groups_width=8,
        layer_type=kind, **more))


def regnet_cases():
    case("regnet_x_torchvision", "regnet", lambda: tv.regnet_x_400mf(num_classes=CLASSES), size=40)
    case("regnet_y_torchvision", "regnet", lambda: tv.regnet_y_400mf(num_classes=CLASSES), size=40,
         wrong={"batch norm eps 1e-3": set_eps(1e-3)})
    case("regnet_x_timm", "regnet", lambda: timm.create_model("regnetx_004", num_classes=CLASSES), size=40, library="timm",
         source="regnetx_004")
    case("regnet_y_timm", "regnet", lambda: timm.create_model("regnety_002", num_classes=CLASSES), size=40, library="timm",
         source="regnety_002")
    case("regnet_x_hf", "regnet", hf_regnet("x"), library="transformers", source="regnet",
         config={"model_type": "regnet", "layer_type": "x"})
    case("regnet_y_hf", "regnet", hf_regnet("y"), library="transformers", source="regnet",
         config={"model_type": "regnet", "layer_type": "y"})
    case("regnet_y_act_hf", "regnet", hf_regnet("y", hidden_act="silu"), library="transformers", source="regnet",
         config={"model_type": "regnet", "layer_type": "y", "hidden_act": "silu"})
    case("regnet_x_mm", "regnet", lambda: timm.create_model("regnetx_002", num_classes=CLASSES), size=40, library="mm",
         source="RegNet", config={"backbone": {"type": "RegNet", "arch": "regnetx_400mf"}}, names=mm_regnet)


# ---- ConvNeXt ---------------------------------------------------------------------------------

def timm_convnext(**more):
    settings = dict(depths=(1, 1, 2, 1), dims=(16, 32, 48, 64), num_classes=CLASSES)
    settings.update(more)
    return lambda: timm.models.convnext.ConvNeXt(**settings)


def tv_convnext():
    block = tv.convnext.CNBlockConfig
    return tv.ConvNeXt([block(16, 32, 1), block(32, 48, 1), block(48, 64, 2), block(64, None, 1)], num_classes=CLASSES)


def hf_convnext(**more):
    return lambda: hf.ConvNextForImageClassification(hf.ConvNextConfig(
        num_labels=CLASSES, hidden_sizes=[16, 32, 48, 64], depths=[1, 1, 2, 1], **more))


original_convnext = by_rules((r"^stem\.", "downsample_layers.0."),
                             (r"^stages\.(\d)\.downsample\.", r"downsample_layers.\1."),
                             (r"^stages\.(\d)\.blocks\.", r"stages.\1."), (r"conv_dw\.", "dwconv."),
                             (r"mlp\.fc", "pwconv"), (r"^head\.norm\.", "norm."), (r"^head\.fc\.", "head."))
mm_convnext = by_rules((r"^stem\.", "downsample_layers.0."), (r"^stages\.(\d)\.downsample\.", r"downsample_layers.\1."),
                       (r"^stages\.(\d)\.blocks\.", r"stages.\1."), (r"conv_dw\.", "depthwise_conv."),
                       (r"mlp\.fc", "pointwise_conv"), (r"^head\.norm\.", "norm3."), (r"^", "backbone."),
                       (r"^backbone\.head\.", "head."))
# A faint last map makes the epsilon of the norm behind it visible.
FAINT = ((r"^(convnext\.encoder\.)?stages\.3\.downsampl\w+\.1\.(weight|bias)$", 0.0, 0.0004),
         (r"^(convnext\.encoder\.)?stages\.3\..*(gamma|layer_scale_parameter)$", 0.0, 0.0004))


def norm_first(model):
    """The last norm over the map, the pool behind it."""
    head, norm = model.head, model.head.norm
    model.norm_pre = norm
    head.norm = nn.Identity()


def convnext_cases():
    tanh = {"gelu by tanh": to_module((nn.GELU, timm.layers.activations.GELU), lambda old: nn.GELU(approximate="tanh"))}
    case("convnext_torchvision", "convnext", tv_convnext, wrong=tanh)
    case("convnext_timm", "convnext", timm_convnext(), library="timm", wrong=dict(
        tanh, **{"the pool behind the last norm": norm_first, "layer norm eps 1e-5": set_eps(1e-5)}), rules=FAINT)
    case("convnext_convolutions_timm", "convnext", timm_convnext(conv_mlp=True), library="timm")
    case("convnext_xxlarge_timm", "convnext", timm_convnext(norm_eps=1e-5), library="timm", source="convnext_xxlarge_small",
         wrong={"layer norm eps 1e-6": set_eps(1e-6)}, rules=FAINT)
    case("convnext_act_timm", "convnext", timm_convnext(act_layer="silu"), library="timm", source="convnext_small_silu",
         config={"architecture": "convnext_small_silu", "model_args": {"act_layer": "silu"}},
         wrong={"gelu for silu": to_module(nn.SiLU, lambda old: nn.GELU())})
    case("convnext_original", "convnext", timm_convnext(), names=original_convnext)
    case("convnext_mm", "convnext", timm_convnext(), library="mm", source="ConvNeXt",
         config={"backbone": {"type": "ConvNeXt", "arch": "tiny"}}, names=mm_convnext)
    case("convnext_convolutions_mm", "convnext", timm_convnext(conv_mlp=True), library="mm", source="ConvNeXt",
         config={"backbone": {"type": "ConvNeXt", "linear_pw_conv": False}}, names=mm_convnext)
    case("convnext_hf", "convnext", hf_convnext(), library="transformers", source="convnext",
         config={"model_type": "convnext"}, rules=FAINT,
         wrong={"last norm's eps 1e-6": lambda model: setattr(model.convnext.layernorm, "eps", 1e-6)})
    case("convnext_hf_act", "convnext", hf_convnext(hidden_act="quick_gelu"), library="transformers", source="convnext",
         config={"model_type": "convnext", "hidden_act": "quick_gelu"}, rules=FAINT)
    case("convnext_hf_eps", "convnext", hf_convnext(layer_norm_eps=1e-6), library="transformers", source="convnext",
         config={"model_type": "convnext", "layer_norm_eps": 1e-6}, rules=FAINT)


# ---- Networks of their public sizes -----------------------------------------------------------

# With weights at random, 55 blocks amplify rounding until float32 says nothing (PyTorch's own is off by 1). What
# each block adds is made small, as training makes it.
CALM = ((r"^features\.\d\.\d+\.block\.[23]\.1\.weight$", 0.3, 0.05),)


def full_cases():
    small = dict(CASES)
    for name in ("alexnet", "vgg16_bn", "vgg19", "resnet18", "resnet152", "wide_resnet50_2", "resnext50_32x4d",
                 "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large", "densenet121", "densenet201", "squeezenet1_0",
                 "shufflenet_v2_x1_0", "regnet_x_1_6gf", "regnet_y_800mf", "convnext_tiny", "efficientnet_b0",
                 "efficientnet_b3", "efficientnet_b7"):
        family = next(f for f in ("alexnet", "vgg", "resnet", "resnext", "mobilenet_v2", "mobilenet_v3", "densenet",
                                  "squeezenet", "shufflenet_v2", "regnet", "convnext", "efficientnet") if f in name)
        case("full_%s_torchvision" % name, family.replace("resnext", "resnet"), lambda name=name: getattr(tv, name)(),
             size=224, rules=CALM if name == "efficientnet_b7" else ())
    for name in ("resnet50d", "mobilenetv2_100", "mobilenetv3_large_100", "tf_mobilenetv3_small_100", "efficientnet_b0",
                 "tf_efficientnet_b0", "vgg11_bn", "regnety_008", "convnext_atto", "convnext_nano"):
        family = next(f for k, f in (("resnet", "resnet"), ("netv2", "mobilenet_v2"), ("netv3", "mobilenet_v3"),
                                     ("efficientnet", "efficientnet"), ("vgg", "vgg"), ("regnet", "regnet"),
                                     ("convnext", "convnext")) if k in name)
        case("full_%s_timm" % name, family, lambda name=name: timm.create_model(name), size=224, library="timm",
             source=name, config={"architecture": name})
    FULL.update({name: CASES.pop(name) for name in set(CASES) - set(small)})


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


def norms_of(model):
    return [module for module in model.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]


def fit(model, one):
    """Gives batch norms the statistics of what reaches them, as training does: means and variances from a formula
    have nothing to do with the maps, which then grow from block to block until logits are differences of large
    numbers. Eight pictures of noise, one pass."""
    pictures = formula.tensor("statistics", (8, one["channels"], one["size"], one["size"]), 0.0, 1.7)
    model.train()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    for norm in norms_of(model):
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all passes
    with torch.no_grad():
        logits(model, torch.from_numpy(pictures).double())
    model.eval()
    return {name: value.float().double() for name, value in model.state_dict().items()
            if name.endswith(("running_mean", "running_var"))}


def compute(one):
    model = one["make"]().double().eval()
    state = model.state_dict()
    weights = weights_of(one, state)
    for name, (_, _, mean, _, value) in weights.items():
        if mean is not None:
            state[name] = torch.from_numpy(value).double()
    model.load_state_dict(state)
    if one.get("fitted"):
        for name, value in fit(model, one).items():
            state[name] = value
            weights[name] = weights[name][:4] + (value.float().numpy(),)
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


def scheme_of(one):
    if one["library"]:
        return {"transformers": "Hugging Face", "mm": "mmpretrain"}.get(one["library"], one["library"])
    return "torchvision" if one["family"] != "lenet" else "plain"


def write_folder(name, folder):
    """What a user has: weights, configuration, and beside them a known example."""
    from safetensors.numpy import save_file
    one = FULL.get(name) or CASES[name]
    weights, x, y, _, rough = compute(one)
    path = os.path.join(folder, name.removeprefix("cnn_"))
    os.makedirs(path, exist_ok=True)
    state = {to: torch.from_numpy(numpy.ascontiguousarray(value)) for to, _, _, _, value in weights.values()}
    size, config = one["size"], dict(one["config"] or {})
    if one["library"] == "mm":
        torch.save({"meta": {"CLASSES": ["c%d" % i for i in range(y.shape[1])]}, "state_dict": state},
                   os.path.join(path, "pytorch_model.pt"))
        steps = [{"type": "Resize", "size": [size, -1], "backend": "pillow"}, {"type": "CenterCrop", "crop_size": size},
                 {"type": "Normalize", "mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375], "to_rgb": True}]
        config = {"framework": "pytorch", "task": "image-classification",
                  "model": {"type": "ClassificationModel", "mm_model": {"type": "ImageClassifier", **config}},
                  "preprocessor": {"val": steps}}
        with open(os.path.join(path, "configuration.json"), "w") as file:
            json.dump(config, file)
    elif one["library"]:
        save_file({k: v.numpy() for k, v in state.items()}, os.path.join(path, "model.safetensors"))
        if one["library"] == "timm":
            config = {"architecture": one["source"] or one["family"], "num_classes": int(y.shape[1]),
                      "pretrained_cfg": {"input_size": [one["channels"], size, size], "crop_pct": 1.0}}
        else:
            with open(os.path.join(path, "preprocessor_config.json"), "w") as file:
                json.dump({"do_resize": True, "size": {"height": size, "width": size}, "do_normalize": True,
                           "do_center_crop": False, "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "resample": 2}, file)
        with open(os.path.join(path, "config.json"), "w") as file:
            json.dump(config, file)
    else:
        torch.save(state, os.path.join(path, "checkpoint.pt"))
    numpy.savez(os.path.join(path, "reference.npz"), input=x.float().numpy(), output=y.float().numpy())
    known = {"architecture": one["family"], "names": scheme_of(one), "path": ""}
    if not one["library"]:  # a bare file says nothing of the size
        known.update(path="checkpoint.pt", shape=list(x.shape))
    elif one["channels"] != 3 or one["library"] == "transformers":
        known.update(shape=list(x.shape))
    with open(os.path.join(path, "case.json"), "w") as file:
        json.dump(known, file)
    print("%-40s torch float32 %.1e" % (name, rough))


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
    for make in (lenet_cases, alexnet_cases, vgg_cases, resnet_cases, mobilenet_v2_cases, mobilenet_v3_cases,
                 efficientnet_cases, other_cases, regnet_cases, convnext_cases):
        make()
    full_cases()
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command == "list":
        print("\n".join(list(CASES) + list(FULL)))
    elif command in ("fixtures", "folders", "full", "fitted") and len(sys.argv) > 2:
        os.makedirs(sys.argv[2], exist_ok=True)
        failed = 0
        names = CASES if command in ("fixtures", "folders") else FULL
        if command == "fitted":
            for one in FULL.values():
                one["fitted"] = True
            names = [name for name in FULL if norms_of(FULL[name]["make"]())]
        for name in sys.argv[3:] or names:
            try:
                (write_fixture if command == "fixtures" else write_folder)(name, sys.argv[2])
            except Exception as error:  # the others are written all the same
                print("%s: %s: %s" % (name, type(error).__name__, error))
                failed += 1
        sys.exit(failed > 0)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
