"""What the two networks are paid for: pure functions of logits (higher = more real).

Every objective gives the discriminator's loss in two parts, on real and on fake samples, because the pages show them
apart; the discriminator minimises their sum. Losses are means over the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gan_core.registry import Registry, lazy_module

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
        discriminator: (real logits (N,), fake logits (N,)) -> (loss on real, loss on fake), two scalars to be added.
        generator: fake logits (N,) -> scalar.
        source: the paper.
    """

    title: str
    discriminator: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
    generator: Callable[[Tensor], Tensor]
    source: str


def bce_discriminator(real_logits: Tensor, fake_logits: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy of a classifier that should say 1 on real and 0 on fake samples.

    Source: Goodfellow et al. 2014, "Generative Adversarial Nets", equation 1, as a loss to minimise.
    """
    loss_real = F.softplus(-real_logits).mean()  # -log(sigmoid(logits))
    loss_fake = F.softplus(fake_logits).mean()  # -log(1 - sigmoid(logits))
    return loss_real, loss_fake


def bce_generator(fake_logits: Tensor) -> Tensor:
    """The non-saturating loss -log D(G(z)), which keeps its gradient when D rejects everything.

    Source: Goodfellow et al. 2014, section 3, the alternative to minimising log(1 - D(G(z))).
    """
    return F.softplus(-fake_logits).mean()  # -log(sigmoid(logits))


OBJECTIVES: Registry[Objective] = Registry(
    "objective",
    {
        "bce": Objective(
            "Cross-entropy (the original GAN)",
            bce_discriminator,
            bce_generator,
            "Goodfellow et al. 2014, Generative Adversarial Nets",
        ),
    },
)
