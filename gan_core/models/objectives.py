"""Losses of the two networks: pure functions of logits (higher = more real).

Every loss gets the logits of real and of generated samples. The discriminator's comes in two parts, on real and on
generated samples, where it is a sum of the two, because the pages show each part and experiments weigh them; a relativistic
loss has no such parts. Losses are means over the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gan_core.config.registry import Registry, lazy_module

if TYPE_CHECKING:
    import torch.nn.functional as F
    from torch import Tensor
else:
    F = lazy_module("torch.nn.functional")  # the table below is listed by processes that never load torch


class LossParts(NamedTuple):
    """The discriminator's loss on real and on generated samples, which it minimises as a weighted sum. Scalars."""

    on_real: Tensor
    on_fake: Tensor


@dataclass(frozen=True)
class Objective:
    """A pair of losses.

    Attributes:
        title: its name for people.
        discriminator: (real logits (N,), fake logits (N,), smoothing) -> the discriminator's loss: its parts, or one
            scalar where it has none. `smoothing` lowers the target of real samples by so much (one-sided label
            smoothing); objectives without a target ignore it.
        generator: (real logits (N,) or None, fake logits (N,)) -> the generator's loss.
        has_target: whether label smoothing means anything.
        is_probability: whether the Sigmoid of a logit is D's probability of "real".
        source: the paper.
        is_paired: whether both losses compare the i-th real with the i-th fake logit. Then the discriminator's has no
            parts, and the generator's needs the real logits; other objectives get None for them.
        boundary: the logit between what D takes for generated and for real; None where a loss knows differences only.
    """

    title: str
    discriminator: Callable[[Tensor, Tensor, float], LossParts | Tensor]
    generator: Callable[[Tensor | None, Tensor], Tensor]
    has_target: bool
    is_probability: bool
    source: str
    is_paired: bool = False
    boundary: float | None = 0.0

    def margin(self, real: Tensor, fake: Tensor) -> Tensor:
        """By how much each real logit (N,) lies above the boundary; above its pair's fake logit (N,) where there is none."""
        return real - (fake if self.boundary is None else self.boundary)


def _parts(
    on_real: Callable[[Tensor, float], Tensor], on_fake: Callable[[Tensor], Tensor]
) -> Callable[[Tensor, Tensor, float], LossParts]:
    """A discriminator's loss from a loss on real logits, with smoothing, and one on fake logits."""
    return lambda real, fake, smoothing: LossParts(on_real(real, smoothing), on_fake(fake))


def _of_fake(loss: Callable[[Tensor], Tensor]) -> Callable[[Tensor | None, Tensor], Tensor]:
    """A generator's loss of the fake logits alone."""
    return lambda _real, fake: loss(fake)


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


def least_squares_real(logits: Tensor, smoothing: float) -> Tensor:
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


def wasserstein_real(logits: Tensor, smoothing: float) -> Tensor:
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


def hinge_real(logits: Tensor, smoothing: float) -> Tensor:
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


def relativistic_discriminator(real: Tensor, fake: Tensor, smoothing: float) -> Tensor:
    """Cross-entropy of a classifier that should say which of a pair is the real sample: -log(sigmoid(real - fake)).

    Source: Jolicoeur-Martineau 2019, "The relativistic discriminator: a key element missing from standard GAN", the
    relativistic standard GAN; in the same paired form Huang et al. 2024, "The GAN is dead; long live the GAN! A Modern
    Baseline GAN" (R3GAN). The pairs are those of the batch, i-th real with i-th generated sample.

    Raises:
        ValueError: not as many real as fake logits.
    """
    return F.softplus(-_differences(real, fake)).mean()


def relativistic_generator(real: Tensor | None, fake: Tensor) -> Tensor:
    """The same with the pair exchanged: the generated sample should look the more real. Source: as above.

    Raises:
        ValueError: no real logits, or not as many as fake ones.
    """
    if real is None:
        raise ValueError("A relativistic loss compares real with generated samples; it was given no real logits.")
    return F.softplus(_differences(real, fake)).mean()  # -log(sigmoid(fake - real))


def _differences(real: Tensor, fake: Tensor) -> Tensor:
    """Real minus fake logit of each pair (N,)."""
    if real.shape != fake.shape:
        raise ValueError(
            f"A relativistic loss compares pairs of a real and a generated sample; got {len(real)} real and {len(fake)} "
            "fake logits."
        )
    return real - fake


OBJECTIVES: Registry[Objective] = Registry(
    "objective",
    {
        "bce": Objective(
            "Cross-entropy (the original GAN)",
            _parts(bce_real, bce_fake),
            _of_fake(bce_generator),
            True,
            True,
            "Goodfellow et al. 2014, Generative Adversarial Nets",
        ),
        "least_squares": Objective(
            "Least squares (LSGAN)",
            _parts(least_squares_real, least_squares_fake),
            _of_fake(least_squares_generator),
            True,
            False,
            "Mao et al. 2017, Least Squares Generative Adversarial Networks",
            boundary=0.5,  # halfway between its targets
        ),
        "wasserstein": Objective(
            "Wasserstein (WGAN)",
            _parts(wasserstein_real, wasserstein_fake),
            _of_fake(wasserstein_generator),
            False,
            False,
            "Arjovsky et al. 2017, Wasserstein GAN",
            boundary=None,
        ),
        "hinge": Objective(
            "Hinge (SNGAN)",
            _parts(hinge_real, hinge_fake),
            _of_fake(hinge_generator),
            False,
            False,
            "Lim and Ye 2017, Geometric GAN; Miyato et al. 2018, Spectral Normalization for GANs",
        ),
        "relativistic": Objective(
            "Relativistic pairs (RpGAN, R3GAN)",
            relativistic_discriminator,
            relativistic_generator,
            False,
            False,
            "Jolicoeur-Martineau 2019, The relativistic discriminator; Huang et al. 2024, The GAN is dead; long live the GAN!",
            is_paired=True,
            boundary=None,
        ),
    },
)
