"""What a conditional model is asked for: kinds of labels, typed lists, flips, test lists, and what an evaluator saw."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_core.config import ConditioningConfig, RunConfig, with_changes
from gan_core.datasets.conditions import (
    class_rows,
    condition_of,
    flipped,
    kind_of,
    listed_conditions,
    parse_objects,
    rows_of,
    seen_flips,
    strongest,
)
from gan_core.datasets.sources.objects24 import OBJECTS, drawn_conditions
from gan_core.evaluation.evaluators.scoring import chance_level, top_k_hits


@pytest.mark.parametrize(
    ("labels", "exclusive", "kind"),
    [
        ((), False, None),
        (OBJECTS, False, "objects"),
        (OBJECTS[::-1], False, "objects"),
        (("red cube", "blue sphere"), False, "objects"),
        (tuple("0123456789"), True, "classes"),
        (("Male", "Smiling"), False, "attributes"),
        (("Male", "red cube"), False, "attributes"),
    ],
)
def test_the_kind_follows_from_the_labels(labels, exclusive, kind):
    assert kind_of(ConditioningConfig(name="concat", labels=labels, exclusive=exclusive)) == kind


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("red sphere, blue cube", ("blue cube", "red sphere")),
        ("  Red   SPHERE ", ("red sphere",)),
        ("grey cylinder; yellow cube", ("yellow cube", "gray cylinder")),
        ("red cube and cyan sphere\npurple cylinder", ("red cube", "cyan sphere", "purple cylinder")),
        ("red cube,", ("red cube",)),
    ],
)
def test_a_typed_list_is_read_in_the_models_order(text, asked):
    assert parse_objects(text, OBJECTS) == asked


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no object"),
        (" , ;", "names no object"),
        ("pink sphere", "unknown object 'pink sphere'. Name a colour (gray, red"),
        ("red pyramid", "and a shape (cube, sphere, cylinder)"),
        ("sphere", "unknown object 'sphere'"),
        ("red cube, red sphere, blue cube, blue sphere", "a scene has 1 to 3 objects; got 4. Take some away."),
        ("red cube, red cube", "each object may be named once"),
    ],
)
def test_a_list_that_cannot_be_drawn_is_one_sentence(text, words):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refusal:
        parse_objects(text, OBJECTS)
    assert words in str(refusal.value)


def test_an_object_that_this_model_never_learned_is_refused_with_those_it_knows():
    with pytest.raises(ValueError, match=r"not trained on 'blue cube'\. Its labels: red cube, red sphere\."):
        parse_objects("blue cube", ("red cube", "red sphere"))


@given(st.lists(st.lists(st.sampled_from(OBJECTS), max_size=4, unique=True), max_size=5))
def test_rows_and_conditions_are_two_spellings_of_one_thing(conditions):
    rows = rows_of(conditions, OBJECTS)
    assert rows.shape == (len(conditions), 24)
    assert [set(condition_of(row, OBJECTS)) for row in rows] == [set(condition) for condition in conditions]


def test_a_pair_differs_in_one_label_only():
    rows = np.array([[0, 1, 1], [1, 0, 1]], np.float32)
    without, with_it = flipped(rows, 0)
    assert without.tolist() == [[0, 1, 1], [0, 0, 1]]
    assert with_it.tolist() == [[1, 1, 1], [1, 0, 1]]
    assert rows.tolist() == [[0, 1, 1], [1, 0, 1]]


def test_class_rows_ask_for_every_class_in_turn():
    assert class_rows(3, 2).argmax(1).tolist() == [0, 0, 1, 1, 2, 2]
    assert (class_rows(3, 2).sum(1) == 1).all()


def blocks_config(labels=OBJECTS, **changes) -> RunConfig:
    base = {"dataset.name": "blocks", "conditioning.name": "concat", "conditioning.labels": labels}
    return with_changes(RunConfig(), base | changes)


def test_the_lists_are_those_of_the_drawn_twin_in_the_models_order():
    turned = OBJECTS[::-1]
    listed = listed_conditions(blocks_config(turned), "test")
    assert [set(c) for c in listed] == [set(c) for c in drawn_conditions("test")]
    assert all([turned.index(name) for name in c] == sorted(turned.index(name) for name in c) for c in listed)
    # 6 single objects, 12 pairs, 14 triples: (6 * 1 + 12 * 4 + 14 * 9) / (24 * 72)
    assert chance_level("objects", rows_of(listed, turned)) == pytest.approx(180 / 1728)


def test_a_model_of_few_objects_is_asked_only_for_those():
    reds = tuple(name for name in OBJECTS if name.startswith(("red", "blue", "green")))
    listed = listed_conditions(blocks_config(reds), "test")
    assert 0 < len(listed) < 32
    assert all(set(condition) <= set(reds) for condition in listed)


def test_an_iclevr_run_is_asked_its_own_lists(tmp_path):
    (tmp_path / "objects.json").write_text(json.dumps({name: i for i, name in enumerate(OBJECTS)}))
    (tmp_path / "test.json").write_text(json.dumps([["red cube"], ["blue sphere", "red cube"]]))
    config = blocks_config(**{"dataset.name": "iclevr", "dataset.root": str(tmp_path)})
    assert listed_conditions(config, "test") == [("red cube",), ("red cube", "blue sphere")]
    with pytest.raises(ValueError, match=r"holds no new_test\.json"):
        listed_conditions(config, "new_test")


@given(st.integers(0, 2**31))
def test_what_is_seen_agrees_with_the_rule_that_counts_hits(seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(6, 24)).astype(np.float32)
    conditions = [tuple(OBJECTS[i] for i in sorted(rng.permutation(24)[: 1 + n % 3])) for n in range(6)]
    seen = strongest(logits, OBJECTS, [len(condition) for condition in conditions])
    hits = [len(set(a) & set(s)) for a, s in zip(conditions, seen, strict=True)]
    assert hits == top_k_hits(logits, rows_of(conditions, OBJECTS)).tolist()


def test_the_strongest_come_first():
    logits = np.array([[0.1, 3.0, -1.0, 2.0]])
    assert strongest(logits, ("a", "b", "c", "d"), [3]) == [("b", "d", "a")]
    assert strongest(logits, ("a", "b", "c", "d"), [0]) == [()]


def test_a_flip_is_seen_only_if_both_pictures_of_the_pair_are_right():
    without, with_it = np.array([-1.0, -1.0, 2.0, 2.0]), np.array([3.0, -3.0, 3.0, -3.0])
    flips = seen_flips(without, with_it)
    assert (flips.pairs, flips.without, flips.with_it, flips.both) == (4, 2, 2, 1)


def test_a_generator_that_ignores_the_label_flips_nothing():
    same = np.random.default_rng(0).normal(size=100)
    assert seen_flips(same, same).both == 0
