"""Diagnoses of any model, of the VAE and of memory: each bound from both sides, and the exact steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gan_core.analysis.doctor import DIAGNOSES, RunTrace
from gan_core.config import RunConfig, get, with_changes
from gan_core.evaluation.metrics import METRICS
from gan_core.presets import preset_config
from tests.analysis.doctor.steady import changes, measured, sign, steady, then, when

NAN = float("nan")


def gradient(name: str, before: float, after: float, network: str = "g"):
    return sign(name, steady({f"grad_norm/{network}": then((300, before), (100, after))}))


def test_a_gradient_has_vanished_at_a_thousandth_of_its_typical_size_for_a_window():
    found = gradient("vanishing_gradient", 10.0, 0.005)
    assert (found.step, found.since, found.lasting) == (379, 340, True)
    assert found.evidence == "The gradient of G has fallen from typically 10 to 0.005 at step 379."
    assert gradient("vanishing_gradient", 10.0, 0.0099) and not gradient("vanishing_gradient", 10.0, 0.0101)


def test_a_gradient_below_a_hundred_millionth_has_vanished_whatever_it_was():
    assert gradient("vanishing_gradient", 1e-7, 9e-9) and not gradient("vanishing_gradient", 1e-7, 1.1e-8)


def test_a_gradient_explodes_at_thirty_times_its_typical_size():
    found = gradient("exploding_gradient", 10.0, 305.0, "d")
    assert (found.step, found.since, found.lasting) == (379, 340, True)
    assert found.evidence == "The gradient of D has risen from typically 10 to 305 at step 379."
    assert gradient("exploding_gradient", 1.0, 30.0) is None and gradient("exploding_gradient", 1.0, 30.5)
    assert "of the VAE" in gradient("exploding_gradient", 1.0, 40.0, "vae").evidence


def test_the_typical_gradient_is_the_median_of_all_but_the_newest_two_windows():
    """A gradient that rises by one a step: its mean at step s is s - 19.5. Said at step 346, and typical then is the median
    that was taken at step 341 (every tenth step), of the means at steps 40 to 261: 131."""
    values = np.arange(1.0, 401)
    values[300:] = 20000.0
    found = sign("exploding_gradient", steady({"grad_norm/g": values}))
    assert (found.step, found.since) == (346, 307)
    assert "from typically 131 to 20,000" in found.evidence


def test_gradients_are_compared_with_their_past_after_six_windows():
    short = steady({"grad_norm/g": then((139, 10.0), (100, 1e-3))}, 239)
    enough = steady({"grad_norm/g": then((140, 10.0), (100, 1e-3))}, 240)
    assert when("vanishing_gradient", short) is None
    assert when("vanishing_gradient", enough) == (219, 180, True)


def test_the_past_begins_after_three_windows():
    """Nothing is typical before step 121, and soon the small gradient is."""
    assert when("vanishing_gradient", steady({"grad_norm/g": then((20, 10.0), (380, 1e-4))})) == (160, 121, False)
    late = steady({"grad_norm/g": then((85, 10.0), (315, 1e-4))})  # all low from step 125 on
    assert when("vanishing_gradient", late) == (164, 125, False)


BEHIND = {"prob/real": 0.9, "prob/fake_before": 0.1, "loss/d": 0.2}


@pytest.mark.parametrize(("optimizer", "limit"), [("adam", 2e-3), ("adamax", 5e-3), ("rmsprop", 1e-3), ("sgd", 0.5)])
@pytest.mark.parametrize("network", ["discriminator", "generator"])
def test_a_learning_rate_is_too_high_beyond_its_optimisers_limit_where_the_curves_show_harm(optimizer, limit, network):
    def found(rate: float, **columns: float):
        settings = {f"{network}_optimizer__name": optimizer, f"{network}_optimizer__learning_rate": rate}
        return sign("learning_rate_too_high", steady(BEHIND | columns, **settings))

    assert found(limit) is None
    high = found(1.01 * limit)
    assert (high.step, high.since, high.lasting) == (159, 40, True)
    assert (
        f"The {network}'s learning rate is {1.01 * limit:g}; with {optimizer} training is rarely stable above {limit:g}"
        in high.evidence
    )
    assert "D(x) averages 0.90 and D(G(z)) 0.10 at step 159: G does not follow." in high.evidence
    even = {"prob/real": 0.8, "prob/fake_before": 0.06}
    assert found(1.01 * limit, **even) is None
    assert (
        "0.149 for generated images and 0.300 for real ones"
        in found(1.01 * limit, **even, **{"nearest/fake": 0.149, "nearest/real": 0.3}).evidence
    )
    assert found(1.01 * limit, **even, **{"nearest/fake": 0.151, "nearest/real": 0.3}) is None


def test_harm_counts_while_the_schedule_leaves_the_rate_too_high():
    rate = {"discriminator_optimizer__learning_rate": 0.01, "discriminator_optimizer__schedule": "linear"}
    assert sign("learning_rate_too_high", steady(BEHIND | {"rate/d": 0.01}, **rate)).lasting
    fallen = sign("learning_rate_too_high", steady(BEHIND | {"rate/d": then((200, 0.01), (200, 1e-5))}, **rate))
    assert (fallen.step, fallen.lasting) == (159, False)
    assert sign("learning_rate_too_high", steady(BEHIND | {"rate/d": 1e-3}, **rate)) is None


def test_where_a_rate_falls_by_itself_a_standstill_asks_for_no_lower_one():
    plateau, config = DIAGNOSES["plateau"], with_changes(RunConfig(), {"generator_optimizer.schedule": "linear"})
    assert [list(remedy.changes) for remedy in plateau.remedies(config)] == [["discriminator_optimizer.learning_rate"]]
    assert len(plateau.remedies(RunConfig())) == 2


def test_a_vaes_learning_rate_is_judged_by_its_own_loss():
    def found(later: float):
        losses = {"loss/vae": then((40, 1.0), (360, later))}
        return when(
            "learning_rate_too_high", steady(losses, network__name="vae", generator_optimizer__learning_rate=0.05)
        )

    assert found(1.1) == (160, 41, True)
    assert found(0.9) is None


@pytest.mark.parametrize(
    ("num_images", "epochs", "there"),
    [(999, 20, True), (1000, 20, False), (999, 19, False), (0, 20, False), (1, 1000, True)],
)
def test_few_images_are_fewer_than_a_thousand_each_seen_twenty_times(num_images, epochs, there):
    trace = steady({}, num_images=num_images, training__epochs=epochs)
    assert when("too_few_images", trace) == ((0, 0, True) if there else None)


def test_few_images_of_a_run_that_ends_early_are_not_seen_often():
    def found(max_steps: int):
        return when("too_few_images", steady({}, num_images=64, training__epochs=50, training__max_steps=max_steps))

    steps_per_epoch = steady({}).steps_per_epoch
    assert found(2) is None and found(19 * steps_per_epoch) is None
    assert found(20 * steps_per_epoch) == found(0) == (0, 0, True)


def scores(difference: float, count: int = 15, length: int = 1200, name: str = "accuracy/test"):
    """Scores at every 80th step: the middle third 0.5 +- 0.1, the last third shifted by so much."""
    third = count // 3
    pattern = np.resize([0.1, -0.1], third)
    middle, last = 0.5 + pattern - pattern.mean(), 0.5 + pattern - pattern.mean() + difference
    column = np.full(length, NAN)
    column[79 : 80 * count : 80] = np.concatenate([np.zeros(count - 2 * third), middle, last])
    return steady({name: column}, length)


NOISE = np.sqrt(2 * np.resize([0.1, -0.1], 5).var(ddof=1) / 5)  # standard error of the difference of two thirds


def test_a_plateau_is_a_last_third_within_two_standard_errors_of_the_middle_one():
    found = sign("plateau", scores(1.99 * NOISE))
    assert (found.step, found.since) == (1200, 880)  # the last of 15 scores, and the eleventh
    assert f"averaged 0.5 in the middle third of the run and {0.5 + 1.99 * NOISE:.4g} in the last" in found.evidence
    assert when("plateau", scores(-1.99 * NOISE)) is not None
    assert when("plateau", scores(2.01 * NOISE)) is None and when("plateau", scores(-2.01 * NOISE)) is None


def test_a_plateau_needs_thirty_windows_and_fifteen_scores():
    assert when("plateau", scores(0.0)) is not None
    assert when("plateau", scores(0.0, count=14)) is None
    assert when("plateau", scores(0.0, length=1199, count=14)) is None
    dense = np.resize([0.4, 0.6], 1199)
    assert when("plateau", steady({"accuracy/test": dense}, 1199)) is None
    assert when("plateau", steady({"accuracy/test": np.resize([0.4, 0.6], 1200)}, 1200)) == (1200, 801, True)
    assert when("plateau", scores(0.0, name="loss/reconstruction")) is not None
    assert when("plateau", scores(0.0, name="loss/g")) is None


@pytest.mark.parametrize(
    ("error", "length", "step"),
    [("loss/g became nan at step 1,234: without bound.", 400, 1234), ("It grew without bound.", 400, 400),
     ("It grew without bound.", 0, 0)],
)  # fmt: skip
def test_a_number_without_bound_is_told_at_its_step_or_at_the_last(error, length, step):
    assert when("non_finite", steady({}, length, error=error)) == (step, step, True)


@pytest.mark.parametrize(("real", "fake", "kind"), [(0.0, 1.0, "real"), (0.5, 0.0, "generated")])
def test_a_loss_without_weight_on_one_side_is_told_from_the_first_window_on(real, fake, kind):
    settings = {"objective__real_weight": real, "objective__fake_weight": fake}
    found = sign("one_sided", steady({"loss/d": 1.0}, **settings))
    assert (found.step, found.since, found.lasting) == (40, 1, True)
    assert f"weighs real images {real:g} and generated ones {fake:g}: its output for {kind} images" in found.evidence
    assert when("one_sided", steady({"loss/g": 1.0}, **settings)) is None
    assert when("one_sided", steady({"loss/d": 1.0}, objective__real_weight=0.1)) is None
    assert changes("one_sided", **settings) == [{"objective.real_weight": 0.5, "objective.fake_weight": 0.5}]


def kl(name: str, nats: float, reduction: str = "mean", length: int = 400):
    vae = {"network__name": "vae", "network__latent_dim": 8, "vae__kl_reduction": reduction}
    return sign(name, steady({"loss/kl": nats * (8 if reduction == "sum" else 1)}, length, **vae))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(("name", "inside", "outside"), [("kl_collapse", 0.0199, 0.0201), ("prior_hole", 6.01, 6.0)])
def test_the_kl_a_dimension_is_told_after_three_windows_beyond_its_bound(name, inside, outside, reduction):
    found = kl(name, inside, reduction)
    assert (found.step, found.since, found.lasting) == (159, 40, True)
    assert "nats a latent dimension at step 159" in found.evidence and f"KL is {inside:.2g}"[:8] in found.evidence
    assert kl(name, outside, reduction) is None
    assert kl(name, inside, reduction, 158) is None


@pytest.mark.parametrize(("name", "bad"), [("kl_collapse", 0.001), ("prior_hole", 20.0)])
def test_a_kl_that_has_come_back_is_not_lasting(name, bad):
    column = then((300, bad), (100, 1.0))
    assert when(name, steady({"loss/kl": column}, network__name="vae")) == (159, 40, False)


def test_the_kls_weight_is_lowered_or_raised_tenfold():
    assert changes("kl_collapse", vae__kl_weight=0.02) == [{"vae.kl_weight": pytest.approx(0.002)}]
    assert changes("prior_hole", vae__kl_weight=0.02) == [{"vae.kl_weight": pytest.approx(0.2)}]


def known(gap, **more):
    return steady({"memory/gap": gap, "memory/train": 3.0, "memory/held_out": 1.0}, **more)


def test_d_knows_training_images_two_standard_deviations_apart_for_three_windows():
    found = sign("memorisation", known(2.5))
    assert (found.step, found.since, found.lasting) == (159, 40, True)
    assert "From step 40 to 159 D's logits averaged 3.00 on training images and 1.00 on real images" in found.evidence
    assert "2.5 standard deviations apart" in found.evidence
    assert when("memorisation", known(2.0)) is None and when("memorisation", known(2.0625)) is not None
    assert when("memorisation", known(then((300, 2.5), (100, 1.0)))) == (159, 40, False)
    assert when("memorisation", steady({"memory/gap": 2.5, "memory/train": 1.0})) is None


def test_copies_are_told_when_the_whole_interval_lies_above_three_fifths():
    assert when("memorisation", steady({}, measured={"copying": measured(0.7, 0.6, 0.8, 900)})) is None
    copied = {"copying": measured(0.7, 0.61, 0.8, 900)}
    assert when("memorisation", steady({}, measured=copied)) == (900, 900, True)
    now = {"copying": replace(copied["copying"], note=METRICS["copying"].explanation)}
    assert "in 70% of all pairs of a generated and a held-out image (95 % interval 61% to 80%)" in sign("memorisation", steady({}, measured=now)).evidence  # fmt: skip
    varied_too_little = copied | {"authpct": replace(measured(0.5, 0.45, 0.55, 900), real=0.6)}
    assert when("memorisation", steady({}, measured=varied_too_little)) is None
    copies = copied | {"authpct": replace(measured(0.4, 0.35, 0.45, 900), real=0.6)}
    assert when("memorisation", steady({}, measured=copies)) == (900, 900, True)
    both = sign("memorisation", known(then((300, 2.5), (100, 1.0)), measured=copied))
    assert (both.step, both.since, both.lasting) == (159, 40, False)
    assert "standard deviations apart" in both.evidence and "61% to 80%" in both.evidence


def test_a_leak_is_two_hundredths_more_marks_than_real_images_have_of_an_augmentation_that_leaves_marks():
    def leak(low: float, kinds: str = "cutout", real: float | None = 0.01):
        found = replace(measured(0.2, low, 0.3, 900), real=real)
        return sign("augmentation_leak", steady({}, measured={"augmentation_leak": found}, augmentation__kinds=kinds))

    assert (
        leak(0.03) is None and leak(0.1, "color") is None and leak(0.1, "none") is None and leak(0.1, real=None) is None
    )
    found = leak(0.031, "color,translation")
    assert (found.step, found.since, found.lasting) == (900, 900, True)
    assert (
        "20% of the generated images (95 % interval 3% to 30%) have a grey square or margin, 1% of the real"
        in found.evidence
    )
    adapt, kinds = {"augmentation.adaptive": True}, "augmentation.kinds"
    assert changes("augmentation_leak", augmentation__kinds="color,cutout") == [adapt, {kinds: "color"}]
    adaptive = {"augmentation__kinds": "translation,cutout", "augmentation__adaptive": True}
    assert changes("augmentation_leak", **adaptive) == [{kinds: "translation"}, {kinds: "cutout"}]


def test_remedies_that_slow_down():
    d, g = "discriminator_optimizer.learning_rate", "generator_optimizer.learning_rate"
    factors = {"non_finite": 0.1, "exploding_gradient": 0.25, "learning_rate_too_high": 0.1, "plateau": 0.2}
    for name, factor in factors.items():
        assert changes(name) == [{d: pytest.approx(2e-4 * factor)}, {g: pytest.approx(2e-4 * factor)}]
    assert changes("vanishing_gradient") == [{d: pytest.approx(2e-4 * 0.25)}]


def test_what_helps_a_vanished_gradient_is_not_a_smaller_step_of_the_network_that_stands_still():
    d, vae = "discriminator_optimizer.learning_rate", "generator_optimizer.learning_rate"
    cases = (("g", "mnist-dcgan", [{d: 0.000125}]), ("d", "mnist-dcgan", [{"remedies.label_smoothing": 0.1}, {d: 0.000125}]),
             ("vae", "r5-vae-lite", [{vae: pytest.approx(0.25 * get(preset_config("r5-vae-lite"), vae))}]))  # fmt: skip
    for short, preset, expected in cases:
        found = sign("vanishing_gradient", RunTrace({"step": np.arange(1.0, 401), f"grad_norm/{short}": then((200, 10.0), (200, 1e-4))},
                     preset_config(preset), 5000, 20, "", {}))  # fmt: skip
        assert [dict(remedy.changes) for remedy in found.remedies] == expected
        assert all(
            remedy.live == (short == "g")
            for remedy in found.remedies
            if not remedy.changes.get("remedies.label_smoothing")
        )


def test_remedies_against_too_little_data():
    mirrored, augment = {"dataset.flip": True}, {"augmentation.kinds": "color,translation,cutout"}
    assert changes("too_few_images", dataset__name="faces", dataset__num_images=0) == [{}, augment, mirrored]
    assert changes("too_few_images", dataset__name="faces", dataset__num_images=500) == [
        {"dataset.num_images": 0},
        augment,
        mirrored,
    ]
    assert changes("too_few_images", dataset__name="mnist5k") == [{}, augment]  # a mirrored digit is none
    assert changes("too_few_images", dataset__name="faces", augmentation__kinds="color") == [{}, mirrored]
    assert changes("too_few_images", dataset__name="faces", dataset__flip=True) == [{}, augment]
    assert changes("too_few_images", dataset__name="ring8") == [{}]
    turned, noise = {"dataset.rotation_degrees": 5.0}, {"remedies.instance_noise": 0.1}
    assert changes("memorisation", dataset__name="faces")[3:] == [turned, noise]
    assert turned not in changes("memorisation", dataset__name="ring8")
    assert turned not in changes("memorisation", dataset__rotation_degrees=3.0)
    assert noise not in changes("memorisation", remedies__instance_noise=0.2)
