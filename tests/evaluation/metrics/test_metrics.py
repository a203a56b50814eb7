"""Metrics against closed forms, against torch-fidelity on the same features, and against plain sense."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch_fidelity import metric_fid, metric_kid, metric_prc

from gan_core.config.settings import PROJECT_DIR
from gan_core.evaluation.metrics import METRICS, estimate, prdc, weighted
from gan_core.evaluation.metrics.pairwise import Cloud, FeaturePair

OF_FEATURES = [name for name, metric in METRICS.items() if metric.of_points]


def metric(name: str):
    """A metric of features as the product computes it: (real, fake) -> value."""
    return lambda real, fake: weighted(name, real, fake).value


frechet_distance, kernel_distance = metric("fd"), metric("kd")
precision, recall, density, coverage = map(metric, ("precision", "recall", "density", "coverage"))


def cloud(count: int, width: int = 6, shift: float = 0.0, scale: float = 1.0, seed: int = 0):
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(width, width)) / np.sqrt(width)
    return (rng.normal(size=(count, width)) @ mixed) * scale + shift


def exact(mean: float, spread: float, width: int):
    """Points whose mean and covariance are exactly `mean` and `spread`^2 times the identity."""
    corners = np.concatenate([np.eye(width), -np.eye(width)])
    return mean + spread * corners * np.sqrt((2 * width - 1) / 2)


def test_frechet_distance_of_two_round_gaussians_is_known():
    # |m1 - m2|^2 + sum (s1 - s2)^2, the closed form for covariances that commute
    assert frechet_distance(exact(0, 1, 4), exact(3, 2, 4)) == pytest.approx(4 * 9 + 4 * 1, abs=1e-6)


def test_extrapolated_the_frechet_distance_is_that_of_the_populations():
    """64 numbers an image, 400 images: the distance itself is a quarter too large."""
    rng = np.random.default_rng(0)
    truth = 64 * (0.3**2 + 0.2**2)
    drawn = [(rng.normal(size=(400, 64)), 0.3 + 0.8 * rng.normal(size=(400, 64))) for _ in range(4)]
    assert np.mean([frechet_distance(*pair) for pair in drawn]) > 1.25 * truth
    assert np.mean([metric("fd_inf")(*pair) for pair in drawn]) == pytest.approx(truth, rel=0.03)


def test_frechet_distance_is_zero_for_a_cloud_and_itself_and_the_same_both_ways():
    a, b = cloud(200), cloud(300, shift=0.5, seed=1)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a))


@pytest.mark.parametrize("seed", range(3))
def test_frechet_distance_equals_torch_fidelity(seed):
    real, fake = cloud(150, seed=seed), cloud(120, shift=0.3, scale=1.2, seed=seed + 10)
    stats = [{"mu": x.mean(0), "sigma": np.cov(x, rowvar=False)} for x in (real, fake)]
    theirs = metric_fid.fid_statistics_to_metric(*stats, verbose=False)["frechet_inception_distance"]
    assert frechet_distance(real, fake) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_kernel_distance_equals_torch_fidelity_on_all_samples(seed):
    real, fake = cloud(80, seed=seed), cloud(80, shift=0.3, seed=seed + 10)
    kernels = [metric_kid.kernel_poly(a, b, kid_kernel_poly_degree=3, kid_kernel_poly_gamma=None, kid_kernel_poly_coef0=1)
               for a, b in ((real, real), (real, fake), (fake, fake))]  # fmt: skip
    assert kernel_distance(real, fake) == pytest.approx(metric_kid.mmd2(*kernels), rel=1e-9)


def test_kernel_distance_has_no_bias():
    rng = np.random.default_rng(0)
    same = [kernel_distance(rng.normal(size=(30, 4)), rng.normal(size=(30, 4))) for _ in range(300)]
    assert abs(np.mean(same)) < 3 * np.std(same) / np.sqrt(len(same))


@pytest.mark.parametrize("seed", range(3))
def test_precision_and_recall_equal_torch_fidelity(seed):
    real, fake = cloud(150, seed=seed), cloud(120, shift=0.4, seed=seed + 10)
    theirs = metric_prc.prc_features_to_metric(
        torch.from_numpy(fake), torch.from_numpy(real), prc_neighborhood=3, prc_batch_size=10000, save_cpu_ram=False, verbose=False
    )  # fmt: skip
    assert precision(real, fake) == pytest.approx(theirs["precision"], abs=1e-6)
    assert recall(real, fake) == pytest.approx(theirs["recall"], abs=1e-6)


def test_one_repeated_good_sample_is_precise_and_covers_nothing():
    real = cloud(200)
    collapsed = np.repeat(real[:1], 100, axis=0) + np.random.default_rng(0).normal(size=(100, 6)) * 1e-6
    assert precision(real, collapsed) == 1.0
    assert recall(real, collapsed) <= 1 / 200  # the one that is repeated
    assert coverage(real, collapsed) < 0.1


@pytest.mark.parametrize("value", [1.0, 0.1, -3.7])
def test_a_set_whose_images_are_all_equal_covers_itself_and_no_other(value):
    same, other = np.full((64, 32), value), np.full((64, 32), value + 1)
    assert precision(same, same.copy()) == recall(same, same.copy()) == coverage(same, same.copy()) == 1.0
    assert density(same, same.copy()) > 0
    assert precision(same, other) == recall(same, other) == density(same, other) == coverage(same, other) == 0.0


def test_density_and_coverage_on_a_line_by_hand():
    real = np.arange(4.0)[:, None]  # with k=1 every neighbourhood reaches to distance 1, its rim not included
    fake = np.array([[0.5], [0.6], [10.0]])
    arguments = FeaturePair(Cloud(real), Cloud(fake)), np.ones(4, np.int64), np.ones(3, np.int64)
    assert prdc.density(*arguments, k=1) == pytest.approx((2 + 2 + 0) / 3)
    assert prdc.coverage(*arguments, k=1) == pytest.approx(2 / 4)


def test_samples_far_away_score_nothing():
    real, fake = cloud(100), cloud(100, shift=1000)
    assert precision(real, fake) == recall(real, fake) == density(real, fake) == coverage(real, fake) == 0.0


@pytest.mark.parametrize("name", OF_FEATURES)
def test_an_interval_holds_its_value_stays_within_bounds_and_shrinks_with_more_samples(name):
    small = estimate(name, cloud(40), cloud(40, shift=0.8, seed=1), repeats=20)
    large = estimate(name, cloud(640), cloud(640, shift=0.8, seed=1), repeats=20)
    assert (
        small.low <= small.value <= small.high
        and METRICS[name].lowest <= small.low
        and small.high <= METRICS[name].highest
    )
    assert small.high > small.low
    assert large.high - large.low < small.high - small.low
    assert (small.count, small.method) == (40, "half-samples")


@pytest.mark.parametrize("name", OF_FEATURES)
@pytest.mark.parametrize(
    ("real", "fake", "words"),
    [
        (np.zeros((1, 3)), np.zeros((50, 3)), "at least"),
        (np.zeros((50, 3)), np.zeros((50, 4)), "one width"),
        (np.zeros((50, 3)), np.full((50, 3), np.nan), "finite"),
    ],
)
def test_what_cannot_be_compared_is_refused(name, real, fake, words):
    with pytest.raises(ValueError, match=words):
        weighted(name, real, fake)


def test_what_needs_more_than_features_is_no_metric_of_points():
    assert set(METRICS) - set(OF_FEATURES) == {
        "ms_ssim",
        "duplicates",
        "inception_score",
        "mode_tv",
        "modes",
        "mode_kl",
        "copying",
        "authpct",
        "ct",
        "augmentation_leak",
    }
    with pytest.raises(ValueError, match="'duplicates' needs images"):
        weighted("duplicates", cloud(50), cloud(50))
    with pytest.raises(ValueError, match="Unknown metric 'beauty'"):
        weighted("beauty", cloud(50), cloud(50))


def test_the_documentation_describes_every_metric_of_the_table_and_no_other():
    lines = (PROJECT_DIR / "docs" / "metrics.md").read_text(encoding="utf-8").splitlines()
    described = [
        name for line in lines if line.startswith("| `") for name in line.split("|")[1].strip(" `").split("`, `")
    ]
    assert described == list(METRICS)


def test_every_entry_says_what_a_reader_needs():
    for name, entry in METRICS.items():
        assert name == entry.name and entry.title and entry.explanation.endswith(".") and entry.needs
        assert entry.lowest < entry.highest and entry.direction in ("higher", "lower", "real")
