"""Directions in the latent space along which images change most, and steps along them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from gan_core.latents.sefa import closed_form_directions

if TYPE_CHECKING:
    from gan_core.runs.sampler import Sampler

NUM_LATENTS = 2000
NUM_DIRECTIONS = 8
"""Found at least, as many as the page has sliders: PCA's depend a little on how many are asked for."""
SEED = 0

FloatArray = npt.NDArray[np.float32]
Method = Literal["pca", "sefa", "raw"]
METHODS: tuple[Method, ...] = ("pca", "sefa", "raw")


def find_directions(generator: Sampler, method: Method, count: int) -> tuple[FloatArray, list[float]]:
    """At most `count` directions of one of METHODS, the strongest first.

    Returns:
        Directions float32 (K, latent_dim); for "sefa" also the share of the largest eigenvalue that each has, else none.

    Raises ValueError if the method is unknown.
    """
    count = min(count, generator.latent_dim)
    if method == "pca":
        return principal_directions(generator, generator.latent_dim, count), []
    if method == "sefa":
        vectors, stretches = closed_form_directions(generator.first_weight(), count)
        return vectors, (stretches / stretches[0].clip(min=1e-12)).tolist()
    if method == "raw":
        return raw_coordinates(generator.latent_dim, count), []
    raise ValueError(f"Unknown method '{method}'. Choose one of: {', '.join(METHODS)}.")


def principal_directions(generator: object, latent_dim: int, count: int) -> FloatArray:
    """Directions in z found in the response of the generator's first layer, the strongest first.

    Source: Härkönen et al. 2020, "GANSpace: Discovering Interpretable GAN Controls" (its variant for BigGAN, for
    generators whose latent is drawn directly): principal components of the first layer's response to random z, carried
    back to z by linear regression of z on the components' coordinates.

    Args:
        generator: has `first_response(z)`: (N, latent_dim) -> (N, features).
        latent_dim: size of z.
        count: how many directions, at most `latent_dim`.

    Returns:
        (count, latent_dim), each of length 1.

    Raises ValueError if the generator has no `first_response`, or `count` is not in 1..latent_dim.
    """
    if not 1 <= count <= latent_dim:
        raise ValueError(f"Between 1 and {latent_dim} directions can be found; got {count}.")
    respond = getattr(generator, "first_response", None)
    if respond is None:
        raise ValueError(f"{type(generator).__name__} has no first layer in which directions could be found.")

    import torch
    from sklearn.decomposition import PCA

    rng = torch.Generator().manual_seed(SEED)
    z = torch.randn(max(NUM_LATENTS, 4 * latent_dim), latent_dim, generator=rng).numpy()
    pca = PCA(n_components=count, svd_solver="randomized", random_state=SEED)
    coordinates = pca.fit_transform(respond(z)).astype(np.float32)
    basis, *_rest = np.linalg.lstsq(coordinates, z)  # (count, latent_dim): z is about coordinates @ basis
    directions: FloatArray = basis / np.linalg.norm(basis, axis=1, keepdims=True).clip(min=1e-12)
    return directions


def raw_coordinates(latent_dim: int, count: int) -> FloatArray:
    """The first `count` coordinate axes of z: (count, latent_dim)."""
    return np.eye(latent_dim, dtype=np.float32)[:count]


def truncate(z: FloatArray, limit: float) -> FloatArray:
    """Pulls latents (N, latent_dim) towards the centre of the prior, where images are more typical and less varied.

    Source: Brock et al. 2019, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", section 3.1; there
    values beyond the limit are drawn again, here z is scaled, so that a slider moves smoothly.
    """
    return z * np.float32(limit)


def moved(z: FloatArray, directions: FloatArray, offsets: Sequence[float]) -> FloatArray:
    """A latent (latent_dim,) or latents (N, latent_dim) after a step along each of K directions (K, latent_dim), `offsets` times its length."""
    return z + np.asarray(offsets, np.float32) @ directions
