"""Diagnoses of the game: each bound from both sides, and the exact steps at which something is said."""

from __future__ import annotations

import numpy as np
import pytest

from gan_core.analysis.doctor import DIAGNOSES, diagnose
from gan_core.config import RunConfig, with_changes
from tests.analysis.doctor.steady import changes, sign, steady, then, when

WON = {"prob/real": 0.99, "prob/fake_before": 0.01, "loss/g": then((40, 1.0), (360, 2.0))}


def test_the_discriminator_has_won_after_three_windows_in_which_gs_loss_is_above_its_first():
    """The loss's mean passes its first at step 41; 120 steps later, at step 160, it has lasted three windows."""
    found = sign("discriminator_won", steady(WON))
    assert (found.step, found.since, found.lasting) == (160, 41, True)
    assert "From step 41 to 160 D(x) averaged 0.990 and D(G(z)) 0.0100; G's loss has risen to 2.0" in found.evidence


@pytest.mark.parametrize(
    ("changed", "there"),
    [
        ({"prob/real": 0.981}, True), ({"prob/real": 0.979}, False), ({"prob/fake_before": 0.019}, True),
        ({"prob/fake_before": 0.021}, False), ({"loss/g": 1.0}, False), ({"loss/g": then((40, 2.0), (360, 1.0))}, False),
    ],
)  # fmt: skip
def test_the_discriminator_has_won_within_all_three_bounds_only(changed, there):
    assert (when("discriminator_won", steady(WON | changed)) is not None) == there


def test_the_first_loss_is_that_of_the_first_window_in_which_any_was_recorded():
    late = np.concatenate([np.full(100, np.nan), np.full(50, 1.0), np.full(250, 2.0)])
    assert when("discriminator_won", steady(WON | {"loss/g": late})) == (270, 151, True)


def test_a_lead_that_is_lost_within_the_last_window_is_not_lasting():
    lost = steady(WON | {"prob/real": then((399, 0.99), (1, 0.5))})
    assert when("discriminator_won", lost) == (160, 41, False)


CLAMPED = {"loss/g": 60.0, "loss/d": 0.001}


def test_gs_loss_has_left_the_scale_after_one_window():
    found = sign("bce_clamp", steady(CLAMPED))
    assert (found.step, found.since, found.lasting) == (79, 40, True)
    assert found.evidence == "G's loss averaged 60.0 at step 79, D's 0.001."
    assert when("bce_clamp", steady(CLAMPED | {"loss/g": 50.0})) is None
    assert when("bce_clamp", steady(CLAMPED | {"loss/g": 50.5})) is not None
    assert when("bce_clamp", steady(CLAMPED | {"loss/d": 0.0099})) is not None
    assert when("bce_clamp", steady(CLAMPED | {"loss/d": 0.0101})) is None
    assert when("bce_clamp", steady(CLAMPED, objective__name="hinge")) is None
    assert when("bce_clamp", steady({"loss/g": 60.0})) is None


def test_verdicts_far_apart_are_a_win_under_every_objective_while_images_are_alike_or_whatever_they_are():
    alike = {"nearest/fake": 0.1, "nearest/real": 1.0}
    for name in ("hinge", "least_squares", "wasserstein", "relativistic"):
        found = sign("discriminator_won", steady({"logit/gap": 4.1, **alike}, 600, objective__name=name))
        assert (found.step, found.since, found.lasting) == (500, 201, True)
        assert (
            "From step 201 to 500 D separated real from generated images by 4.1 standard deviations" in found.evidence
        )
        assert when("discriminator_won", steady({"logit/gap": 15.1}, 600, objective__name=name)) == (500, 201, True)
    assert when("discriminator_won", steady({"logit/gap": 4.1, **alike}, 499)) is None
    assert when("discriminator_won", steady({"logit/gap": 3.9, **alike}, 600)) is None
    assert when("discriminator_won", steady({"logit/gap": 14.9}, 600)) is None
    assert when("discriminator_won", steady({"logit/gap": 4.1, "nearest/fake": 0.5, "nearest/real": 1.0}, 600)) is None


@pytest.mark.parametrize(("n_critic", "since"), [(1, 201), (2, 401), (5, 1001), (20, 1001)])
def test_a_lead_is_counted_from_the_200th_step_of_g_and_from_the_1000th_of_d_at_the_latest(n_critic, since):
    lead = {"logit/gap": 6.0, "nearest/fake": 0.1, "nearest/real": 1.0}
    found = when("discriminator_won", steady(lead, 1400, objective__n_critic=n_critic))
    assert found == (since + 299, since, True)


def test_r1_with_batch_norm_is_offered_as_an_approximation():
    penalty = {"penalty.name": "r1", "penalty.weight": 5.0, "training.precision": "fp32"}
    for norm, words in (("batch", True), ("none", False)):
        config = with_changes(RunConfig(), {"network.discriminator_norm": norm})
        (why,) = [r.why for r in DIAGNOSES["discriminator_won"].remedies(config) if r.changes == penalty]
        assert ("approximately" in why) == words


def test_more_than_nine_weights_in_ten_at_the_bound_for_two_windows():
    found = sign("clip_saturation", steady({"clip/saturation": 0.95}))
    assert (found.step, found.since, found.lasting) == (119, 40, True)
    assert found.evidence == "95% of the critic's weights lay at the bound on average up to step 119."
    assert when("clip_saturation", steady({"clip/saturation": 0.901})) is not None
    assert when("clip_saturation", steady({"clip/saturation": 0.899})) is None


def wave(period: float, length: int = 400, size: float = 1.0):
    return size * np.sin(2 * np.pi * np.arange(length) / period)


def circling(loss, length: int = 400, **columns):
    return steady({"loss/g": loss, "loss/d": 1.0, **columns}, length)


def test_a_rhythm_is_told_after_eight_windows_with_its_period_and_share():
    found = sign("oscillation", circling(5 + wave(40)))
    assert (found.step, found.since, found.lasting) == (320, 1, True)
    assert "Between steps 1 and 320 one rhythm of about 40 steps makes 100% of all change" in found.evidence
    assert when("oscillation", circling(5 + wave(40, 320), 320)) == (320, 1, True)
    assert when("oscillation", circling(5 + wave(40, 319), 319)) is None
    assert when("oscillation", steady({"loss/g": wave(40)})) is None  # of a VAE there is no game


def test_a_rhythm_is_as_short_as_a_quarter_of_a_window_and_as_long_as_a_third_of_the_stretch():
    assert "about 10 steps" in sign("oscillation", circling(wave(10))).evidence
    assert when("oscillation", circling(wave(320 / 33))) is None  # 320 // 33 is 9
    assert "about 106 steps" in sign("oscillation", circling(wave(320 / 3))).evidence
    assert when("oscillation", circling(wave(160))) is None


def test_a_rhythm_makes_more_than_three_fifths_of_all_change():
    """Power goes with the square of the size: sqrt(0.65) and sqrt(0.35) are 65 % and 35 %."""

    def two(share: float):
        return circling(np.sqrt(share) * wave(40) + np.sqrt(1 - share) * wave(20))

    assert "makes 65% of all change" in sign("oscillation", two(0.65)).evidence
    assert when("oscillation", two(0.57)) is None


def test_a_straight_trend_is_no_part_of_the_change():
    assert "makes 100%" in sign("oscillation", circling(wave(40) + 0.5 * np.arange(400))).evidence
    assert when("oscillation", circling(0.5 * np.arange(400))) is None
    assert when("oscillation", circling(np.zeros(400))) is None


def test_a_rhythm_is_looked_for_once_a_window_and_is_over_when_the_last_eight_windows_have_none():
    rng = np.random.default_rng(0)
    begins = np.concatenate([10 * rng.normal(size=100), 5 * wave(40, 700)])
    found = sign("oscillation", circling(begins, 800))
    assert (found.step, found.since) == (360, 41)  # at 320 the noise is still too much of the stretch
    ends = np.concatenate([wave(40, 320), 10 * rng.normal(size=320)])
    assert when("oscillation", circling(ends, 640)) == (320, 1, False)
    shorter = np.concatenate([wave(40, 320), 10 * rng.normal(size=200)])
    assert when("oscillation", circling(shorter, 520)) == (320, 1, False)


def test_a_loss_that_was_seldom_recorded_has_no_rhythm():
    """At least 40 values in eight windows, four to the shortest rhythm."""
    for count, there in ((40, True), (39, False)):
        loss = np.full(320, np.nan)
        loss[::8][:count] = wave(10, 40)[:count]
        assert (when("oscillation", circling(loss, 320)) is not None) == there


def test_remedies_against_a_winning_discriminator():
    slower, noise, smoothing, penalty = changes("discriminator_won")
    assert slower == {"discriminator_optimizer.learning_rate": pytest.approx(0.0002 / 4)}
    assert noise == {"remedies.instance_noise": 0.1} and smoothing == {"remedies.label_smoothing": 0.1}
    assert penalty == {"penalty.name": "r1", "penalty.weight": 5.0, "training.precision": "fp32"}
    assert changes("bce_clamp") == changes("discriminator_won")
    assert noise not in changes("discriminator_won", remedies__instance_noise=0.2)
    assert smoothing not in changes("discriminator_won", remedies__label_smoothing=0.1)
    assert smoothing not in changes("discriminator_won", objective__name="hinge")
    assert penalty in changes("discriminator_won", objective__name="hinge")
    assert penalty not in changes("discriminator_won", objective__weight_clip=0.01)
    assert penalty not in changes("discriminator_won", penalty__name="r1", penalty__weight=1.0)


def test_remedies_against_saturation_and_circling():
    penalty, wider = changes("clip_saturation", objective__weight_clip=0.01)
    assert penalty == {
        "objective.weight_clip": 0.0, "penalty.name": "gradient", "penalty.weight": 10.0, "network.discriminator_norm": "none",
        "training.precision": "fp32",
    }  # fmt: skip
    assert wider == {"objective.weight_clip": pytest.approx(0.02)}
    slower = {"discriminator_optimizer.learning_rate": pytest.approx(0.0001)}
    assert changes("oscillation", training__ema_decay=0.0) == [slower, {"training.ema_decay": 0.999}]
    assert changes("oscillation", training__ema_decay=0.5) == [slower]


def test_only_a_slower_discriminator_helps_a_running_run():
    (finding,) = diagnose(steady(WON | {"loss/d": 1.0}))
    assert [remedy.live for remedy in finding.remedies] == [True, False, False, False]


def test_findings_come_gravest_first_then_earliest():
    columns = WON | {"loss/d": 0.001, "loss/g": then((40, 1.0), (160, 2.0), (200, 60.0)), "clip/saturation": 0.95}
    found = [(finding.name, finding.severity, finding.step) for finding in diagnose(steady(columns))]
    assert [name for name, _, _ in found] == ["bce_clamp", "clip_saturation", "discriminator_won"]
    assert [severity for _, severity, _ in found] == ["failure", "warning", "warning"]
    assert found[1][2] < found[2][2] < found[0][2]
