"""Mode collapse, from curves and from what was measured: each bound from both sides, and the exact steps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gan_core.analysis.doctor import diagnose
from gan_core.analysis.doctor.collapse import LEAD
from gan_core.runs.evaluations import Evaluation
from tests.analysis.doctor.steady import changes, measured, sign, steady, then, when


def test_images_that_are_all_alike_are_a_warning_after_200_steps_of_g_and_a_failure_after_the_grace_of_a_slow_start():
    same = {"spread/fake": 0.2, "spread/real": 1.0}
    early = sign("mode_collapse", steady(same, 679))
    assert (early.step, early.since, early.lasting, early.severity) == (500, 201, True, "warning")
    assert "At step 500 the images of a batch differed from each other by 0.200" in early.evidence
    assert "ones by 1.000" in early.evidence
    late = sign("mode_collapse", steady(same, 700))
    assert (late.step, late.since, late.severity) == (680, 601, None)
    assert when("mode_collapse", steady(same, 499)) is None
    assert when("mode_collapse", steady({"spread/fake": 0.25, "spread/real": 1.0}, 700)) is None
    assert when("mode_collapse", steady({"spread/fake": 0.249, "spread/real": 1.0}, 700)) is not None


def test_a_step_of_g_is_counted_once_however_many_steps_the_critic_makes():
    same = {"spread/fake": 0.2, "spread/real": 1.0}
    assert when("mode_collapse", steady(same, 1079, objective__n_critic=5)) is None
    assert when("mode_collapse", steady(same, 1080, objective__n_critic=5)) == (1080, 1001, True)


def test_copies_are_seen_though_pixels_differ_widely():
    varied = {"spread/fake": 0.9, "spread/real": 1.0, "nearest/real": 0.5}
    found = sign("mode_collapse", steady({**varied, "nearest/fake": 0.1}, 700))
    assert (found.step, found.since) == (680, 601)
    assert (
        "The distance to the nearest other image of the batch was 0.100 for generated and 0.500 for real images."
        in found.evidence
    )
    assert when("mode_collapse", steady({**varied, "nearest/fake": 0.201}, 700)) is None
    assert when("mode_collapse", steady({**varied, "nearest/fake": 0.199}, 700)) is not None


def fallen(best: float, now: float, real: float = 1.0):
    return when("mode_collapse", steady({"spread/fake": then((200, best), (200, now)), "spread/real": real}))


def test_variety_that_was_there_and_is_lost_is_a_collapse_at_once():
    """0.28 is below half of 0.6 once no more than two steps of the window are from before: at step 238."""
    assert fallen(0.6, 0.28) == (317, 238, True)
    assert fallen(0.6, 0.31) is None  # more than half of its own best
    assert fallen(1.5, 0.6) is None and fallen(1.5, 0.49) is not None  # of the real images' spread
    assert fallen(0.49, 0.1) is None and fallen(0.51, 0.1) is not None  # it never had half of the real spread
    assert fallen(0.5, 0.125) is None  # exactly half is not more than half
    assert fallen(1.0, 0.5) is None


@pytest.mark.parametrize(
    ("name", "measured", "there"),
    [
        ("duplicates", measured(0.4, 0.3, 0.5, 900), False), ("duplicates", measured(0.4, 0.31, 0.5, 900), True),
        ("diversity", measured(0.4, 0.3, 0.5, 900), False), ("diversity", measured(0.4, 0.3, 0.49, 900), True),
    ],
)  # fmt: skip
def test_a_measured_collapse_is_one_whose_whole_interval_lies_beyond_the_bound(name, measured, there):
    expected = (900, 900, True) if there else None
    assert when("mode_collapse", steady({}, measured={name: measured})) == expected


def of_real(value: float, low: float, high: float, real: float) -> Evaluation:
    return replace(measured(value, low, high, 900), real=real)


@pytest.mark.parametrize(
    ("name", "found", "there"),
    [
        ("modes", of_real(3, 3, 3, 10), True), ("modes", of_real(6, 6, 6.4, 10), True), ("modes", of_real(7, 6, 7, 10), False),
        ("mode_tv", of_real(0.7, 0.66, 0.74, 0.02), True), ("mode_tv", of_real(0.47, 0.44, 0.5, 0.02), False), ("mode_tv", of_real(0.7, 0.66, 0.74, 0.3), False),
        ("mode_kl", of_real(1.2, 1.1, 1.3, 0.01), True), ("mode_kl", of_real(0.7, 0.6, 0.8, 0.01), False),
        ("recall", of_real(0.04, 0.02, 0.06, 0.86), True), ("recall", of_real(0.08, 0.06, 0.1, 0.86), False),
    ],
)  # fmt: skip
def test_missing_kinds_and_a_recall_far_below_that_of_training_images_are_read(name, found, there):
    trace = steady({}, measured={name: replace(found, metric=name)})
    assert when("mode_collapse", trace) == ((900, 900, True) if there else None)


def test_three_digits_of_ten_are_named_with_both_counts_and_low_recall_is_a_warning():
    three = steady({}, measured={"modes": replace(of_real(3, 3, 3, 10), metric="modes")})
    assert "3 kinds of image were found, of 10 in as many real ones" in sign("mode_collapse", three).evidence
    low = {"recall": replace(of_real(0.01, 0.0, 0.02, 0.9), metric="recall")}
    found = sign("mode_collapse", steady({}, measured=low))
    assert found.severity == "warning" and "recall is 0.01 where training images reach 0.90" in found.evidence
    assert sign("mode_collapse", steady({}, measured=low, network__name="vae")) is None  # blur lowers it too


@pytest.mark.parametrize(("numbers", "where"), [(1, "1 number: "), (2, "2 numbers: "), (3, None)])
def test_a_latent_of_one_or_two_numbers_is_too_narrow_for_images(numbers, where):
    found = sign("narrow_latent", steady({}, network__latent_dim=numbers))
    assert (found is not None) == (where is not None) and (found is None or where in found.evidence)
    assert sign("narrow_latent", steady({}, network__latent_dim=numbers, dataset__name="ring8")) is None
    assert changes("narrow_latent", network__latent_dim=numbers) == [{"network.latent_dim": 100}]


def test_remedies_against_collapse():
    """As lesson 3 repairs it: pairs and R1. A slower D only where D leads; a slower G where G is the faster one."""
    differ, pairs, bounded = changes("mode_collapse")
    assert differ == {"remedies.minibatch_std": True} and pairs == {"remedies.packing": 2}
    assert bounded == {"penalty.name": "r1", "penalty.weight": 5.0, "training.precision": "fp32"}
    assert changes("mode_collapse", remedies__minibatch_std=True, remedies__packing=4) == [bounded]
    *_, slower_g = changes("mode_collapse", discriminator_optimizer__learning_rate=1e-8)
    assert slower_g == {"generator_optimizer.learning_rate": pytest.approx(0.0001)}
    slower_d = {"discriminator_optimizer.learning_rate": pytest.approx(0.0001)}
    for gap, there in ((LEAD + 0.1, True), (LEAD - 0.1, False)):
        alike = {"spread/fake": 0.01, "spread/real": 0.4, "logit/gap": gap}
        found = next(one for one in diagnose(steady(alike, 700)) if one.name == "mode_collapse")
        assert (slower_d in [dict(remedy.changes) for remedy in found.remedies]) == there
    points = sign(
        "mode_collapse",
        steady({"spread/fake": 0.01, "spread/real": 0.4}, 700, dataset__name="ring8", network__name="mlp"),
    )
    assert "points of a batch" in points.evidence and "pixel" not in points.evidence
    assert {"objective.weight_clip": 0.01} in changes("mode_collapse", objective__weight_clip=0.021)
    assert {"objective.weight_clip": 0.01} not in changes("mode_collapse", objective__weight_clip=0.02)
