"""Statistics of a data set's labels: how many images have each, and how they correlate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_core.datasets.base import Uint8Array


@dataclass(frozen=True)
class Share:
    """How many of a data set's images have a label."""

    name: str
    count: int
    total: int

    @property
    def share(self) -> float:
        """count / total, 0 to 1."""
        return self.count / self.total if self.total else 0.0


def shares(labels: Uint8Array, names: tuple[str, ...]) -> list[Share]:
    """For each label of (N, L), in their order, how many images have it."""
    return [Share(name, int(count), len(labels)) for name, count in zip(names, labels.sum(0, np.int64), strict=True)]


def correlations(labels: Uint8Array) -> npt.NDArray[np.float64]:
    """Pearson's correlation (for 0 and 1: the phi coefficient) of each pair of labels: (L, L), from -1 to 1.

    A label that all or no images have has no correlation: its row and column are nan.
    """
    centred = labels.astype(np.float64) - labels.mean(0)
    spread = np.sqrt((centred**2).mean(0))
    with np.errstate(invalid="ignore", divide="ignore"):
        result: npt.NDArray[np.float64] = centred.T @ centred / len(labels) / np.outer(spread, spread)
    result[~np.isfinite(result)] = np.nan
    return result


def chosen(labels: Uint8Array, column: int | None, present: bool, count: int, seed: int) -> npt.NDArray[np.int64]:
    """Numbers of up to `count` random images whose label `column` of (N, L) is as `present`; of any for None."""
    fitting = np.arange(len(labels)) if column is None else np.flatnonzero((labels[:, column] == 1) == present)
    picked: npt.NDArray[np.int64] = np.random.default_rng([seed, 0xDA7A]).permutation(fitting)[:count]
    return picked


def num_fitting(labels: Uint8Array, column: int | None, present: bool) -> int:
    """How many images `chosen` can choose from."""
    return len(labels) if column is None else int(((labels[:, column] == 1) == present).sum())
