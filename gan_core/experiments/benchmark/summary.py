"""Summary of the benchmark's results: a mean and interval for each method, and tests of differences. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal

from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.intervals import mean_over_seeds
from gan_core.evaluation.statistics.tests import Difference, of_seeds, surest_first, together
from gan_core.experiments.benchmark import MEASURES, METHODS, PUBLISHED, REAL, TARGETS, TASKS, Published, Results, Tuned

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
    limits = {
        "mode_tv": 1.0,
        "captured": float(task.num_modes),
        "high_quality": 1.0,
        "reverse_kl": math.inf,
        "good_kl": math.inf,
    }
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


def targets(found: Results) -> list[tuple[str, float, Estimate]]:
    """PacGAN2's targets on this task: (measure, wanted, reached); none where there is no target or no result."""
    wanted = TARGETS.get((found.task, "pacgan2"), {})
    reached = next((row.measures for row in rows(found) if row.method == "pacgan2"), None)
    return [] if reached is None else [(measure, value, reached[measure]) for measure, value in wanted.items()]


def against_papers(lines: Sequence[Row]) -> dict[str, list[Row]]:
    """Methods whose mean is at or above every published figure of modes and quality ("reached"), and below one ("below")."""
    found: dict[str, list[Row]] = {"reached": [], "below": []}
    for row in lines:
        figures = [(paper.captured, "captured") for paper in row.published]
        figures += [(paper.high_quality, "high_quality") for paper in row.published if paper.high_quality is not None]
        if figures:
            held = all(row.measures[measure].value >= figure for figure, measure in figures)
            found["reached" if held else "below"].append(row)
    return found


def mean_curve(found: Tuned, method: str) -> list[tuple[int, float, float]]:
    """(steps of G, modes captured, share of high quality), means over the seeds whose training reached that step."""
    curves = [r.curve for r in found.table().results if r.method == method]
    reached = [[c[i] for c in curves if i < len(c)] for i in range(max(map(len, curves), default=0))]
    return [
        ((i + 1) * found.every, fmean(modes for modes, _ in at), fmean(quality for _, quality in at))
        for i, at in enumerate(reached)
    ]


def levelled(curve: Sequence[tuple[int, float, float]], num_modes: int, slack: float = 0.02) -> int:
    """The first step from which modes and quality stay within `slack` (a share of all modes; of quality) of their last values."""
    *_, (last, modes, quality) = curve
    for step, m, q in reversed(curve):
        if abs(m - modes) > slack * num_modes or abs(q - quality) > slack:
            break
        last = step
    return last
