"""How many modes a generator reaches where the modes are known: points around centres, or pictures of known classes.

Source: Lin et al. 2018, "PacGAN: The Power of Two Samples in Generative Adversarial Networks", section 4, which takes its
measures from Srivastava et al. 2017, "VEEGAN". Pure functions of arrays; what makes the points is left to others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import rel_entr

from gan_core.evaluation.metrics.base import Material, Metric, Report, Weighted
from gan_core.evaluation.metrics.pairwise import Counts
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.half_samples import half_sample_estimate

REACH = 3.0
"""Standard deviations around a mode's middle within which a point is of high quality."""
PERFECT_2D = 1 - float(np.exp(-(REACH**2) / 2))
"""Share of high quality that a perfect sampler reaches in the plane: 0.989. No generator can be asked for more."""


@dataclass(frozen=True)
class Modes:
    """What was found at known modes.

    Attributes:
        counts: samples nearest to each mode, (M,); all samples are assigned.
        good: of those, the ones of high quality (for classes: all).
        real: the share of each mode in the data.
        elsewhere: samples that were assigned to no mode, since they show a kind that the data have not.
    """

    counts: tuple[int, ...]
    good: tuple[int, ...]
    real: tuple[float, ...]
    elsewhere: int = 0

    @property
    def num_samples(self) -> int:
        """How many samples were assigned to modes."""
        return sum(self.counts)

    @property
    def num_modes(self) -> int:
        """How many modes there are to find."""
        return len(self.counts)

    @property
    def captured(self) -> int:
        """Modes with at least one sample of high quality."""
        return sum(good > 0 for good in self.good)

    @property
    def high_quality(self) -> float:
        """Share of the samples that are of high quality; a perfect sampler in the plane reaches PERFECT_2D."""
        return sum(self.good) / self.num_samples

    @property
    def mode_tv(self) -> float:
        """Half the sum over the modes of |share - share in the data|, plus half the share of samples on no mode: 0 best, 1 worst.

        Shares are of all samples, and one counts for a mode only if it is of high quality. So it is the total variation distance
        of two distributions over the modes and "no mode", where the data have nothing, and one number for missing modes,
        uneven ones and samples between them. A perfect sampler does not reach 0: in the plane 1 - PERFECT_2D lies off the
        modes, and counts of N samples vary by about sqrt(M / (2 pi N)) in all.
        """
        total = self.num_samples + self.elsewhere
        shares = np.array(self.good, np.float64) / total
        return float(np.abs(shares - np.array(self.real)).sum() + 1 - shares.sum()) / 2

    @property
    def reverse_kl(self) -> float:
        """KL(generated || real) in nats over the counts of the nearest modes: 0 when all are hit as often as in the data.

        "Reverse" since the expectation is over what was generated: a mode that is missing leaves it finite, and the best
        that one mode alone can do is log(num_modes) where all are equal. Counted from N samples of M modes it comes out
        too large by about (M - 1) / 2N, for a perfect sampler too.
        """
        shares = np.array(self.counts, np.float64) / self.num_samples
        return float(rel_entr(shares, np.array(self.real)).sum())


def captured(
    points: npt.NDArray[np.floating],
    centres: npt.NDArray[np.floating],
    spread: float,
    real: npt.NDArray[np.floating] | None = None,
) -> Modes:
    """Which of the known modes some points reach, and how well.

    Args:
        points: generated, (N, D).
        centres: middles of the modes, (M, D).
        spread: standard deviation of each mode along each axis.
        real: share of each mode in the data, (M,); None for equal shares.

    Raises ValueError if there are no points, widths differ, the spread is 0, or numbers are not finite.
    """
    nearest, good = assigned(points, centres, spread)
    places = len(centres)
    return _modes(np.bincount(nearest, minlength=places), np.bincount(nearest[good], minlength=places), real)


def class_modes(
    classes: npt.NDArray[np.integer],
    num_modes: int,
    real: npt.NDArray[np.floating] | None = None,
) -> Modes:
    """Which of the known classes a classifier finds in generated pictures; every picture counts as of high quality.

    Args:
        classes: numbers 0 to num_modes - 1, (N,); of stacked-MNIST 100 x red + 10 x green + blue, 1,000 in all.
        num_modes: how many classes there are.
        real: share of each class in the data, (num_modes,); None for equal shares.

    Raises ValueError if there are no classes, or one is outside 0 to num_modes - 1.
    """
    classes = np.asarray(classes)
    if classes.ndim != 1 or not len(classes) or classes.min() < 0 or classes.max() >= num_modes:
        raise ValueError(
            f"Classes must be a row of numbers from 0 to {num_modes - 1}, at least one; got {classes!r:.60}."
        )
    counts = np.bincount(classes, minlength=num_modes)
    return _modes(counts, counts, real)


def assigned(
    points: npt.NDArray[np.floating], centres: npt.NDArray[np.floating], spread: float
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """For each point the number of its nearest centre, (N,), and whether it lies within REACH standard deviations of it.

    Raises ValueError as `captured`.
    """
    points, centres = np.asarray(points, np.float64), np.asarray(centres, np.float64)
    if points.ndim != 2 or centres.ndim != 2 or points.shape[1] != centres.shape[1] or not len(points):
        raise ValueError(
            f"Points and centres must be two tables with one width, and not empty; got {points.shape} and {centres.shape}."
        )
    if not spread > 0:
        raise ValueError(f"The spread of a mode must be above 0; got {spread}.")
    if not (np.isfinite(points).all() and np.isfinite(centres).all()):
        raise ValueError("Points and centres must be finite numbers. Otherwise the generator has diverged.")
    distances = np.linalg.norm(points[:, None] - centres[None], axis=2)
    nearest = distances.argmin(axis=1)
    return nearest, distances[np.arange(len(points)), nearest] <= REACH * spread


def with_intervals(modes: Modes, repeats: int = 200, seed: int = 0) -> dict[str, Estimate]:
    """ "mode_tv", "captured", "high_quality" and "reverse_kl" of one generator, each with a 95 % interval over half of its samples.

    The intervals hold for this generator and the number of its samples; the variation between training seeds is not part of them.
    Half of the samples are drawn without replacement, `repeats` times.
    """
    counts, good = np.array(modes.counts), np.array(modes.good)
    total, rng = modes.num_samples, np.random.default_rng(seed)
    cells = np.concatenate([good, counts - good])
    draws = rng.multivariate_hypergeometric(cells, max(1, total // 2), size=repeats)
    places = modes.num_modes
    drawn = [Modes(tuple(d[:places] + d[places:]), tuple(d[:places]), modes.real) for d in draws]
    highest = {"mode_tv": 1.0, "captured": float(places), "high_quality": 1.0, "reverse_kl": float("inf")}
    return {
        name: half_sample_estimate(float(getattr(modes, name)), [getattr(m, name) for m in drawn], total, 0.0, limit)
        for name, limit in highest.items()
    }


def _modes(
    counts: npt.NDArray[np.integer], good: npt.NDArray[np.integer], real: npt.NDArray[np.floating] | None
) -> Modes:
    shares = np.full(len(counts), 1 / len(counts)) if real is None else np.asarray(real, np.float64)
    if shares.shape != counts.shape or not (shares > 0).all() or not np.isclose(shares.sum(), 1):
        raise ValueError(
            f"The data's shares must be {len(counts)} numbers above 0 whose sum is 1; got {shares.shape}, sum {shares.sum():.4g}."
        )
    return Modes(tuple(map(int, counts)), tuple(map(int, good)), tuple(map(float, shares)))


def _of_kinds(
    of_modes: Callable[[Modes], float | None], highest: Callable[[int], float] = lambda num_kinds: np.inf
) -> Callable[[Material, Report], Weighted | None]:
    """`Metric.weighted` of something about which of the training images' kinds are among the generated ones; `highest` of
    so many kinds."""

    def weighted(material: Material, _report: Report) -> Weighted | None:
        if material.training_kinds is None:
            return None
        known, times = np.unique(material.training_kinds, return_counts=True)
        fake = material.fake.kinds

        def of(kinds: npt.NDArray[np.int64], counts: Counts) -> float | None:
            place = np.searchsorted(known, kinds).clip(0, len(known) - 1)
            there = known[place] == kinds
            found = np.bincount(place[there], counts[there], minlength=len(known)).astype(np.int64)
            return of_modes(replace(_modes(found, found, times / times.sum()), elsewhere=int(counts[~there].sum())))

        value = of(fake, np.ones(len(fake), np.int64))
        if value is None:
            return None

        def compute(_real: Counts, counts: Counts) -> float:
            drawn = of(fake, counts)
            return value if drawn is None else drawn

        others = (material.real if material.training is None else material.training).kinds
        outside = 1 - float(np.isin(fake, known).mean())
        note = f" There are {len(known):,} kinds; {outside:.0%} of the generated images belong to none."
        real = of(others, np.ones(len(others), np.int64))
        return Weighted(
            compute, 0, len(fake), len(material.training_kinds), len(fake), real, note, highest=highest(len(known))
        )

    return weighted


MODE_TV = Metric(
    "mode_tv", "Mode-TV",
    "How far the mix of kinds of image (classes, or combinations of labels) is from that of the training images: half the sum "
    "of the differences of their shares (total variation). 0 is the same mix, 1 is no overlap. An evaluator assigns a kind to "
    "every image, so it does not measure quality; with few images for many kinds it is too large, also for real ones.",
    needs=frozenset({"kinds"}), direction="lower", weighted=_of_kinds(lambda modes: modes.mode_tv), highest=1.0,
    objective_title="Mode-TV: missing and uneven kinds",
)  # fmt: skip
MODES = Metric(
    "modes", "Modes found",
    "How many of the known kinds of image (classes, or combinations of labels that the training images have) an evaluator finds "
    "at least once. It grows with the number of images, and the evaluator's mistakes count as found.",
    needs=frozenset({"kinds"}), direction="higher", weighted=_of_kinds(lambda modes: float(modes.captured) or None, float),
)  # fmt: skip
MODE_KL = Metric(
    "mode_kl", "Balance of the modes",
    "KL divergence of the generated shares of kinds from those of the training images, in nats: 0 is the same mix. With few "
    "images for many kinds it is too large.",
    needs=frozenset({"kinds"}), direction="lower", weighted=_of_kinds(lambda modes: modes.reverse_kl if modes.num_samples else None),
)  # fmt: skip
