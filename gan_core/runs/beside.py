"""Real beside generated, for a run of any kind: images of its data set, and samples of its model for the same labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from gan_core import datasets
from gan_core.datasets.held_out import Kind, held_out
from gan_core.figures import imaging
from gan_core.figures.imaging import Uint8Array
from gan_core.runs.sampler import Sampler, latents

POINTS = 2000


@dataclass(frozen=True)
class Beside:
    """Two pictures of the same size, and what the real ones are: see `held_out.HeldOut.kind`."""

    real: Image.Image
    generated: Image.Image
    kind: Kind
    count: int


def real_beside_generated(sampler: Sampler, count: int, seed: int = 0) -> Beside:
    """As many real images as samples; unseen ones where the data set has any. Points are drawn as dots, POINTS of each.

    A conditional model draws the labels of the real images, in the same places.

    Args:
        sampler: of the run's checkpoint.
        count: pictures on each side; fewer where the data set has no more.
        seed: of the latents.

    Raises:
        ValueError: the data set cannot be read.
    """
    config = sampler.config
    found = held_out(config.dataset)
    points = len(datasets.image_shape(config.dataset)) == 1
    data = found.images(POINTS if points else count).with_labels(config.conditioning.labels)
    labels = np.asarray(data.labels, np.float32)
    if points:
        real = np.asarray(data.images, np.float32)
        fake = sampler.samples(latents(len(real), sampler.latent_dim, seed), labels)
        reach = 1.1 * float(np.abs(real).max())
        drawn = imaging.scatter(real, reach=reach), imaging.scatter(fake, reach=reach)
    else:
        drawn = _sheet(np.asarray(data.images)), _sheet(sampler.draw(len(data), seed, labels))
    return Beside(*drawn, found.kind, len(data))


def _sheet(images: Uint8Array) -> Image.Image:
    return imaging.to_picture(imaging.grid(images))
