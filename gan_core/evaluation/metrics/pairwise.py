"""Features of real and of generated images with all their distances, so that metrics can be computed again for half-samples.

Counts say how often each image is drawn: in a half-sample once or not at all. All counts 1 are the images as they are.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Distances = npt.NDArray[np.float32]
Counts = npt.NDArray[np.int64]

PART = 4_000_000  # distances computed at once, where not all are kept
NEAREST = 64  # neighbours that are kept in order; a half-sample seldom needs more than a dozen


class Cloud:
    """Features (N, D) of some images, and what only they decide."""

    def __init__(self, features: npt.NDArray[np.floating]) -> None:
        self.features: Array = np.asarray(features, np.float64)

    def __len__(self) -> int:
        return len(self.features)

    @cached_property
    def distances(self) -> Distances:
        """Euclidean distances of all to each other (N, N)."""
        return distances(self.features, self.features)

    @cached_property
    def kernel(self) -> Array:
        """The kernel of the kernel distance between all of them (N, N)."""
        return kernel(self.features, self.features)

    @cached_property
    def _nearest(self) -> tuple[npt.NDArray[np.int64], Distances]:
        """The NEAREST neighbours of each, itself among them, in order: their numbers and distances."""
        number = min(NEAREST, len(self))
        near = np.argpartition(self.distances, number - 1, axis=1)[:, :number]
        lengths = np.take_along_axis(self.distances, near, axis=1)
        order = np.argsort(lengths, axis=1, kind="stable")
        return np.take_along_axis(near, order, axis=1), np.take_along_axis(lengths, order, axis=1)

    def radii(self, counts: Counts, k: int) -> Distances:
        """Distance of each to its k-th nearest other drawn image (N,)."""
        near, lengths = self._nearest
        reached = np.cumsum(counts[near], axis=1) >= k + 1  # a drawn image counts itself once
        found = lengths[np.arange(len(self)), reached.argmax(axis=1)]
        for row in np.flatnonzero(~reached[:, -1]):
            order = np.argsort(self.distances[row])
            rank = min(int(np.searchsorted(np.cumsum(counts[order]), k + 1)), len(order) - 1)
            found[row] = self.distances[row, order[rank]]
        return np.asarray(found)

    def moments(self, counts: Counts) -> tuple[Array, Array]:
        """Mean (D,) and covariance (D, D) of the drawn images."""
        total = counts.sum()
        mean = counts @ self.features / total
        centred = self.features - mean
        return mean, np.atleast_2d((centred * counts[:, None]).T @ centred / (total - 1))

    def deviations(self, counts: Counts) -> tuple[Array, Array]:
        """Mean (D,) and the drawn images' differences from it, (n, D), scaled so that their squares add up to the covariance."""
        drawn = np.flatnonzero(counts)
        weights, total = counts[drawn], counts.sum()
        mean = weights @ self.features[drawn] / total
        return mean, (self.features[drawn] - mean) * np.sqrt(weights / (total - 1))[:, None]

    def mean_distance(self, counts: Counts) -> float:
        """Mean distance of all pairs of two different draws."""
        weights = counts.astype(np.float32)
        total = float(weights.sum())
        return float(weights @ (self.distances @ weights)) / (total * (total - 1))

    def mean_kernel(self, counts: Counts) -> float:
        """Mean of the kernel over all pairs of two different draws."""
        total = counts.sum()
        whole = counts @ self.kernel @ counts - counts @ np.diagonal(self.kernel)
        return float(whole / (total * (total - 1)))


class FeaturePair:
    """Features of real and of generated images beside each other."""

    def __init__(self, real: Cloud, fake: Cloud) -> None:
        self.real, self.fake = real, fake

    @cached_property
    def distances(self) -> Distances:
        """Distances of real images to generated ones (N, M)."""
        return distances(self.real.features, self.fake.features)

    @cached_property
    def kernel(self) -> Array:
        """The kernel of the kernel distance between real and generated images (N, M)."""
        return kernel(self.real.features, self.fake.features)


def check_features(real: npt.NDArray[np.floating], fake: npt.NDArray[np.floating], fewest: int) -> None:
    """Refuses features that a metric cannot compare.

    Raises ValueError if they are not (N, D) and (M, D) finite numbers with at least `fewest` rows each.
    """
    for name, features in (("real", real), ("generated", fake)):
        if features.ndim != 2 or features.shape[1] != real.shape[-1]:
            raise ValueError(
                f"Features must be two tables with one width; got real {real.shape}, generated {fake.shape}."
            )
        if len(features) < fewest:
            raise ValueError(
                f"This metric needs at least {fewest} {name} images; got {len(features)}. Draw or load more."
            )
        if not np.isfinite(features).all():
            raise ValueError(f"The features of the {name} images must be finite numbers.")


def distances(left: Array, right: Array) -> Distances:
    """Euclidean distances (N, M): computed as float64, kept as float32."""
    squared = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None] - 2 * left @ right.T
    if left is right:
        np.fill_diagonal(squared, 0.0)
    return np.asarray(np.sqrt(np.clip(squared, 0, None)), np.float32)


def nearest(
    rows: npt.NDArray[np.floating], pool: npt.NDArray[np.floating], but: npt.NDArray[np.int64] | None = None
) -> tuple[npt.NDArray[np.int64], Distances]:
    """The number in `pool` (N, D) of the nearest to each of `rows` (M, D), and its distance: (M,), (M,).

    Computed a part of the pool at a time: it may be larger than the memory has room for distances. `but` (M,): a number in
    the pool that is not to be found, such as that of the row itself; then the pool has at least two.
    """
    found, shortest = np.zeros(len(rows), np.int64), np.full(len(rows), np.inf, np.float32)
    step = max(1, PART // len(rows))
    for start in range(0, len(pool), step):
        lengths = distances(np.asarray(rows, np.float64), np.asarray(pool[start : start + step], np.float64))
        if but is not None:
            (inside,) = np.nonzero((but >= start) & (but < start + lengths.shape[1]))
            lengths[inside, but[inside] - start] = np.inf
        best = lengths.min(axis=1)
        nearer = best < shortest
        found[nearer], shortest[nearer] = start + lengths[nearer].argmin(axis=1), best[nearer]
    return found, shortest


def kernel(left: Array, right: Array) -> Array:
    """(x.y / D + 1)^3 between all rows (N, M)."""
    product = left @ right.T / left.shape[1] + 1
    return np.asarray(product * product * product)
