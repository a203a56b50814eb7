"""What the benchmark's results say: a mean and interval for each method, and which differences are no luck. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtr, stdtrit

from gan_core.evaluation.statistics.proportions import LEVEL, holm
from gan_core.experiments.benchmark import MEASURES, METHODS, PUBLISHED, REAL, TARGETS, TASKS, Published, Results

PLAIN = "bce"
"""What every other method is compared with."""
ENOUGH_TO_PERMUTE = 5
"""Seeds a method from which on the exact permutation test is used; with 3 and 3 it can never reach 5 %."""

FEW = 0.1
"""Share of high quality below which modes are called hit by chance. An even smear over the grid's plane has 0.02."""


@dataclass(frozen=True)
class Summary:
    """A measure over the seeds of a method.

    Attributes:
        mean: over the seeds.
        low, high: 95 % interval of the mean over seeds (Student's t), within what the measure can reach.
        num_seeds: how many there are.
    """

    mean: float
    low: float
    high: float
    num_seeds: int


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        method, title: its key in METHODS (or `real`) and its name for people.
        measures: name in MEASURES -> summary.
        published: what papers report.
        diverged: seeds whose samples were not finite.
        values: name in MEASURES -> what each seed reached.
    """

    method: str
    title: str
    measures: dict[str, Summary]
    published: tuple[Published, ...]
    diverged: int
    values: dict[str, tuple[float, ...]]


@dataclass(frozen=True)
class Difference:
    """A method's mean of a measure beside the plain GAN's.

    Attributes:
        method, title: of the method.
        difference: its mean minus the plain GAN's.
        p_value: two-sided, that both are the same.
        corrected: after Holm's correction for all methods of the task, for this measure by itself.
        test: "permutation" or "welch".
    """

    method: str
    title: str
    difference: float
    p_value: float
    corrected: float
    test: str

    @property
    def differs(self) -> bool:
        """Whether the two can be told apart, at 5 % for all methods of the task together, in this measure."""
        return self.corrected <= LEVEL


def over_seeds(values: Sequence[float], lowest: float = 0.0, highest: float = math.inf) -> Summary:
    """The mean over seeds with its 95 % t interval, cut to [lowest, highest].

    Student's t takes the seeds as draws from a normal distribution, which a count near its limit is not: where all seeds
    agree the interval has no width, and only the number of seeds says how much that is worth. One seed: the interval is
    all that the measure can reach.

    Raises:
        ValueError: no values.
    """
    array = np.asarray(values, np.float64)
    if not len(array):
        raise ValueError("A mean over seeds needs at least one value.")
    mean, count = float(array.mean()), len(array)
    if count == 1:
        return Summary(mean, lowest, highest, 1)
    reach = float(stdtrit(count - 1, 0.975)) * float(array.std(ddof=1)) / math.sqrt(count)
    return Summary(mean, max(lowest, mean - reach), min(highest, mean + reach), count)


def rows(found: Results) -> list[Row]:
    """A line for each method that has results, the real samples first, then in METHODS' order."""
    task = TASKS.find(found.task)
    limits = {"captured": float(task.num_modes), "high_quality": 1.0, "reverse_kl": math.inf}
    lines = []
    for method in (REAL, *METHODS):
        mine = [result for result in found.results if result.method == method]
        if not mine:
            continue
        values = {name: tuple(float(getattr(r, name)) for r in mine) for name in MEASURES}
        measures = {name: over_seeds(values[name], 0.0, limits[name]) for name in MEASURES}
        title = "Real samples" if method == REAL else METHODS[method].title
        published = PUBLISHED.get((found.task, method), ())
        lines.append(Row(method, title, measures, published, sum(r.diverged for r in mine), values))
    return lines


def differences(found: Results, measure: Literal["captured", "high_quality"] = "captured") -> list[Difference]:
    """Every method with two seeds or more beside the plain GAN; the surest difference first. Empty without the plain one."""
    samples = {result.num_samples for result in found.results} if measure == "high_quality" else {1}
    unit = max(samples, default=1)  # a share is compared as a count, which is whole
    counts = {row.method: [round(v * unit) for v in row.values[measure]] for row in rows(found) if row.method != REAL}
    values = {method: mine for method, mine in counts.items() if len(mine) > 1}
    plain = values.pop(PLAIN, None)
    if plain is None:
        return []
    tests = {m: test_of(v, plain) for m, v in values.items()}
    corrected = holm([p for p, _ in tests.values()])
    lines = [
        Difference(m, METHODS[m].title, float(np.mean(values[m]) - np.mean(plain)) / unit, p, c, test)
        for (m, (p, test)), c in zip(tests.items(), corrected, strict=True)
    ]
    return sorted(lines, key=lambda line: (line.corrected, line.p_value))


def test_of(left: Sequence[int], right: Sequence[int]) -> tuple[float, str]:
    """The two-sided p-value that two methods reach equally much, and which test gave it."""
    if min(len(left), len(right)) >= ENOUGH_TO_PERMUTE:
        return permutation(left, right), "permutation"
    return welch(left, right), "welch"


def permutation(left: Sequence[int], right: Sequence[int]) -> float:
    """The two-sided p-value of a difference of means when the seeds are dealt anew to both sides; exact, for whole numbers.

    Source: Fisher 1935, "The Design of Experiments", section 21. Counts every way to choose left's seeds out of all by its
    sum: those whose mean differs at least as much as what was seen.
    """
    lowest = min(*left, *right)
    pool = [value - lowest for value in (*left, *right)]  # the same differences, shorter sums
    taken = len(left)
    longest = sum(sorted(pool)[-taken:])
    ways = np.zeros((taken + 1, longest + 1))  # (number chosen, sum); float64 counts exactly up to 28 seeds a method
    ways[0, 0] = 1
    for value in pool:
        ways[1:, value:] += ways[:-1, : longest + 1 - value].copy()
    expected = sum(pool) * taken  # times the pool's size, so that all stays whole
    seen = abs(sum(pool[:taken]) * len(pool) - expected)
    extreme = np.abs(np.arange(longest + 1) * len(pool) - expected) >= seen
    return float(ways[taken][extreme].sum()) / math.comb(len(pool), taken)


def welch(left: Sequence[float], right: Sequence[float]) -> float:
    """The two-sided p-value of Welch's t-test, for few seeds; it takes the seeds as normal.

    Source: Welch 1947, "The Generalization of Student's Problem when Several Different Population Variances Are Involved".
    With no spread on either side: 1 for equal means, else 0.
    """
    a, b = np.asarray(left, np.float64), np.asarray(right, np.float64)
    parts = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    error = sum(parts)
    if error == 0:
        return float(a.mean() == b.mean())
    freedom = error**2 / (parts[0] ** 2 / (len(a) - 1) + parts[1] ** 2 / (len(b) - 1))
    return float(2 * stdtr(freedom, -abs(a.mean() - b.mean()) / math.sqrt(error)))


def smeared(lines: Sequence[Row]) -> list[Row]:
    """Methods that hit modes mostly by chance: on average fewer than FEW of their samples are of high quality."""
    return [row for row in lines if row.measures["high_quality"].mean < FEW]


def target(found: Results) -> tuple[float, Summary] | None:
    """What PacGAN2 was to reach on this task, and what it reached; None where there is no target or no result."""
    wanted = TARGETS.get((found.task, "pacgan2"))
    reached = {row.method: row.measures["captured"] for row in rows(found)}.get("pacgan2")
    return None if wanted is None or reached is None else (wanted, reached)
