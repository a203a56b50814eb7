"""What the two networks are paid for: pure functions of logits (higher = more real).

Every objective gives the discriminator's loss in two parts, on real and on fake samples, because the pages show them
apart and experiments weigh them; the discriminator minimises their weighted sum. Losses are means over the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gan_core.config.registry import Registry, lazy_module

if TYPE_CHECKING:
    import torch.nn.functional as F
    from torch import Tensor
else:
    F = lazy_module("torch.nn.functional")  # the table below is listed by processes that never load torch


@dataclass(frozen=True)
class Objective:
    """A pair of losses.

    Attributes:
        title: its name for people.
        real: (real logits (N,), smoothing) -> the discriminator's loss on real samples. `smoothing` lowers the target
            of real samples by so much (one-sided label smoothing); objectives without a target ignore it.
        fake: fake logits (N,) -> the discriminator's loss on generated samples.
        generator: fake logits (N,) -> the generator's loss.
        has_target: whether label smoothing means anything.
        is_probability: whether the Sigmoid of a logit is D's probability of "real".
        source: the paper.
    """

    title: str
    real: Callable[[Tensor, float], Tensor]
    fake: Callable[[Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]
    has_target: bool
    is_probability: bool
    source: str


def bce_real(logits: Tensor, smoothing: float = 0.0) -> Tensor:
    """Cross-entropy of a classifier that should say 1 (or 1 - smoothing) on real samples.

    Source: Goodfellow et al. 2014, "Generative Adversarial Nets", equation 1, as a loss to minimise; the smoothed target
    after Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.4.
    """
    positive = F.softplus(-logits).mean()  # -log(sigmoid(logits))
    if not smoothing:
        return positive
    return (1 - smoothing) * positive + smoothing * F.softplus(logits).mean()


def bce_fake(logits: Tensor) -> Tensor:
    """Cross-entropy of a classifier that should say 0 on generated samples. Source: as `bce_real`."""
    return F.softplus(logits).mean()  # -log(1 - sigmoid(logits))


def bce_generator(logits: Tensor) -> Tensor:
    """The non-saturating loss -log D(G(z)), which keeps its gradient when D rejects everything.

    Source: Goodfellow et al. 2014, section 3, the alternative to minimising log(1 - D(G(z))).
    """
    return F.softplus(-logits).mean()  # -log(sigmoid(logits))


def least_squares_real(logits: Tensor, smoothing: float = 0.0) -> Tensor:
    """Half the squared distance of D's output from 1 (or 1 - smoothing).

    Source: Mao et al. 2017, "Least Squares Generative Adversarial Networks", equation 9 (a = 0, b = c = 1).
    """
    return 0.5 * (logits - (1 - smoothing)).square().mean()


def least_squares_fake(logits: Tensor) -> Tensor:
    """Half the squared distance of D's output from 0. Source: Mao et al. 2017, equation 9."""
    return 0.5 * logits.square().mean()


def least_squares_generator(logits: Tensor) -> Tensor:
    """Half the squared distance of D's output from 1. Source: Mao et al. 2017, equation 9."""
    return 0.5 * (logits - 1).square().mean()


def wasserstein_real(logits: Tensor, smoothing: float = 0.0) -> Tensor:
    """Minus the critic's mean on real samples.

    Source: Arjovsky et al. 2017, "Wasserstein GAN", algorithm 1. The sum with `wasserstein_fake` is minus the critic's
    estimate of the Earth-Mover distance, up to its Lipschitz constant.
    """
    return -logits.mean()


def wasserstein_fake(logits: Tensor) -> Tensor:
    """The critic's mean on generated samples. Source: Arjovsky et al. 2017, algorithm 1."""
    return logits.mean()


def wasserstein_generator(logits: Tensor) -> Tensor:
    """Minus the critic's mean on generated samples. Source: Arjovsky et al. 2017, algorithm 1."""
    return -logits.mean()


def hinge_real(logits: Tensor, smoothing: float = 0.0) -> Tensor:
    """Pushes real logits above 1, and no further.

    Source: Lim and Ye 2017, "Geometric GAN"; Miyato et al. 2018, "Spectral Normalization for GANs", equation 16.
    """
    return F.relu(1 - logits).mean()


def hinge_fake(logits: Tensor) -> Tensor:
    """Pushes generated logits below -1, and no further. Source: Miyato et al. 2018, equation 16."""
    return F.relu(1 + logits).mean()


def hinge_generator(logits: Tensor) -> Tensor:
    """Minus D's mean on generated samples. Source: Miyato et al. 2018, equation 17."""
    return -logits.mean()


OBJECTIVES: Registry[Objective] = Registry(
    "objective",
    {
        "bce": Objective(
            "Cross-entropy (the original GAN)",
            bce_real,
            bce_fake,
            bce_generator,
            True,
            True,
            "Goodfellow et al. 2014, Generative Adversarial Nets",
        ),
        "least_squares": Objective(
            "Least squares (LSGAN)",
            least_squares_real,
            least_squares_fake,
            least_squares_generator,
            True,
            False,
            "Mao et al. 2017, Least Squares Generative Adversarial Networks",
        ),
        "wasserstein": Objective(
            "Wasserstein (WGAN)",
            wasserstein_real,
            wasserstein_fake,
            wasserstein_generator,
            False,
            False,
            "Arjovsky et al. 2017, Wasserstein GAN",
        ),
        "hinge": Objective(
            "Hinge (SNGAN)",
            hinge_real,
            hinge_fake,
            hinge_generator,
            False,
            False,
            "Lim and Ye 2017, Geometric GAN; Miyato et al. 2018, Spectral Normalization for GANs",
        ),
    },
)
