"""Copying: are generated images nearer to training images than new ones of the same kind are? Three answers.

All look at the distance d from an image to the nearest of all training images. Those are not drawn again for an interval:
the generator was made of them.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.metrics.base import Material, Metric, Need, Report, Weighted, of_each_image
from gan_core.evaluation.metrics.pairwise import Array, Counts, Distances, nearest

Cells = npt.NDArray[np.int64]
CELL, MOST_CELLS = 50, 20  # held-out and generated images a cell, on average; cells
LEAST = 20  # generated images that a cell needs to count
FIT = 10_000  # training images that the cells are found with


def share_nearer(held_out: Distances, fake: Distances, real_counts: Counts, fake_counts: Counts) -> float:
    """P(d of a generated image < d of a held-out one) over all pairs: 1 a copier, 0.5 as new images are, ties half.

    Source: Meehan et al. 2020, "A Non-Parametric Test to Detect Data-Copying in Generative Models" (their
    Delta_T is the probability of the opposite).

    Args:
        held_out, fake: d of each image (K,), (M,).
        real_counts, fake_counts: how often each is drawn (K,), (M,). 0.5 where nothing is drawn of one of both.
    """
    order = np.argsort(held_out)
    up_to = np.concatenate([[0], np.cumsum(real_counts[order])])
    below, not_above = (up_to[np.searchsorted(held_out[order], fake, side)] for side in ("left", "right"))
    pairs = up_to[-1] * fake_counts.sum()
    return float(fake_counts @ (up_to[-1] - (below + not_above) / 2) / pairs) if pairs else 0.5


def authentic(rows: Array, learned: Array) -> npt.NDArray[np.bool_]:
    """Whether each image is farther from its nearest training image than that is from its own nearest fellow: (M,).

    Source: Alaa et al. 2022, "How Faithful is your Synthetic Data? Sample-level Metrics for Evaluating and Auditing
    Generative Models" (authenticity). `rows` (M, D) and `learned` (T, D) are features, T at least 2.
    """
    return _authentic(*nearest(rows, learned), learned)


def _authentic(found: npt.NDArray[np.int64], distance: Distances, learned: Array) -> npt.NDArray[np.bool_]:
    originals, places = np.unique(found, return_inverse=True)
    _, fellows = nearest(learned[originals], learned, but=originals)
    return np.asarray(distance > fellows[places])


def c_t(
    held_out: Distances, fake: Distances, real_cells: Cells, fake_cells: Cells, real_counts: Counts, fake_counts: Counts
) -> float:
    """C_T: the z-score of the Mann-Whitney U of d in each cell, averaged with the cells' numbers of held-out images.

    Source: Meehan et al. 2020. Negative is copying. d is the distance to the nearest of all training images, also
    across a cell's border, and U is not corrected for continuity. Of a half-sample it is divided by the standard errors of all
    images, so that it varies as C_T of all does.

    Args: as `share_nearer`; and the number of each image's cell (K,), (M,). NaN where no cell has enough of both.
    """
    scores, weights = [], []
    for cell in np.unique(fake_cells):
        ours, theirs = real_cells == cell, fake_cells == cell
        n, m = np.count_nonzero(ours), np.count_nonzero(theirs)
        if n and m >= LEAST:
            nearer = share_nearer(held_out[ours], fake[theirs], real_counts[ours], fake_counts[theirs])
            scores.append((0.5 - nearer) * np.sqrt(12 * n * m / (n + m + 1)))
            weights.append(n)
    return float(np.average(scores, weights=weights)) if scores else math.nan


def cells(material: Material, learned: Array) -> tuple[Cells, Cells]:
    """The cells of the real (K,) and of the generated images (M,) in a k-means of the training images' features (T, D)."""
    from sklearn.cluster import KMeans

    sample = learned[np.random.default_rng(material.seed).permutation(len(learned))[:FIT]]
    sides = material.real.features, material.fake.features
    number = np.clip(min(map(len, sides)) // CELL, 1, min(MOST_CELLS, len(sample)))
    centres = KMeans(int(number), n_init=1, random_state=material.seed).fit(sample).cluster_centers_
    of_real, of_fake = (nearest(side, centres)[0] for side in sides)
    return of_real, of_fake


def _note(material: Material) -> str:
    learned = 0 if material.learned is None else len(material.learned)
    note = f" Here {learned:,} training and {len(material.real.features):,} held-out images."
    if not material.num_training:
        return note
    return (
        f"{note} They are a part of {material.num_training:,} training images, which are not prepared on this machine: copies "
        "of the others are not detected. Prepare the data set to check all."
    )


def _copying(material: Material, report: Report) -> Weighted | None:
    if material.learned is None:
        return None
    report("searching for copies")
    (_, held_out), (_, fake) = material.nearest_learned
    return Weighted(
        lambda real, counts: share_nearer(held_out, fake, real, counts),
        len(held_out), len(fake), len(held_out), len(fake), 0.5, _note(material),
    )  # fmt: skip


def _authpct(material: Material, report: Report) -> Weighted | None:
    learned = material.learned
    if learned is None:
        return None
    report("searching for copies")
    held_out, fake = (_authentic(*found, learned) for found in material.nearest_learned)
    return of_each_image(fake, len(held_out), len(fake), float(held_out.mean()), _note(material))


def _ct(material: Material, report: Report) -> Weighted | None:
    if material.learned is None:
        return None
    report("searching for copies")
    (_, held_out), (_, fake) = material.nearest_learned
    places = cells(material, material.learned)
    found = Weighted(
        lambda real, counts: c_t(held_out, fake, *places, real, counts),
        len(held_out), len(fake), len(held_out), len(fake), 0.0,
        f"{_note(material)} {len(np.unique(places[0]))} regions.",
    )  # fmt: skip
    return None if math.isnan(found.value) else found


_NEEDS: frozenset[Need] = frozenset({"features", "training images"})

COPYING = Metric(
    "copying", "Closer to training images",
    "How often a generated image is closer to its nearest training image than a held-out image is to its own. 0.5 is no "
    "copying, 1 means that all are copies; below 0.5 generated images are farther away than new real ones.",
    needs=_NEEDS, direction="real", weighted=_copying, highest=1.0,
)  # fmt: skip
AUTHPCT = Metric(
    "authpct", "Authentic images",
    "Share of generated images that are farther from their nearest training image than that one is from its own nearest "
    "neighbour. A copy is not; noise is, so more than real images have is not better.",
    needs=_NEEDS, direction="real", weighted=_authpct, highest=1.0,
)  # fmt: skip
CT = Metric(
    "ct", "Copying test by region",
    "As “Closer to training images”, but in each region of the training images and in standard errors: -3 and below is copying, "
    "far above 0 are images farther away than new real ones. It grows with the number of images.",
    needs=_NEEDS, direction="real", weighted=_ct, lowest=float("-inf"),
)  # fmt: skip
