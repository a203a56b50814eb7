"""Directions in the latent space along which images change most."""

from __future__ import annotations

import torch
from sklearn.decomposition import PCA
from torch import Tensor

NUM_LATENTS = 2000
SEED = 0


def principal_directions(generator: object, latent_dim: int, count: int) -> Tensor:
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

    Raises:
        ValueError: the generator has no `first_response`, or `count` is not in 1..latent_dim.
    """
    if not 1 <= count <= latent_dim:
        raise ValueError(f"Between 1 and {latent_dim} directions can be found; got {count}.")
    respond = getattr(generator, "first_response", None)
    if respond is None:
        raise ValueError(f"{type(generator).__name__} has no first layer in which directions could be found.")
    z = torch.randn(max(NUM_LATENTS, 4 * latent_dim), latent_dim, generator=torch.Generator().manual_seed(SEED))
    with torch.inference_mode():
        response = respond(z).float().numpy()
    pca = PCA(n_components=count, svd_solver="randomized", random_state=SEED)
    coordinates = torch.from_numpy(pca.fit_transform(response)).to(z.dtype)
    basis = torch.linalg.lstsq(coordinates, z).solution  # (count, latent_dim): z is about coordinates @ basis
    return torch.nn.functional.normalize(basis, dim=1)


def raw_coordinates(latent_dim: int, count: int) -> Tensor:
    """The first `count` coordinate axes of z: (count, latent_dim)."""
    return torch.eye(latent_dim)[:count]


def truncate(z: Tensor, limit: float) -> Tensor:
    """Pulls latents (N, latent_dim) towards the centre of the prior, where images are more typical and less varied.

    Source: Brock et al. 2019, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", section 3.1; there
    values beyond the limit are drawn again, here z is scaled, so that a slider moves smoothly.
    """
    return z * limit
