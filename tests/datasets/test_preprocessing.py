"""What preparing does to a picture, in words with its true sizes."""

from __future__ import annotations

import pytest
from PIL import Image

from gan_core.config import DatasetConfig
from gan_core.datasets import preprocessing


@pytest.mark.parametrize(
    ("name", "before", "after", "told"),
    [
        ("folder", (178, 218), 64, "178x218, resized to 64x78, cropped to 64x64"),
        ("folder", (128, 128), 64, "128x128, resized to 64x64"),
        ("folder", (64, 80), 64, "64x80, cropped to 64x64"),
        ("folder", (64, 64), 64, "64x64, no resizing"),
        ("mnist5k", (28, 28), 32, "28x28, padded by 2 on each side and resized to 32x32"),
        ("blocks", (64, 64), 64, "rendered at 64x64, no resizing"),
    ],
)
def test_the_words_name_the_true_sizes(name: str, before: tuple[int, int], after: int, told: str) -> None:
    pair = (Image.new("RGB", before), Image.new("RGB", (after, after)))
    assert preprocessing.in_words(pair, DatasetConfig(name=name, image_size=after)) == told
