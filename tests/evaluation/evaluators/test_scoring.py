"""Scores: i-CLEVR's top-k rule and the rule of signs, by hand; chance in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from evaluator_helpers import painted, reader
from hypothesis import given
from hypothesis import strategies as st

from gan_core.datasets.batches import to_uint8
from gan_core.datasets.sources.iclevr import conditions
from gan_core.datasets.sources.objects24 import OBJECTS
from gan_core.evaluation.evaluators.scoring import (
    Score,
    chance_level,
    columns,
    count_hits,
    in_order,
    score_images,
    sign_hits,
    surest_label,
    top_k,
    top_k_hits,
)
from gan_core.evaluation.statistics.intervals import wilson


def test_the_score_of_report_r2_has_its_standard_error():
    score = Score(38, 72)
    assert score.ratio == pytest.approx(0.5278, abs=5e-5)
    assert score.standard_error == pytest.approx(0.0588, abs=5e-5)
    assert str(score) == "38/72 = 0.528 (95 % interval 0.414 to 0.639)"


def test_the_interval_is_wilsons():
    """Closed form: the p for which (ratio - p)^2 = z^2 p (1 - p) / n."""
    score = Score(38, 72)
    for p in wilson(score).interval:
        assert (score.ratio - p) ** 2 == pytest.approx(1.959964**2 * p * (1 - p) / 72, rel=1e-5)
    low, high = wilson(Score(0, 10)).interval
    assert low == pytest.approx(0, abs=1e-9) and high > 0.2


@pytest.mark.parametrize(("hits", "requested"), [(-1, 3), (4, 3), (0, 0)])
def test_an_impossible_score_is_refused(hits: int, requested: int):
    with pytest.raises(ValueError, match=f"{hits} of {requested}"):
        Score(hits, requested)


LOGITS = [[3.0, 1.0, 2.0, -1.0], [0.1, 0.2, 0.3, 0.4], [5.0, -5.0, -4.0, -6.0], [0.0, 0.0, 0.0, 0.0]]
LABELS = [[1, 0, 1, 0], [1, 0, 0, 0], [1, 1, 1, 0], [0, 1, 0, 1]]


def test_top_k_takes_as_many_as_were_asked_for():
    expected = [[1, 0, 1, 0], [0, 0, 0, 1], [1, 1, 1, 0], [1, 1, 0, 0]]  # of equals, the first
    np.testing.assert_array_equal(top_k(LOGITS, LABELS), np.array(expected, bool))
    assert top_k_hits(LOGITS, LABELS).tolist() == [2, 0, 3, 1]
    assert top_k_hits(torch.tensor(LOGITS), torch.tensor(LABELS)).tolist() == [2, 0, 3, 1]


def test_the_surest_label_is_found_often_and_was_asked_for_often():
    """Label 0: 1 of 1; label 1: 4 of 4, which says more; label 2: 0 of 3; label 3 was never requested, though it is seen everywhere."""
    labels = np.eye(4)[[0, 1, 1, 1, 1, 2, 2, 2]]
    logits = 2 * labels + [0, 0, -5, 1]
    assert surest_label(logits, labels) == 1
    assert surest_label(logits[:1], labels[:1]) == 0
    assert surest_label(logits[5:], labels[5:]) == 2  # none was found: the one that was asked for
    with pytest.raises(ValueError, match="No label was requested"):
        surest_label(logits, np.zeros_like(labels))


def test_one_label_a_row_makes_it_top_1():
    logits = np.random.default_rng(0).normal(size=(50, 10))
    classes = np.random.default_rng(1).integers(0, 10, 50)
    hits = top_k_hits(logits, np.eye(10)[classes])
    np.testing.assert_array_equal(hits, logits.argmax(axis=1) == classes)


def test_signs_count_present_and_absent_alike():
    assert sign_hits([[1.0, -1.0, 2.0], [0.5, 0.5, 0.5]], [[1, 0, 0], [0, 0, 0]]).tolist() == [2, 0]
    score, _ = count_hits("attributes", [[1.0, -1.0, 2.0]], [[1, 0, 0]])
    assert (score.hits, score.requested) == (2, 3)


def test_objects_request_what_they_name_and_nothing_is_refused():
    score, hits = count_hits("objects", LOGITS, LABELS)
    assert (score.hits, score.requested, hits.tolist()) == (6, 8, [2, 0, 3, 1])
    with pytest.raises(ValueError, match="no condition asks for anything"):
        count_hits("objects", LOGITS, np.zeros((4, 4)))


@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.integers(1, 12))
def test_hits_lie_between_what_chance_forces_and_what_was_asked(seed: int, rows: int, num_labels: int):
    rng = np.random.default_rng(seed)
    logits, labels = rng.normal(size=(rows, num_labels)), rng.integers(0, 2, (rows, num_labels))
    asked = labels.sum(axis=1)
    assert (top_k(logits, labels).sum(axis=1) == asked).all()
    hits = top_k_hits(logits, labels)
    assert (hits <= asked).all() and (hits >= np.maximum(0, 2 * asked - num_labels)).all()
    assert (top_k_hits(labels + 0.1 * rng.random(labels.shape), labels) == asked).all()


def test_chance_on_the_drawn_test_list_is_that_of_i_clevr():
    """6 conditions with 1 object, 12 with 2, 14 with 3: (6 + 12 * 4 + 14 * 9) / (24 * 72)."""
    _, labels = conditions(None, "test")
    assert chance_level("objects", labels) == pytest.approx(180 / (24 * 72))
    assert chance_level("objects", labels) == pytest.approx(0.104, abs=5e-4)


def test_chance_is_what_blind_outputs_reach():
    _, labels = conditions(None, "new_test")
    logits = np.random.default_rng(0).normal(size=(400, *labels.shape))
    ratio = np.mean([count_hits("objects", blind, labels)[0].ratio for blind in logits])
    assert ratio == pytest.approx(chance_level("objects", labels), abs=4 * 0.04 / math.sqrt(400))


def test_chance_for_classes_and_for_attributes():
    assert chance_level("classes", np.eye(10)) == pytest.approx(0.1)
    assert chance_level("attributes", [[0, 1], [1, 0]]) == 0.5
    assert chance_level("attributes", [[0, 1], [0, 0], [0, 1], [0, 1]]) == pytest.approx((1 + 0.75) / 2)


def test_labels_of_a_run_find_their_outputs_whatever_their_order():
    judge = reader(OBJECTS)
    names = (OBJECTS[5], OBJECTS[2])
    places, spread = in_order(judge.info, [[1, 0], [1, 1]], names)
    assert places == list(range(24))  # objects that the run has no label for compete, too
    assert [np.flatnonzero(row).tolist() for row in spread] == [[5], [2, 5]]
    faces = reader(("Male", "Young", "Bald"))
    places, spread = in_order(faces.info, [[1, 0]], ("Bald", "Male"))
    assert places == [2, 0] and spread.tolist() == [[1, 0]]


def test_a_label_that_the_evaluator_does_not_know_is_refused():
    with pytest.raises(ValueError, match=r"'reader' does not know the label 'Smiling'. It knows: Male, Young"):
        columns(reader(("Male", "Young")).info, ["Male", "Smiling"])
    with pytest.raises(ValueError, match=r"must be \(N, 2\), a column for each name; got \(1, 3\)"):
        in_order(reader(("Male", "Young")).info, [[1, 0, 0]], ("Male", "Young"))


def test_pictures_that_show_what_was_asked_score_all_and_their_opposites_nothing():
    _, labels = conditions(None, "test")
    wanted = torch.from_numpy(labels).float()
    score, hits = score_images(reader(OBJECTS), to_uint8(painted(wanted)), labels, OBJECTS)
    assert (score.hits, score.requested) == (72, 72) and hits.tolist() == labels.sum(axis=1).tolist()
    score, _ = score_images(reader(OBJECTS), to_uint8(painted(1 - wanted)), labels, OBJECTS)
    assert (score.hits, score.requested) == (0, 72)
    names = ("Male", "Young")
    flipped = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    assert score_images(reader(names), to_uint8(painted(flipped)), flipped, names)[0] == Score(4, 4)
    assert score_images(reader(names), to_uint8(painted(1 - flipped)), flipped, names)[0] == Score(0, 4)


def test_pictures_that_the_evaluator_cannot_look_at_are_refused():
    judge = reader(("a", "b"))
    with pytest.raises(ValueError, match=r"uint8 pictures \(N, 1, H, W\); got \(2, 3, 8, 8\)"):
        judge.logits(np.zeros((2, 3, 8, 8), np.uint8))
    with pytest.raises(ValueError, match="of type float32"):
        judge.logits(np.zeros((2, 1, 8, 8), np.float32))
    assert judge.logits(np.zeros((0, 1, 8, 8), np.uint8)).shape == (0, 2)


def test_pictures_of_another_size_are_resized():
    bright = np.full((3, 1, 32, 32), 255, np.uint8)
    torch.testing.assert_close(reader(("a", "b")).logits(bright), torch.ones(3, 2))
