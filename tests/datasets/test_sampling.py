"""The order in which images are taken when not all are: fair, fixed, and the fewer the first of the more."""

from __future__ import annotations

import numpy as np
import pytest

from gan_core.datasets import sampling


def classes(*counts: int) -> np.ndarray:
    return np.repeat(np.eye(len(counts), dtype=np.uint8), counts, axis=0)


@pytest.mark.parametrize("counts", [(20,) * 10, (1, 50, 300), (0, 7, 2)])
def test_the_first_n_hold_every_class_in_its_share(counts):
    labels = classes(*counts)
    order = sampling.order(labels)
    assert sorted(order.tolist()) == list(range(len(labels)))
    share = np.array(counts) / sum(counts)
    for n in range(1, len(labels) + 1):
        held = labels[order[:n]].sum(axis=0)
        assert (np.abs(held - n * share) < len(counts)).all()
        if n >= np.count_nonzero(counts):
            assert (held > 0).tolist() == [count > 0 for count in counts]


@pytest.mark.parametrize("labels", [classes(30, 30), np.zeros((60, 0), np.uint8), np.ones((60, 2), np.uint8)])
def test_it_is_the_same_every_time_at_random_and_sorted_for_reading(labels):
    order = sampling.order(labels)
    np.testing.assert_array_equal(order, sampling.order(labels.copy()))
    few, more = sampling.sample(labels, 10), sampling.sample(labels, 20)
    assert few.tolist() == sorted(order[:10]) and set(few) < set(more.tolist())
    assert few.max() > 20 and np.diff(few).max() > 1
    assert len(sampling.sample(labels, 99)) == 60


def test_images_with_any_number_of_labels_are_taken_at_random_whatever_those_are():
    attributes = np.tril(np.ones((40, 3), np.uint8))
    np.testing.assert_array_equal(sampling.order(attributes), sampling.order(np.zeros((40, 0), np.uint8)))
