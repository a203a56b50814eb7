"""A run's generator, loaded for sampling by the pages and `python -m gan_core sample`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn

from gan_core.config import RunConfig, with_changes
from gan_core.datasets.batches import to_uint8
from gan_core.figures import imaging
from gan_core.models import posthoc_ema
from gan_core.models.building import build_networks, decode, sample_latents
from gan_core.models.kinds import kind_of
from gan_core.models.networks.shapes import LatentNetwork
from gan_core.runs import Run, checkpoints

BATCH = 256  # images drawn at once

Uint8Array = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Sampler:
    """A GAN's generator, a VAE's decoder or a diffusion model's denoiser at one checkpoint. Takes and returns arrays.

    Attributes:
        run_id, step: where it comes from.
        config: the run's configuration.
        network: in evaluation mode, on the CPU.
        pinned_labels: float32 (P, L), those of the run's sample grids.
        raw: whether these are the weights of the step itself though the run keeps a running average of them.
    """

    run_id: str
    step: int
    config: RunConfig
    network: nn.Module
    pinned_labels: FloatArray
    raw: bool = False

    @property
    def weights_id(self) -> str:
        """Names the run and which of its weights these are; with `step`, whatever is computed from them."""
        return f"{self.run_id}:raw" if self.raw else self.run_id

    @property
    def latent_dim(self) -> int:
        """Size of one latent."""
        return self.config.network.latent_dim

    def some_labels(self, count: int) -> FloatArray:
        """Default labels float32 (count, L): the pinned ones, repeated."""
        return self.pinned_labels[np.arange(count) % len(self.pinned_labels)]

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Samples (N, ...) for latents (N, latent_dim) and labels (N, L), all of them tensors; without gradients."""
        with torch.inference_mode():
            return decode(self.config, self.network, z, labels)

    def samples(self, z: FloatArray, labels: FloatArray | None = None) -> FloatArray:
        """Samples float32 (N, ...) in [-1, 1] (points: as they are) for latents (N, latent_dim) and labels (N, L)."""
        return self._drawn(z, labels).float().numpy()

    def images(self, z: FloatArray, labels: FloatArray | None = None) -> Uint8Array:
        """Images uint8 (N, C, H, W) for latents (N, latent_dim) and labels (N, L)."""
        return to_uint8(self._drawn(z, labels))

    def _drawn(self, z: FloatArray, labels: FloatArray | None) -> Tensor:
        labels = self.some_labels(len(z)) if labels is None else np.array(labels, np.float32)
        return self.forward(torch.from_numpy(np.array(z, np.float32)), torch.from_numpy(labels))

    def sheet(self, z: FloatArray, labels: FloatArray | None = None, columns: int | None = None) -> Image.Image:
        """Samples as one picture: images in a grid, `columns` in a row, or points as dots."""
        return picture_of(self._drawn(z, labels), columns)

    def first_response(self, z: FloatArray) -> FloatArray:
        """The first layer's response (N, features) to latents (N, latent_dim), for finding directions."""
        latents_and_labels = torch.from_numpy(np.concatenate([z, self.some_labels(len(z))], axis=1))
        with torch.inference_mode():
            response: FloatArray = self._latent_network().first_response(latents_and_labels).float().numpy()
        return response

    def first_weight(self) -> FloatArray:
        """The matrix with which the first layer receives z, (features, latent_dim): the columns of labels are left out."""
        weight: FloatArray = self._latent_network().first_weight().detach().float().numpy()
        return weight[:, : self.latent_dim]

    def _latent_network(self) -> LatentNetwork:
        """The network, whose first layer takes z. Raises ValueError if it has none: it is a denoiser."""
        if not isinstance(self.network, LatentNetwork):
            raise ValueError(
                f"A {kind_of(self.config).title} has no layer that takes z as a whole, so no directions can be found in it. "
                "Choose single dimensions."
            )
        return self.network

    def draw(self, count: int, seed: int, labels: FloatArray | None = None) -> Uint8Array:
        """Images uint8 (count, C, H, W) for new latents from a seed."""
        labels = self.some_labels(count) if labels is None else labels
        return self._in_batches(latents(count, self.latent_dim, seed), labels)

    def draw_labelled(self, labels: FloatArray, seed: int, num_latents: int) -> Uint8Array:
        """Images uint8 (N, C, H, W) for labels (N, L), each with the next of `num_latents` latents, repeated.

        The latents are those that `gan_core.evaluation.conditional` takes: with the run's own seed, a test list's score here is the
        live curve's (but for rounding, where the run trained in another precision, and for diffusion, whose curve takes fewer steps).
        """
        fixed = sample_latents(with_changes(self.config, {"training.seed": seed}), num_latents).numpy()
        return self._in_batches(fixed[np.arange(len(labels)) % num_latents], labels)

    def _in_batches(self, z: FloatArray, labels: FloatArray) -> Uint8Array:
        parts = [slice(start, start + BATCH) for start in range(0, len(z), BATCH)]
        return np.concatenate([self.images(z[part], labels[part]) for part in parts])

    def pinned(self, count: int) -> Uint8Array:
        """Images for the run's pinned latents, those of its sample grids."""
        return self.images(sample_latents(self.config, count).numpy())


def picture_of(samples: Tensor, columns: int | None = None) -> Image.Image:
    """Samples as one picture: a grid of images (N, C, H, W), `columns` in a row, or a plot of points (N, 2)."""
    if samples.dim() == 2:
        return imaging.scatter(samples.float().cpu().numpy())
    return imaging.to_picture(imaging.grid(to_uint8(samples), columns))


def latents(count: int, latent_dim: int, seed: int) -> FloatArray:
    """Standard normal latents float32 (count, latent_dim) from a seed; the first ones are the same whatever the count."""
    rng = torch.Generator().manual_seed(seed)
    return np.stack([torch.randn(latent_dim, generator=rng).numpy() for _ in range(count)])


def numbered_latents(numbers: Sequence[int], latent_dim: int) -> FloatArray:
    """The latents float32 (N, latent_dim) of samples by their numbers: each number is a seed."""
    return np.concatenate([latents(1, latent_dim, number) for number in numbers])


def open_sampler(run: Run, step: int | None = None, *, raw: bool = False) -> Sampler:
    """The run's generator at a checkpoint, the newest when `step` is None; its running average where it has one, unless `raw`.

    Raises:
        ValueError: no checkpoint (of that step), or a damaged one.
    """
    config = run.config()
    step = run.chosen_step(step)
    name = kind_of(config).drawn_by
    networks = {name: build_networks(config)[name]}
    averaged = config.training.ema_decay > 0
    checkpoints.load_networks(run, step, networks, average=averaged and not raw)
    return _sampler(run, step, networks[name].eval(), raw=averaged and raw)


def averaged_sampler(run: Run, step: int, sigma: float) -> Sampler:
    """The run's generator at a step, from a running average of another length, made of the snapshots up to that step.

    Source: Karras et al. 2024, section 3.2; see `gan_core.models.posthoc_ema`.

    Args:
        run: whose checkpoints hold snapshots.
        step: one of `checkpoints.profile_steps`.
        sigma: length of the average, its standard deviation as a share of the steps.

    Raises:
        ValueError: no snapshots, a length beyond the bounds, or a damaged checkpoint.
    """
    network = build_networks(run.config())[kind_of(run.config()).drawn_by]
    steps = [each for each in checkpoints.profile_steps(run) if each <= step]
    weights = posthoc_ema.weights_of([(at, each) for at in steps for each in posthoc_ema.SIGMAS], step, sigma)
    total = [torch.zeros_like(weight, dtype=torch.float64) for weight in network.parameters()]
    shares = iter(weights.tolist())
    for averages in checkpoints.profiles(run, steps, network):
        for average in averages.values():
            torch._foreach_add_(total, [weight.double() for weight in average.parameters()], alpha=next(shares))
    with torch.no_grad():
        for weight, value in zip(network.parameters(), total, strict=True):
            weight.copy_(value)
    return _sampler(run, step, network.eval())


def _sampler(run: Run, step: int, network: nn.Module, *, raw: bool = False) -> Sampler:
    config = run.config()
    width = len(config.conditioning.labels)
    labels = np.array(run.pinned_labels() or [[0] * width], np.float32)
    if labels.ndim != 2 or labels.shape[1] != width:
        raise ValueError(
            f"The run '{run.name}' keeps {labels.shape} pinned labels; its model takes {width} per sample."
        )
    return Sampler(run.id, step, config, network, labels, raw)
