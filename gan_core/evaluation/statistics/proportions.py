"""Are these proportions different? Intervals and exact tests for counts of hits, such as an evaluator's hits of 72 objects.

Pure functions; nothing here knows of runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist

LEVEL = 0.05
_Z = NormalDist().inv_cdf(0.975)  # 1.96


@dataclass(frozen=True)
class Count:
    """Hits among what was requested.

    Raises:
        ValueError: nothing requested, or more hits than requests.
    """

    hits: int
    requested: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.requested or self.requested < 1:
            raise ValueError(f"Hits must lie between 0 and what was requested; got {self.hits} of {self.requested}.")

    @property
    def ratio(self) -> float:
        """Hits / requested."""
        return self.hits / self.requested

    def __str__(self) -> str:
        return f"{self.hits}/{self.requested}"


def wilson(count: Count, z: float = _Z) -> tuple[float, float]:
    """The 95 % interval of a proportion.

    Source: Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference". It stays within 0 and 1
    and has a width also at 0 hits, unlike ratio +- 1.96 standard errors.
    """
    n, p = count.requested, count.ratio
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, min(middle - half, p)), min(1.0, max(middle + half, p))  # p itself, in spite of rounding


def fisher_exact(left: Count, right: Count) -> float:
    """The two-sided p-value that two proportions are equal.

    Source: Fisher 1934: with both margins given, the hits on the left are hypergeometric; summed over every table that is
    no more probable than the one seen. Exact: in whole numbers.
    """
    hits, total = left.hits + right.hits, left.requested + right.requested
    ways = {
        k: math.comb(left.requested, k) * math.comb(right.requested, hits - k)
        for k in range(max(0, hits - right.requested), min(hits, left.requested) + 1)
    }
    seen = ways[left.hits]
    return sum(number for number in ways.values() if number <= seen) / math.comb(total, hits)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for how many there are, in the order given.

    Source: Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure": the smallest of m is multiplied by m, the
    next by m - 1, and so on, none below the one before. Bounds the chance of even one false alarm.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected = [0.0] * len(p_values)
    reached = 0.0
    for rank, place in enumerate(order):
        reached = max(reached, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = reached
    return corrected


@dataclass(frozen=True)
class Pair:
    """Two proportions compared.

    Attributes:
        higher, lower: their names, the larger ratio first.
        p_value: Fisher's exact test, two-sided.
        corrected: the same after Holm's correction.
    """

    higher: str
    lower: str
    p_value: float
    corrected: float

    @property
    def differs(self) -> bool:
        """Whether they can be told apart, at 5 % for all pairs together."""
        return self.corrected <= LEVEL


def compare(counts: dict[str, Count]) -> list[Pair]:
    """Every pair of proportions: Fisher's exact test, corrected after Holm; the surest difference first."""
    pairs = list(combinations(sorted(counts, key=lambda name: -counts[name].ratio), 2))
    p_values = [fisher_exact(counts[a], counts[b]) for a, b in pairs]
    found = [Pair(a, b, p, c) for (a, b), p, c in zip(pairs, p_values, holm(p_values), strict=True)]
    return sorted(found, key=lambda pair: (pair.corrected, pair.p_value))
