"""The embedded digits."""

from __future__ import annotations

import numpy as np
import pytest

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets.sources.mnist5k import FILE


def prepare(**changes) -> datasets.Dataset:
    return datasets.prepare(DatasetConfig(**changes))


def test_there_are_4500_digits_to_train_and_500_to_test_together_500_of_each():
    train, test = prepare(), prepare(split="test")
    assert train.images.shape == (4500, 1, 32, 32) and train.images.dtype == np.uint8
    assert train.image_shape == (1, 32, 32) and len(train) == datasets.count(DatasetConfig()) == 4500
    assert len(test) == datasets.count(DatasetConfig(split="test")) == 500
    assert train.label_names == test.label_names == tuple("0123456789")
    labels = np.concatenate([train.labels, test.labels])
    assert labels.sum(axis=0).tolist() == [500] * 10 and set(labels.sum(axis=1)) == {1}


def test_no_digit_is_in_both_parts_and_none_is_lost():
    train, test = ({image.tobytes() for image in prepare(split=split).images} for split in ("train", "test"))
    assert not train & test
    assert len(train) + len(test) == 5000


@pytest.mark.parametrize("split", ["train", "test"])
def test_labels_are_known_without_preparing(split):
    config = DatasetConfig(split=split, num_images=300)
    np.testing.assert_array_equal(datasets.labels(config), datasets.prepare(config).labels)


def test_the_margin_is_widened_from_28_to_32_and_the_digit_untouched():
    images = np.concatenate([prepare().images, prepare(split="test").images])
    with np.load(FILE) as file:
        originals = {image.tobytes() for image in file["images"]}
    assert images[:, :, [0, 1, 30, 31]].max() == images[:, :, :, [0, 1, 30, 31]].max() == 0
    assert {np.ascontiguousarray(image[0, 2:30, 2:30]).tobytes() for image in images} == originals


def test_the_labels_belong_to_the_images():
    data = prepare()
    with np.load(FILE) as file:
        digit_of = {image.tobytes(): digit for image, digit in zip(file["images"], file["digits"], strict=True)}
    for image, label in zip(data.images[:200], data.labels[:200], strict=True):
        assert digit_of[np.ascontiguousarray(image[0, 2:30, 2:30]).tobytes()] == label.argmax()


def test_the_first_images_are_a_fair_sample():
    assert prepare(num_images=500).labels.sum(axis=0).min() >= 30
    np.testing.assert_array_equal(prepare(num_images=64).images, prepare().images[:64])


@pytest.mark.parametrize(("wanted", "given"), [(0, 4500), (1, 1), (4500, 4500), (6000, 4500)])
def test_the_number_of_images_is_bounded_by_those_there_are(wanted, given):
    assert datasets.count(DatasetConfig(num_images=wanted)) == given


def test_colour_digits_are_grey_in_every_channel():
    data = prepare(channels=3, num_images=10)
    assert data.image_shape == (3, 32, 32)
    np.testing.assert_array_equal(data.images[:, 0], data.images[:, 2])


def test_a_preview_shows_digits_before_and_after():
    pairs = datasets.preview(DatasetConfig(image_size=64), 3)
    assert [(a.size, b.size) for a, b in pairs] == [((28, 28), (64, 64))] * 3


def test_a_digit_is_the_same_in_preview_and_training():
    pairs = datasets.preview(DatasetConfig(image_size=16, num_images=5), 5)
    np.testing.assert_array_equal(prepare(image_size=16, num_images=5).images[:, 0], [np.asarray(b) for _, b in pairs])
