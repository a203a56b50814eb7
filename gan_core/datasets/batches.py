"""Batches from a data set: seeded, resumable, normalised and varied on the device."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from gan_core.datasets.augmentation import augment
from gan_core.datasets.base import Dataset
from gan_core.datasets.epochs import Epoch

Take = Callable[[int, int], tuple[int, int]]
"""(images of a batch, images in a pack) -> the first and the last (exclusive) that are wanted."""


def all_of_them(images: int, _packing: int) -> tuple[int, int]:
    """A `Take` that wants the whole batch."""
    return 0, images


class Batches:
    """The batch of every step of a run, as a pure function of seed and step.

    Each epoch goes through the images once, in an order drawn from (seed, epoch), as `Epoch` deals them out.
    Nothing is remembered between steps, so a resumed run continues the order exactly.

    Args:
        dataset: uint8 images and labels, and how each batch varies them.
        batch_size: images a step.
        seed: the run's seed.
        device: where batches are needed.
        packing: images that the discriminator judges together.
        take: which images of a batch are wanted here.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int,
        seed: int,
        device: str | torch.device = "cpu",
        packing: int = 1,
        take: Take = all_of_them,
    ) -> None:
        self.dataset = dataset
        self.take, self.packing = take, packing
        self.plan = Epoch(len(dataset), batch_size, packing)
        self.batch_size = batch_size
        self.seed = seed
        self.device = torch.device(device)
        self.steps_per_epoch = self.plan.steps
        self._epoch = -1
        self._order = np.empty(0, np.int64)

    def indices(self, step: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Which images step number `step` (from 0) sees: (batch,)."""
        epoch, position = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            self._order = np.random.default_rng([self.seed, epoch]).permutation(len(self.dataset))
            self._epoch = epoch
        start = position * self.batch_size
        return self._order[start : min(start + self.batch_size, self.plan.images)]

    def images_seen(self, step: int) -> int:
        """Images that the steps before `step` have seen."""
        return self.plan.seen(step)

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Images float (B, C, H, W) in [-1, 1] and labels float (B, L) of step number `step`, those that are wanted, on the device."""
        chosen = self.indices(step)
        whole = len(chosen)
        start, stop = self.take(whole, self.packing)
        chosen = chosen[start:stop]
        images = self._to_device(torch.from_numpy(self.dataset.images[chosen]))
        labels = self._to_device(torch.from_numpy(self.dataset.labels[chosen]))
        if images.dtype == torch.uint8:
            images = to_signed(images)
        if self.dataset.flip or self.dataset.rotation_degrees:
            data = self.dataset
            images = augment(
                images,
                self.seed,
                step,
                flip=data.flip,
                rotation_degrees=data.rotation_degrees,
                first=start,
                whole=whole,
            )
            images = images.contiguous(memory_format=torch.channels_last)
        return images, labels.float()

    def _to_device(self, tensor: Tensor) -> Tensor:
        """Bytes travel as uint8 and, to a GPU, from pinned memory without waiting for the copy."""
        if self.device.type == "cuda":
            return tensor.pin_memory().to(self.device, non_blocking=True)
        return tensor.to(self.device)


def to_signed(images: Tensor) -> Tensor:
    """uint8 0..255 to float -1..1, channels-last where there are channels."""
    scaled = images.float().div_(127.5).sub_(1)
    return scaled.contiguous(memory_format=torch.channels_last) if scaled.dim() == 4 else scaled


def to_uint8(images: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Float -1..1 to uint8 0..255, rounded; values outside are cut. (N, C, H, W) on any device -> array."""
    scaled = images.detach().float().add(1).mul(127.5).round().clamp(0, 255)
    return scaled.to(torch.uint8).contiguous().cpu().numpy()
