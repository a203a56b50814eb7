"""Metrics from distances that were computed once: equal to the plain functions, also on half of the images."""

from __future__ import annotations

import numpy as np
import pytest

from gan_core.evaluation.metrics import METRICS, pairwise, weighted
from gan_core.evaluation.metrics.frechet import frechet_distance, frechet_infinity
from gan_core.evaluation.metrics.pairwise import NEAREST, Cloud, FeaturePair, nearest
from gan_core.evaluation.statistics.half_samples import half_samples
from tests.evaluation.metrics.oracles import ORACLES

REAL = np.random.default_rng(0).normal(size=(120, 5))
FAKE = np.random.default_rng(1).normal(size=(90, 5)) * 0.8 + 0.3


def test_every_metric_of_features_has_an_oracle():
    assert list(ORACLES) == [name for name, metric in METRICS.items() if metric.of_points]


@pytest.mark.parametrize("name", ORACLES)
def test_of_all_images_they_are_the_plain_metrics(name):
    assert weighted(name, REAL, FAKE).value == pytest.approx(ORACLES[name](REAL, FAKE), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", ORACLES)
def test_of_half_samples_they_are_the_plain_metrics_of_those_images(name):
    found = weighted(name, REAL, FAKE)
    for real, fake in zip(half_samples(120, 5, seed=3), half_samples(90, 5, seed=3, which=1), strict=True):
        again = (
            ORACLES[name](REAL, FAKE, real > 0, fake > 0)
            if name == "fd_inf"
            else ORACLES[name](REAL[real > 0], FAKE[fake > 0])
        )
        assert found.compute(real, fake) == pytest.approx(again, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(("count", "others"), [(20, 30), (30, 90), (90, 30)])  # beside 40 features
@pytest.mark.parametrize("name", ["fd", "fd_inf"])
def test_frechet_distance_of_fewer_images_than_features_is_the_plain_one(name, count, others):
    rng = np.random.default_rng(4)
    real, fake = rng.standard_normal((count, 40)), 1.2 * rng.standard_normal((others, 40)) + 0.3
    drawn = [np.ones(len(side), np.int64) for side in (real, fake)]
    drawn[1][::3] = 0
    pair = FeaturePair(Cloud(real), Cloud(fake))
    function = {"fd": frechet_distance, "fd_inf": frechet_infinity}[name]
    chosen = fake[drawn[1] > 0]
    plain = ORACLES[name](real, fake, *drawn) if name == "fd_inf" else ORACLES[name](real, chosen)
    assert function(pair, *drawn) == pytest.approx(
        plain, rel=1e-5, abs=1e-4
    )  # roots of eigenvalues near 0 are uncertain


def test_a_neighbour_beyond_those_kept_in_order_is_found_all_the_same():
    line = np.arange(4.0 * NEAREST)[:, None]
    counts = np.zeros(len(line), np.int64)
    counts[0] = 1
    counts[-3:] = 1  # only the far end and the first were drawn
    assert Cloud(line).radii(counts, k=3)[0] == len(line) - 1


def test_the_nearest_of_a_pool_is_found_a_part_at_a_time(monkeypatch):
    whole = np.linalg.norm(REAL[:, None] - FAKE[None], axis=2)
    monkeypatch.setattr(pairwise, "PART", 120 * 7)  # seven of the pool at once
    found, distance = nearest(REAL, FAKE)
    assert found.tolist() == whole.argmin(1).tolist()
    assert distance == pytest.approx(whole.min(1), rel=1e-5)
    others, apart = nearest(FAKE, FAKE, but=np.arange(90))
    assert others.tolist() == [
        np.delete(np.arange(90), i)[np.delete(row, i).argmin()] for i, row in enumerate(Cloud(FAKE).distances)
    ]
    assert apart == pytest.approx(Cloud(FAKE).radii(np.ones(90, int), 1))


def test_the_diversity_index_is_the_ratio_of_spreads_and_nothing_for_one_picture():
    def diversity(real, fake):
        return weighted("diversity", real, fake).value

    assert diversity(REAL, REAL) == pytest.approx(1)
    assert diversity(REAL, 0.5 * REAL + 7) == pytest.approx(0.5, rel=1e-5)
    assert diversity(REAL, np.repeat(FAKE[:1], 50, axis=0)) == pytest.approx(0, abs=1e-6)


def test_few_features_are_refused():
    with pytest.raises(ValueError, match="at least 6"):
        weighted("density", REAL[:5], FAKE)
