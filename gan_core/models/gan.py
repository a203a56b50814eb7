"""The generative adversarial network: a generator, a discriminator, and one step of their game.

Source: Goodfellow et al. 2014, algorithm 1 with k = 1. The loop calls backward and step (see `GenerativeModel`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from gan_core.models.base import Metrics, Update
from gan_core.objectives import Objective


class GAN:
    """See `gan_core.models.base.GenerativeModel`.

    Args:
        generator: z (N, latent_dim) -> images (N, C, H, W) in [-1, 1].
        discriminator: images -> logits (N,).
        objective: losses of both.
        optimizers: "generator" and "discriminator" -> optimiser.
        average: running average of the generator, or None.
        rng: source of the latents, on the device of the networks.
        latent_dim: size of z.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: Objective,
        optimizers: dict[str, torch.optim.Optimizer],
        average: AveragedModel | None,
        rng: torch.Generator,
        latent_dim: int,
    ) -> None:
        self.networks = {"generator": generator, "discriminator": discriminator}
        self.average = average
        self.averages: dict[str, nn.Module] = {} if average is None else {"generator": average.module}
        self.objective = objective
        self.optimizers = optimizers
        self.rng = rng
        self.latent_dim = latent_dim
        self._last_z: Tensor | None = None

    def draw_latents(self, count: int) -> Tensor:
        """Standard normal latents (count, latent_dim) from the run's generator."""
        return torch.randn(count, self.latent_dim, generator=self.rng, device=self.rng.device)

    def train_step(self, images: Tensor, labels: Tensor) -> Generator[Update, None, Metrics]:
        """D's step on real and fake images, then G's step on the same fakes."""
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        z = self.draw_latents(len(images))
        fake = generator(z)

        real_logits = discriminator(images)
        fake_logits = discriminator(fake.detach())  # G takes no gradient from D's step
        loss_real, loss_fake = self.objective.discriminator(real_logits, fake_logits)
        yield Update("discriminator", "d", loss_real + loss_fake)

        with _frozen(discriminator):  # D's weights take no gradient in G's step
            logits = discriminator(fake)
            loss_g = self.objective.generator(logits)
            yield Update("generator", "g", loss_g)

        self._last_z = z
        return {
            "loss/d": (loss_real + loss_fake).detach(),
            "loss/g": loss_g.detach(),
            "loss/d_real": loss_real.detach(),
            "loss/d_fake": loss_fake.detach(),
            "prob/real": _mean_probability(real_logits),
            "prob/fake_before": _mean_probability(fake_logits),
            "prob/fake_after": _mean_probability(logits),
        }

    def finish_step(self) -> None:
        """Moves the generator's running average towards its weights."""
        if self.average is not None:
            self.average.update_parameters(_unwrapped(self.networks["generator"]))

    def probe(self) -> Metrics:
        """D(G(z)) once more, for the last step's z, now that G has made its step too."""
        if self._last_z is None:
            return {}
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        with torch.no_grad(), _kept_statistics(generator), _kept_statistics(discriminator):
            logits = discriminator(generator(self._last_z))
        return {"prob/fake_after_g": _mean_probability(logits)}

    def sample(self, z: Tensor) -> Tensor:
        """Images (N, C, H, W) for latents (N, latent_dim): from the running average where there is one.

        Batch norm uses its stored statistics, so an image depends on its own latent alone.
        """
        generator = _unwrapped(self.averages.get("generator", self.networks["generator"]))
        was_training = generator.training
        generator.eval()
        with torch.no_grad():
            images: Tensor = generator(z)
        generator.train(was_training)
        return images


def _mean_probability(logits: Tensor) -> Tensor:
    """Mean probability of "real" that the logits (N,) stand for."""
    return torch.sigmoid(logits.detach()).mean()


def _unwrapped(module: nn.Module) -> nn.Module:
    """The network itself, without the wrapper that Fabric puts around it."""
    inner = getattr(module, "module", module)
    return inner if isinstance(inner, nn.Module) else module


@contextmanager
def _frozen(network: nn.Module) -> Iterator[None]:
    """Within it the network's weights take no gradient; its inputs still do."""
    network.requires_grad_(False)
    try:
        yield
    finally:
        network.requires_grad_(True)


@contextmanager
def _kept_statistics(network: nn.Module) -> Iterator[None]:
    """Undoes what forward passes within it do to batch norm's running statistics."""
    kept = [buffer.clone() for buffer in network.buffers()]
    try:
        yield
    finally:
        for buffer, before in zip(network.buffers(), kept, strict=True):
            buffer.copy_(before)
