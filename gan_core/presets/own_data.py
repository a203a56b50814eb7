"""Settings proposed for pictures of one's own: what shows shapes within minutes, from how many there are and where it trains."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gan_core.config import MIN_BATCH_SIZE
from gan_core.presets.recipes import GAME, RECIPES

FEW = 2_000  # Zhao et al. 2020 gain most at a tenth of CIFAR-10's images; from here on a short run sees no image often enough
SMALL_BATCH_BELOW = 1_000


@dataclass(frozen=True)
class Budget:
    """What trains in about five minutes: image size (px), width of the networks, steps."""

    image_size: int
    width: int
    steps: int


BUDGETS = {"cpu": Budget(32, 24, 1_600), "gpu": Budget(64, 64, 8_000)}


def proposed(count: int, channels: int, device: str) -> Mapping[str, Any]:
    """Dotted field -> value, for a GAN on `count` images.

    Args:
        count: images to learn from, at least 2.
        channels: of an image.
        device: where it will train, as in TrainingConfig.
    """
    budget = BUDGETS["gpu" if device.startswith("cuda") else "cpu"]
    batch = max(MIN_BATCH_SIZE, min(32 if count < SMALL_BATCH_BELOW else 64, count))
    epochs = math.ceil(budget.steps / max(1, count // batch))
    kinds = ("color", "translation", "cutout") if channels > 1 else ("translation", "cutout")
    recipe = {name: value for name, value in RECIPES.find("faces-gan").settings.items() if name in GAME}
    return recipe | {
        "dataset.image_size": budget.image_size,
        "network.width": budget.width,
        "training.batch_size": batch,
        "training.epochs": epochs,
        "training.max_steps": budget.steps,
        "augmentation.kinds": kinds if count < FEW else (),
    }
