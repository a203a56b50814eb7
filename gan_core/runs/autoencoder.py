"""A VAE's encoder and decoder: images to latents, latents to images, and the error of reconstruction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from gan_core.config import RunConfig
from gan_core.datasets.base import Uint8Array
from gan_core.datasets.batches import to_signed, to_uint8
from gan_core.models.building import build_networks, decode
from gan_core.models.kinds import kind_of
from gan_core.runs import Run, checkpoints

BATCH = 64

Number = TypeVar("Number", np.uint8, np.float32)

FloatArray = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]
"""Called with (images done, images in all)."""


@dataclass(frozen=True)
class Autoencoder:
    """Encoder and decoder at one checkpoint.

    An image is encoded as the mean of its posterior, without noise.

    Attributes:
        run_id, step: where they come from.
        config: the run's configuration.
        encoder, decoder: in evaluation mode, on `device`.
    """

    run_id: str
    step: int
    config: RunConfig
    encoder: nn.Module
    decoder: nn.Module
    device: str = "cpu"

    def encode(self, images: Uint8Array) -> FloatArray:
        """Latents float32 (N, latent_dim) of images uint8 (N, C, H, W): the means of their posteriors."""
        with torch.inference_mode():
            parts = [self._means(part).float().cpu().numpy() for part in _parts(images)]
        return np.concatenate([np.empty((0, self.config.network.latent_dim), np.float32), *parts])

    def posteriors(self, images: Uint8Array) -> tuple[FloatArray, FloatArray]:
        """Means and log variances of the posteriors, each float32 (N, latent_dim), of images uint8 (N, C, H, W)."""
        with torch.inference_mode():
            parts = [
                [half.float().cpu().numpy() for half in self.encoder(self._signed(part))] for part in _parts(images)
            ]
        means, log_variances = (np.concatenate(halves) for halves in zip(*parts, strict=True))
        return means, log_variances

    def decode(self, latents: FloatArray) -> Uint8Array:
        """Images uint8 (N, C, H, W) for latents (N, latent_dim)."""
        with torch.inference_mode():
            return np.concatenate([to_uint8(self._pictures(torch.from_numpy(z))) for z in _parts(latents)])

    def reconstruct(self, images: Uint8Array) -> Uint8Array:
        """Images uint8 (N, C, H, W) encoded and decoded again."""
        return self.decode(self.encode(images))

    def measure(self, images: Uint8Array, progress: Progress | None = None) -> tuple[FloatArray, FloatArray]:
        """Latents of images, and the errors of their reconstructions.

        Args:
            images: uint8 (N, C, H, W).
            progress: called after every batch.

        Returns:
            Latents float32 (N, latent_dim), and the mean squared error of each image (N,): over all of its pixels and
            channels, in [0, 1], before the reconstruction is rounded to bytes.
        """
        latents = np.empty((len(images), self.config.network.latent_dim), np.float32)
        errors = np.empty(len(images), np.float32)
        start = 0
        with torch.inference_mode():
            for part in _parts(images):
                rows = slice(start, start + len(part))
                means = self._means(part)
                gap = (self._pictures(means) - self._signed(part)) / 2  # of images in [-1, 1]
                latents[rows] = means.float().cpu().numpy()
                errors[rows] = gap.square().flatten(1).mean(1).cpu().numpy()
                start += len(part)
                if progress:
                    progress(start, len(images))
        return latents, errors

    def shifted(self, image: Uint8Array, shift: FloatArray, keep_details: bool) -> tuple[Uint8Array, Uint8Array, float]:
        """An image as it is after a shift of its latent.

        Args:
            image: uint8 (C, H, W).
            shift: added to its latent, (latent_dim,).
            keep_details: add what the reconstruction without a shift lost, so that only what the shift changes is changed.

        Returns:
            The image after the shift, its reconstruction without one, and that one's mean squared error, in [0, 1].
        """
        latents, errors = self.measure(image[None])
        plain, moved = self.decode(np.concatenate([latents, latents + shift[None]]))
        if keep_details:
            lost = image.astype(np.int16) - plain.astype(np.int16)
            moved = (moved.astype(np.int16) + lost).clip(0, 255).astype(np.uint8)
        return moved, plain, float(errors[0])

    def _signed(self, images: Uint8Array) -> Tensor:
        return to_signed(torch.from_numpy(np.array(images)).to(self.device))

    def _means(self, images: Uint8Array) -> Tensor:
        means: Tensor = self.encoder(self._signed(images))[0]
        return means

    def _pictures(self, latents: Tensor) -> Tensor:
        return decode(self.config, self.decoder, latents.to(self.device), torch.zeros(len(latents), 0)).float()


def _parts(array: npt.NDArray[Number]) -> Iterator[npt.NDArray[Number]]:
    """The rows of an array, a batch at a time."""
    for start in range(0, len(array), BATCH):
        yield array[start : start + BATCH]


def open_autoencoder(run: Run, step: int | None = None, device: str = "cpu") -> Autoencoder:
    """A VAE's encoder and decoder at a checkpoint, the newest when `step` is None.

    Raises:
        ValueError: not a VAE, no checkpoint (of that step), or a damaged one.
    """
    config = run.config()
    if not kind_of(config).encodes:
        raise ValueError(
            f"The run '{run.name}' is not a VAE: its '{config.network.name}' has no encoder. Choose a VAE."
        )
    step = run.chosen_step(step)
    networks = build_networks(config)
    checkpoints.load_networks(run, step, networks, average=False)  # a VAE keeps no running average
    encoder, decoder = (networks[name].eval().to(device) for name in ("encoder", "decoder"))
    return Autoencoder(run.id, step, config, encoder, decoder, device)
