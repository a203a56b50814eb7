"""Summary of the benchmark's results: a mean and interval for each method, and tests of differences. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.intervals import mean_over_seeds
from gan_core.evaluation.statistics.tests import Difference, of_seeds, surest_first, together
from gan_core.experiments.benchmark import MEASURES, METHODS, PUBLISHED, REAL, TARGETS, TASKS, Published, Results

PLAIN = "bce"
"""The method that every other is compared with."""
FEW = 0.1
"""Share of high quality below which modes are called hit by chance. An even smear over the grid's plane has 0.02."""


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        method, title: its key in METHODS (or `real`) and its name for people.
        measures: name in MEASURES -> the mean over seeds, its interval within the measure's bounds; without one that a result lacks.
        published: values of papers.
        diverged: seeds whose samples were not finite.
        values: the same names -> the value of each seed.
    """

    method: str
    title: str
    measures: dict[str, Estimate]
    published: tuple[Published, ...]
    diverged: int
    values: dict[str, tuple[float, ...]]


def rows(found: Results) -> list[Row]:
    """A line for each method that has results, the real samples first, then in METHODS' order."""
    task = TASKS.find(found.task)
    limits = {"mode_tv": 1.0, "captured": float(task.num_modes), "high_quality": 1.0, "reverse_kl": math.inf}
    lines = []
    for method in (REAL, *METHODS):
        mine = [result for result in found.results if result.method == method]
        if not mine:
            continue
        known = [name for name in MEASURES if None not in (getattr(r, name) for r in mine)]
        values = {name: tuple(float(getattr(r, name)) for r in mine) for name in known}
        measures = {name: mean_over_seeds(values[name], 0.0, limits[name]) for name in known}
        title = "Real samples" if method == REAL else METHODS[method].title
        published = PUBLISHED.get((found.task, method), ())
        lines.append(Row(method, title, measures, published, sum(r.diverged for r in mine), values))
    return lines


def differences(
    found: Results, measure: Literal["mode_tv", "captured", "high_quality"] = "captured"
) -> list[Difference]:
    """The differences of all methods with two or more seeds from the plain GAN, by p-value. Empty where the plain one lacks it.

    `first` is the method's key in METHODS. Corrected for all methods of the task, each measure by itself.
    """
    samples = {result.num_samples for result in found.results} if measure != "captured" else {1}
    unit = 1 / max(samples, default=1)  # a share is a whole number of samples
    values = {
        row.method: row.values[measure]
        for row in rows(found)
        if row.method != REAL and len(row.values.get(measure, ())) > 1
    }
    plain = values.pop(PLAIN, None)
    if plain is None:
        return []
    tested = together(replace(of_seeds(own, plain, unit), first=method, second=PLAIN) for method, own in values.items())
    return surest_first(tested)


def smeared(lines: Sequence[Row]) -> list[Row]:
    """Methods whose mean share of samples of high quality is below FEW, so that modes are hit by chance."""
    return [row for row in lines if row.measures["high_quality"].value < FEW]


def target(found: Results) -> tuple[float, Estimate] | None:
    """PacGAN2's target on this task, and its result; None where there is no target or no result."""
    wanted = TARGETS.get((found.task, "pacgan2"))
    reached = {row.method: row.measures["captured"] for row in rows(found)}.get("pacgan2")
    return None if wanted is None or reached is None else (wanted, reached)
