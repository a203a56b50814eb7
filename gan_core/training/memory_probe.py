"""Does the discriminator know its training images by heart? Its logits on some of them, against images it never saw.

Asked while a run trains, at every probe; the images are fixed, and nothing here touches the random numbers of training.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gan_core import datasets
from gan_core.config import RunConfig
from gan_core.datasets import DATASETS
from gan_core.datasets.base import Dataset
from gan_core.datasets.batches import to_signed
from gan_core.datasets.held_out import HeldOut, held_out
from gan_core.models.base import GenerativeModel, Metrics
from gan_core.models.gan import GAN

COUNT = 64  # images of each kind: a mean logit is then known to an eighth of a standard deviation


@dataclass(frozen=True)
class _Some:
    """Images in [-1, 1] (N, C, H, W) and their labels (N, L), on the training device."""

    images: Tensor
    labels: Tensor


class MemoryProbe:
    """Asks a GAN's discriminator about the same real images again and again: some that it learns from, some held out.

    Runs without held-out images, of points, or of another model are not asked.

    Args:
        config: the run's.
        dataset: its training images, with the run's labels only.
        device: where the model is.
    """

    def __init__(self, config: RunConfig, dataset: Dataset, device: torch.device) -> None:
        self._both: tuple[_Some, _Some] | None = None
        if DATASETS.find(config.dataset.name).domain != "images" or not config.recording.probe_every_steps:
            return
        with contextlib.suppress(ValueError):  # a data set that is gone, or a full cache: training need not know
            found = held_out(config.dataset)
            if found.kind != "training":
                count = min(COUNT, len(dataset), found.count)
                learned = _on(device, np.asarray(dataset.images[:count]), np.asarray(dataset.labels[:count]))
                self._both = learned, _on(device, *_unseen(found, count, config.conditioning.labels))

    def metrics(self, model: GenerativeModel) -> Metrics:
        """memory/train and memory/held_out, D's mean logits; memory/gap, the first minus the second in standard deviations."""
        if self._both is None or not isinstance(model, GAN):
            return {}
        learned, unseen = (model.logits(some.images, some.labels) for some in self._both)
        spread = ((learned.var(correction=0) + unseen.var(correction=0)) / 2).sqrt().clamp_min(1e-6)
        gap = (learned.mean() - unseen.mean()) / spread
        return {"memory/train": learned.mean(), "memory/held_out": unseen.mean(), "memory/gap": gap}


def _unseen(
    found: HeldOut, count: int, names: tuple[str, ...]
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.uint8]], np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    """Held-out images (count, C, H, W) and labels; of a left-over part only these are decoded, not all before them."""
    if found.kind == "test":
        data = found.images(count).with_labels(names)
        return np.asarray(data.images), np.asarray(data.labels)
    places = range(found.start, found.start + count)
    pictures = {i: np.asarray(pair[1]) for i in places for pair in datasets.pairs(found.config, [i])}
    images = np.stack([p[None] if p.ndim == 2 else p.transpose(2, 0, 1) for p in pictures.values()])
    if not names:
        return images, np.zeros((len(images), 0), np.uint8)
    known = datasets.label_names(found.config)
    labels = datasets.labels(found.config)[list(pictures)]
    return images, labels[:, [known.index(name) for name in names]]


def _on(
    device: torch.device,
    images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    labels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
) -> _Some:
    return _Some(to_signed(torch.tensor(images).to(device)), torch.tensor(labels).float().to(device))
