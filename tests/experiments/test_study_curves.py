"""Curves of a study: read from columns, pooled over seeds, compared at one epoch, drawn with their intervals."""

from __future__ import annotations

import numpy as np
import pytest

from gan_core.evaluation.statistics.intervals import Count, wilson
from gan_core.experiments.study_curves import Point, comparable, curve, figure, pooled

NAN = np.nan
WORDS = {"epoch": "epoch", "accuracy": "found", "chance": "chance 0.104"}


def points(*hits: int, requested: int = 72, first: int = 1) -> list[Point]:
    return [Point(first + place, Count(hit, requested)) for place, hit in enumerate(hits)]


def test_a_curve_has_a_point_for_each_measured_epoch():
    columns = {
        "step": np.array([1.0, 2, 3, 4]),
        "epoch": np.array([1.0, 1, 2, 2]),
        "hits/test": np.array([NAN, 7, NAN, 9]),
        "requested/test": np.array([NAN, 72, NAN, 72]),
        "hits/new_test": np.array([NAN, 1, NAN, 2]),
        "requested/new_test": np.array([NAN, 78, NAN, 78]),
    }
    assert curve(columns, "test") == points(7, 9)
    assert curve(columns, "new_test") == points(1, 2, requested=78)
    assert curve(columns, "labels") == []
    assert curve({}, "test") == []


def test_seeds_are_pooled_where_they_have_been_measured():
    assert pooled([points(7, 9, 11), points(10, 20)]) == [
        Point(1, Count(17, 144)),
        Point(2, Count(29, 144)),
        Point(3, Count(11, 72)),
    ]
    assert pooled([]) == pooled([[], []]) == []


def test_arms_are_compared_where_the_slowest_that_still_trains_stands():
    curves = {"1:1": points(1, 2, 3, 4), "7:3": points(5, 6), "0:1": [], "1:0": points(7, 8, 9)}
    going = {"7:3"}.__contains__
    assert comparable(curves, going) == {"1:1": curves["1:1"][1], "7:3": curves["7:3"][1], "1:0": curves["1:0"][1]}


def test_a_run_that_ended_early_is_compared_by_its_last_count():
    curves = {"1:1": points(1, 2, 3, 4), "0:1": points(5, 6)}
    assert comparable(curves, lambda arm: False) == {"1:1": curves["1:1"][3], "0:1": curves["0:1"][1]}


def test_an_arm_that_has_not_begun_holds_nobody_up():
    curves = {"1:1": points(1, 2, 3), "7:3": []}
    assert comparable(curves, lambda arm: True) == {"1:1": curves["1:1"][2]}


def test_the_chart_draws_each_arm_with_its_interval_as_a_band():
    curves = {"1:1": points(20, 38), "7:3": points(22, 41), "0:1": []}
    drawn = figure(curves, 0.104, WORDS)
    assert [trace.name for trace in drawn.data if trace.name] == ["1:1", "7:3"]
    band, line = drawn.data[0], drawn.data[1]
    assert line.x.tolist() == [1, 2]
    assert line.y.tolist() == pytest.approx([20 / 72, 38 / 72])
    assert list(line.customdata) == ["20/72", "38/72"]
    low, high = wilson(Count(38, 72)).interval
    assert band.x.tolist() == [1, 2, 2, 1]
    assert band.y.tolist()[1:3] == pytest.approx([high, low])
    assert {band.legendgroup, line.legendgroup} == {"1:1"}  # a click in the legend hides both
    assert drawn.layout.shapes[0].y0 == 0.104
    assert drawn.layout.annotations[0].text == "chance 0.104"


def test_arms_keep_their_colours_while_others_have_no_point_yet():
    early = figure({"1:1": [], "7:3": points(3)}, 0.1, WORDS)
    late = figure({"1:1": points(2), "7:3": points(3)}, 0.1, WORDS)
    colors = [{t.name: t.line.color for t in drawn.data if t.name} for drawn in (early, late)]
    assert colors[0]["7:3"] == colors[1]["7:3"] != colors[1]["1:1"]
