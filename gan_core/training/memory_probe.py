"""Has the discriminator memorised its training images? Its logits on some of them, against held-out images.

Measured at every probe of a run; the images are a fixed sample, and no random number of training is used. Both are shown
as they are, also to a D that learns from augmented ones: what parts the two answers can then only be that it was trained on one
of them, and runs with and without augmentation are asked the same.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gan_core import datasets
from gan_core.config import MIN_BATCH_SIZE, RunConfig
from gan_core.datasets import DATASETS
from gan_core.datasets.base import Dataset, Uint8Array
from gan_core.datasets.batches import to_signed
from gan_core.datasets.held_out import HeldOut, held_out
from gan_core.models.base import GenerativeModel, Metrics
from gan_core.models.gan import GAN, logit_gap
from gan_core.models.kinds import kind_of

COUNT = 64  # images of each kind: the standard error of a mean logit is an eighth of a standard deviation


class MemoryProbe:
    """The logits of a GAN's discriminator on fixed real images: some of the training images, and some held out.

    Runs without held-out images, of points, or of another model have no such metrics.

    Args:
        config: the run's.
        dataset: its training images, with the run's labels only.
        device: where the model is.

    Attributes:
        missing: why there are no such metrics, where one would expect them; else empty.
    """

    def __init__(self, config: RunConfig, dataset: Dataset, device: torch.device) -> None:
        self._both: tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]] | None = None
        self.missing = ""
        if DATASETS.find(config.dataset.name).domain != "images" or not config.recording.probe_every_steps:
            return
        if not kind_of(config).has_discriminator:
            return
        try:
            found = held_out(config.dataset)
            if found.kind == "training":
                raise ValueError("this data set has no images other than the training images.")
            least = MIN_BATCH_SIZE * config.remedies.packing
            count = min(COUNT, len(dataset), found.count)
            known = dataset.part(dataset.order[:count])
            unseen = _unseen(found, count, config.conditioning.labels)
            if min(len(known), len(unseen[0])) < least:
                raise ValueError(f"it needs {least} readable held-out images; there are {len(unseen[0])}.")
            learned = _on(device, np.asarray(known.images), np.asarray(known.labels))
            self._both = learned, _on(device, *unseen)
        except ValueError as refusal:  # training continues without the probe
            self.missing = str(refusal)

    def metrics(self, model: GenerativeModel) -> Metrics:
        """memory/train and memory/held_out, D's mean logits; memory/gap, the first minus the second in standard deviations."""
        if self._both is None or not isinstance(model, GAN):
            return {}
        learned, unseen = (model.logits(images, labels) for images, labels in self._both)
        gap = logit_gap(learned, unseen)
        return {"memory/train": learned.mean(), "memory/held_out": unseen.mean(), "memory/gap": gap}


def _unseen(found: HeldOut, count: int, names: tuple[str, ...]) -> tuple[Uint8Array, Uint8Array]:
    """Held-out images (count, C, H, W) and labels; of the rest of the training images only these are decoded."""
    if found.kind == "test":
        data = found.images(count).with_labels(names)
        return np.asarray(data.images), np.asarray(data.labels)
    places = [int(place) for place in datasets.order(found.config)[found.start : found.start + count]]
    pictures = {i: np.asarray(pair[1]) for i, pair in datasets.numbered(found.config, places).items()}
    planes = [p[None] if p.ndim == 2 else p.transpose(2, 0, 1) for p in pictures.values()]
    images = np.stack(planes) if planes else np.empty((0, 0, 0, 0), np.uint8)
    if not names:
        return images, np.zeros((len(images), 0), np.uint8)
    known = datasets.label_names(found.config)
    labels = datasets.labels(found.config)[list(pictures)]
    return images, labels[:, [known.index(name) for name in names]]


def _on(device: torch.device, images: Uint8Array, labels: Uint8Array) -> tuple[Tensor, Tensor]:
    """Images in [-1, 1] (N, C, H, W) and their labels (N, L), on the training device."""
    return to_signed(torch.tensor(images).to(device)), torch.tensor(labels).float().to(device)
