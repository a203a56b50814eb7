"""Lessons: guided experiments with predictions, runs, explanations and checks. Loads no torch.

A lesson is one file with a `LESSON`, built of the classes in `entry.py`. Its runs are ordinary runs.
"""

from __future__ import annotations

from gan_core.config.registry import Registry
from gan_core.experiments.lessons import (
    balance,
    collapse,
    conditioning,
    denoising,
    four_ways,
    lipschitz,
    see,
    steering,
    vae,
)
from gan_core.experiments.lessons.entry import Lesson

__all__ = ["LESSONS", "Lesson"]

LESSONS: Registry[Lesson] = Registry(
    "lesson",
    {
        module.LESSON.name: module.LESSON
        for module in (see, balance, collapse, lipschitz, conditioning, vae, four_ways, denoising, steering)
    },
)
"""In the order in which they build on each other."""
