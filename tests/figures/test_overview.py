"""Groups of a long run's steps: whatever way it grew, its extremes and means, in a bounded count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_core.figures import charts, overview
from gan_core.figures.overview import Overview

FEW = 8


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    monkeypatch.setattr(overview, "MOST", FEW)


def columns(count: int) -> dict[str, np.ndarray]:
    """A curve, one that is measured now and then, and one that begins late."""
    rng = np.random.default_rng(1)
    values = {"step": np.arange(1.0, count + 1), "loss/g": rng.normal(size=count), "rare": np.full(count, np.nan)}
    values["rare"][::7] = rng.normal(size=len(values["rare"][::7]))
    values["late"] = np.where(np.arange(count) < 40, np.nan, values["loss/g"])
    return values


def rows(data, count):
    """The columns by then: one that has not begun is not there."""
    return lambda first: {n: v[first:count] for n, v in data.items() if np.isfinite(v[:count]).any()}


def by_hand(values: np.ndarray, size: int) -> tuple[list[float], list[float]]:
    extremes, means = [], []
    for first in range(0, len(values), size):
        there = [v for v in values[first : first + size] if np.isfinite(v)]
        extremes += [min(there, default=np.nan), max(there, default=np.nan)]
        means.append(sum(there) / len(there) if there else np.nan)
    return extremes, means


@given(st.lists(st.integers(1, 90), min_size=1, max_size=8))
def test_however_it_grows_the_groups_are_those_of_the_whole(growth):
    data, count, followed = columns(sum(growth)), 0, Overview()
    for more in growth:
        count += more
        found = followed.update(count, rows(data, count))
        groups = -(-count // found.size)
        assert groups <= FEW and (found.size == 1 or 2 * groups >= FEW)
        for name, values in data.items():
            if name == "step" or name not in found.means:
                continue
            if found.size == 1:
                np.testing.assert_array_equal(found.means[name], values[:count])
                continue
            extremes, means = by_hand(values[:count], found.size)
            np.testing.assert_array_equal(found.extremes[name], extremes)
            np.testing.assert_allclose(found.means[name], means)
        assert found.means["step"][-1] == found.extremes["step"][-1] == count


def test_an_update_asks_for_new_steps_only():
    data, asked, followed = columns(100), [], Overview()
    followed.update(70, rows(data, 70))
    followed.update(75, lambda first: asked.append(first) or rows(data, 75)(first))
    assert asked == [64]  # groups of 16: four are whole


def test_a_chart_of_groups_smooths_means_as_much_as_it_would_smooth_steps():
    count = 8 * FEW - 1
    data = {"step": np.arange(1.0, count + 1), "loss/g": np.repeat([0.0, 1.0], [count // 2, count - count // 2])}
    found = Overview().update(count, lambda first: {n: v[first:] for n, v in data.items()})
    made = charts.figure(charts.CHARTS[0], found, smoothing=0.9)
    raw, smoothed = made.data
    assert found.size == 8 and len(raw.x) == 16 and list(smoothed.x) == [8, 16, 24, 32, 40, 48, 56, 63]
    plain = charts.figure(charts.CHARTS[0], data, smoothing=0.9).data[1]
    at = {int(x): y for x, y in zip(plain.x, plain.y, strict=True)}
    assert [at[int(x)] for x in smoothed.x] == pytest.approx(list(smoothed.y), abs=0.25)
