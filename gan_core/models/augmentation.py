"""What the discriminator sees in place of an image: a changed copy, real and generated ones alike, in both networks' steps.

Source: Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training" (DiffAugment): G learns through the
changes, so that they need not show in its samples. How often an image is changed may follow D's verdicts (Karras et al. 2020,
"Training Generative Adversarial Networks with Limited Data", ADA). The table needs no torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from gan_core.config import RunConfig
from gan_core.config.registry import Registry, lazy_module

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from gan_core.models.base import Metrics
    from gan_core.processes import shards
else:
    torch, shards = lazy_module("torch"), lazy_module("gan_core.processes.shards")

STREAM = 0xDA  # separates these random numbers from the others of (seed, step)
SHIFT = 0.125  # of the image's side, the largest translation
CUT = 0.5  # of the image's side, the side of the square that is cut out
ADAPT_EVERY_STEPS = 4


@dataclass(frozen=True)
class Augmentation:
    """An entry of the table.

    Attributes:
        title: its name for people.
        apply: (images (N, C, H, W) in [-1, 1], rng on their device) -> the same, each changed at random; differentiable.
    """

    title: str
    apply: Callable[[Tensor, torch.Generator], Tensor]


def recolor(images: Tensor, brightness: Tensor, saturation: Tensor, contrast: Tensor) -> Tensor:
    """Images (N, C, H, W) with numbers (N,) of their own: added to all values; times the distance of a pixel's colours from
    their mean; times the distance of all values from the image's mean. 0, 1 and 1 change nothing.

    Source: Zhao et al. 2020, appendix A, in the order of the authors' code.
    """
    brightness, saturation, contrast = (number.view(-1, 1, 1, 1) for number in (brightness, saturation, contrast))
    images = images + brightness
    mean = images.mean(1, keepdim=True)
    images = mean + saturation * (images - mean)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + contrast * (images - mean)


def translate(images: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Images (N, C, H, W), each moved by so many pixels (N,), (N,); what comes in is 0, mid-grey. Source: as `recolor`."""
    height, width = images.shape[2:]
    rows = torch.arange(height, device=images.device) - down[:, None]  # where each comes from
    columns = torch.arange(width, device=images.device) - right[:, None]
    inside = _both((rows >= 0) & (rows < height), (columns >= 0) & (columns < width))
    number = torch.arange(len(images), device=images.device)[:, None, None]
    rows, columns = rows.clamp(0, height - 1)[:, :, None], columns.clamp(0, width - 1)[:, None, :]
    moved: Tensor = images.permute(0, 2, 3, 1)[number, rows, columns]  # channels-last, as the networks want them
    return moved.permute(0, 3, 1, 2) * inside


def cut_out(images: Tensor, row: Tensor, column: Tensor, side: int) -> Tensor:
    """Images (N, C, H, W) with a square of so many pixels about its own middle (N,), (N,) set to 0, mid-grey.

    The part of a square beyond the border falls away. Source: as `recolor`; DeVries and Taylor 2017, "Cutout".
    """
    first, after = row[:, None] - side // 2, row[:, None] - side // 2 + side
    rows = torch.arange(images.shape[2], device=images.device)
    left, beyond = column[:, None] - side // 2, column[:, None] - side // 2 + side
    columns = torch.arange(images.shape[3], device=images.device)
    return images * ~_both((rows >= first) & (rows < after), (columns >= left) & (columns < beyond))


def _both(rows: Tensor, columns: Tensor) -> Tensor:
    """The pixels (N, 1, H, W) in marked rows (N, H) and marked columns (N, W)."""
    return (rows[:, :, None] & columns[:, None, :])[:, None]


def _color(images: Tensor, rng: torch.Generator) -> Tensor:
    """Brightness by up to a quarter of the range, saturation by a factor of 0 to 2, contrast by one of 0.5 to 1.5."""
    numbers = partial(torch.rand, generator=rng, device=images.device, dtype=images.dtype)
    drawn = shards.drawn(numbers, 3, len(images), dim=1)
    return recolor(images, drawn[0] - 0.5, 2 * drawn[1], drawn[2] + 0.5)


def _translation(images: Tensor, rng: torch.Generator) -> Tensor:
    down, right = (_whole(-far, far, images, rng) for far in (int(SHIFT * side + 0.5) for side in images.shape[2:]))
    return translate(images, down, right)


def _cutout(images: Tensor, rng: torch.Generator) -> Tensor:
    side = int(CUT * images.shape[2] + 0.5)
    row, column = (_whole(0, size - side % 2, images, rng) for size in images.shape[2:])
    return cut_out(images, row, column, side)


def _whole(low: int, high: int, images: Tensor, rng: torch.Generator) -> Tensor:
    """A whole number from low to high for each image: (N,)."""
    return shards.drawn(
        lambda shape: torch.randint(low, high + 1, shape, generator=rng, device=images.device), len(images)
    )


AUGMENTATIONS: Registry[Augmentation] = Registry(
    "augmentation",
    {
        "color": Augmentation("Colours", _color),
        "translation": Augmentation("Translation", _translation),
        "cutout": Augmentation("Cut-out", _cutout),
    },
)
"""In the order in which they are applied."""


class Augmenter:
    """The augmentation of a run: each of its kinds is applied to each image with one probability, the strength.

    Its random numbers depend on seed and step alone and are no others' numbers: a run learns from the same batches and
    latents with and without it. Nothing here waits for the device.

    Args:
        config: its `augmentation`, seed and packing.
        device: of the images.
    """

    def __init__(self, config: RunConfig, device: torch.device) -> None:
        self._settings = config.augmentation
        self._kinds = [kind for name, kind in AUGMENTATIONS.items() if name in config.augmentation.kinds]
        self._seed, self._packing = config.training.seed, config.remedies.packing
        self._rng = torch.Generator(device)
        self._strength = torch.full((), 0.0 if config.augmentation.adaptive else 1.0, device=device)
        self._signs, self._logits = torch.zeros((), device=device), torch.zeros((), device=device)

    def begin_step(self, step: int) -> None:
        """To be called before anything is augmented in step number `step`."""
        if self._kinds:
            words = np.random.SeedSequence([self._seed, step, STREAM]).generate_state(2)
            self._rng.manual_seed(int(words[0]) << 31 | int(words[1]) >> 1)

    def __call__(self, images: Tensor) -> Tensor:
        """Images (N, C, H, W) as D sees them; the same ones without augmentation."""
        for kind in self._kinds:
            drawn = shards.drawn(partial(torch.rand, generator=self._rng, device=images.device), len(images), 1, 1, 1)
            images = torch.where(drawn < self._strength, kind.apply(images, self._rng), images)
        return images

    def state(self) -> dict[str, Tensor]:
        """What a resumed run must find again: name -> scalar. Empty unless the strength is adaptive."""
        if not self._settings.adaptive:
            return {}
        return {"strength": self._strength, "signs": self._signs, "logits": self._logits}

    def adapt(self, step: int, above: Tensor) -> Metrics:
        """Every fourth step moves the strength by the share of `ramp_images` that was seen since: up where D is surer than
        `target` of real images, else down.

        Source: Karras et al. 2020, section 3.1: r_t = E[sign(D(real))].

        Args:
            step: number of the step, from 0.
            above: by how much D's logits of real images (N,) lie above what D takes for generated (`Objective.margin`).

        Returns:
            Strength and r_t where they were computed.
        """
        if not self._settings.adaptive:
            return {}
        self._signs += above.detach().float().sign().sum()
        self._logits += len(above)
        if (step + 1) % ADAPT_EVERY_STEPS:
            return {}
        sign = self._signs / self._logits
        move = self._logits * self._packing / self._settings.ramp_images
        self._strength += (sign - self._settings.target).sign() * move
        self._strength.clamp_(0, 1)
        self._signs.zero_()
        self._logits.zero_()
        return {"augmentation/strength": self._strength.clone(), "augmentation/sign": sign}
