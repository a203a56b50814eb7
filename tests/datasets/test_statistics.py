"""What labels say, on cases that can be counted by hand; and preprocessing taken apart."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets import preprocessing, statistics

LABELS = np.array([[1, 0, 1, 1], [1, 0, 1, 0], [0, 1, 1, 1], [0, 1, 1, 0]], np.uint8)


def test_shares_are_counts_over_all_images():
    shares = statistics.shares(LABELS, ("a", "b", "c", "d"))
    assert [(s.name, s.count, s.total, s.share) for s in shares][1:3] == [("b", 2, 4, 0.5), ("c", 4, 4, 1.0)]
    assert statistics.shares(np.zeros((0, 1), np.uint8), ("a",))[0].share == 0


def test_correlations_of_equal_opposite_and_unrelated_labels():
    table = statistics.correlations(LABELS)
    np.testing.assert_allclose(table[:2, :2], [[1, -1], [-1, 1]])
    assert table[0, 3] == pytest.approx(0)
    assert np.isnan(table[2]).all()  # every image has it: it goes with nothing


def test_chosen_images_have_the_label_or_have_it_not():
    labels = np.eye(10, dtype=np.uint8)[np.random.default_rng(0).integers(0, 10, 500)]
    for present in (True, False):
        picked = statistics.chosen(labels, 3, present, 24, seed=1)
        assert len(set(picked.tolist())) == 24
        assert (labels[picked, 3] == present).all()
    assert statistics.num_fitting(labels, 3, True) == labels[:, 3].sum()
    np.testing.assert_array_equal(
        statistics.chosen(labels, None, True, 9, 5), statistics.chosen(labels, None, True, 9, 5)
    )
    assert not np.array_equal(statistics.chosen(labels, None, True, 9, 5), statistics.chosen(labels, None, True, 9, 6))
    assert len(statistics.chosen(labels[:4], None, True, 24, 0)) == 4


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mnist5k", ("original", "padded", "scaled")),
        ("faces", ("drawn", "scaled")),
        ("celeba", ("original", "resized", "cropped", "scaled")),
    ],
)
def test_the_steps_of_each_kind_of_data_set(name, expected):
    assert preprocessing.step_names(DatasetConfig(name=name)) == expected
    more = preprocessing.step_names(DatasetConfig(name=name, flip=True, rotation_degrees=3))
    assert more == (*expected[:-1], "mirrored", "turned", "scaled")


def test_the_steps_end_in_what_training_sees(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (30, 50, 3), dtype=np.uint8)).save(tmp_path / "a.png")
    config = DatasetConfig(name="folder", root=str(tmp_path), image_size=16, channels=3)
    (pair,) = datasets.pairs(config, [0])
    original, resized, cropped, scaled = preprocessing.steps(pair, config)
    assert [step.picture.size for step in (original, resized, cropped, scaled)] == [
        (50, 30),
        (26, 16),
        (16, 16),
        (16, 16),
    ]
    np.testing.assert_array_equal(np.asarray(cropped.picture), datasets.prepare(config).images[0].transpose(1, 2, 0))
    assert scaled.low == pytest.approx(cropped.low / 127.5 - 1) and scaled.high == pytest.approx(
        cropped.high / 127.5 - 1
    )
    assert list(preprocessing.FRAME) in np.asarray(resized.picture).reshape(-1, 3).tolist()
    mirrored = preprocessing.steps(pair, config.model_copy(update={"flip": True}))[3]
    np.testing.assert_array_equal(np.asarray(mirrored.picture), np.asarray(cropped.picture)[:, ::-1])


def test_pairs_and_labels_need_no_preparing_and_agree_with_what_is_prepared():
    for name in ("faces", "blocks", "stacked-mnist"):
        config = DatasetConfig(name=name, image_size=16, channels=3, num_images=24)
        data = datasets.prepare(config)
        np.testing.assert_array_equal(datasets.labels(config), data.labels)
        pairs = datasets.pairs(config, [5, 2, 20])
        found = np.stack([np.asarray(after).transpose(2, 0, 1) for _before, after in pairs]).astype(int)
        assert np.abs(found - data.images[[5, 2, 20]]).max() <= 1  # another block may round the last bit otherwise
