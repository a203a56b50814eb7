"""Penalties on the discriminator's gradient: pure functions of `critic(x) -> logits`.

Each is added to D's loss before its one backward pass: a backward of its own would desynchronise ranks that train
together. `critic` maps samples (N, ...) to logits (N,). With batch norm a sample's logit depends on its batch, so the
gradient is that of one sample approximately: the two-sided penalties refuse it (Gulrajani et al. 2017, section 4), R1 and R2
allow it (without it in Mescheder et al. 2018; here R1 was 0.83 of the samples' own after 200 steps of a DCGAN). Real and
fake samples are those that D judges in its step: where they are augmented the penalty is of the augmented ones, as in Karras et al. 2020 (whose
gradient is that with respect to the images before). They have one shape; `rng` is on their device. The result is a scalar, differentiable
in the critic's weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gan_core.config.registry import Registry, lazy_module

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from gan_core.processes import shards

    Critic = Callable[[Tensor], Tensor]
else:
    torch, shards = lazy_module("torch"), lazy_module("gan_core.processes.shards")


@dataclass(frozen=True)
class Penalty:
    """An entry of the table.

    Attributes:
        title: its name for people.
        compute: (critic, real (N, ...), fake (N, ...), rng) -> scalar, before its weight.
        default_weight: the paper's.
        allows_batch_norm: whether D may hold batch norm.
        source: the paper.
    """

    title: str
    compute: Callable[[Critic, Tensor, Tensor, torch.Generator], Tensor]
    default_weight: float
    allows_batch_norm: bool
    source: str


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """Two-sided penalty on gradient norms between real and fake samples: mean of (||gradient||_2 - 1)^2.

    Source: Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", equation 3.
    """
    mix = shards.drawn(partial(torch.rand, generator=rng, device=real.device), len(real)).view(
        -1, *[1] * (real.dim() - 1)
    )
    between = real.detach() + mix * (fake.detach() - real.detach())
    return (_gradient_norms(critic, between) - 1).square().mean()


def r1_penalty(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """Squared gradient norm on real samples, halved: mean of ||gradient||_2^2 / 2.

    Source: Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", equation 9.
    """
    return _gradients(critic, real.detach()).flatten(1).square().sum(1).mean() / 2


def r2_penalty(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """Squared gradient norm on generated samples, halved: mean of ||gradient||_2^2 / 2.

    Source: Mescheder et al. 2018, equation 10.
    """
    return _gradients(critic, fake.detach()).flatten(1).square().sum(1).mean() / 2


def r1_r2_penalty(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """R1 and R2 together, with one weight: squared gradient norms on real and on generated samples, each halved.

    Source: Roth et al. 2017, "Stabilizing Training of Generative Adversarial Networks through Regularization", who
    penalise both; in this form Huang et al. 2024, "The GAN is dead; long live the GAN! A Modern Baseline GAN".
    """
    return r1_penalty(critic, real, fake, rng) + r2_penalty(critic, real, fake, rng)


def dragan_penalty(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """Penalty on gradient norms around real samples: mean of (||gradient||_2 - 1)^2.

    Source: Kodali et al. 2017, "On Convergence and Stability of GANs", equation 4, with the authors' noise: uniform,
    half the standard deviation of the batch, mixed in by a random share for each sample.
    """
    real = real.detach()
    noise = 0.5 * _spread(real) * shards.drawn(partial(torch.rand, generator=rng, device=real.device), *real.shape)
    mix = shards.drawn(partial(torch.rand, generator=rng, device=real.device), len(real)).view(
        -1, *[1] * (real.dim() - 1)
    )
    return (_gradient_norms(critic, real + mix * noise) - 1).square().mean()


def _spread(real: Tensor) -> Tensor:
    """The standard deviation of all values of the batch."""
    if not shards.is_shared():
        return real.std()
    _, variance, number = shards.moments(real, tuple(range(real.dim())))
    return (variance * number / (number - 1)).sqrt().flatten()


def _gradients(critic: Critic, x: Tensor) -> Tensor:
    """The gradient of each sample's logit with respect to the sample: (N, ...)."""
    x = x.requires_grad_(True)
    (gradients,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return gradients


def _gradient_norms(critic: Critic, x: Tensor) -> Tensor:
    """||gradient||_2 for each sample: (N,). The small term keeps the square root differentiable at zero."""
    return (_gradients(critic, x).flatten(1).square().sum(1) + 1e-12).sqrt()


PENALTIES: Registry[Penalty | None] = Registry(
    "penalty",
    {
        "none": None,
        "gradient": Penalty(
            "Gradient penalty (WGAN-GP)",
            gradient_penalty,
            10.0,
            False,
            "Gulrajani et al. 2017, Improved Training of Wasserstein GANs",
        ),
        "r1": Penalty(
            "R1: small gradients on real samples",
            r1_penalty,
            10.0,
            True,
            "Mescheder et al. 2018, Which Training Methods for GANs do actually Converge?",
        ),
        "r2": Penalty(
            "R2: small gradients on generated samples",
            r2_penalty,
            10.0,
            True,
            "Mescheder et al. 2018, Which Training Methods for GANs do actually Converge?",
        ),
        "r1_r2": Penalty(
            "R1 and R2: small gradients on real and generated samples",
            r1_r2_penalty,
            10.0,
            True,
            "Roth et al. 2017, Stabilizing Training of GANs through Regularization; Huang et al. 2024, The GAN is dead; long "
            "live the GAN!",
        ),
        "dragan": Penalty(
            "DRAGAN: unit gradients around real samples",
            dragan_penalty,
            10.0,
            False,
            "Kodali et al. 2017, On Convergence and Stability of GANs",
        ),
    },
)
