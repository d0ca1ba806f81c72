#!/usr/bin/env python3
"""Makes everything in eval/sample: two small classifiers of handwritten digits and the pictures to test them on.

    train.py [OUT]      (needs: pip install torch==2.13.0 onnx==1.23.0 scikit-learn pillow numpy)

The digits are scikit-learn's: 1,797 pictures of 8 x 8 pixels in 17 gray levels, written by 43 people (Alpaydin and
Kaynak, UCI repository, 1998). Every fifth of a class, in the order of the set, is held out; the rest is for training.

OUT/val/DIGIT/NNNN.png              the held-out pictures, NNNN their place in scikit-learn's set
OUT/labels.txt                      the ten class names, in index order
OUT/lenet5/, OUT/vit_tiny/          model.onnx (opset 17, open batch), test_data_set_0 with the output computed in
                                    float64, and recipe.txt, the preprocessing that --preprocess takes
OUT/reference.csv                   model, file, the class that PyTorch answers
Training is seeded, but thread count and PyTorch version move the last bits: what is committed is one run of it.
"""
import os, sys

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from PIL import Image
from sklearn.datasets import load_digits
from torch import nn

LABELS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


class LeNet5(nn.Module):
    """LeCun et al. 1998, with the tanh and average pooling of the paper, on 1 x 32 x 32."""

    recipe = "resize=32,filter=bilinear,color=gray,range=1,mean=0.3,std=0.35"

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(),
                                      nn.AvgPool2d(2), nn.Conv2d(16, 120, 5), nn.Tanh())
        self.classifier = nn.Sequential(nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10))

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        batch, tokens, dim = x.shape
        q, k, v = self.qkv(x).reshape(batch, tokens, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        weights = (q @ k.transpose(-2, -1) * (dim // self.heads) ** -0.5).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(batch, tokens, dim))


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class VitTiny(nn.Module):
    """A vision transformer (Dosovitskiy et al. 2021) of three blocks on 3 x 32 x 32, patches of 8."""

    recipe = "resize=32,filter=bicubic,color=rgb,range=1,mean=0.5/0.5/0.5,std=0.5/0.5/0.5"

    def __init__(self, dim=48, heads=3, depth=3):
        super().__init__()
        self.patch_embed = nn.Conv2d(3, dim, 8, 8)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(0.02 * torch.randn(1, 17, dim))
        self.blocks = nn.Sequential(*(Block(dim, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.head = nn.Linear(dim, 10)

    def forward(self, x):
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], 1) + self.pos_embed
        return self.head(self.norm(self.blocks(x))[:, 0])


def preprocess(picture, recipe):
    """What the recipe's text says, by Pillow and float32 arithmetic."""
    keys = dict(part.split("=") for part in recipe.split(","))
    size = int(keys["resize"])
    picture = picture.convert("L" if keys["color"] == "gray" else "RGB")
    picture = picture.resize((size, size), getattr(Image.Resampling, keys["filter"].upper()))
    pixels = np.asarray(picture, np.float32).reshape(size, size, -1).transpose(2, 0, 1) / np.float32(255)
    mean, std = (np.array([float(v) for v in keys[k].split("/")], np.float32)[:, None, None] for k in ("mean", "std"))
    return torch.from_numpy((pixels - mean) / std)


def train(build, pictures, labels, epochs):
    torch.manual_seed(0)
    model = build()
    optimiser = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    for _ in range(epochs):
        for batch in torch.randperm(len(labels)).split(64):
            x = torch.roll(pictures[batch], tuple(torch.randint(-2, 3, (2,)).tolist()), (2, 3))
            loss = nn.functional.cross_entropy(model(x), labels[batch], label_smoothing=0.05)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        schedule.step()
    return model.eval()


def export(model, x, folder):
    os.makedirs(f"{folder}/test_data_set_0", exist_ok=True)
    torch.onnx.export(model, (x,), f"{folder}/model.onnx", dynamo=False, opset_version=17, input_names=["input"],
                      output_names=["output"], dynamic_axes={"input": {0: "N"}, "output": {0: "N"}})
    with torch.no_grad():
        y = model.double()(x.double()).float()
    model.float()
    for tensor, name, file in ((x, "input", "input_0"), (y, "output", "output_0")):
        with open(f"{folder}/test_data_set_0/{file}.pb", "wb") as f:
            f.write(numpy_helper.from_array(tensor.numpy(), name).SerializeToString())
    with open(f"{folder}/recipe.txt", "w") as f:
        f.write(model.recipe + "\n")


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    torch.set_num_threads(1)
    digits = load_digits()
    seen = [0] * 10
    pictures, held_out = [], []
    for i, (pixels, label) in enumerate(zip(digits.images, digits.target)):
        picture = Image.fromarray(np.rint(pixels * 255 / 16).astype(np.uint8))
        seen[label] += 1
        (held_out if seen[label] % 5 == 0 else pictures).append((i, picture, int(label)))
    for i, picture, label in held_out:
        os.makedirs(f"{out}/val/{label}", exist_ok=True)
        picture.save(f"{out}/val/{label}/{i:04d}.png", optimize=True)
    with open(f"{out}/labels.txt", "w") as f:
        f.write("\n".join(LABELS) + "\n")
    with open(f"{out}/reference.csv", "w") as f:
        f.write("model,file,top1\n")
        for name, build, epochs in (("lenet5", LeNet5, 40), ("vit_tiny", VitTiny, 120)):
            inputs = torch.stack([preprocess(p, build.recipe) for _, p, _ in pictures])
            model = train(build, inputs, torch.tensor([label for _, _, label in pictures]), epochs)
            tests = torch.stack([preprocess(p, build.recipe) for _, p, _ in held_out])
            with torch.no_grad():
                answers = model(tests).argmax(1).tolist()
            right = sum(a == label for a, (_, _, label) in zip(answers, held_out))
            print(f"{name}: {right} of {len(held_out)} held-out pictures")
            for answer, (i, _, label) in zip(answers, held_out):
                f.write(f"{name},{label}/{i:04d}.png,{answer}\n")
            export(model, tests[:1].clone(), f"{out}/{name}")


if __name__ == "__main__":
    main()
