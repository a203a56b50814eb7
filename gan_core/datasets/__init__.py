"""Data sets: one module each, all through one uint8 cache.

`prepare` is the door: it gives the images ready for training, from the cache when they are there. Pixels stay uint8
until a batch is made (`gan_core.datasets.batches`); nothing here needs torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from gan_core.access import Actor, Refused
from gan_core.access.classroom import check_folder, limits_of
from gan_core.config import DatasetConfig
from gan_core.config.registry import Registry, load
from gan_core.datasets import cache, sampling
from gan_core.datasets.base import (
    Dataset,
    DatasetEntry,
    Pair,
    PointSource,
    Progress,
    Source,
    Uint8Array,
    content_digest,
)  # fmt: skip
from gan_core.datasets.sources.decoding import MAX_SKIPPED_NAMED, PictureFiles, as_utf8

__all__ = [
    "DATASETS", "Dataset", "DatasetEntry", "check_allowed", "count", "image_shape", "is_prepared", "label_names", "labels", "left_out", "numbered",
    "order", "pairs", "prepare", "preview", "some",
]  # fmt: skip

DATASETS: Registry[DatasetEntry] = Registry(
    "data set",
    {
        "mnist5k": DatasetEntry(
            title="Handwritten digits (MNIST, 5,000)",
            description=(
                "5,000 real handwritten digits, 28x28 grey, padded to 32x32: 4,500 for training, 500 held out for testing. "
                "Included."
            ),
            source="gan_core.datasets.sources.mnist5k:SOURCE",
            usual_size=32,
            usual_channels=1,
            preparation="pad",
            mirrored_is_false=True,
            mixed=True,
        ),
        "faces": DatasetEntry(
            title="Cartoon faces (rendered, 40,000)",
            description=(
                "Rendered colour portraits with varying light, pose, hair, glasses and hats; 13 attributes with CelebA's names "
                "(Male, Smiling, Eyeglasses ...). 40,000 for training and 2,621 for testing by default, up to 202,599. They are "
                "drawings: what is learned says nothing about real people."
            ),
            source="gan_core.datasets.sources.faces:SOURCE",
            preparation="draw",
            exclusive_labels=False,
            mixed=True,
        ),
        "blocks": DatasetEntry(
            title="Blocks on a floor (rendered, 18,009)",
            description=(
                "One to three of 24 objects (8 colours; cube, sphere or cylinder) on a lit floor, rendered like i-CLEVR. Labels "
                "say which objects are present."
            ),
            source="gan_core.datasets.sources.blocks:SOURCE",
            preparation="draw",
            exclusive_labels=False,
            mixed=True,
        ),
        "stacked-mnist": DatasetEntry(
            title="Stacked digits (1,000 modes)",
            description=(
                "Three handwritten digits in one image, red, green and blue: 1,000 combinations, to count how many a model "
                "generates. 26,000 for training by default."
            ),
            source="gan_core.datasets.sources.stacked_mnist:SOURCE",
            usual_size=32,
            preparation="draw",
            exclusive_labels=False,
            mirrored_is_false=True,
            mixed=True,
        ),
        "folder": DatasetEntry(
            title="A folder of pictures",
            description=(
                "Your own images: all in one folder, or one subfolder per class (the ImageFolder layout), optionally inside "
                "folders for training and testing (train and test, or val), at any depth. PNG, JPEG, BMP, GIF and WEBP are "
                "read: upright, 16-bit grey as v / 257, transparency on white. Each is resized to fit its shorter side, then "
                "centre-cropped to a square. Unused files are listed."
            ),
            needs_root=True,
            source="gan_core.datasets.sources.folder:SOURCE",
        ),
        "ring8": DatasetEntry(
            title="Eight spots on a ring (2-D)",
            description="Points around eight centres on a circle: small enough to plot everything that a GAN does.",
            source="gan_core.datasets.sources.toys:RING8",
            domain="points",
            mixed=True,
        ),
        "grid25": DatasetEntry(
            title="Twenty-five spots on a grid (2-D)",
            description="Points around the twenty-five nodes of a 5x5 grid: modes are easily lost here.",
            source="gan_core.datasets.sources.toys:GRID25",
            domain="points",
            mixed=True,
        ),
        "points": DatasetEntry(
            title="Your own points (2-D)",
            description=(
                "Points that you drew on the Data page, or a file with two columns of numbers (CSV or JSON), of any shape."
            ),
            needs_root=True,
            source="gan_core.datasets.sources.points:SOURCE",
            domain="points",
        ),
        "celeba": DatasetEntry(
            title="CelebA (your copy)",
            description=(
                "202,599 photographs of faces with 40 attributes: a folder with img_align_celeba/, list_attr_celeba.txt and "
                "list_eval_partition.txt, or Kaggle's with lists in CSV. Official splits; if some images are missing, those "
                "that are present."
            ),
            needs_root=True,
            source="gan_core.datasets.sources.celeba:SOURCE",
            exclusive_labels=False,
        ),
        "iclevr": DatasetEntry(
            title="i-CLEVR (your copy)",
            description=(
                "18,009 images with one to three of 24 objects: a folder with images/, train.json, objects.json, test.json and "
                "new_test.json."
            ),
            needs_root=True,
            source="gan_core.datasets.sources.iclevr:SOURCE",
            exclusive_labels=False,
        ),
        "mnist": DatasetEntry(
            title="MNIST (your copy)",
            description="60,000 handwritten digits and 10,000 for testing, 28x28 grey, in torchvision's format.",
            needs_root=True,
            source="gan_core.datasets.sources.torchvision_sets:MNIST",
            usual_size=32,
            usual_channels=1,
            preparation="pad",
            mirrored_is_false=True,
        ),
        "fashion-mnist": DatasetEntry(
            title="Fashion-MNIST (your copy)",
            description="60,000 garments in ten classes and 10,000 for testing, 28x28 grey, in torchvision's format.",
            needs_root=True,
            source="gan_core.datasets.sources.torchvision_sets:FASHION_MNIST",
            usual_size=32,
            usual_channels=1,
            preparation="pad",
        ),
        "cifar10": DatasetEntry(
            title="CIFAR-10 (your copy)",
            description="50,000 photographs in ten classes and 10,000 for testing, 32x32 colour, in torchvision's format.",
            needs_root=True,
            source="gan_core.datasets.sources.torchvision_sets:CIFAR10",
            usual_size=32,
        ),
    },
)


def prepare(config: DatasetConfig, progress: Progress | None = None) -> Dataset:
    """The data set, decoded and preprocessed; built into the cache the first time.

    Args:
        config: which data set, folder, size, channels, how many.
        progress: called with (done, total) while pictures are decoded.

    Raises:
        ValueError: if the name is unknown, the folder or a readable picture in it is missing, it is more than the visitor whose
            process this is may use, or the cache cannot be written.
    """
    source = _source(config)
    if limits_of() is not None and not is_prepared(config):
        check_allowed(config)
    if isinstance(source, PointSource):
        dataset = source.load(config)
        dataset = replace(dataset, digest=content_digest(dataset.images, dataset.labels, dataset.label_names))
    else:
        dataset = cache.fetch(config, source, progress or (lambda done, total: None))
    mixed = DATASETS[config.name].mixed
    return replace(dataset, mixed=mixed, flip=config.flip, rotation_degrees=config.rotation_degrees)


def order(config: DatasetConfig) -> sampling.Numbers:
    """The numbers of all images of the split in the order in which a part of them is taken.

    Those of a configuration with `num_images` = n are the first n, sorted. Raises ValueError as `prepare` does.
    """
    if DATASETS.find(config.name).mixed:
        return np.arange(count(config))
    return sampling.order(labels(config.model_copy(update={"num_images": 0})))


def some(config: DatasetConfig, wanted: int, after: int = 0, progress: Progress | None = None) -> Dataset:
    """A sample of `wanted` of a configuration's images: those that follow the first `after` in the order of `order`, in that order.

    So fewer are the first of more. Fewer than asked for if there are no more, or some cannot be read. The whole is not
    decoded for them. Raises ValueError as `prepare` does.
    """
    ordered = order(config)[: count(config)]
    end = min(after + wanted, len(ordered))
    if end < len(ordered) and not is_prepared(config):
        config, ordered = config.model_copy(update={"num_images": end}), ordered[:end]
    prepared = prepare(config, progress)
    there = np.delete(np.sort(ordered), prepared.unread)
    places = np.searchsorted(there, ordered[after:end])
    readable = np.append(there, -1)[places] == ordered[after:end]
    return prepared.part(places[readable])


def is_prepared(config: DatasetConfig) -> bool:
    """Whether `prepare` would return at once. Raises ValueError as `prepare` does."""
    source = _source(config)
    return isinstance(source, PointSource) or cache.holds(config, source)


def count(config: DatasetConfig) -> int:
    """Number of training images, unreadable ones included. Raises ValueError as `prepare` does."""
    return _source(config).count(config)


def image_shape(config: DatasetConfig) -> tuple[int, ...]:
    """The shape of one sample: (channels, height, width), or (2,) for points."""
    if DATASETS.find(config.name).domain == "points":
        return (2,)
    return config.channels, config.image_size, config.image_size


def label_names(config: DatasetConfig) -> tuple[str, ...]:
    """The names of the data set's labels, without preparing it. Raises ValueError as `prepare` does."""
    return _source(config).label_names(config)


def labels(config: DatasetConfig) -> Uint8Array:
    """The labels of all images, uint8 (N, L), without preparing them. Raises ValueError as `prepare` does."""
    return _source(config).labels(config)


def left_out(config: DatasetConfig) -> tuple[tuple[tuple[str, str], ...], int]:
    """(file, reason) of the files that the data set's folder holds and that are not used, the first of them, and how many.

    Which pictures cannot be read is known once the data set is prepared. Raises ValueError as `prepare` does.
    """
    source = _source(config)
    if not isinstance(source, PictureFiles):
        return (), 0
    if (prepared := cache.skipped(config, source)) is not None:
        return prepared
    found = source.left_out(config)
    return tuple((as_utf8(file), reason) for file, reason in found[:MAX_SKIPPED_NAMED]), len(found)


def pairs(config: DatasetConfig, indices: Sequence[int]) -> list[Pair]:
    """The readable images with these numbers, before and after preprocessing. Raises ValueError as `prepare` does."""
    return list(numbered(config, indices).values())


def numbered(config: DatasetConfig, indices: Sequence[int]) -> dict[int, Pair]:
    """The readable ones of the images with these numbers: number -> the two of `pairs`. Raises ValueError as `prepare` does."""
    found = zip(indices, _source(config).pairs(config, indices), strict=False)
    return {index: pair for index, pair in found if pair is not None}


def preview(config: DatasetConfig, count: int) -> list[Pair]:
    """A sample of `count` readable pictures, as `pairs`; none for points. Raises ValueError as `prepare` does."""
    source = _source(config)
    if isinstance(source, PointSource):
        return []
    chosen = range(source.count(config)) if DATASETS[config.name].mixed else sampling.order(source.labels(config))
    tried = [int(number) for number in chosen[: 10 * count]]  # some may be unreadable; do not search for ever
    found = (pair for pair in source.pairs(config, tried) if pair is not None)
    return list(islice(found, min(count, len(tried))))


def check_allowed(config: DatasetConfig, actor: Actor | None = None) -> None:
    """Refuses pictures that are larger than a student may use, or that take more room, prepared, than a student may keep.

    Args:
        config: which.
        actor: on whose behalf; None for `access.current`.

    Raises:
        Refused: with the limit, the value and what to change.
        ValueError: as `prepare`.
    """
    limits = limits_of(actor)
    if limits is None:
        return
    if config.image_size > limits.image_size:
        raise Refused(
            f"This data set has {config.image_size:,} pixels per side; a student may use {limits.image_size:,}. Choose a "
            "smaller dataset.image_size."
        )
    num_bytes = count(config) * math.prod(image_shape(config))
    if num_bytes / 1e9 > limits.gigabytes:
        raise Refused(
            f"Prepared, this data set takes {num_bytes / 1e9:.4g} GB; a student may keep {limits.gigabytes:g} GB. Choose a "
            "smaller dataset.image_size, or fewer images: dataset.num_images."
        )


def _source(config: DatasetConfig) -> Source | PointSource:
    entry = DATASETS.find(config.name)
    if entry.needs_root and not config.root:
        what, whose = ("file", "points") if entry.domain == "points" else ("folder", "pictures")
        raise ValueError(
            f"The data set '{config.name}' needs a {what}: set dataset.root to the {what} of your {whose}."
        )
    if config.root:
        check_folder(config.root)
    if entry.domain == "points" and (config.flip or config.rotation_degrees):
        raise ValueError(
            "Points in the plane are used as they are. Turn dataset.flip off and set dataset.rotation_degrees to 0."
        )
    source: Source | PointSource = load(entry.source)
    return source
