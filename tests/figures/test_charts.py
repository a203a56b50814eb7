"""Charts: bounded however long the run, honest about gaps, smoothed by the closed form, marked where something changed."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import plotly.io
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_core.figures.charts import CHARTS, available, figure
from gan_core.figures.style import MAX_POINTS, add_curve, smooth, thin
from gan_core.training.log_line import log_line

LOSSES, JUDGEMENT = CHARTS[0], CHARTS[1]


def columns(count: int, *names: str) -> dict[str, np.ndarray]:
    """Noisy columns of a run of so many steps."""
    rng = np.random.default_rng(0)
    return {"step": np.arange(1.0, count + 1)} | {name: rng.normal(1, 0.3, count) for name in names}


def all_columns(count: int) -> dict[str, np.ndarray]:
    return columns(count, *{trace.column for chart in CHARTS for trace in chart.traces})


@pytest.mark.parametrize("smoothing", [0.0, 0.9])
def test_a_long_run_sends_no_more_than_a_short_one(smoothing: float) -> None:
    data = all_columns(100_000)
    for chart in (chart for chart in CHARTS if chart.traces):
        made = figure(chart, data, smoothing)
        assert max(len(trace.x) for trace in made.data) <= MAX_POINTS
        assert sum(len(trace.x) for trace in made.data) <= 1.5 * MAX_POINTS * len(chart.traces)
        assert len(plotly.io.to_json(made)) < 40_000 * len(chart.traces)


def test_thinning_keeps_ends_and_peaks() -> None:
    data = columns(100_000, "x")
    data["x"][54_321] = 99.0
    data["x"][12_345] = -99.0
    steps, values = thin(data["step"], data["x"])
    assert len(steps) == len(values) == MAX_POINTS
    assert (steps[0], steps[-1]) == (1, 100_000)
    assert (values.max(), values.min()) == (99.0, -99.0)
    assert np.all(np.diff(steps) > 0)


@pytest.mark.parametrize("count", [0, 1, 2, MAX_POINTS])
def test_a_short_curve_is_sent_as_it_is(count: int) -> None:
    data = columns(count, "loss/d", "loss/g")
    made = figure(LOSSES, data)
    assert [list(trace.x) for trace in made.data] == [list(data["step"])] * 2
    assert list(made.data[1].y) == list(data["loss/d"].astype(np.float32))


def test_steps_without_a_measurement_are_passed_over() -> None:
    data = columns(100, "prob/real", "prob/fake_after_g")
    data["prob/fake_after_g"][np.arange(100) % 20 != 19] = np.nan
    made = {trace.name: trace for trace in figure(JUDGEMENT, data, smoothing=0.5).data if trace.name}
    probe = made["D(G(z)) after G's update"]
    assert list(probe.x) == [20, 40, 60, 80, 100]
    assert np.isfinite(probe.y).all()
    assert len(made["D(x): real images"].x) == 100


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_a_column_of_nothing_is_an_empty_curve(smoothing: float) -> None:
    data = columns(10, "loss/d") | {"loss/g": np.full(10, np.nan)}
    data["loss/d"][3] = np.inf
    sizes = {len(trace.x) for trace in figure(LOSSES, data, smoothing).data}
    assert sizes == {0, 9}


def test_a_chart_without_its_columns_is_left_out() -> None:
    assert [chart.key for chart in available(["step", "prob/real", "other"])] == ["judgement"]
    assert available(["step"]) == []
    assert len(figure(LOSSES, columns(5, "loss/g")).data) == 1


@pytest.mark.parametrize("amount", [0.1, 0.5, 0.9, 0.99])
def test_smoothing_is_the_corrected_moving_average(amount: float) -> None:
    """Closed form: sum over i of amount^(t-i) x_i, divided by the sum of the weights."""
    values = np.random.default_rng(1).normal(size=200)
    smoothed = smooth(values, amount)
    for t in (0, 1, 2, 50, 199):
        weights = amount ** np.arange(t, -1, -1.0)
        assert smoothed[t] == pytest.approx(np.sum(weights * values[: t + 1]) / np.sum(weights), rel=1e-9)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0, 0.99))
def test_smoothing_stays_between_the_extremes_and_begins_with_the_curve(values: list[float], amount: float) -> None:
    smoothed = smooth(np.array(values), amount)
    room = 1e-6 * (1 + max(map(abs, values)))
    assert len(smoothed) == len(values)
    assert smoothed[0] == pytest.approx(values[0])
    assert np.all(smoothed >= min(values) - room)
    assert np.all(smoothed <= max(values) + room)


def test_no_smoothing_changes_nothing_and_a_constant_stays_one() -> None:
    values = np.random.default_rng(2).normal(size=30)
    assert smooth(values, 0.0) is values
    assert smooth(np.full(1000, 0.7), 0.99) == pytest.approx(0.7)
    assert len(smooth(np.empty(0), 0.5)) == 0


def test_the_raw_curve_stays_visible_behind_the_smoothed_one() -> None:
    made = figure(LOSSES, columns(50, "loss/g"), smoothing=0.8)
    raw, smoothed = made.data
    assert (raw.opacity, raw.showlegend, smoothed.name) == (0.25, False, "Generator")
    assert np.std(np.diff(smoothed.y)) < np.std(np.diff(raw.y))


def test_marks_stand_where_something_changed() -> None:
    made = figure(LOSSES, columns(50, "loss/g"), marks=[(10, "lr G 0.001"), (30, "lr D 1e-05")])
    assert [shape.x0 for shape in made.layout.shapes] == [10, 30]
    assert [note.text for note in made.layout.annotations] == ["lr G 0.001", "lr D 1e-05"]


@pytest.mark.parametrize(("chart", "kind"), [(LOSSES, "log"), (JUDGEMENT, "linear")])
def test_the_logarithmic_axis_is_only_for_losses(chart, kind: str) -> None:
    assert figure(chart, all_columns(20), log_scale=True).layout.yaxis.type == kind
    assert figure(chart, all_columns(20)).layout.yaxis.type == "linear"


def test_every_chart_is_explained_and_has_distinct_colours() -> None:
    for chart in CHARTS:
        assert len(chart.explanation) > 80
        assert len({trace.color for trace in chart.traces}) == len(chart.traces)
    assert len({chart.key for chart in CHARTS}) == len(CHARTS)


def test_chart_and_log_line_tell_the_same_numbers() -> None:
    data = columns(3, "loss/d", "loss/g") | {"epoch": np.ones(3)}
    last = {name: float(values[-1]) for name, values in data.items()}
    assert f"Loss_D: {figure(LOSSES, data).data[1].y[-1]:.4f}" in log_line(last, 1, 3)


def test_a_name_with_html_stays_a_name() -> None:
    fig = go.Figure()
    add_curve(fig, np.arange(3.0), np.arange(3.0), "<a href='https://evil.example'>x</a> & y", "red")
    assert fig.data[0].name == "&lt;a href='https://evil.example'>x&lt;/a> &amp; y"
