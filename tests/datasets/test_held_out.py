"""Images that a run did not learn from: another split, what it left over, or none; and never one that it saw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets.held_out import held_out, training_images


def digits(**fields) -> DatasetConfig:
    return DatasetConfig(name="mnist5k", image_size=8, channels=1, **fields)


def seen_again(config: DatasetConfig, count: int) -> int:
    """Held-out images that are among the training images, byte for byte."""
    known = {image.tobytes() for image in datasets.prepare(config).images}
    return sum(image.tobytes() in known for image in held_out(config).images(count).images)


def folder_of_pictures(place: Path, count: int) -> Path:
    place.mkdir()
    for index in range(count):
        Image.new("RGB", (8, 8), (index * 10, 0, 0)).save(place / f"{index:02d}.png")
    return place


def test_a_data_set_with_a_test_split_is_measured_on_it():
    found = held_out(DatasetConfig(name="faces", image_size=16, channels=3, num_images=24))
    assert (found.kind, found.config.split, found.start, found.count) == ("test", "test", 0, 2621)
    part = found.images(10)
    assert part.images.shape == (10, 3, 16, 16)
    assert part.labels.shape == (10, 13)


def test_a_run_that_learned_from_the_test_split_is_measured_on_the_other():
    found = held_out(DatasetConfig(name="faces", image_size=16, channels=3, num_images=24, split="test"))
    assert (found.kind, found.config.split) == ("test", "train")


def test_fewer_images_are_the_first_of_more():
    found = held_out(DatasetConfig(name="faces", image_size=16, channels=3, num_images=24))
    np.testing.assert_array_equal(found.images(16).images[:10], found.images(10).images)


def test_no_image_that_was_learned_from_is_held_out():
    assert held_out(digits()).kind == "test"
    assert seen_again(digits(), 500) == 0


@pytest.fixture
def own(tmp_path) -> DatasetConfig:
    """Twelve pictures without splits, of which a run learned from eight."""
    root = str(folder_of_pictures(tmp_path / "own", 12))
    return DatasetConfig(name="folder", root=root, image_size=8, channels=3, num_images=8)


def test_without_a_test_split_the_images_that_were_left_over_count(own):
    found, learned = held_out(own), datasets.prepare(own).images[:, 0, 0, 0].tolist()
    assert (found.kind, found.start, found.count) == ("left_over", 8, 4)
    left_over = found.images(9).images[:, 0, 0, 0].tolist()
    assert sorted(learned + left_over) == list(range(0, 120, 10)) and left_over != [80, 90, 100, 110]
    assert found.images(2).images[:, 0, 0, 0].tolist() == left_over[:2]


def test_an_unreadable_picture_lets_no_training_image_in_and_no_other_out(own):
    left_over = held_out(own).images(9).images[:, 0, 0, 0].tolist()
    (Path(own.root) / f"{int(datasets.order(own)[3]):02d}.png").write_bytes(b"no picture")
    assert len(datasets.prepare(own)) == 7
    assert held_out(own).images(9).images[:, 0, 0, 0].tolist() == left_over
    assert seen_again(own, 4) == 0


def test_a_run_that_used_every_image_has_training_images_only(own):
    found = held_out(own.model_copy(update={"num_images": 0}))
    assert (found.kind, found.start, found.count) == ("training", 0, 12)
    assert len(found.images(30)) == 12


def test_a_folder_that_is_gone_is_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="existing folder"):
        held_out(DatasetConfig(name="folder", root=str(tmp_path / "gone"), image_size=8, channels=3))


def test_some_training_images_are_prepared_by_themselves():
    config = digits(num_images=400)
    few = training_images(config, 20)
    np.testing.assert_array_equal(few.images, datasets.prepare(config).images[:20])
    assert len(training_images(digits(num_images=12), 20)) == 12
