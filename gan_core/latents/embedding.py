"""Latents as points in the plane, by PCA or t-SNE. Pure functions of arrays; free of torch."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

LARGEST_EXACT = 3000  # points up to which scikit-learn is used
NEIGHBOURS_A_PERPLEXITY = 3  # both libraries use three times as many neighbours as the perplexity
EARLY, ITERATIONS = 250, {"scikit-learn": 1000, "openTSNE": 750}  # each library's own: with early exaggeration, in all
EVERY = 50  # iterations between two reports
_LINE = re.compile(r"Iteration (\d+): error = ([\d.]+)")

Progress = Callable[[int, int, float | None], None]
"""Called with (iterations done, iterations in all, KL divergence or None while it is exaggerated). What it raises ends it."""


def pca(latents: FloatArray) -> tuple[FloatArray, float]:
    """The two directions in which latents vary most, as points in the plane.

    Source: Pearson 1901, "On Lines and Planes of Closest Fit to Systems of Points in Space".

    Args:
        latents: (N, D), N at least 2.

    Returns:
        Points (N, 2), and the share of the latents' variance that they keep, 0 to 1.

    Raises ValueError if there are fewer than two latents, or all are equal.
    """
    centred = _varied(latents)
    left, sizes, _right = np.linalg.svd(centred, full_matrices=False)
    points = np.zeros((len(latents), 2), np.float32)
    kept = min(2, len(sizes))
    points[:, :kept] = left[:, :kept] * sizes[:kept]
    return points, float((sizes[:2] ** 2).sum() / (sizes**2).sum())


def tsne(
    latents: FloatArray, perplexity: float, seed: int, progress: Progress | None = None
) -> tuple[FloatArray, float]:
    """Latents as points in the plane that keep, as far as possible, the latents' near neighbours.

    Source: van der Maaten and Hinton 2008, "Visualizing Data using t-SNE"; begun from PCA (Kobak and Berens 2019). Up to
    LARGEST_EXACT points by scikit-learn, above by openTSNE (Policar et al. 2024), which is quicker there. scikit-learn reports
    its progress only by printing, so this reads what is printed to standard output meanwhile: call it from one thread.

    Args:
        latents: (N, D).
        perplexity: about how many neighbours each point has; 5 to 50 are usual.
        seed: for the points' first places beyond PCA and the search for neighbours.
        progress: called every EVERY iterations.

    Returns:
        Points (N, 2), and the KL divergence that is left between the neighbourhoods (lower is truer).

    Raises ValueError if there are too few latents for this perplexity, or all are equal.
    """
    if not perplexity >= 1 or NEIGHBOURS_A_PERPLEXITY * perplexity >= len(latents) - 1:
        raise ValueError(
            f"t-SNE needs a perplexity of at least 1 and more than three times as many points; got {len(latents)} points and "
            f"perplexity {perplexity:g}. Choose more points or another perplexity."
        )
    _varied(latents)
    if latents.shape[1] == 1:  # PCA needs two directions to begin from; the second is empty
        latents = np.pad(latents, ((0, 0), (0, 1)))
    method = _sklearn_tsne if len(latents) <= LARGEST_EXACT else _open_tsne
    return method(latents, perplexity, seed, progress or (lambda done, total, kl: None))


def method_name(num_points: int) -> str:
    """The library that makes a map of so many points."""
    return "scikit-learn" if num_points <= LARGEST_EXACT else "openTSNE"


def _varied(latents: FloatArray) -> npt.NDArray[np.float64]:
    """The latents around their mean."""
    if len(latents) < 2 or not np.isfinite(latents).all():
        raise ValueError(f"A map needs at least two latents, and finite ones; got {len(latents)}.")
    centred: npt.NDArray[np.float64] = latents.astype(np.float64) - latents.mean(axis=0, dtype=np.float64)
    if float(np.abs(centred).max()) < 1e-6 * max(1.0, float(np.abs(latents).max())):
        raise ValueError(
            "All latents are the same: the latent is ignored (posterior collapse), so there is nothing to map. Train with a "
            "smaller weight on the KL term."
        )
    return centred


class _Listener(io.TextIOBase):
    """Standard output while scikit-learn works: each line with an iteration's number becomes a report."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def write(self, text: str) -> int:
        found = _LINE.search(text)
        if found:
            done = int(found[1])
            self._progress(done, ITERATIONS["scikit-learn"], float(found[2]) if done > EARLY else None)
        return len(text)


def _sklearn_tsne(latents: FloatArray, perplexity: float, seed: int, progress: Progress) -> tuple[FloatArray, float]:
    from sklearn.manifold import TSNE

    model = TSNE(2, perplexity=perplexity, init="pca", learning_rate="auto", random_state=seed, verbose=2, n_jobs=1)
    with contextlib.redirect_stdout(_Listener(progress)):
        points = model.fit_transform(latents)
    return points.astype(np.float32), float(model.kl_divergence_)


def _open_tsne(latents: FloatArray, perplexity: float, seed: int, progress: Progress) -> tuple[FloatArray, float]:
    from openTSNE import TSNE

    last = [0, 0]  # iteration of this phase, iterations of the phases before

    def callback(iteration: int, kl: float, _points: object) -> None:
        if iteration <= last[0]:  # the second phase counts from 1 again
            last[1] = EARLY
        last[0] = iteration
        progress(last[1] + iteration, ITERATIONS["openTSNE"], float(kl) if last[1] else None)

    model = TSNE(2, perplexity=perplexity, initialization="pca", random_state=seed, n_jobs=1, callbacks=callback,
                 callbacks_every_iters=EVERY)  # fmt: skip
    points = model.fit(latents)
    return np.asarray(points, dtype=np.float32), float(points.kl_divergence)
