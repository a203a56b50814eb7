"""Arithmetic with latents: man with glasses - man + woman."""

from __future__ import annotations

from torch import Tensor

from gan_core.latents.interpolation import slerp


def average(latents: Tensor) -> Tensor:
    """The mean of latents (N, latent_dim), N at least 1: (latent_dim,).

    Source: Radford et al. 2016, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
    Networks", section 6.3.2: single samples gave unstable results there, averages of three did not.
    """
    if latents.dim() != 2 or not len(latents):
        raise ValueError(f"An average needs at least one latent (N, latent_dim); got {tuple(latents.shape)}.")
    return latents.mean(dim=0)


def analogy(a: Tensor, b: Tensor, c: Tensor, *, usual_length: bool = False) -> Tensor:
    """a - b + c, (latent_dim,): what c becomes when it is changed as b would be to become a.

    Args:
        a, b, c: (N, latent_dim) each, N may differ; averaged first.
        usual_length: scale the result to sqrt(latent_dim), the length of almost every random latent; three single latents
            add up to one that is longer by sqrt(3), and a generator has rarely seen any so long.
    """
    result = average(a) - average(b) + average(c)
    return at_usual_length(result) if usual_length else result


def at_usual_length(z: Tensor) -> Tensor:
    """A latent (latent_dim,) at length sqrt(latent_dim), where nearly all of a standard normal's draws lie; 0 stays 0."""
    length = float(z.norm())
    return z * (len(z) ** 0.5 / length) if length > 0 else z


def in_betweens(start: Tensor, end: Tensor, count: int) -> Tensor:
    """`count` latents from `start` to `end` along a great circle (see `slerp`): (count, latent_dim)."""
    return slerp(start, end, count)
