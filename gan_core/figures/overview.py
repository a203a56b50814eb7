"""A long run's columns in so few numbers that a chart of them costs the same however long it trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gan_core.figures.style import Column

MOST = 16_384  # recorded steps that are drawn as they are, and the number of groups that longer runs stay below
Columns = dict[str, Column]


@dataclass(frozen=True)
class Groups:
    """Columns in groups of as many recorded steps.

    Attributes:
        size: recorded steps in a group; 1 where the columns are drawn as they are.
        extremes: metric -> the lowest and the highest value of each group, one after the other, (2 G,); "step" gives their places.
        means: metric -> the mean of each group, (G,); NaN where nothing was measured. "step" is the last one of the group.
    """

    size: int
    extremes: Mapping[str, Column]
    means: Mapping[str, Column]


class Overview:
    """Follows columns that only grow: an update costs what is new."""

    def __init__(self) -> None:
        self._begin(1)

    def _begin(self, size: int) -> None:
        self._size, self._done = size, 0
        self._kept: tuple[Columns, Columns, Columns] = ({}, {}, {})  # lowest, highest, mean of the whole groups

    def update(self, count: int, rows: Callable[[int], Mapping[str, Column]]) -> Groups:
        """All of the columns, in fewer than MOST groups.

        Args:
            count: recorded steps by now; never fewer than before.
            rows: gives the columns from a recorded step on, counted from 0, "step" among them.
        """
        size = 1
        while count >= MOST * size:
            size *= 2
        if size == 1:
            columns = rows(0)
            return Groups(1, columns, columns)
        if size != self._size:
            self._begin(size)  # each doubling reads everything once more
        new, since = rows(self._done), self._done
        whole = since + (count - since) // size * size
        self._kept = _joined(self._kept, _grouped(new, 0, whole - since, size))
        self._done = whole
        low, high, mean = _joined(self._kept, _grouped(new, whole - since, count - since, size))
        extremes = {name: np.stack([values, high[name]], axis=1).ravel() for name, values in low.items()}
        return Groups(size, extremes, {**mean, "step": high["step"]})


def _grouped(columns: Mapping[str, Column], first: int, last: int, size: int) -> tuple[Columns, Columns, Columns]:
    """Lowest, highest and mean of each group of rows first .. last - 1."""
    starts = np.arange(first, last, size)
    low, high, mean = Columns(), Columns(), Columns()
    for name, values in columns.items() if len(starts) else ():
        there = np.isfinite(values[:last])
        number = np.add.reduceat(there, starts, dtype=np.int64)
        total = np.add.reduceat(np.where(there, values[:last], 0.0), starts)
        low[name], high[name] = (reduce.reduceat(values[:last], starts) for reduce in (np.fmin, np.fmax))
        mean[name] = np.where(number > 0, total / np.maximum(number, 1), np.nan)
    return low, high, mean


def _joined(
    before: tuple[Columns, Columns, Columns], after: tuple[Columns, Columns, Columns]
) -> tuple[Columns, Columns, Columns]:
    """Groups behind each other; a metric that one of them lacks was not measured there."""
    low, high, mean = (
        {
            name: np.concatenate([part.get(name, np.full(len(part.get("step", ())), np.nan)) for part in both])
            for name in dict.fromkeys([*both[0], *both[1]])
        }
        for both in zip(before, after, strict=True)
    )
    return low, high, mean
