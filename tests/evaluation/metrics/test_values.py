"""Metrics of features by hand and by straight-line formulas; how few rows each takes, and what counts at a rim."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist, pdist
from scipy.stats import mannwhitneyu

from gan_core.evaluation.features import ImageFeatures
from gan_core.evaluation.metrics import METRICS, Material, silent, weighted
from gan_core.evaluation.metrics.copying import authentic, c_t, share_nearer
from gan_core.evaluation.metrics.duplicates import duplicates as of_pair
from gan_core.evaluation.metrics.inception_score import inception_score
from gan_core.evaluation.metrics.pairwise import Cloud, FeaturePair

REAL = np.random.default_rng(3).normal(size=(40, 3))
FAKE = np.random.default_rng(4).normal(size=(30, 3)) * 1.3 + 0.2
NAMES = ("fd", "kd", "precision", "recall", "density", "coverage", "diversity")


def value(name: str, real, fake) -> float:
    return weighted(name, np.asarray(real, float), np.asarray(fake, float)).value


def duplicates(real, fake):
    whole = np.ones(min(len(real), len(fake)), int)
    return of_pair(FeaturePair(Cloud(real), Cloud(fake)), whole, whole)


def by_definition(name: str, real, fake) -> float:
    """Each metric as its paper writes it, one image after the other."""
    n, m = len(real), len(fake)

    def kernel(a, b) -> float:
        return (sum(x * y for x, y in zip(a, b, strict=True)) / len(a) + 1) ** 3

    def radius(rows, i: int, k: int) -> float:
        return sorted(np.linalg.norm(rows[i] - rows[j]) for j in range(len(rows)) if j != i)[k - 1]

    if name == "fd":
        c1, c2 = np.cov(real.T), np.cov(fake.T)
        return ((real.mean(0) - fake.mean(0)) ** 2).sum() + np.trace(c1 + c2 - 2 * sqrtm(c1 @ c2).real)
    if name == "kd":
        same_real = sum(kernel(real[i], real[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
        same_fake = sum(kernel(fake[i], fake[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
        return same_real + same_fake - 2 * sum(kernel(a, b) for a in real for b in fake) / (n * m)
    if name == "diversity":
        return pdist(fake).mean() / pdist(real).mean()
    real_3, fake_3, real_5 = (
        np.array([radius(rows, i, k) for i in range(len(rows))]) for rows, k in ((real, 3), (fake, 3), (real, 5))
    )
    apart = cdist(real, fake)
    return {
        "precision": np.mean([(apart[:, j] <= real_3).any() for j in range(m)]),
        "recall": np.mean([(apart[i] <= fake_3).any() for i in range(n)]),
        "density": sum((apart[:, j] < real_5).sum() for j in range(m)) / (5 * m),
        "coverage": np.mean([apart[i].min() < real_5[i] for i in range(n)]),
    }[name]


@pytest.mark.parametrize("name", NAMES)
def test_each_metric_is_its_papers(name):
    assert value(name, REAL, FAKE) == pytest.approx(by_definition(name, REAL, FAKE), rel=1e-5, abs=1e-7)
    assert value(name, FAKE, REAL) == pytest.approx(by_definition(name, FAKE, REAL), rel=1e-5, abs=1e-7)


def test_a_rim_belongs_to_a_neighbourhood_for_precision_and_not_for_density():
    """Six real points on a line, one apart: from the first the third neighbour is 3 away, the fifth 5."""
    line, rim = np.arange(6.0)[:, None], np.array([[8.0]] * 6)  # 3 beyond the last point
    assert value("precision", line, rim) == 1
    assert value("precision", line, rim + 1e-3) == 0
    assert value("recall", rim, line) == 1
    rim_5 = np.array([[10.0]] * 6)  # 5 beyond the last point
    assert value("density", line, rim_5) == 0 and value("coverage", line, rim_5) == 0
    assert value("density", line, rim_5 - 1e-3) == pytest.approx(1 / 5)
    assert value("coverage", line, rim_5 - 1e-3) == pytest.approx(1 / 6)


@pytest.mark.parametrize(
    ("name", "rows"),
    [("fd", 2), ("kd", 2), ("diversity", 2), ("precision", 4), ("recall", 4), ("density", 6), ("coverage", 6)],
)
def test_as_few_rows_as_each_metric_can_be_computed_of(name, rows):
    assert np.isfinite(value(name, REAL[:rows], FAKE[:rows]))
    for real, fake in ((REAL[: rows - 1], FAKE), (REAL, FAKE[: rows - 1])):
        with pytest.raises(ValueError, match=f"at least {rows} "):
            value(name, real, fake)


def test_features_are_tables_of_finite_numbers_of_one_width():
    assert np.isfinite([value(name, REAL[:6], FAKE[:6]) for name in NAMES]).all()
    for real, fake in ((REAL, FAKE[:, :2]), (REAL, FAKE[..., None]), (REAL[..., None], FAKE)):
        with pytest.raises(ValueError, match="one width"):
            value("kd", real, fake)
    for place in (0, 1):
        broken = [REAL.copy(), FAKE.copy()]
        broken[place][3, 1] = np.nan
        with pytest.raises(ValueError, match="finite"):
            value("kd", *broken)


@pytest.mark.parametrize("name", NAMES)
def test_of_images_drawn_again_each_metric_is_that_of_the_repeated_rows(name):
    rng = np.random.default_rng(0)
    for _ in range(3):
        real, fake = (np.bincount(rng.integers(len(x), size=len(x)), minlength=len(x)) for x in (REAL, FAKE))
        again = by_definition(name, np.repeat(REAL, real, axis=0), np.repeat(FAKE, fake, axis=0))
        assert weighted(name, REAL, FAKE).compute(real, fake) == pytest.approx(again, rel=1e-5, abs=1e-6)


def test_the_neighbour_is_found_wherever_the_drawn_ones_lie():
    """100 points on a line, of which only a few are drawn: the third other draw, itself counting once."""
    line = np.arange(100.0)[:, None]
    counts = np.zeros(100, np.int64)
    counts[[0, 40, 90, 99]] = [1, 2, 1, 5]
    radii = Cloud(line).radii(counts, k=3)
    assert radii[0] == 90  # 40 twice, then 90
    assert radii[90] == 9  # 99 five times
    assert radii[99] == 0  # four more draws of itself


def test_the_diversity_of_one_real_picture_over_and_over_is_bounded():
    same, other = np.zeros((6, 2)), np.zeros((6, 2))
    other[0, 0] = 1.0  # five of fifteen pairs are 1 apart
    assert value("diversity", same, other) == pytest.approx(1e12 / 3)
    assert value("diversity", other, same) == 0


def gaps(*sizes: float):
    """Pairs of rows on a line, far from each other, so far apart within each pair."""
    return np.concatenate([[1000.0 * i, 1000.0 * i + size] for i, size in enumerate(sizes)])[:, None]


def test_a_duplicate_is_nearer_than_the_first_percentile_of_real_images():
    """Real pairs 1, 2, ... 101 apart: 202 distances, whose first percentile is 2."""
    found = duplicates(gaps(*range(1, 102)), gaps(1.9, 2.1, 2.0, *range(3, 101)))
    assert found == 2 / 202


def test_duplicates_want_twenty_rows_of_each():
    def found(real, fake):
        return METRICS["duplicates"].weighted(Material(ImageFeatures.alone(real), ImageFeatures.alone(fake)), silent)

    assert found(REAL[:20], FAKE[:20]).num_drawn_fake == 20
    for real, fake in ((REAL[:19], FAKE), (REAL, FAKE[:19])):
        with pytest.raises(ValueError, match="at least 20"):
            found(real, fake)


def test_of_all_pairs_those_are_counted_whose_generated_image_is_nearer_and_half_of_the_ties():
    """Held out 1, 2, 4; generated 0, 2, 9: of nine pairs three and one are won, one is a tie."""
    held_out, fake = np.array([4.0, 1.0, 2.0]), np.array([2.0, 0.0, 9.0])
    assert share_nearer(held_out, fake, np.ones(3, int), np.ones(3, int)) == pytest.approx(4.5 / 9)
    assert share_nearer(held_out, fake, np.array([1, 0, 1]), np.array([1, 0, 1])) == pytest.approx(1.5 / 4)
    assert share_nearer(held_out, fake, np.zeros(3, int), np.ones(3, int)) == 0.5


def test_an_image_is_authentic_that_is_farther_than_its_nearest_training_images_own_fellow():
    """Training images 0, 2 and 10 on a line: the fellows of 0 and 2 are 2 away, that of 10 is 8 away."""
    learned = np.array([[0.0], [2.0], [10.0]])
    rows = np.array([[-2.0], [-2.1], [3.9], [4.1], [17.9], [18.1], [10.0]])
    assert authentic(rows, learned).tolist() == [False, True, False, True, False, True, False]


def test_c_t_is_the_mean_of_the_cells_scores_by_held_out_images():
    """Two cells of 30 and 10 held-out images and 20 generated ones each; a third of 19 does not count."""
    rng = np.random.default_rng(0)
    real_cells, fake_cells = np.repeat([0, 1, 2], [30, 10, 5]), np.repeat([0, 1, 2], [20, 20, 19])
    held_out, fake = rng.random(45), rng.random(59) - 0.2

    def score(cell: int) -> float:
        ours, theirs = held_out[real_cells == cell], fake[fake_cells == cell]
        u = mannwhitneyu(theirs, ours).statistic
        n, m = len(ours), len(theirs)
        return (u - n * m / 2) / np.sqrt(n * m * (n + m + 1) / 12)

    found = c_t(held_out, fake, real_cells, fake_cells, np.ones(45, int), np.ones(59, int))
    assert found == pytest.approx(0.75 * score(0) + 0.25 * score(1), rel=1e-9) and found < 0
    assert np.isnan(c_t(held_out, fake[40:], real_cells, fake_cells[40:], np.ones(45, int), np.ones(19, int)))


def by_labels(p: np.ndarray, splits: int) -> float:
    """The score of independent labels, written out: the divergence of every label of every image."""
    scores = []
    for part in np.array_split(p, splits):
        mean = part.mean(0)
        total = 0.0
        for row in part:
            for x, q in zip(row, mean, strict=True):
                total += (x * np.log(x / q) if x > 0 else 0) + ((1 - x) * np.log((1 - x) / (1 - q)) if x < 1 else 0)
        scores.append(np.exp(total / len(part)))
    return float(np.mean(scores))


def test_the_score_of_independent_labels_is_the_sum_of_their_divergences():
    p = np.random.default_rng(0).random((33, 4))
    p[3, 1], p[4, 2] = 0.0, 1.0
    assert inception_score(p, exclusive=False) == pytest.approx(by_labels(p, 10))
    assert inception_score(p, exclusive=False, splits=3) == pytest.approx(by_labels(p, 3))


def test_the_score_takes_probabilities_of_at_least_ten_images():
    assert inception_score(np.full((10, 2), 0.5)) == pytest.approx(1)
    for table in (np.full((9, 2), 0.5), np.full(20, 0.5)):
        with pytest.raises(ValueError, match="at least 10 rows"):
            inception_score(table)
    assert np.isfinite(inception_score(np.tile([1 + 9e-7, 0.0], (10, 1))))  # rounding is no fault
    for value in (1 + 2e-6, -1e-9, np.nan):
        with pytest.raises(ValueError, match="between 0 and 1"):
            inception_score(np.tile([value, 0.0], (10, 1)))


def test_shares_and_scores_have_their_bounds():
    shares = ["copying", "authpct", "precision", "recall", "coverage", "duplicates", "ms_ssim"]
    assert {name: METRICS[name].highest for name in shares} == dict.fromkeys(shares, 1.0)
    assert METRICS["inception_score"].lowest == 1.0 and METRICS["fd"].lowest == 0.0
