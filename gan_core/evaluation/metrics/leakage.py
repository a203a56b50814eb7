"""Marks that an augmentation leaves where G has learned to draw it: cut-out squares and the margins of shifted images."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.features import in_batches
from gan_core.evaluation.metrics.base import Images, Material, Metric, Report, Weighted, of_each_image

Mask = npt.NDArray[np.bool_]
NEAR = 13  # levels of 255 from mid-grey, to which `gan_core.models.augmentation` sets what it cuts out: a tenth of either half
FILLED = 0.9  # share of a place that is mid-grey
BLANK = 0.6  # share of an image that is mid-grey: more is no mark but an image of nothing
FEWEST_PX = 8
BATCH = 250  # images


def marks(images: Images, report: Callable[[int], None] = lambda done: None) -> tuple[Mask, Mask]:
    """Which images have a mid-grey square of a quarter of their side, as every cut-out leaves at least, and which a mid-grey outermost
    row or column, as every shift does: (N,), (N,). Images that are grey all over have neither.

    Raises ValueError if the images (N, C, H, W) are smaller than 8 px.
    """
    if images.ndim != 4 or min(images.shape[2:]) < FEWEST_PX:
        raise ValueError(
            f"Traces of augmentation are searched for in images (N, C, H, W) of at least {FEWEST_PX} px; got {images.shape}."
        )
    parts = in_batches(len(images), lambda part: _marks(images[part]), report, BATCH)
    cut, shifted = np.concatenate(parts, axis=1) if parts else np.zeros((2, 0), np.bool_)
    return cut, shifted


def _marks(images: Images) -> Mask:
    """Both marks, (2, N)."""
    grey = (np.abs(images.astype(np.float32) - 127.5) <= NEAR).all(axis=1)
    side = min(grey.shape[1:]) // 4
    sums = np.pad(grey, ((0, 0), (1, 0), (1, 0))).cumsum(axis=1, dtype=np.int32).cumsum(axis=2)
    squares = sums[:, side:, side:] - sums[:, :-side, side:] - sums[:, side:, :-side] + sums[:, :-side, :-side]
    borders = [line.mean(axis=1) for line in (grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1])]
    found = np.stack([squares.max(axis=(1, 2)) >= FILLED * side**2, np.max(borders, axis=0) >= FILLED])
    return np.asarray(found & (grey.mean(axis=(1, 2)) <= BLANK))


def _weighted(material: Material, report: Report) -> Weighted | None:
    if min(material.fake_images.shape[2:]) < FEWEST_PX:
        return None
    total = len(material.fake_images)
    cut, shifted = marks(material.fake_images, lambda done: report("searching for traces of augmentation", done, total))
    real = np.logical_or(*marks(material.real_images))
    note = f" Here {cut.mean():.1%} grey squares and {shifted.mean():.1%} grey margins."
    return of_each_image(cut | shifted, len(real), total, float(real.mean()), note)


AUGMENTATION_LEAK = Metric(
    "augmentation_leak", "Traces of augmentation",
    "Share of images with a mid-grey square or a mid-grey margin, as left by cut-outs and shifts. More than in real images "
    "means that G reproduces the augmentation; with grey data it cannot be detected.",
    needs=frozenset({"pixels"}), direction="real", weighted=_weighted, highest=1.0,
)  # fmt: skip
