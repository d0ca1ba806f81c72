"""tests/e2e/peer_pipelines.py - how Python's users get from a picture's file to a tensor

Pillow as timm and torchvision use it, and OpenCV as OpenVINO's accuracy checker does. Both leave
nothing undone that is easy to do: one thread each, normalising in two numpy passes with constants
worked out beforehand. Used by evaluation_race.py and tests/pictures/picture_race.py.

SPDX-License-Identifier: Apache-2.0
"""
import numpy as np

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
RECIPES = {
    "imagenet": dict(text="imagenet", resize=256, crop=224, filter="bilinear", bgr=False,
                     scale=1 / 255, mean=IMAGENET_MEAN, std=IMAGENET_STD),
    "bicubic": dict(text="resize=256,filter=bicubic,crop=224,mean=0.485/0.456/0.406,"
                         "std=0.229/0.224/0.225",
                    resize=256, crop=224, filter="bicubic", bgr=False, scale=1 / 255,
                    mean=IMAGENET_MEAN, std=IMAGENET_STD),
    "caffe": dict(text="caffe", resize=256, crop=224, filter="bilinear", bgr=True, scale=1,
                  mean=(104, 117, 123), std=(1, 1, 1)),
}


class Pipeline:
    def __init__(self, recipe):
        self.recipe = recipe
        mean, std = (np.array(recipe[k], "float32") for k in ("mean", "std"))
        self.factor = (np.float32(recipe["scale"]) / std).astype("float32")
        self.shift = (mean / std).astype("float32")

    def resized(self, width, height):
        """torchvision's Resize: the short side, the long one cut off."""
        size = self.recipe["resize"]
        short = min(width, height)
        return int(size * width / short), int(size * height / short)

    def offset(self, width, height):
        crop = self.recipe["crop"]
        return int(round((width - crop) / 2)), int(round((height - crop) / 2))

    def planes(self, pixels):
        """uint8 rows of pixels to float32 planes, 1 x 3 x crop x crop."""
        x = np.multiply(pixels, self.factor, dtype="float32")
        x -= self.shift
        return np.ascontiguousarray(x.transpose(2, 0, 1))[None]


class Pillow(Pipeline):
    name = "Pillow"

    def __init__(self, recipe):
        from PIL import Image
        super().__init__(recipe)
        self.image = Image
        self.filter = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}[recipe["filter"]]

    def decode(self, path):
        return self.image.open(path).convert("RGB")

    def resize(self, picture):
        return picture.resize(self.resized(*picture.size), self.filter)

    def tensor(self, path):
        picture = self.resize(self.decode(path))
        left, top = self.offset(*picture.size)
        crop = self.recipe["crop"]
        pixels = np.asarray(picture.crop((left, top, left + crop, top + crop)))
        return self.planes(pixels[..., ::-1] if self.recipe["bgr"] else pixels)


class OpenCV(Pipeline):
    name = "OpenCV"

    def __init__(self, recipe):
        import cv2
        super().__init__(recipe)
        cv2.setNumThreads(1)
        self.cv2 = cv2
        self.filter = {"bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC}[recipe["filter"]]

    def decode(self, path):
        return self.cv2.imread(path, self.cv2.IMREAD_COLOR)

    def resize(self, picture):
        height, width = picture.shape[:2]
        return self.cv2.resize(picture, self.resized(width, height), interpolation=self.filter)

    def tensor(self, path):
        picture = self.resize(self.decode(path))
        crop = self.recipe["crop"]
        left, top = self.offset(picture.shape[1], picture.shape[0])
        pixels = picture[top:top + crop, left:left + crop]
        return self.planes(pixels if self.recipe["bgr"] else pixels[..., ::-1])
