"""Data sets: one module each, all through one uint8 cache.

`prepare` is the door: it gives the images ready for training, from the cache when they are there. Pixels stay uint8
until a batch is made (`gan_core.datasets.batches`); nothing here needs torch.
"""

from __future__ import annotations

from PIL import Image

from gan_core.config import DatasetConfig
from gan_core.datasets import cache
from gan_core.datasets.base import Dataset, DatasetEntry, Progress, Source
from gan_core.registry import Registry, load

__all__ = ["DATASETS", "Dataset", "DatasetEntry", "count", "prepare", "preview"]

DATASETS: Registry[DatasetEntry] = Registry(
    "data set",
    {
        "mnist5k": DatasetEntry(
            title="Handwritten digits (MNIST, 5,000)",
            description=(
                "5,000 real handwritten digits, 500 of each, 28x28 grey, padded to 32x32. Comes with the program."
            ),
            needs_root=False,
            source="gan_core.datasets.mnist5k:SOURCE",
        ),
        "folder": DatasetEntry(
            title="A folder of pictures",
            description=(
                "Your own pictures: all in one folder, or one subfolder a class (the ImageFolder layout). "
                "Each is resized so that its shorter side fits, then cut to the square in its middle."
            ),
            needs_root=True,
            source="gan_core.datasets.folder:SOURCE",
        ),
    },
)


def prepare(config: DatasetConfig, progress: Progress | None = None) -> Dataset:
    """The data set, decoded and preprocessed; built into the cache the first time.

    Args:
        config: which data set, folder, size, channels, how many.
        progress: called with (done, total) while pictures are decoded.

    Raises:
        ValueError: unknown name, no such folder, no readable picture in it, or a cache that cannot be written.
    """
    return cache.fetch(config, _source(config), progress or (lambda done, total: None))


def count(config: DatasetConfig) -> int:
    """How many images training would see, not counting that some may turn out unreadable.

    Raises:
        ValueError: as `prepare`.
    """
    return _source(config).count(config)


def preview(config: DatasetConfig, count: int) -> list[tuple[Image.Image, Image.Image]]:
    """The first `count` readable pictures, each before and after preprocessing.

    Raises:
        ValueError: as `prepare`.
    """
    return _source(config).preview(config, count)


def _source(config: DatasetConfig) -> Source:
    entry = DATASETS.find(config.name)
    if entry.needs_root and not config.root:
        raise ValueError(
            f"The data set '{config.name}' needs a folder: set dataset.root to the folder of your pictures."
        )
    source: Source = load(entry.source)
    return source
