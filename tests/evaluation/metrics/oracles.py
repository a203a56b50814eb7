"""The feature metrics once more, straight from their definitions, without counts: what the weighted ones are held to."""

from __future__ import annotations

import numpy as np


def frechet_distance(real, fake):
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), Heusel et al. 2017, equation 6."""
    shift = real.mean(axis=0) - fake.mean(axis=0)
    first, second = (np.atleast_2d(np.cov(features, rowvar=False)) for features in (real, fake))
    roots = np.sqrt(np.clip(np.linalg.eigvals(first @ second).real, 0, None)).sum()
    return float(shift @ shift + np.trace(first) + np.trace(second) - 2 * roots)


def frechet_infinity(real, fake, drawn_real=None, drawn_fake=None):
    """The intercept of a line through the distances of all, of two thirds and of halves, over 1 / N. Chong and Forsyth 2020."""

    def parts(features, drawn):
        order = np.random.default_rng(len(features)).permutation(len(features))
        return features[order if drawn is None else [i for i in order if drawn[i]]]

    a, b = parts(real, drawn_real), parts(fake, drawn_fake)
    thirds = [frechet_distance(*(np.delete(x, np.s_[i::3], axis=0) for x in (a, b))) for i in range(3)]
    halves = [frechet_distance(a[i::2], b[i::2]) for i in range(2)]
    return float(np.polyfit([2, 3, 4], [frechet_distance(a, b), np.mean(thirds), np.mean(halves)], 1)[1])


def kernel_distance(real, fake):
    """Unbiased squared maximum mean discrepancy with the kernel (x.y / D + 1)^3, Gretton et al. 2012, lemma 6."""

    def kernel(left, right):
        return (left @ right.T / left.shape[1] + 1) ** 3

    def mean_of_others(features):
        values, count = kernel(features, features), len(features)
        return (values.sum() - np.trace(values)) / (count * (count - 1))

    return float(mean_of_others(real) + mean_of_others(fake) - 2 * kernel(real, fake).mean())


def precision(real, fake, k=3):
    """Kynkäänniemi et al. 2019, equations 1 and 2."""
    return float((distances(real, fake) <= radii(real, k)[:, None]).any(axis=0).mean())


def recall(real, fake, k=3):
    """Kynkäänniemi et al. 2019, equations 1 and 2."""
    return precision(fake, real, k)


def density(real, fake, k=5):
    """Naeem et al. 2020, equation 3."""
    return float((distances(real, fake) < radii(real, k)[:, None]).sum(axis=0).mean() / k)


def coverage(real, fake, k=5):
    """Naeem et al. 2020, equation 4."""
    return float((distances(real, fake).min(axis=1) < radii(real, k)).mean())


def diversity(real, fake):
    """Mean distance of all pairs of generated images over that of real ones."""

    def mean_of_pairs(features):
        return distances(features, features).sum() / (len(features) * (len(features) - 1))

    return float(mean_of_pairs(fake) / mean_of_pairs(real))


def distances(left, right):
    squared = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None] - 2 * left @ right.T
    if left is right:
        np.fill_diagonal(squared, 0.0)
    return np.sqrt(np.clip(squared, 0, None))


def radii(features, k):
    """Distance of every row to its k-th nearest other row: place 0 is the row itself."""
    return np.partition(distances(features, features), k, axis=1)[:, k]


ORACLES = {
    "fd": frechet_distance,
    "fd_inf": frechet_infinity,
    "kd": kernel_distance,
    "precision": precision,
    "recall": recall,
    "density": density,
    "coverage": coverage,
    "diversity": diversity,
}
