"""All measures of one generator from made features: values, those of half-samples, the same of real images, and counts."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from gan_core.evaluation.features import ImageFeatures
from gan_core.evaluation.metrics import METRICS, Material, Weighted, silent, weighted
from gan_core.evaluation.metrics.copying import authentic, c_t, cells, share_nearer
from gan_core.evaluation.metrics.duplicates import duplicates as of_pair
from gan_core.evaluation.metrics.inception_score import inception_score
from gan_core.evaluation.metrics.ms_ssim import ms_ssim
from gan_core.evaluation.metrics.pairwise import Cloud, FeaturePair, nearest
from gan_core.evaluation.statistics.half_samples import half_samples

NAMES = ("fd", "fd_inf", "kd", "precision", "recall", "density", "coverage", "diversity")
REPEATS, SEED = 12, 5


def seen(count: int, seed: int, width: int = 3, kinds=None) -> ImageFeatures:
    rng = np.random.default_rng(seed)
    verdicts = rng.dirichlet(np.ones(4), size=count)
    return ImageFeatures(
        rng.normal(size=(count, width)), verdicts, verdicts.argmax(1) if kinds is None else np.asarray(kinds)
    )


def images(count: int, seed: int, size: int = 16):
    return np.random.default_rng(seed).integers(0, 256, (count, 1, size, size), dtype=np.uint8)


def material(width: int = 3, learned: bool = True, **changes) -> Material:
    parts = {
        "fake_images": images(30, 0), "real_images": images(41, 1), "fake": seen(30, 2, width), "real": seen(41, 3, width),
        "training": seen(35, 4, width) if learned else None,
        "learned": np.random.default_rng(7).normal(size=(150, width)) if learned else None, "training_kinds": np.repeat(np.arange(5), [1, 2, 3, 4, 10]), "exclusive": True, "seed": SEED,
    }  # fmt: skip
    return Material(**parts | changes)


def measure(made: Material, name: str) -> Weighted:
    found = METRICS[name].weighted(made, silent)
    assert found is not None
    return found


def cannot_be_computed_of(made: Material, name: str) -> bool:
    return METRICS[name].weighted(made, silent) is None


def again(found: Weighted):
    """The values of images drawn again."""
    return list(found.replicates(REPEATS, SEED))


def duplicates(real, fake):
    whole = np.ones(min(len(real), len(fake)), int)
    return of_pair(FeaturePair(Cloud(real), Cloud(fake)), whole, whole)


@pytest.mark.parametrize("name", NAMES)
def test_metrics_of_features_are_resampled_from_both_sides(name):
    made = material()
    found, alone = measure(made, name), weighted(name, made.real.features, made.fake.features)
    assert found.value == alone.value
    pairs = zip(half_samples(41, REPEATS, SEED, 0), half_samples(30, REPEATS, SEED, 1), strict=True)
    assert again(found) == pytest.approx([alone.compute(real, fake) for real, fake in pairs])
    assert found.real == weighted(name, made.real.features, made.training.features).value
    assert (found.num_real, found.num_fake) == (41, 30)
    assert measure(material(learned=False), name).real is None


def test_too_few_images_for_the_frechet_distance_are_fewer_than_twice_its_features():
    assert "Here 30 images stand for 16 numbers each" in measure(material(width=16), "fd").note
    assert "at these counts" in measure(material(width=15), "fd").note.lower()
    assert measure(material(width=15), "fd_inf").note == "" == measure(material(width=16), "kd").note


def test_the_frechet_distance_says_its_bias_in_numbers():
    made = material()
    value, limit = (measure(made, name).value for name in ("fd", "fd_inf"))
    assert (
        f"too large by about {value - limit:.3g}: for infinitely many images, about {limit:.3g}."
        in measure(made, "fd").note
    )


def test_pairs_of_pictures_are_those_of_at_most_a_thousand():
    made = material(fake_images=images(1004, 0, 11), real_images=images(9, 1, 11))
    found = measure(made, "ms_ssim")
    index = ms_ssim(made.fake_images[:500], made.fake_images[500:1000])
    assert found.value == pytest.approx(index.mean())
    assert found.real == pytest.approx(ms_ssim(made.real_images[:4], made.real_images[4:8]).mean())
    assert again(found) == pytest.approx([counts @ index / 250 for counts in half_samples(500, REPEATS, SEED, 1)])
    assert (found.num_real, found.num_fake) == (8, 1000) and found.note == " Here 1 scale of 11 px, and 500 pairs."
    assert (
        "2 scales of 22 px"
        in measure(material(fake_images=images(8, 0, 22), real_images=images(8, 1, 22)), "ms_ssim").note
    )
    assert cannot_be_computed_of(material(fake_images=images(8, 0, 10), real_images=images(8, 1, 10)), "ms_ssim")


def halves(real: int, fake: int):
    return zip(half_samples(real, REPEATS, SEED, 0), half_samples(fake, REPEATS, SEED, 1), strict=True)


def test_duplicates_are_looked_for_anew_in_each_half_sample():
    made = material()
    found, real, fake = measure(made, "duplicates"), made.real.features[:30], made.fake.features
    assert found.value == duplicates(real, fake) and (found.num_real, found.num_fake) == (30, 30)
    assert found.real == duplicates(made.real.features, made.training.features)
    assert again(found) == pytest.approx([duplicates(real[a > 0], fake[b > 0]) for a, b in halves(30, 30)])
    assert measure(material(learned=False), "duplicates").real is None


def test_copying_is_measured_against_all_training_images_and_both_other_sets_are_drawn_again():
    made = material()
    copied, honest, tested = (measure(made, name) for name in ("copying", "authpct", "ct"))
    held_out, fake = (nearest(side.features, made.learned)[1] for side in (made.real, made.fake))
    whole = np.ones(41, int), np.ones(30, int)
    assert copied.value == share_nearer(held_out, fake, *whole) and copied.real == 0.5
    assert again(copied) == pytest.approx([share_nearer(held_out, fake, a, b) for a, b in halves(41, 30)])
    assert copied.note == " Here 150 training and 41 held-out images."
    assert "a part of 9,000 training images" in measure(material(num_training=9000), "copying").note
    flags = authentic(made.fake.features, made.learned)
    assert honest.value == flags.mean() and honest.real == authentic(made.real.features, made.learned).mean()
    assert again(honest) == pytest.approx([flags[counts > 0].mean() for counts in half_samples(30, REPEATS, SEED, 1)])
    places = cells(made, made.learned)
    assert tested.value == c_t(held_out, fake, *places, *whole) and tested.real == 0
    assert again(tested) == pytest.approx([c_t(held_out, fake, *places, a, b) for a, b in halves(41, 30)])
    assert {(one.num_real, one.num_fake) for one in (copied, honest, tested)} == {(41, 30)}
    for name in ("copying", "authpct", "ct"):
        assert cannot_be_computed_of(material(learned=False), name)


@pytest.mark.parametrize("exclusive", [True, False])
def test_the_score_of_half_samples_keeps_their_order(exclusive):
    made = material(exclusive=exclusive)
    found, verdicts = measure(made, "inception_score"), made.fake.probabilities
    assert found.value == inception_score(verdicts, exclusive=exclusive)
    assert found.real == inception_score(made.real.probabilities, exclusive=exclusive)
    halves = [verdicts[counts > 0] for counts in half_samples(30, REPEATS, SEED, 1)]
    assert again(found) == pytest.approx([inception_score(half, exclusive=exclusive) for half in halves])
    assert (found.num_real, found.num_fake) == (41, 30) and ("upper bound" in found.note) == (not exclusive)


def test_kinds_are_counted_among_those_of_the_training_images():
    """Training: 1, 2, 3, 4 and 10 of kinds 0 to 4. Generated: three of kind 1, one of kind 4, one of a kind that is not there."""
    made = material(fake=seen(5, 2, kinds=[1, 1, 1, 4, 9]), training=seen(4, 4, kinds=[0, 1, 2, 3]))
    modes, balance = measure(made, "modes"), measure(made, "mode_kl")
    assert (modes.value, modes.real, modes.num_real, modes.num_fake) == (2.0, 4.0, 20, 5)
    assert balance.value == pytest.approx(0.75 * math.log(0.75 / 0.1) + 0.25 * math.log(0.25 / 0.5))
    far = measure(made, "mode_tv")  # 3 of 5 of kind 1, 1 of kind 4, 1 of none
    assert far.value == pytest.approx((0.05 + abs(0.6 - 0.1) + 0.15 + 0.2 + abs(0.2 - 0.5) + 0.2) / 2)
    assert "5 kinds; 20% of the generated images" in modes.note
    drawn = [set(np.repeat([1, 1, 1, 4, 9], counts)) - {9} for counts in half_samples(5, REPEATS, SEED, 1)]
    assert again(modes) == [len(kinds) or 2.0 for kinds in drawn]
    assert measure(material(learned=False, real=seen(6, 3, kinds=[0] * 6)), "modes").real == 1.0


def test_kinds_that_are_not_known_cannot_be_counted():
    assert cannot_be_computed_of(material(training_kinds=None), "modes")
    strange = material(fake=seen(5, 2, kinds=[9] * 5))
    assert cannot_be_computed_of(strange, "modes") and cannot_be_computed_of(strange, "mode_kl")
    assert measure(strange, "mode_tv").value == 1.0


def test_of_more_than_512_features_the_frechet_distance_has_ten_half_samples():
    def most(name: str, width: int) -> int | None:
        return measure(material(fake=seen(8, 2, width), real=seen(8, 3, width), training=None), name).max_repeats

    assert (most("fd", 512), most("fd", 513), most("kd", 513)) == (None, 10, None)
    assert (most("fd_inf", 512), most("fd_inf", 513)) == (50, 10)
    ten = again(replace(measure(material(), "kd"), max_repeats=10))
    assert ten == again(measure(material(), "kd"))[:10] + ten[:2]
