"""A term of D's loss that drowns the others, and a critic without bound: each bound from both sides."""

from __future__ import annotations

import pytest

from tests.analysis.doctor.steady import changes, sign, steady, when

PENALTY = {"penalty__name": "gradient", "penalty__weight": 100.0}


def test_a_penalty_of_three_times_the_loss_drowns_it():
    found = sign("penalty_dominates", steady({"loss/penalty": 0.04, "loss/d": -1.0}, **PENALTY))
    assert (found.step, found.since, found.lasting) == (180, 101, True)
    assert found.evidence == "From step 101 to 180 the penalty term was 4, and D's loss on images 1."
    assert when("penalty_dominates", steady({"loss/penalty": 0.029, "loss/d": -1.0}, **PENALTY)) is None
    assert when("penalty_dominates", steady({"loss/d": 0.1}, **PENALTY)) is None


def test_a_label_loss_of_five_times_the_loss_drowns_it():
    labels = {"loss/label_real": 0.4, "loss/label_fake": 0.2}
    found = sign("label_dominates", steady({**labels, "loss/d": 1.0}, conditioning__label_weight=10.0))
    assert (found.step, found.since, found.lasting) == (180, 101, True)
    assert (
        found.evidence == "From step 101 to 180 the label loss term was 6, and D's loss on real and generated images 1."
    )
    assert when("label_dominates", steady({**labels, "loss/d": 1.3}, conditioning__label_weight=10.0)) is None
    assert when("label_dominates", steady({**labels, "loss/d": 0.2})) is None


@pytest.mark.parametrize(("gap", "there"), [(65.0, True), (63.0, False)])
def test_a_critics_scores_are_no_further_apart_than_black_and_white(gap, there):
    """32 x 32 pixels in [-1, 1]: 2 * 32 = 64."""
    scores = {"score/real": gap / 2, "score/fake_before": -gap / 2}
    found = sign("unbounded_critic", steady(scores, objective__name="wasserstein"))
    assert (found is not None) == there
    if found:
        assert (
            (found.step, found.since) == (119, 40) and "65 higher" in found.evidence and "could be 64" in found.evidence
        )
    assert sign("unbounded_critic", steady(scores, objective__name="hinge")) is None
    assert sign("unbounded_critic", steady(scores, objective__name="wasserstein", dataset__name="ring8")) is None


def test_remedies():
    assert changes("penalty_dominates", **(PENALTY | {"penalty__weight": 1e5})) == [{"penalty.weight": 10.0}]
    assert changes("penalty_dominates", **(PENALTY | {"penalty__weight": 10.0})) == [{"penalty.weight": 1.0}]
    assert changes("label_dominates", conditioning__label_weight=100.0) == [{"conditioning.label_weight": 1.0}]
    clip, penalty = changes("unbounded_critic", objective__weight_clip=0.5)
    assert clip == {"objective.weight_clip": 0.01} and penalty["penalty.name"] == "gradient"
