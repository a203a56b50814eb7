"""Directions in closed form: those in which a generator's first layer moves most, without drawing a single sample."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


def closed_form_directions(weight: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """Directions in z along which the first layer's output changes most, the strongest first.

    Source: Shen and Zhou 2021, "Closed-Form Factorization of Latent Semantics in GANs", equations 3 to 6: with a first layer
    y = A z + b, the unit vectors n that maximise |A n|^2 are the eigenvectors of A^T A with the largest eigenvalues.

    Args:
        weight: A, (features, latent_dim); of a conditional model only the columns of z.
        count: how many directions, at most latent_dim.

    Returns:
        Directions float32 (count, latent_dim), each of length 1, its largest entry positive (an eigenvector has no sign of its own);
        and their eigenvalues float32 (count,), the squared stretch along each.

    Raises ValueError if `count` is not in 1..latent_dim, or the weight is not a finite matrix.
    """
    if weight.ndim != 2 or not np.isfinite(weight).all():
        raise ValueError(f"SeFa needs a finite matrix (features, latent_dim); got {weight.shape}.")
    latent_dim = weight.shape[1]
    if not 1 <= count <= latent_dim:
        raise ValueError(f"Between 1 and {latent_dim} directions can be found; got {count}.")
    matrix = weight.astype(np.float64)
    values, vectors = np.linalg.eigh(matrix.T @ matrix)  # ascending
    directions = vectors.T[::-1][:count]
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1)
    return (directions * np.sign(largest)).astype(np.float32), values[::-1][:count].clip(min=0).astype(np.float32)
