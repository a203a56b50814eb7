"""In how many seeds a lesson's answers held, as `python -m benchmarks.lessons` found. Loads no torch."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from gan_core.config import read_strictly
from gan_core.config.settings import APP_DIR
from gan_core.experiments.lessons.entry import Lesson

FILE = APP_DIR / "docs" / "lessons.json"
"""Lesson -> seed -> prediction -> {"choice": ..., "values": the numbers of its sentence}."""


def holding(lesson: Lesson, key: str, found: Mapping[str, Any] | None = None) -> tuple[int, int]:
    """In how many seeds a prediction's expected answer held, and of how many; (0, 0) where none was tried.

    Args:
        lesson, key: the prediction.
        found: as in FILE; None reads it.
    """
    seeds = (committed() if found is None else found).get(lesson.name, {}).values()
    choices = [seed[key]["choice"] for seed in seeds]
    return choices.count(lesson.prediction(key).expected), len(choices)


@functools.cache
def committed() -> Mapping[str, Any]:
    """The content of FILE; empty where there is none."""
    return dict(read_strictly(FILE)) if FILE.exists() else {}
