"""Arithmetic with latents: man with glasses - man + woman."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


def average(latents: FloatArray) -> FloatArray:
    """The mean of latents (N, latent_dim), N at least 1: (latent_dim,).

    Source: Radford et al. 2016, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
    Networks", section 6.3.2: single samples gave unstable results there, averages of three did not.
    """
    if latents.ndim != 2 or not len(latents):
        raise ValueError(f"An average needs at least one latent (N, latent_dim); got {latents.shape}.")
    mean: FloatArray = latents.mean(axis=0)
    return mean


def analogy(a: FloatArray, b: FloatArray, c: FloatArray, *, usual_length: bool = False) -> FloatArray:
    """a - b + c, (latent_dim,): what c becomes when it is changed as b would be to become a.

    Args:
        a, b, c: (N, latent_dim) each, N may differ; averaged first.
        usual_length: scale the result to sqrt(latent_dim), the length of almost every random latent; three single latents
            add up to one that is longer by sqrt(3), and a generator is rarely trained on any so long.
    """
    result = average(a) - average(b) + average(c)
    return at_usual_length(result) if usual_length else result


def equation(a: FloatArray, b: FloatArray, c: FloatArray, *, usual_length: bool = False) -> FloatArray:
    """The four latents of a - b + c = result, float32 (4, latent_dim): three averages, and `analogy` of them."""
    return np.stack([average(a), average(b), average(c), analogy(a, b, c, usual_length=usual_length)])


def at_usual_length(z: FloatArray) -> FloatArray:
    """A latent (latent_dim,) at length sqrt(latent_dim), where nearly all of a standard normal's draws lie; 0 stays 0."""
    length = float(np.linalg.norm(z))
    return z * np.float32(len(z) ** 0.5 / length) if length > 0 else z
