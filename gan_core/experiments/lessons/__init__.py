"""Lessons: guided experiments with predictions, runs, explanations and checks. Loads no torch.

A lesson is one file with a `LESSON`, built of the classes in `entry.py`. Its runs are ordinary runs.
"""

from __future__ import annotations

from gan_core.config.registry import Registry
from gan_core.experiments.lessons import balance, collapse, conditioning, lipschitz, see, vae
from gan_core.experiments.lessons.entry import Lesson

__all__ = ["LESSONS", "Lesson"]

LESSONS: Registry[Lesson] = Registry(
    "lesson", {module.LESSON.name: module.LESSON for module in (see, balance, collapse, lipschitz, conditioning, vae)}
)
"""In the order in which they build on each other."""
