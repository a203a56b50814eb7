"""Directions in closed form: those in which a generator's first layer moves most, without drawing a single sample."""

from __future__ import annotations

import torch
from torch import Tensor


def closed_form_directions(weight: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Directions in z along which the first layer's output changes most, the strongest first.

    Source: Shen and Zhou 2021, "Closed-Form Factorization of Latent Semantics in GANs", equations 3 to 6: with a first layer
    y = A z + b, the unit vectors n that maximise |A n|^2 are the eigenvectors of A^T A with the largest eigenvalues.

    Args:
        weight: A, (features, latent_dim); of a conditional model only the columns of z.
        count: how many directions, at most latent_dim.

    Returns:
        Directions (count, latent_dim), each of length 1, its largest entry positive (an eigenvector has no sign of its own); and
        their eigenvalues (count,), the squared stretch along each.

    Raises:
        ValueError: `count` is not in 1..latent_dim, or a weight that is no finite matrix.
    """
    if weight.dim() != 2 or not torch.isfinite(weight).all():
        raise ValueError(f"SeFa needs a finite matrix (features, latent_dim); got {tuple(weight.shape)}.")
    latent_dim = weight.shape[1]
    if not 1 <= count <= latent_dim:
        raise ValueError(f"Between 1 and {latent_dim} directions can be found; got {count}.")
    matrix = weight.detach().double()
    values, vectors = torch.linalg.eigh(matrix.T @ matrix)  # ascending
    directions = vectors.T.flip(0)[:count]
    largest = directions.gather(1, directions.abs().argmax(dim=1, keepdim=True))
    return (directions * largest.sign()).to(weight.dtype), values.flip(0)[:count].clamp(min=0).to(weight.dtype)
