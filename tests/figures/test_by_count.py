"""A measure against how many pictures there were: means and seeds, each at its own count."""

from __future__ import annotations

import pytest

from gan_core.figures.by_count import by_count


def test_each_method_has_its_means_and_every_seed_at_its_own_count() -> None:
    fig = by_count({"plain": {100: (1.0, 3.0), 1_000: (5.0, 7.0)}, "more": {100: (4.0,)}}, "pictures", "distance")
    seeds, means, *others = fig.data
    assert (list(seeds.customdata), list(seeds.y)) == ([100, 100, 1_000, 1_000], [1, 3, 5, 7])
    assert (list(means.customdata), list(means.y)) == ([100, 1_000], [2, 6])
    assert [trace.name for trace in fig.data if trace.showlegend is not False] == ["plain", "more"]
    assert others[1].marker.symbol != means.marker.symbol and others[1].line.color != means.line.color
    assert means.x[0] < 100 < others[1].x[0]  # beside each other, not one over the other
    assert means.x[1] / means.x[0] == pytest.approx(10)
    assert (fig.layout.xaxis.type, fig.layout.xaxis.ticktext) == ("log", ("100", "1,000"))
