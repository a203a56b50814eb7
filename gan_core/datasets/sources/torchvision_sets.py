"""`mnist`, `fashion-mnist`, `cifar10`: the sets as torchvision keeps them on disk. Nothing is downloaded unasked.

Counting reads file headers only; torch is imported when pictures are loaded.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from gan_core.config import DatasetConfig
from gan_core.datasets import sampling
from gan_core.datasets.base import Uint8Array
from gan_core.datasets.sources import mnist5k
from gan_core.datasets.sources.decoding import digest_of, existing_folder

GARMENTS = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@dataclass(frozen=True)
class TorchvisionSet(mnist5k.PictureArrays):
    """A `Source` that reads one of torchvision's data sets.

    Attributes:
        class_name: in torchvision.datasets.
        command: what `python -m gan_core download` calls it.
        names: of its ten classes.
        train_files, test_files: what must be there, relative to the root.
        batch_size: pictures in each file when files have no header that says so; 0 for MNIST's format.
    """

    class_name: str
    command: str
    names: tuple[str, ...]
    train_files: tuple[str, ...]
    test_files: tuple[str, ...]
    batch_size: int = 0

    def fingerprint(self, config: DatasetConfig) -> str:
        rule = f" {sampling.RULE}" if config.num_images else ""
        return f"{self.class_name} {config.split} {digest_of(*self._files(config))}{rule}"

    def count(self, config: DatasetConfig) -> int:
        root, files = self._files(config)
        if self.batch_size:
            total = self.batch_size * len(files)
        else:
            with (root / files[0]).open("rb") as file:
                header = file.read(8)
            if len(header) < 8:
                raise ValueError(f"'{root / files[0]}' is cut short. {self._way_out(config.root)}")
            total = struct.unpack(">ii", header)[1]  # magic number, pictures
        return min(config.num_images or total, total)

    def label_names(self, config: DatasetConfig) -> tuple[str, ...]:
        return self.names

    def preprocess(self, picture: Uint8Array, config: DatasetConfig) -> Image.Image:
        """28x28 pictures get a black margin to 32x32, as in `mnist5k`."""
        if picture.ndim == 2:
            return super().preprocess(picture, config)
        converted = Image.fromarray(picture).convert("L" if config.channels == 1 else "RGB")
        size = (config.image_size, config.image_size)
        return converted if converted.size == size else converted.resize(size, Image.Resampling.BILINEAR)

    def load(self, config: DatasetConfig) -> tuple[Uint8Array, Uint8Array]:
        root, _ = self._files(config)
        import torchvision

        try:
            data = getattr(torchvision.datasets, self.class_name)(str(root), train=config.split == "train")
        except (RuntimeError, OSError, ValueError, KeyError, EOFError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ValueError(
                f"torchvision cannot read {self.class_name} in '{config.root}' ({reason}). {self._way_out(config.root)}"
            ) from error
        images, classes = np.asarray(data.data, np.uint8), np.asarray(data.targets, np.uint8)
        if len(images) != len(classes):
            raise ValueError(
                f"{self.class_name} in '{config.root}' has {len(images)} pictures and {len(classes)} labels. "
                f"{self._way_out(config.root)}"
            )
        if not config.num_images:
            return images, classes
        chosen = sampling.sample(np.eye(len(self.names), dtype=np.uint8)[classes], config.num_images)
        return images[chosen], classes[chosen]

    def _files(self, config: DatasetConfig) -> tuple[Path, list[Path]]:
        root = existing_folder(config.root, self._way_out(config.root))
        files = [Path(name) for name in (self.train_files if config.split == "train" else self.test_files)]
        missing = [path for path in files if not (root / path).is_file()]
        if missing:
            raise ValueError(f"'{config.root}' holds no {missing[0].as_posix()}. {self._way_out(config.root)}")
        return root, files

    def _way_out(self, root: str) -> str:
        return f"To download the files: python -m gan_core download {self.command} --root '{root}'; dataset.root is that folder."


def _idx(class_name: str, part: str) -> tuple[str, ...]:
    """MNIST's two files of one part, pictures first."""
    return f"{class_name}/raw/{part}-images-idx3-ubyte", f"{class_name}/raw/{part}-labels-idx1-ubyte"


MNIST = TorchvisionSet("MNIST", "mnist", mnist5k.DIGITS, _idx("MNIST", "train"), _idx("MNIST", "t10k"))
FASHION_MNIST = TorchvisionSet(
    "FashionMNIST", "fashion-mnist", GARMENTS, _idx("FashionMNIST", "train"), _idx("FashionMNIST", "t10k")
)
CIFAR10 = TorchvisionSet(
    "CIFAR10",
    "cifar10",
    THINGS,
    tuple(f"cifar-10-batches-py/data_batch_{number}" for number in range(1, 6)),
    ("cifar-10-batches-py/test_batch",),
    batch_size=10_000,
)
