"""GAN inversion: the latent of a picture, by gradient descent from several starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Generate = Callable[[Tensor], Tensor]
"""Latents (N, latent_dim) -> images (N, C, H, W) in [-1, 1], with a gradient towards the latents."""
Features = Callable[[Tensor], Tensor]
"""Images (N, C, H, W) in [-1, 1] -> features (N, F), with a gradient towards the images."""


@dataclass(frozen=True)
class Search:
    """Settings of a search.

    Attributes:
        steps: of Adam, for every start.
        starts: latents that are optimised, the best of `candidates` random ones.
        candidates: random latents tried first.
        learning_rate: Adam's; it falls to 0 along a cosine.
        feature_weight: weight of the relative squared distance in features, beside the mean squared error of pixels in [0, 1].
        prior_weight: weight of a mean square beyond that of random latents, where the generator was never trained.
        seed: of the random latents.
    """

    steps: int = 200
    starts: int = 6
    candidates: int = 256
    learning_rate: float = 0.1
    feature_weight: float = 0.02
    prior_weight: float = 0.1
    seed: int = 0


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        z: the best latent, (latent_dim,).
        error: mean squared error over its pixels, in [0, 1].
        first_error: that of the best random latent, before any step.
        feature_distance: relative squared distance in features, |f - f_target|^2 / |f_target|^2; 0 without features.
        losses: of each start at the end, (starts,), the best first.
    """

    z: Tensor
    error: float
    first_error: float
    feature_distance: float
    losses: Tensor


def invert(
    generate: Generate,
    target: Tensor,
    latent_dim: int,
    search: Search,
    features: Features | None = None,
    progress: Callable[[int, int, float], None] | None = None,
) -> Found:
    """The latent whose image comes closest to a picture.

    Source: Lipton and Tripathi 2017, "Precise Recovery of Latent Vectors from Generative Adversarial Networks" (gradient
    descent on z), with a feature loss as in Abdal et al. 2019, "Image2StyleGAN", equation 1. Departures: it starts from the best
    of many random latents, and a latent longer than the prior's is penalised instead of clipped.

    Args:
        generate: the generator in evaluation mode: an image depends on its own latent only.
        target: (C, H, W) in [-1, 1].
        latent_dim: size of z.
        features: None for pixels only.
        progress: called after every step with (steps done, steps, the best loss); what it raises ends the search.

    Raises ValueError if there is no step, start or candidate, or there are fewer candidates than starts.
    """
    if search.steps < 1 or not 1 <= search.starts <= search.candidates:
        raise ValueError(
            f"A search needs at least one step and one start, and as many candidates as starts; got {search.steps} steps, "
            f"{search.starts} starts and {search.candidates} candidates."
        )
    loss_of = _Loss(generate, target, features, search)
    z, first_error = _best_random(loss_of, latent_dim, search)
    z.requires_grad_(True)
    optimizer = torch.optim.Adam([z], lr=search.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, search.steps)
    best, lowest = z.detach().clone(), torch.full((len(z),), torch.inf)
    for step in range(search.steps):
        losses = loss_of(z)
        optimizer.zero_grad()
        losses.sum().backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            better = losses < lowest
            best[better], lowest[better] = z[better], losses[better]
        optimizer.step()
        schedule.step()
        if progress:
            progress(step + 1, search.steps, float(lowest.min()))
    with torch.no_grad():
        order = lowest.argsort()
        chosen = best[order[:1]]
        pixels, away = loss_of.parts(chosen)
    return Found(chosen[0], float(pixels[0]), first_error, float(away[0]), lowest[order])


class _Loss:
    """The loss of each latent of a batch."""

    def __init__(self, generate: Generate, target: Tensor, features: Features | None, search: Search) -> None:
        self._generate, self._features, self._search = generate, features, search
        self._target = target[None]
        with torch.no_grad():
            self._wanted = features(self._target) if features else None

    def parts(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Mean squared errors (N,) in [0, 1], and relative squared distances in features (N,)."""
        images = self._generate(z)
        pixels = ((images - self._target) / 2).square().flatten(1).mean(1)
        if self._features is None or self._wanted is None:
            return pixels, torch.zeros_like(pixels)
        gap = (self._features(images) - self._wanted).square().sum(1)
        return pixels, gap / self._wanted.square().sum().clamp(min=1e-12)

    def __call__(self, z: Tensor) -> Tensor:
        pixels, away = self.parts(z)
        usual = 1 + 3 * (2 / z.shape[1]) ** 0.5  # three standard deviations above a random latent's mean square
        longer = (z.square().mean(1) - usual).clamp(min=0)
        loss: Tensor = pixels + self._search.feature_weight * away + self._search.prior_weight * longer
        return loss


def _best_random(loss_of: _Loss, latent_dim: int, search: Search) -> tuple[Tensor, float]:
    """The starts, the best of the random latents (starts, latent_dim), and the pixel error of the very best."""
    rng = torch.Generator().manual_seed(search.seed)
    tried = torch.randn(search.candidates, latent_dim, generator=rng)
    with torch.no_grad():
        losses = torch.cat([loss_of(part) for part in torch.split(tried, 64)])
        starts = tried[losses.argsort()[: search.starts]]
        return starts.clone(), float(loss_of.parts(starts[:1])[0])
