"""Blocks: i-CLEVR's twin in objects, scenes, labels and files."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets.sources import blocks
from gan_core.datasets.sources.objects24 import INDEX, OBJECTS, check_condition, drawn_conditions, held_out, multi_hot

MEANS = [159.3, 139.9, 131.2, 145.0, 124.5, 107.7]  # of the first pictures


def config(**changes) -> DatasetConfig:
    return DatasetConfig(name="blocks", **{"image_size": 16, "channels": 3, "num_images": 30} | changes)


def test_the_24_objects_have_the_reports_order():
    colours = ["gray", "red", "blue", "green", "brown", "purple", "cyan", "yellow"]
    assert OBJECTS[:8] == tuple(f"{c} cube" for c in colours)
    assert OBJECTS[8:16] == tuple(f"{c} sphere" for c in colours)
    assert OBJECTS[16:] == tuple(f"{c} cylinder" for c in colours)
    assert INDEX["red sphere"] == 9


def test_a_picture_is_the_same_however_many_are_asked_for():
    few, many = datasets.prepare(config(num_images=5)), datasets.prepare(config(num_images=21))
    np.testing.assert_array_equal(few.images, many.images[:5])
    np.testing.assert_array_equal(few.labels, many.labels[:5])


def test_there_are_as_many_as_in_iclevr_a_third_of_each_number_of_objects():
    assert datasets.count(config(num_images=0)) == 18_009
    kinds = blocks.scene_kinds(0, range(18_009))
    assert [(np.sum(kinds >= 0, axis=1) == n).sum() for n in (1, 2, 3)] == [6_003] * 3
    assert np.bincount(kinds[kinds >= 0], minlength=24).min() > 1_300  # of 1,500 each


def test_a_scene_grows_by_one_object_from_picture_to_picture():
    data = datasets.prepare(config())
    for first in range(0, 30, 3):
        one, two, three = data.labels[first : first + 3].astype(int)
        assert (one.sum(), two.sum(), three.sum()) == (1, 2, 3)
        assert (two >= one).all() and (three >= two).all()


def test_an_added_object_changes_its_place_and_its_shadow_only():
    images, _ = blocks.draw(0, range(0, 24), 64)
    for first in range(0, 24, 3):
        changed = (np.abs(images[first + 1].astype(int) - images[first]) > 6).any(axis=0)
        assert 40 < changed.sum() < 0.4 * changed.size


def test_train_and_test_share_no_image():
    train, test = (datasets.prepare(config(split=split, num_images=150)) for split in ("train", "test"))
    assert len(np.unique(np.concatenate([train.images, test.images]).reshape(300, -1), axis=0)) == 300
    assert datasets.count(config(split="test", num_images=0)) == 3_000


def test_labels_say_what_was_drawn():
    data = datasets.prepare(config())
    kinds = blocks.scene_kinds(0, range(30))
    for row, label in zip(kinds, data.labels, strict=True):
        assert set(np.flatnonzero(label)) == set(row[row >= 0])
    assert data.label_names == OBJECTS


def test_colours_can_be_seen():
    """The hue that stands out from the grey floor tells the colour of a single object."""
    images, labels = blocks.draw(0, range(0, 600, 3), 32)
    colours = labels.argmax(axis=1) % 8
    pixels = images.astype(float).transpose(0, 2, 3, 1).reshape(200, -1, 3)
    saturation = pixels.max(axis=2) - pixels.min(axis=2)
    strongest = np.take_along_axis(pixels, saturation.argsort(axis=1)[:, -12:, None], axis=1).mean(axis=1)
    feature = np.concatenate([strongest / strongest.sum(axis=1, keepdims=True), strongest / 400], axis=1)
    centres = np.stack([feature[:100][colours[:100] == colour].mean(axis=0) for colour in range(8)])
    guess = ((feature[100:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    assert (guess == colours[100:]).mean() > 0.9


def test_shapes_can_be_seen():
    """A straight line through pixel space, with the object moved to the middle, tells the shape far above chance."""
    images, labels = blocks.draw(0, range(0, 1_800, 3), 32)
    shapes, grey = labels.argmax(axis=1) // 8, images.astype(float).mean(axis=1)
    colour = images.max(axis=1).astype(float) - images.min(axis=1)
    keep = (labels.argmax(axis=1) % 8) > 0  # gray objects are found by other means
    patches = []
    for plane, shade in zip(colour[keep], grey[keep], strict=True):
        weight = np.maximum(plane - 0.5 * plane.max(), 0)
        y, x = (round((weight * axis).sum() / weight.sum()) for axis in np.mgrid[:32, :32])
        window = (slice(y + 8 - 6, y + 8 + 7), slice(x + 8 - 6, x + 8 + 7))
        mask = np.pad(plane / plane.max(), 8)[window]
        patches.append(np.concatenate([mask.ravel(), np.pad(shade / 255, 8)[window].ravel()]))
    features, truth = np.stack(patches), np.eye(3)[shapes[keep]]
    features -= features.mean(axis=0)
    train = 400
    kernel = features @ features[:train].T
    weights = np.linalg.solve(kernel[:train] + 3 * np.eye(train), truth[:train] - 1 / 3)
    assert ((kernel[train:] @ weights).argmax(axis=1) == shapes[keep][train:]).mean() > 0.8


def test_the_drawings_have_not_changed_without_a_new_version():
    """If this fails, the pictures changed: raise `version` in blocks.SOURCE, then take the new numbers."""
    assert blocks.SOURCE.version == 1
    np.testing.assert_allclose(blocks.draw(0, range(6), 64)[0].mean(axis=(1, 2, 3)), MEANS, atol=0.5)


def test_the_test_list_has_72_objects_spread_as_in_iclevr():
    sizes = [len(names) for names in drawn_conditions("test")]
    assert len(sizes) == 32 and [sizes.count(n) for n in (1, 2, 3)] == [6, 12, 14] and sum(sizes) == 72


def test_both_lists_have_32_conditions_and_none_twice():
    test, new_test = drawn_conditions("test"), drawn_conditions("new_test")
    assert len(set(map(frozenset, test + new_test))) == 64
    for names in test + new_test:
        assert check_condition(list(names), "here") == list(names)


def test_no_training_picture_shows_a_pair_or_triple_of_the_new_test_list():
    assert len(held_out()) == 28
    shown = {frozenset(row[row >= 0].tolist()) for row in blocks.scene_kinds(0, range(18_009))}
    assert not shown & held_out()
    assert any(frozenset(INDEX[name] for name in names) in shown for names in drawn_conditions("test"))


def test_the_four_files_have_iclevrs_format(tmp_path):
    blocks.write_lists(tmp_path / "new", count=9)
    train, index, test, new_test = (
        json.loads((tmp_path / "new" / f"{name}.json").read_text()) for name in ("train", "objects", "test", "new_test")
    )
    assert list(train)[:4] == [
        "CLEVR_train_000000_0.png", "CLEVR_train_000000_1.png", "CLEVR_train_000000_2.png", "CLEVR_train_000001_0.png",
    ]  # fmt: skip
    assert len(train) == 9 and [len(names) for names in train.values()] == [1, 2, 3] * 3
    assert index == {name: place for place, name in enumerate(OBJECTS)}
    assert len(test) == len(new_test) == 32 and sum(map(len, test)) == 72
    assert all(name in index for names in [*train.values(), *test, *new_test] for name in names)


def test_multi_hot_marks_each_object_named():
    hot = multi_hot([["red sphere"], ["gray cube", "yellow cylinder"]])
    assert hot.shape == (2, 24) and [list(np.flatnonzero(row)) for row in hot] == [[9], [0, 23]]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["pink cube"], r"unknown object 'pink cube'\. Name a colour \(gray, red, .*for example 'red sphere'"),
        (["red cube", "blue cube", "green cube", "gray cube"], r"1 to 3 objects; got 4\. Take some away"),
        ([], "1 to 3 objects; got 0"),
        (["red cube", "red cube"], "each object may be named once; got red cube, red cube"),
        (["red cube", 3], "a list of object names such as"),
        ("red cube", "a list of object names such as"),
    ],
)
def test_a_condition_that_is_none_is_refused_with_a_sentence(names, sentence):
    with pytest.raises(ValueError, match=sentence):
        check_condition(names, "Here")
