"""Two clouds of features with all their distances at hand, so that metrics can be asked again for resampled images.

A resampling is told by how often each image was drawn (its count). What comes out equals, to rounding, the plain
functions of this package on the images so drawn; only nothing is computed twice.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from gan_core.config.registry import Registry
from gan_core.evaluation.metrics._checks import check_features
from gan_core.evaluation.metrics.frechet import gaussian_distance

Array = npt.NDArray[np.float64]
Distances = npt.NDArray[np.float32]
Counts = npt.NDArray[np.int64]

NEAREST = 64  # neighbours that are kept in order; a resampling seldom needs more than a dozen
PRECISION_K, DENSITY_K = 3, 5  # as in `neighbours`


class Cloud:
    """Features (N, D) of some images, and what only they decide."""

    def __init__(self, features: Array) -> None:
        self.features = features
        self.distances = distances(features, features)

    def __len__(self) -> int:
        return len(self.features)

    @cached_property
    def kernel(self) -> Array:
        """The kernel of `kernel_distance` between all of them (N, N)."""
        return kernel(self.features, self.features)

    @cached_property
    def _nearest(self) -> tuple[npt.NDArray[np.int64], Distances]:
        """The NEAREST neighbours of each, itself among them, in order: their numbers and distances."""
        number = min(NEAREST, len(self))
        near = np.argpartition(self.distances, number - 1, axis=1)[:, :number]
        there = np.take_along_axis(self.distances, near, axis=1)
        order = np.argsort(there, axis=1, kind="stable")
        return np.take_along_axis(near, order, axis=1), np.take_along_axis(there, order, axis=1)

    def radii(self, counts: Counts, k: int) -> Distances:
        """Distance of each to its k-th nearest other drawn image (N,)."""
        near, there = self._nearest
        reached = np.cumsum(counts[near], axis=1) >= k + 1  # a drawn image counts itself once
        found = there[np.arange(len(self)), reached.argmax(axis=1)]
        for row in np.flatnonzero(~reached[:, -1]):
            order = np.argsort(self.distances[row])
            place = min(int(np.searchsorted(np.cumsum(counts[order]), k + 1)), len(order) - 1)
            found[row] = self.distances[row, order[place]]
        return np.asarray(found)

    def moments(self, counts: Counts) -> tuple[Array, Array]:
        """Mean (D,) and covariance (D, D) of the drawn images."""
        total = counts.sum()
        mean = counts @ self.features / total
        centred = self.features - mean
        return mean, np.atleast_2d((centred * counts[:, None]).T @ centred / (total - 1))

    def mean_distance(self, counts: Counts) -> float:
        """Mean distance of all pairs of two different draws."""
        weights = counts.astype(np.float32)
        total = float(weights.sum())
        return float(weights @ (self.distances @ weights)) / (total * (total - 1))


class Geometry:
    """Real and generated features beside each other.

    Args:
        real, fake: features (N, D), (M, D); at least 6 rows each.

    Raises:
        ValueError: too few rows, other widths, or numbers that are not finite.
    """

    def __init__(self, real: npt.NDArray[np.floating], fake: npt.NDArray[np.floating]) -> None:
        checked = check_features(real, fake, at_least=DENSITY_K + 1)
        self.real, self.fake = Cloud(checked[0]), Cloud(checked[1])
        self.between = distances(*checked)

    @cached_property
    def _kernel(self) -> Array:
        return kernel(self.real.features, self.fake.features)

    def value(self, name: str, real: Counts | None = None, fake: Counts | None = None) -> float:
        """A metric of WEIGHTED, of all images, or of those drawn `real` (N,) and `fake` (M,) times.

        Raises:
            ValueError: an unknown metric.
        """
        compute = WEIGHTED.find(name)
        every_real, every_fake = np.ones(len(self.real), np.int64), np.ones(len(self.fake), np.int64)
        return float(compute(self, every_real if real is None else real, every_fake if fake is None else fake))


def _frechet(pair: Geometry, real: Counts, fake: Counts) -> float:
    return gaussian_distance(*pair.real.moments(real), *pair.fake.moments(fake))


def _kernel_distance(pair: Geometry, real: Counts, fake: Counts) -> float:
    cross = real @ pair._kernel @ fake / (real.sum() * fake.sum())
    return _mean_kernel(pair.real, real) + _mean_kernel(pair.fake, fake) - 2 * float(cross)


def _mean_kernel(cloud: Cloud, counts: Counts) -> float:
    """Mean of the kernel over all pairs of two different draws."""
    total = counts.sum()
    whole = counts @ cloud.kernel @ counts - counts @ np.diagonal(cloud.kernel)
    return float(whole / (total * (total - 1)))


def _precision(pair: Geometry, real: Counts, fake: Counts) -> float:
    drawn = real > 0
    inside = pair.between[drawn] <= pair.real.radii(real, PRECISION_K)[drawn, None]
    return float(inside.any(axis=0) @ fake / fake.sum())


def _recall(pair: Geometry, real: Counts, fake: Counts) -> float:
    drawn = fake > 0
    inside = pair.between[:, drawn] <= pair.fake.radii(fake, PRECISION_K)[drawn]
    return float(inside.any(axis=1) @ real / real.sum())


def _density(pair: Geometry, real: Counts, fake: Counts) -> float:
    inside = pair.between < pair.real.radii(real, DENSITY_K)[:, None]
    hits = real.astype(np.float32) @ inside.astype(np.float32)
    return float(hits @ fake / fake.sum() / DENSITY_K)


def _coverage(pair: Geometry, real: Counts, fake: Counts) -> float:
    nearest = pair.between[:, fake > 0].min(axis=1)
    return float((nearest < pair.real.radii(real, DENSITY_K)) @ real / real.sum())


def _diversity(pair: Geometry, real: Counts, fake: Counts) -> float:
    return pair.fake.mean_distance(fake) / max(pair.real.mean_distance(real), 1e-12)


WEIGHTED = Registry(
    "metric of features",
    {
        "fd": _frechet,
        "kd": _kernel_distance,
        "precision": _precision,
        "recall": _recall,
        "density": _density,
        "coverage": _coverage,
        "diversity": _diversity,
    },
)


def distances(left: Array, right: Array) -> Distances:
    """Euclidean distances (N, M): computed as float64, kept as float32."""
    squared = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None] - 2 * left @ right.T
    if left is right:
        np.fill_diagonal(squared, 0.0)
    return np.asarray(np.sqrt(np.clip(squared, 0, None)), np.float32)


def kernel(left: Array, right: Array) -> Array:
    """(x.y / D + 1)^3 between all rows (N, M); see `kernel_distance`."""
    product = left @ right.T / left.shape[1] + 1
    return np.asarray(product * product * product)
