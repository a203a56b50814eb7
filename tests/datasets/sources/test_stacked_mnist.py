"""Stacked digits: three of them, one a colour, with the mode that the label says."""

from __future__ import annotations

import numpy as np
import pytest

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets.sources import mnist5k, stacked_mnist


def config(**changes) -> DatasetConfig:
    return DatasetConfig(name="stacked-mnist", **{"image_size": 32, "channels": 3, "num_images": 300} | changes)


def digits(part: slice) -> dict[bytes, int]:
    images, classes = mnist5k.arrays()
    return {np.pad(i, 2).tobytes(): int(c) for i, c in zip(images[part], classes[part], strict=True)}


@pytest.mark.parametrize(("split", "part"), [("train", slice(4_500)), ("test", slice(4_500, None))])
def test_every_plane_is_a_digit_of_the_splits_own_and_the_label_says_which(split, part):
    data, known = datasets.prepare(config(split=split)), digits(part)
    for image, label in zip(data.images, data.labels, strict=True):
        assert [known[plane.tobytes()] for plane in image] == label.reshape(3, 10).argmax(axis=1).tolist()
    assert (data.labels.reshape(-1, 3, 10).sum(axis=2) == 1).all()


def test_a_picture_is_the_same_however_many_are_asked_for():
    few, many = datasets.prepare(config(num_images=11)), datasets.prepare(config())
    np.testing.assert_array_equal(few.images, many.images[:11])
    np.testing.assert_array_equal(few.labels, many.labels[:11])


def test_standard_sizes():
    assert datasets.count(config(num_images=0)) == 26_000
    assert datasets.count(config(num_images=0, split="test")) == 3_000


def test_label_names_and_modes_read_red_green_blue():
    names = datasets.label_names(config())
    assert len(names) == 30 and (names[0], names[13], names[29]) == ("red 0", "green 3", "blue 9")
    label = np.zeros((1, 30), np.uint8)
    label[0, [7, 10 + 0, 20 + 4]] = 1
    assert stacked_mnist.modes(label).tolist() == [704]


def test_modes_are_spread_over_all_thousand():
    labels = np.concatenate([stacked_mnist.draw(0, range(start, start + 8), 4)[1] for start in range(0, 8_000, 8)])
    counts = np.bincount(stacked_mnist.modes(labels), minlength=1_000)
    assert len(counts) == 1_000 and (counts > 0).sum() > 990  # of 8 each, 0.3 are expected to be missing


def test_grey_is_refused_with_a_sentence():
    for ask in (datasets.count, datasets.prepare, lambda c: datasets.preview(c, 2)):
        with pytest.raises(ValueError, match=r"needs 3 colour channels; got 1\. Set dataset\.channels to 3"):
            ask(config(channels=1))


def test_a_preview_shows_the_stack_before_and_after():
    pairs = datasets.preview(config(image_size=16), 2)
    assert [(b.size, a.size) for b, a in pairs] == [((32, 32), (16, 16))] * 2
