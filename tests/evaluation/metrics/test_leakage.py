"""Marks of augmentation: found where images were augmented on purpose, and not in real ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets.batches import to_signed, to_uint8
from gan_core.evaluation.features import ImageFeatures
from gan_core.evaluation.metrics import METRICS, Material, silent
from gan_core.evaluation.metrics.leakage import marks
from gan_core.models.augmentation import AUGMENTATIONS

COUNT = 200


def real(name: str = "mnist5k", channels: int = 1) -> np.ndarray:
    config = DatasetConfig(name=name, image_size=32, channels=channels, num_images=COUNT)
    return np.array(datasets.prepare(config).images)


def augmented(images: np.ndarray, kind: str) -> np.ndarray:
    return to_uint8(AUGMENTATIONS[kind].apply(to_signed(torch.from_numpy(images)), torch.Generator().manual_seed(0)))


def shares(images: np.ndarray) -> tuple[float, float]:
    cut, shifted = marks(images)
    return float(cut.mean()), float(shifted.mean())


@pytest.mark.parametrize(("name", "channels"), [("mnist5k", 1), ("faces", 3)])
def test_images_augmented_on_purpose_are_found_and_real_ones_are_not(name, channels):
    images = real(name, channels)
    assert max(shares(images)) < 0.04
    cut, shifted = shares(augmented(images, "cutout"))
    assert cut > 0.97 and shifted < 0.04
    cut, shifted = shares(augmented(images, "translation"))
    assert shifted > 0.95 and cut < 0.08  # one in 81 is shifted by nothing
    assert max(shares(augmented(images, "color"))) < 0.08


def test_a_blurred_and_noisy_mark_is_still_one_and_a_grey_image_has_none():
    images = np.full((3, 1, 16, 16), 255, np.uint8)
    images[0, :, 5:9, 6:10] = 133
    images[1, :, 5:8, 6:10] = 128  # too small
    images[2] = 128
    assert [mark.tolist() for mark in marks(images)] == [[True, False, False], [False, False, False]]
    images[0, :, 5, 6], images[1, :, :, 0] = 200, 120
    assert [mark.tolist() for mark in marks(images)] == [[True, False, False], [False, True, False]]
    images[0, :, 5, 7] = 200
    assert not marks(images)[0].any()


def test_the_metric_is_the_share_with_either_mark_beside_that_of_real_images():
    images = np.full((10, 1, 16, 16), 255, np.uint8)
    fake = images.copy()
    fake[:2, :, 5:9, 6:10] = fake[1:4, :, 0] = 127
    features = ImageFeatures.alone(np.zeros((10, 2)))
    made = Material(features, features, real_images=images, fake_images=fake)
    found = METRICS["augmentation_leak"].weighted(made, silent)
    assert (found.value, found.real) == (0.4, 0.0) and "20.0% grey squares and 30.0% grey margins" in found.note
    small = Material(features, features, real_images=images[:, :, :7], fake_images=fake[:, :, :7])
    assert METRICS["augmentation_leak"].weighted(small, silent) is None
    with pytest.raises(ValueError, match="at least 8 px"):
        marks(fake[:, :, :7])
