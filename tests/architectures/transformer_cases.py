#!/usr/bin/env python3
"""tests/architectures/transformer_cases.py - float64 references of transformers, by naming scheme

    transformer_cases.py fixtures DIR [NAME..]  write small cases as DIR/NAME.case (no weights)
    transformer_cases.py folders DIR [NAME..]   write them as DIR/NAME/: weights, configuration
    transformer_cases.py full DIR [NAME..]      the same for networks of their public sizes
    transformer_cases.py list                   names of the small ones, then of the full ones

Folders are measured by checkpoint_table.py, which the table in docs/models.md is made by.

Needs torch, torchvision, timm, transformers, safetensors, numpy. A case is a library's model
with weights from formula.py, named as a scheme names them, and the logits that the library
computes in float64. Schemes without an installable library (mmcls, mmpretrain, Microsoft's
and ModelScope's files) are made by renaming: `back` turns their names into the library's.
`wrong` puts a known error into the reference; how far that moves the logits is written down,
so that a test whose limit could not see the error is noticed here.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import re
import sys

import numpy
import torch

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
from timm.models import beit, nextvit, swin_transformer, swin_transformer_v2, vision_transformer  # noqa: E402
from timm.models.deit import VisionTransformerDistilled  # noqa: E402

torch.use_deterministic_algorithms(True)
F = torch.nn.functional
CLASSES = 7
LIMIT = 2e-5


class Case:
    """back: scheme's dictionary -> library's. names: library's dictionary -> scheme's names and
    shapes (default: its own). quiet: rules (pattern, mean, spread) before formula.RULES."""

    def __init__(self, name, family, make, size=32, config=None, library=None, names=None, back=None, arch=None,
                 forward=None, wrong=None, extra=None, quiet=(), source=None, kind=None):
        self.name, self.family, self.make, self.size = name, family, make, size
        self.config, self.library, self.names, self.back = config, library, names, back
        self.arch, self.forward, self.wrong = arch, forward, wrong or {}
        self.extra, self.quiet, self.source, self.kind = extra or {}, quiet, source, kind


CASES = []
FULL = []


def case(*arguments, **keywords):
    CASES.append(Case(*arguments, **keywords))


def full(*arguments, **keywords):
    FULL.append(Case(*arguments, **keywords))


def renamed(state, rules):
    out = {}
    for name, value in state.items():
        for pattern, to in rules:
            name = re.sub(pattern, to, name)
        out[name] = value
    return out


def by_rules(rules):
    return lambda state: renamed(state, rules)


def set_eps(model, eps):
    for module in model.modules():
        if isinstance(module, torch.nn.LayerNorm):
            module.eps = eps


def eps_wrong(eps):
    return lambda model, state: set_eps(model, eps)


def tanh_gelu(model, state):
    for name, module in list(model.named_modules()):
        for child_name, child in list(module.named_children()):
            if isinstance(child, (torch.nn.GELU, hf.activations.GELUActivation)):
                setattr(module, child_name, torch.nn.GELU(approximate="tanh"))
        if hasattr(module, "intermediate_act_fn"):
            module.intermediate_act_fn = torch.nn.GELU(approximate="tanh")
        if hasattr(module, "activation_fn"):
            module.activation_fn = torch.nn.GELU(approximate="tanh")


# ---- ViT and DeiT ---------------------------------------------------------------------------

D, HEADS, LAYERS = 128, 2, 2
# Small activations before the first norm make its epsilon visible.
FAINT = ((r"(patch_embed\.proj|conv_proj|projection)\.(weight|bias)$", 0.0, 0.004),
         (r"(token|pos_embed|pos_embedding|position_embeddings)$", 0.0, 0.004))


def tv_vit(**more):
    return lambda: torchvision.models.VisionTransformer(image_size=32, patch_size=8, num_layers=LAYERS, num_heads=HEADS,
                                                        hidden_dim=D, mlp_dim=2 * D, num_classes=CLASSES, **more)


def timm_vit(cls=vision_transformer.VisionTransformer, size=32, **more):
    settings = dict(img_size=size, patch_size=8, embed_dim=D, depth=LAYERS, num_heads=HEADS, mlp_ratio=2,
                    num_classes=CLASSES, fc_norm=None)
    settings.update(more)
    return lambda: cls(**settings)


def resized_timm(make_other, prefix):
    """Runs a model of another input size with positions resampled as timm does on loading."""
    def forward(model, x, state):
        other = make_other().double().eval()
        resampled = dict(state)
        grid = other.patch_embed.grid_size
        resampled["pos_embed"] = timm.layers.resample_abs_pos_embed(state["pos_embed"].float(), grid,
                                                                    num_prefix_tokens=prefix).double()
        other.load_state_dict(resampled)
        return other(x)
    return forward


def resized_bicubic(prefix, align, key="pos_embed", make=None):
    """The same by F.interpolate without antialias: torchvision (align_corners), mm, DINO."""
    def forward(model, x, state):
        other = make().double().eval()
        table = state[key]
        old = int((table.shape[1] - prefix) ** 0.5)
        grid = x.shape[2] // 8
        picture = table[:, prefix:].reshape(1, old, old, -1).permute(0, 3, 1, 2)
        picture = F.interpolate(picture, size=(grid, grid), mode="bicubic", align_corners=align)
        resampled = dict(state)
        resampled[key] = torch.cat([table[:, :prefix], picture.permute(0, 2, 3, 1).flatten(1, 2)], 1)
        other.load_state_dict(resampled)
        return other(x)
    return forward


MM_VIT = [(r"^cls_token|^pos_embed|^dist_token|^norm|^fc_norm|^blocks|^patch_embed", r"backbone.\g<0>"),
          (r"patch_embed\.proj", "patch_embed.projection"), (r"blocks\.(\d+)\.norm1", r"layers.\1.ln1"),
          (r"blocks\.(\d+)\.norm2", r"layers.\1.ln2"), (r"blocks\.(\d+)", r"layers.\1"),
          (r"mlp\.fc1", "ffn.layers.0.0"), (r"mlp\.fc2", "ffn.layers.1"), (r"backbone\.norm\.", "backbone.ln1."),
          (r"backbone\.fc_norm\.", "backbone.ln2."), (r"^head_dist", "head.layers.head_dist"),
          (r"^head\.(weight|bias)", r"head.layers.head.\1"), (r"ls1\.gamma", "attn.gamma1.weight"),
          (r"ls2\.gamma", "ffn.gamma2.weight")]


def vit_cases():
    case("vit-torchvision", "vit", tv_vit(), library=None, wrong={"tanh": tanh_gelu})
    case("vit-torchvision-eps", "vit", tv_vit(), quiet=FAINT, wrong={"eps 1e-12": eps_wrong(1e-12),
                                                                     "eps 1e-5": eps_wrong(1e-5)})
    case("vit-torchvision-old", "vit", tv_vit(), names=[(r"mlp\.0", "mlp.linear_1"), (r"mlp\.3", "mlp.linear_2")])
    case("vit-torchvision-prelogits", "vit", tv_vit(representation_size=48))
    case("vit-torchvision-resampled", "vit", tv_vit(), size=48,
         forward=resized_bicubic(1, True, "encoder.pos_embedding",
                                 lambda: torchvision.models.VisionTransformer(
                                     image_size=48, patch_size=8, num_layers=LAYERS, num_heads=HEADS, hidden_dim=D,
                                     mlp_dim=2 * D, num_classes=CLASSES)))
    case("vit-timm", "vit", timm_vit(), library="timm", wrong={"tanh": tanh_gelu})
    case("vit-timm-bare", "vit", timm_vit())
    # Huge: 16 heads of 80; one block will do.
    case("vit-timm-huge", "vit", timm_vit(embed_dim=1280, depth=1, num_heads=16, mlp_ratio=1), library="timm")
    case("vit-timm-pooled", "vit", timm_vit(global_pool="avg"), library="timm",
         wrong={"norm before the mean": lambda m, s: (setattr(m, "norm", m.fc_norm),
                                                      setattr(m, "fc_norm", torch.nn.Identity()))})
    case("vit-timm-pooled-norm", "vit", timm_vit(global_pool="avg", fc_norm=False), library="timm",
         config={"architecture": "vit_tiny_patch16_224", "global_pool": "avg"})
    case("vit-timm-siglip", "vit",
         timm_vit(class_token=False, global_pool="avg", fc_norm=False, act_layer="gelu_tanh"), library="timm",
         config={"architecture": "vit_base_patch32_siglip_gap_256", "global_pool": "avg"}, wrong={"gelu by erf": erf_gelu})
    case("vit-timm-act", "vit", timm_vit(act_layer="silu"), library="timm",
         config={"architecture": "vit_tiny_patch16_224", "model_args": {"act_layer": "silu"}})
    case("vit-timm-so400m", "vit", timm_vit(embed_dim=1152, depth=1, num_heads=16, mlp_ratio=1), library="timm")
    case("vit-timm-deit3", "vit", timm_vit(no_embed_class=True, init_values=0.1), library="timm",
         wrong={"positions on the class token": lambda m, s: with_positions_last(m)})
    case("vit-timm-registers", "vit", timm_vit(reg_tokens=4, no_embed_class=True, init_values=0.1), library="timm")
    case("vit-timm-registers-pooled", "vit",
         timm_vit(reg_tokens=4, class_token=False, no_embed_class=True, global_pool="avg"), library="timm")
    case("vit-timm-clip", "vit", timm_vit(pre_norm=True, norm_layer=lambda d, **k: torch.nn.LayerNorm(d, 1e-5, **k)),
         library="timm", quiet=FAINT, config={"architecture": "vit_base_patch16_clip_224"},
         wrong={"eps 1e-6": eps_wrong(1e-6)})
    case("vit-timm-quickgelu", "vit", timm_vit(pre_norm=True, act_layer=timm.layers.QuickGELU,
                                               norm_layer=lambda d, **k: torch.nn.LayerNorm(d, 1e-5, **k)),
         library="timm", config={"architecture": "vit_base_patch16_clip_quickgelu_224"})
    case("vit-timm-resampled", "vit", timm_vit(), size=48, library="timm", forward=resized_timm(timm_vit(size=48), 1))
    case("vit-timm-shrunk", "vit", timm_vit(size=48), size=32, library="timm", forward=resized_timm(timm_vit(), 1))
    case("vit-mm", "vit", timm_vit(), library="mm", names=MM_VIT,
         config={"backbone": {"type": "VisionTransformer", "arch": {"num_heads": HEADS}},
                 "head": {"type": "VisionTransformerClsHead"}})
    case("vit-mm-bare", "vit", timm_vit(), names=MM_VIT)
    case("vit-mm-old", "vit", timm_vit(), names=MM_VIT + [(r"backbone\.ln1", "backbone.norm1")])
    case("vit-mm-pooled", "vit", timm_vit(global_pool="avg"), names=MM_VIT)
    case("vit-mm-deit3", "vit", timm_vit(no_embed_class=True, init_values=0.1), names=MM_VIT)
    case("vit-mm-prelogits", "vit", tv_vit(representation_size=48), names=[
        (r"^class_token", "backbone.cls_token"), (r"^encoder\.pos_embedding", "backbone.pos_embed"),
        (r"^conv_proj", "backbone.patch_embed.projection"),
        (r"^encoder\.layers\.encoder_layer_(\d+)", r"backbone.layers.\1"), (r"ln_1", "ln1"), (r"ln_2", "ln2"),
        (r"self_attention\.in_proj_", "attn.qkv."), (r"self_attention\.out_proj", "attn.proj"),
        (r"mlp\.0", "ffn.layers.0.0"), (r"mlp\.3", "ffn.layers.1"), (r"^encoder\.ln", "backbone.ln1"),
        (r"^heads\.", "head.layers.")])
    # mmcls's "small" has heads of 96 where every other net of such a width has heads of 64.
    case("vit-mm-small", "vit", timm_vit(embed_dim=192, num_heads=2, mlp_ratio=3), names=MM_VIT,
         wrong={"heads of 64": lambda m, s: [setattr(b.attn, "num_heads", 3) or setattr(b.attn, "head_dim", 64) or
                                             setattr(b.attn, "scale", 64 ** -0.5) for b in m.blocks]})
    case("vit-mm-resampled", "vit", timm_vit(), size=48, names=MM_VIT, library="mm",
         forward=resized_bicubic(1, False, make=timm_vit(size=48)))
    hf_vit("vit-hf", {}, quiet=FAINT, wrong={"eps 1e-6": eps_wrong(1e-6)})
    hf_vit("vit-hf-gelu-new", {"hidden_act": "gelu_new", "layer_norm_eps": 1e-6})
    hf_vit("vit-hf-memory", {}, memory=True)
    hf_vit("vit-hf-resampled", {}, size=48)
    # DeiT, distilled: two tokens, two heads, the mean of their logits
    distilled = timm_vit(VisionTransformerDistilled)
    case("deit-timm", "deit", distilled, library="timm",
         wrong={"the first head alone": lambda m, s: m.head_dist.load_state_dict(m.head.state_dict())})
    case("deit-timm-resampled", "deit", distilled, size=48, library="timm",
         forward=resized_timm(timm_vit(VisionTransformerDistilled, size=48), 2))
    case("deit-mm", "deit", distilled, names=MM_VIT)
    hf_deit("deit-hf", hf.DeiTForImageClassificationWithTeacher)
    hf_deit("deit-hf-student", hf.DeiTForImageClassification)
    hf_deit("deit-hf-memory", hf.DeiTForImageClassificationWithTeacher, memory=True)


def erf_gelu(model, state):
    for module in model.modules():
        if isinstance(module, timm.layers.activations.GELUTanh):
            module.forward = torch.nn.functional.gelu


def with_positions_last(model):
    grid = torch.cat([torch.zeros_like(model.pos_embed[:, :1]), model.pos_embed[:, :-1]], 1)
    model.pos_embed.data.copy_(grid)


def hf_config(kind, **more):
    return kind(hidden_size=D, num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=2 * D,
                image_size=32, patch_size=8, num_labels=CLASSES, attn_implementation="eager", **more)


def hf_disk_names(model):
    """Names as save_pretrained writes them: those of version 4, whatever memory has."""
    import tempfile
    from safetensors import safe_open
    with tempfile.TemporaryDirectory() as folder:
        values = {}
        # A number per tensor tells which disk name a memory name has.
        with torch.no_grad():
            for number, (name, value) in enumerate(model.state_dict().items()):
                if value.is_floating_point():
                    value.fill_(number + 1)
                    values[number + 1] = name
        model.save_pretrained(folder)
        out = {}
        with safe_open(os.path.join(folder, "model.safetensors"), "pt") as file:
            for name in file.keys():
                value = file.get_tensor(name)
                if value.is_floating_point():
                    out[values[int(value.flatten()[0])]] = name
    return out


class OnDisk:
    """names for a Hugging Face model: see hf_disk_names."""


def hf_case(name, family, make, config, memory=False, size=32, forward=None, into=None, **more):
    settings = json.loads(config.to_json_string(use_diff=False))
    keep = {k: v for k, v in settings.items() if isinstance(v, (int, float, str, list)) or v is None}
    for drop in ("_name_or_path", "transformers_version", "dtype"):
        keep.pop(drop, None)
    keep["id2label"] = {str(i): "LABEL_%d" % i for i in range(config.num_labels)}
    (into or case)(name, family, make, size=size, library="transformers", config=keep, forward=forward,
                   names=None if memory else OnDisk, **more)


def run_hf(model, x, state):
    if x.shape[-1] != model.config.image_size:
        return model(x, interpolate_pos_encoding=True).logits
    return model(x).logits


def hf_vit(name, changes, **more):
    config = hf_config(hf.ViTConfig, **changes)
    config.architectures = ["ViTForImageClassification"]
    hf_case(name, "vit", lambda: hf.ViTForImageClassification(config), config, forward=run_hf, **more)


def hf_deit(name, cls, **more):
    config = hf_config(hf.DeiTConfig)
    config.architectures = [cls.__name__]
    hf_case(name, "deit", lambda: cls(config), config, forward=run_hf, **more)


# ---- Swin -----------------------------------------------------------------------------------

SWIN = dict(embed_dim=32, depths=(2, 2), num_heads=(1, 2), window_size=4, num_classes=CLASSES)


def tv_swin(second=False, window=4):
    kinds = dict(block=torchvision.models.swin_transformer.SwinTransformerBlockV2,
                 downsample_layer=torchvision.models.swin_transformer.PatchMergingV2) if second else {}
    return lambda: torchvision.models.swin_transformer.SwinTransformer(
        patch_size=[4, 4], embed_dim=32, depths=[2, 2], num_heads=[1, 2], window_size=[window, window], mlp_ratio=2,
        num_classes=CLASSES, **kinds)


def timm_swin(size=32, **more):
    return lambda: swin_transformer.SwinTransformer(img_size=size, patch_size=4, mlp_ratio=2, **{**SWIN, **more})


def timm_swin2(size=32, **more):
    return lambda: swin_transformer_v2.SwinTransformerV2(img_size=size, patch_size=4, mlp_ratio=2, **{**SWIN, **more})


def microsoft(state):
    """Microsoft's files merge at the end of a stage, timm's at the beginning of the next."""
    return renamed(state, [(r"layers\.(\d+)\.downsample", lambda m: "layers.%d.downsample" % (int(m[1]) - 1)),
                           (r"head\.fc", "head")])


def mm_swin(second, norm="norm1"):
    def names(state):
        out = renamed(state, [(r"^patch_embed\.proj\.", "patch_embed.projection."),
                              (r"layers\.(\d+)\.blocks", r"stages.\1.blocks"), (r"attn\.", "attn.w_msa."),
                              (r"mlp\.fc1", "ffn.layers.0.0"), (r"mlp\.fc2", "ffn.layers.1"),
                              (r"^norm\.", norm + "."),
                              (r"^layers\.(\d+)\.downsample",
                               lambda m: "stages.%d.downsample" % (int(m[1]) - (0 if second else 1)))])
        return {(name if name.startswith("head.") else "backbone." + name): value for name, value in out.items()}
    return names


def mm_back(second, permute=True):
    """mm gathers 2 x 2 by an unfold: columns 4c + 2 row + col where others have (2 col + row) C + c."""
    def back(state):
        out = {}
        for name, value in state.items():
            if permute and ("downsample.reduction" in name or ("downsample.norm" in name and not second)):
                lead = value.shape[:-1]
                value = value.reshape(*lead, -1, 2, 2).movedim(-3, -1).transpose(-3, -2).reshape(value.shape)
            out[name] = value
        return out
    return back


def swin_cases():
    case("swin-torchvision", "swin", tv_swin(), wrong={"tanh": tanh_gelu})
    case("swin-torchvision-padded", "swin", tv_swin(), size=44)
    case("swin-torchvision-large-window", "swin", tv_swin(window=6))
    case("swin-timm", "swin", timm_swin(), library="timm", wrong={"eps 1e-6": eps_wrong(1e-6)}, quiet=(
        (r"patch_embed\.proj\.(weight|bias)$", 0.0, 0.004),))
    case("swin-timm-bare", "swin", timm_swin(),
         wrong={"mean before the norm": lambda m, s: (setattr(m.head, "fc", torch.nn.Sequential(m.norm, m.head.fc)),
                                                      setattr(m, "norm", torch.nn.Identity()))})
    case("swin-timm-padded", "swin", timm_swin(44), size=44, library="timm")
    # At 32 the second stage's map is 4 x 4 and so is its window; at 56 there is room for 6 x 6.
    case("swin-timm-resampled", "swin", timm_swin(32, window_size=6), size=56, library="timm", forward=timm_swin_at(6))
    case("swin-timm-other-window", "swin", timm_swin(32, window_size=6), size=56, library="timm",
         forward=timm_swin_at(7), config={"architecture": "swin_tiny_patch4_window7_224",
                                          "model_args": {"window_size": 7, "img_size": 56}})
    case("swin-microsoft", "swin", timm_swin(), names=microsoft, extra=swin_buffers)
    case("swin-mm", "swin", timm_swin(), library="mm", names=mm_swin(False), back=mm_back(False), kind="mm",
         config={"backbone": {"type": "SwinTransformer", "img_size": 32}},
         wrong={"merging unpermuted": lambda m, s: m.load_state_dict({**m.state_dict(), **{
             k: v for k, v in s["raw"].items() if "downsample" in k}})})
    case("swin-mm-bare", "swin", timm_swin(), names=mm_swin(False), back=mm_back(False), kind="mm")
    hf_swin("swin-hf", hf.SwinConfig, hf.SwinForImageClassification)
    hf_swin("swin-hf-memory", hf.SwinConfig, hf.SwinForImageClassification, memory=True)
    hf_swin("swin-hf-padded", hf.SwinConfig, hf.SwinForImageClassification, image=44)
    # Swin V2
    case("swinv2-torchvision", "swinv2", tv_swin(True), wrong={"k bias kept": k_bias_kept})
    case("swinv2-timm", "swinv2", timm_swin2(), library="timm", config={"architecture": "swinv2_tiny_window4_32"})
    case("swinv2-timm-pretrained", "swinv2", timm_swin2(pretrained_window_sizes=(3, 2)), library="timm",
         config={"architecture": "swinv2_tiny_window4_32", "model_args": {"pretrained_window_sizes": [3, 2],
                                                                          "window_size": 4, "img_size": 32}},
         wrong={"own window": lambda m, s: own_window(m)})
    case("swinv2-microsoft", "swinv2", timm_swin2(pretrained_window_sizes=(3, 2)), names=microsoft, extra=swin2_buffers)
    case("swinv2-mm", "swinv2", timm_swin2(), library="mm", names=mm_swin(True), back=mm_back(True), kind="mm",
         config={"backbone": {"type": "SwinTransformerV2", "window_size": [4, 4], "img_size": 32}}, extra=swin2_buffers)
    hf_swin("swinv2-hf", hf.Swinv2Config, hf.Swinv2ForImageClassification)
    hf_swin("swinv2-hf-pretrained", hf.Swinv2Config, hf.Swinv2ForImageClassification, pretrained_window_sizes=[3, 2])


def own_window(model):
    for module in model.modules():
        if isinstance(module, swin_transformer_v2.WindowAttention):
            module.pretrained_window_size = (0, 0)
            module._init_buffers()


def k_bias_kept(model, state):
    import types
    from torchvision.models import swin_transformer as tv

    for module in model.modules():
        if isinstance(module, tv.ShiftedWindowAttentionV2):
            def forward(self, x):
                bias = self.get_relative_position_bias()
                # The function zeroes a clone's middle third; a subclass of tensor keeps it.
                return tv.shifted_window_attention(
                    x, self.qkv.weight, self.proj.weight, bias, self.window_size, self.num_heads,
                    shift_size=self.shift_size, qkv_bias=None, proj_bias=self.proj.bias,
                    logit_scale=self.logit_scale)
            module.forward = types.MethodType(forward, module)


def timm_swin_at(window):
    def forward(model, x, state):
        other = timm_swin(56, window_size=window)().double().eval()
        other.load_state_dict(swin_transformer.checkpoint_filter_fn(dict(state), other))
        return other(x)
    return forward


def swin_buffers(model, names):
    """Buffers that Microsoft's files carry and nobody needs."""
    return {name.replace("relative_position_bias_table", "relative_position_index"): torch.zeros(16, 16, dtype=torch.long)
            for name in names if name.endswith("relative_position_bias_table")}


def swin2_buffers(model, names):
    out = {}
    modules = [m for m in model.modules() if isinstance(m, swin_transformer_v2.WindowAttention)]
    scales = [name for name in names if name.endswith("logit_scale")]
    for module, name in zip(modules, scales):
        out[name.replace("logit_scale", "relative_coords_table")] = module.relative_coords_table.float()
        out[name.replace("logit_scale", "relative_position_index")] = torch.zeros(16, 16, dtype=torch.long)
    return out


def hf_swin(name, config_cls, cls, image=32, **more):
    settings = {k: more.pop(k) for k in ("pretrained_window_sizes",) if k in more}
    config = config_cls(image_size=image, patch_size=4, embed_dim=32, depths=[2, 2], num_heads=[1, 2], window_size=4,
                        mlp_ratio=2.0, num_labels=CLASSES, attn_implementation="eager", **settings)
    config.architectures = [cls.__name__]
    hf_case(name, "swin" if cls is hf.SwinForImageClassification else "swinv2", lambda: cls(config), config, size=image,
            forward=run_hf, **more)


# ---- BEiT -----------------------------------------------------------------------------------

def timm_beit(size=32, **more):
    settings = dict(img_size=size, patch_size=8, embed_dim=D, depth=LAYERS, num_heads=HEADS, mlp_ratio=2,
                    num_classes=CLASSES, init_values=0.1, use_abs_pos_emb=False, use_rel_pos_bias=True,
                    norm_layer=lambda d, **k: torch.nn.LayerNorm(d, 1e-6, **k))
    settings.update(more)
    return lambda: beit.Beit(**settings)


MM_BEIT = [r for r in MM_VIT if not r[0].startswith("^head")] + [(r"^head\.(weight|bias)", r"head.fc.\1")]
MODELSCOPE_BEIT = [(r"^(?!head)", "backbone."), (r"^head\.", "head.fc.")]


def beit_resized(make, tables):
    def forward(model, x, state):
        other = make().double().eval()
        new = {name: tables(name, value) if name.endswith("relative_position_bias_table") else value
               for name, value in state.items()}
        other.load_state_dict(new)
        return other(x)
    return forward


def timm_table(name, value):
    return timm.layers.resize_rel_pos_bias_table(value.float(), (6, 6), (124, value.shape[1]), (4, 4)).double()


def spline_table(name, value):
    """As mm does it: BEiT's geometric grid, then a cubic spline through it (SciPy's FITPACK)."""
    from scipy.interpolate import RectBivariateSpline
    ratio, left, right = 0.0, 1.01, 1.5
    while right - left > 1e-6:
        ratio = (left + right) / 2
        left, right = (left, ratio) if (1 - ratio ** 3) / (1 - ratio) > 5 else (ratio, right)
    far = [sum(ratio ** k for k in range(i + 1)) for i in range(3)]
    grid = [-d for d in reversed(far)] + [0.0] + far
    ends = numpy.clip(numpy.arange(-5, 6), grid[0], grid[-1])
    tables = [RectBivariateSpline(grid, grid, value[:-3, head].reshape(7, 7).numpy(), s=0)(ends, ends)
              for head in range(value.shape[1])]
    return torch.cat([torch.from_numpy(numpy.stack(tables, -1)).reshape(121, -1), value[-3:]])


def beit_cases():
    case("beit-timm", "beit", timm_beit(), library="timm", config={"architecture": "beit_base_patch16_224"},
         wrong={"tanh": tanh_gelu})
    case("beit-timm-eps", "beit", timm_beit(), wrong={"eps 1e-12": eps_wrong(1e-12)}, quiet=FAINT)
    case("beit-timm-positions", "beit", timm_beit(use_abs_pos_emb=True), library="timm")
    case("beit-timm-shared", "beit", timm_beit(use_rel_pos_bias=False, use_shared_rel_pos_bias=True), library="timm")
    case("beit-timm-resampled", "beit", timm_beit(), size=48, library="timm",
         forward=beit_resized(timm_beit(48), timm_table))
    case("beit-timm-token", "beit", timm_beit(global_pool="token"), library="timm",
         config={"architecture": "beit_base_patch16_224", "global_pool": "token"})
    case("beit-mm", "beit", timm_beit(), library="mm", names=MM_BEIT,
         config={"backbone": {"type": "BEiTViT", "arch": "base"}, "head": {"type": "LinearClsHead"}})
    case("beit-modelscope", "beit", timm_beit(), library="mm", names=MODELSCOPE_BEIT,
         config={"backbone": {"type": "BEiTv2", "arch": "base"}, "head": {"type": "LinearClsHead"}})
    hf_beit("beit-hf", {"use_relative_position_bias": True}, quiet=FAINT, wrong={"eps 1e-6": eps_wrong(1e-6)})
    hf_beit("beit-hf-shared", {"use_shared_relative_position_bias": True, "use_absolute_position_embeddings": True})
    hf_beit("beit-hf-absolute", {"use_absolute_position_embeddings": True, "layer_scale_init_value": 0.0})
    hf_beit("beit-hf-plain", {"use_mean_pooling": False})
    hf_beit("beit-hf-token", {"use_relative_position_bias": True, "use_mean_pooling": False})
    hf_beit("beit-hf-memory", {"use_relative_position_bias": True}, memory=True)
    hf_beit("beit-hf-memory-shared", {"use_shared_relative_position_bias": True}, memory=True)
    hf_beit("beit-hf-resampled", {"use_relative_position_bias": True}, size=48)
    case("beit-mm-resampled", "beit", timm_beit(), size=48, library="mm", names=MM_BEIT,
         forward=beit_resized(timm_beit(48), spline_table))


def hf_beit(name, changes, **more):
    config = hf_config(hf.BeitConfig, **{"layer_scale_init_value": 0.1, **changes})
    config.architectures = ["BeitForImageClassification"]
    hf_case(name, "beit", lambda: hf.BeitForImageClassification(config), config, forward=run_hf, **more)


# ---- Next-ViT -------------------------------------------------------------------------------

def next_vit():
    # Widths are fixed by the network; depths are the smallest that have every kind of block.
    return nextvit.NextViT(in_chans=3, depths=(1, 1, 5, 1), num_classes=CLASSES)


def modelscope_next_of(depths):
    """Blocks numbered through, MLPs of other words."""
    first = [sum(depths[:s]) for s in range(4)]

    def names(state):
        out = renamed(state, [(r"^stages\.(\d+)\.blocks\.(\d+)",
                               lambda m: "features.%d" % (first[int(m[1])] + int(m[2]))),
                              (r"mlp\.fc1", "mlp.conv1"), (r"mlp\.fc2", "mlp.conv2")])
        return {(name if name.startswith("head.") else "backbone." + name): value for name, value in out.items()}
    return names


def next_cases():
    case("nextvit-timm", "nextvit", next_vit, size=64, library="timm", kind="big")
    case("nextvit-modelscope", "nextvit", next_vit, size=64, library="mm", names=modelscope_next_of((1, 1, 5, 1)), kind="big",
         config={"backbone": {"type": "NextViT", "arch": "x_small"}, "head": {"type": "LinearClsHead"}})


# ---- Public sizes ---------------------------------------------------------------------------

def timm_full(name, family, rename=None, label=None, library="timm", config=None, back=None, **more):
    def make():
        return timm.create_model(name, pretrained=False)
    size = timm.models.get_pretrained_cfg(name).input_size[-1]
    full(label or name, family, make, size=size, library=library, names=rename, back=back,
         config=config or {"architecture": name}, **more)


def hf_full(name, family, config_cls, cls, **settings):
    config = config_cls(num_labels=1000, attn_implementation="eager", **settings)
    config.architectures = [cls.__name__]
    hf_case(name, family, lambda: cls(config), config, size=config.image_size, forward=run_hf, into=full)


def tv_full(name, family, size=224):
    full(name, family, lambda: getattr(torchvision.models, name)(weights=None), size=size)


def full_cases():
    for name in ("vit_b_16", "vit_b_32", "vit_l_16", "vit_h_14"):
        tv_full(name, "vit")
    for name in ("swin_t", "swin_s"):
        tv_full(name, "swin")
    tv_full("swin_v2_t", "swinv2", 256)
    for name in ("vit_tiny_patch16_224", "vit_small_patch32_224", "vit_base_patch16_224", "deit_tiny_patch16_224",
                 "deit3_small_patch16_224", "vit_base_patch16_clip_quickgelu_224"):
        timm_full(name, "vit")
    timm_full("deit_tiny_distilled_patch16_224", "deit")
    timm_full("beit_base_patch16_224", "beit")
    timm_full("beitv2_base_patch16_224", "beit")
    timm_full("swin_tiny_patch4_window7_224", "swin")
    timm_full("swin_base_patch4_window12_384", "swin")
    timm_full("swinv2_tiny_window8_256", "swinv2")
    timm_full("swinv2_tiny_window16_256", "swinv2")
    timm_full("swinv2_base_window12to16_192to256", "swinv2")
    timm_full("swin_large_patch4_window7_224", "swin")
    timm_full("beit_large_patch16_224", "beit")
    timm_full("nextvit_small", "nextvit")
    hf_full("hf-vit-base", "vit", hf.ViTConfig, hf.ViTForImageClassification)
    hf_full("hf-deit-small-distilled", "deit", hf.DeiTConfig, hf.DeiTForImageClassificationWithTeacher, hidden_size=384,
            intermediate_size=1536, num_attention_heads=6)
    hf_full("hf-beit-base", "beit", hf.BeitConfig, hf.BeitForImageClassification, use_relative_position_bias=True)
    hf_full("hf-swin-tiny", "swin", hf.SwinConfig, hf.SwinForImageClassification)
    hf_full("hf-swinv2-tiny", "swinv2", hf.Swinv2Config, hf.Swinv2ForImageClassification, image_size=256, window_size=8)
    timm_full("vit_base_patch16_224", "vit", MM_VIT, "mm-vit-base", "mm",
              {"backbone": {"type": "VisionTransformer", "arch": "b"}, "head": {"type": "VisionTransformerClsHead"}})
    timm_full("deit_tiny_distilled_patch16_224", "deit", MM_VIT, "mm-deit-tiny-distilled", "mm",
              {"backbone": {"type": "DistilledVisionTransformer", "arch": "deit-tiny"}, "head": {"type": "DeiTClsHead"}})
    timm_full("swin_tiny_patch4_window7_224", "swin", mm_swin(False, "norm3"), "mm-swin-tiny", "mm",
              {"backbone": {"type": "SwinTransformer", "arch": "tiny"}, "head": {"type": "LinearClsHead"}},
              back=mm_back(False))
    timm_full("swinv2_tiny_window8_256", "swinv2", mm_swin(True, "norm3"), "mm-swinv2-tiny", "mm",
              {"backbone": {"type": "SwinTransformerV2", "arch": "tiny", "window_size": [8, 8, 8, 8]},
               "head": {"type": "LinearClsHead"}}, back=mm_back(True))
    timm_full("beitv2_base_patch16_224", "beit", MODELSCOPE_BEIT, "modelscope-beitv2-base", "mm",
              {"backbone": {"type": "BEiTv2", "arch": "base"}, "head": {"type": "LinearClsHead"}})
    timm_full("nextvit_small", "nextvit", modelscope_next_of((3, 4, 10, 3)), "modelscope-nextvit-small", "mm",
              {"backbone": {"type": "NextViT", "arch": "small"}, "head": {"type": "LinearClsHead"}})


# ---- Making ---------------------------------------------------------------------------------

def weights_of(one, library_state, disk):
    """Names in the scheme -> (name in the library, shape, mean, spread, values)."""
    if one.names is None:
        there = {name: name for name in library_state}
    elif one.names is OnDisk:
        there = {name: disk.get(name) for name in library_state}
    else:
        rules = one.names if callable(one.names) else by_rules(one.names)
        there = {mine: theirs for theirs, mine in rules({n: n for n in library_state}).items()}
    out = {}
    for name, value in library_state.items():
        to = there[name]
        if to is None:
            continue
        if not value.is_floating_point():
            out[to] = (name, tuple(value.shape), None, None, numpy.zeros(value.shape, numpy.int64))
            continue
        shape = tuple(value.shape)
        mean, spread = formula.rule(to, shape)
        if "relative_coords_table" in to:
            out[to] = (name, shape, "values", None, value.float().numpy())
            continue
        for pattern, quiet_mean, quiet_spread in one.quiet:
            if re.search(pattern, to):
                mean, spread = quiet_mean, quiet_spread
        out[to] = (name, shape, mean, spread, formula.tensor(to, shape, mean, spread))
    return out


def compute(one):
    model = one.make().eval()
    disk = hf_disk_names(model) if one.names is OnDisk else None
    model = one.make().double().eval()
    library_state = {k: v.detach().clone() for k, v in model.state_dict().items()}
    weights = weights_of(one, library_state, disk)
    raw = {name: torch.from_numpy(value).double() if mean is not None else torch.from_numpy(value)
           for _, (name, _, mean, _, value) in weights.items()}
    for to, (name, _, mean, _, value) in weights.items():
        if mean is None or "relative_coords_table" in name:
            raw[name] = library_state[name]
    state = one.back(raw) if one.back else raw
    model.load_state_dict(state, strict=False)
    x = torch.from_numpy(formula.tensor("input", (1 if one in FULL else 2, 3, one.size, one.size), 0.0, 1.7)).double()

    def run(network):
        with torch.no_grad():
            return one.forward(network, x, state) if one.forward else network(x)
    y = run(model)
    wrong = {}
    for what, change in one.wrong.items():
        other = one.make().double().eval()
        other.load_state_dict(state, strict=False)
        with torch.no_grad():
            change(other, {"raw": raw, **state})
        bad = run(other)
        wrong[what] = float((bad - y).norm() / y.norm())
    extra = one.extra(model, list(weights)) if callable(one.extra) else one.extra
    return weights, extra, x, y, wrong


def texts(one):
    out = {}
    if one.library:
        out["imgcls.library"] = one.library
    if one.config:
        out["imgcls.config"] = json.dumps(one.config, sort_keys=True)
        name = one.config.get("architecture") or one.config.get("model_type") or one.config.get("backbone", {}).get("type")
        if name:
            out["imgcls.architecture"] = name
    out["imgcls.height"] = out["imgcls.width"] = str(one.size)
    return out


def write_fixture(one, folder):
    weights, extra, x, y, wrong = compute(one)
    lines = ["# made by tests/architectures/transformer_cases.py; do not edit", "family " + one.family]
    lines += ["text %s %s" % item for item in texts(one).items()]
    lines.append("input %s 0 1.7" % "x".join(map(str, x.shape)))
    for to, (_, shape, mean, spread, value) in weights.items():
        dims = "x".join(map(str, shape)) or "-"
        if mean is None:
            lines.append("whole %s %s" % (to, dims))
        elif mean == "values":
            lines.append("values %s %s %s" % (to, dims, " ".join("%.9g" % v for v in value.flatten())))
        else:
            lines.append("tensor %s %s %.9g %.9g" % (to, dims, mean, spread))
    for to, value in extra.items():
        dims = "x".join(map(str, value.shape)) or "-"
        if value.is_floating_point():
            lines.append("values %s %s %s" % (to, dims, " ".join("%.9g" % v for v in value.flatten().tolist())))
        else:
            lines.append("whole %s %s" % (to, dims))
    for what, far in wrong.items():
        lines.append("wrong %.3g %s" % (far, what))
        if not far > 2 * LIMIT:
            print("%s: the error '%s' moves logits by %.2g only" % (one.name, what, far))
    lines.append("output " + " ".join("%.17g" % v for v in y.flatten().tolist()))
    with open(os.path.join(folder, one.name + ".case"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def scheme_of(one):
    """Whose names these are, for the table."""
    words = {"timm": "timm", "transformers": "Hugging Face", "hf": "Hugging Face", "mm": "mmpretrain",
             "modelscope": "ModelScope", "microsoft": "Microsoft", "torchvision": "torchvision"}
    for word in one.name.replace("_", "-").split("-"):
        if word in words:
            return words[word]
    return words.get(one.library, "torchvision")


def write_folder(one, folder):
    """What a user has: weights, configuration, and beside them a known example."""
    from safetensors.numpy import save_file
    weights, extra, x, y, _ = compute(one)
    path = os.path.join(folder, one.name)
    os.makedirs(path, exist_ok=True)
    state = {to: torch.from_numpy(numpy.ascontiguousarray(value)) for to, (_, _, _, _, value) in weights.items()}
    state.update(extra)
    if one.library == "mm":
        torch.save({"meta": {"CLASSES": ["c%d" % i for i in range(y.shape[1])]}, "state_dict": state},
                   os.path.join(path, "pytorch_model.pt"))
        with open(os.path.join(path, "configuration.json"), "w") as file:
            json.dump({"framework": "pytorch", "task": "image-classification",
                       "model": {"type": "ClassificationModel", "mm_model": {"type": "ImageClassifier",
                                                                            **(one.config or {})}},
                       "preprocessor": {"val": [{"type": "Resize", "size": [one.size, -1], "backend": "pillow"},
                                                {"type": "CenterCrop", "crop_size": one.size},
                                                {"type": "Normalize", "mean": [123.675, 116.28, 103.53],
                                                 "std": [58.395, 57.12, 57.375], "to_rgb": True}]}}, file)
    elif one.library in ("timm", "transformers"):
        save_file({k: v.numpy() for k, v in state.items()}, os.path.join(path, "model.safetensors"))
        config = dict(one.config or {})
        if one.library == "timm":
            config.setdefault("architecture", {"vit": "vit_tiny_patch16_224", "deit": "deit_tiny_distilled_patch16_224",
                                               "swin": "swin_tiny_patch4_window7_224", "beit": "beit_base_patch16_224",
                                               "swinv2": "swinv2_tiny_window8_256", "nextvit": "nextvit_small"}[one.family])
            config["num_classes"] = int(y.shape[1])
            config["pretrained_cfg"] = {"input_size": [3, one.size, one.size], "crop_pct": 1.0}
        with open(os.path.join(path, "config.json"), "w") as file:
            json.dump(config, file)
        if one.library == "transformers":
            with open(os.path.join(path, "preprocessor_config.json"), "w") as file:
                json.dump({"do_resize": True, "do_center_crop": False, "size": {"height": one.size, "width": one.size}, "do_normalize": True,
                           "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "resample": 2}, file)
    else:
        torch.save(state, os.path.join(path, "checkpoint.pt"))
    numpy.savez(os.path.join(path, "reference.npz"), input=x.float().numpy(), output=y.float().numpy())
    with open(os.path.join(path, "case.json"), "w") as file:
        known = {"architecture": one.family, "names": scheme_of(one), "path": ""}
        if not one.library:  # a bare file says nothing of the size
            known.update(path="checkpoint.pt", shape=list(x.shape))
        json.dump(known, file)


def main():
    vit_cases()
    swin_cases()
    beit_cases()
    next_cases()
    full_cases()
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command == "list":
        print("\n".join(one.name for one in CASES + FULL))
        return
    if command not in ("fixtures", "folders", "full") or len(sys.argv) < 3:
        sys.exit(__doc__)
    os.makedirs(sys.argv[2], exist_ok=True)
    for one in FULL if command == "full" else CASES:
        if not sys.argv[3:] or one.name in sys.argv[3:]:
            (write_fixture if command == "fixtures" else write_folder)(one, sys.argv[2])


if __name__ == "__main__":
    main()
