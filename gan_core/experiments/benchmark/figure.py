"""The benchmark's results: bars with intervals, seeds and the papers' values; modes and quality against steps and batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

import plotly.graph_objects as go

from gan_core.experiments.benchmark import METHODS, REAL, Published, Tuned
from gan_core.experiments.benchmark.summary import Row, mean_curve
from gan_core.figures.style import COLORS, GREY, add_level, lay_out

DASHES = ("solid", "dash", "dot")  # with eight colours: 24 lines that differ, neighbours not by colour alone


def figure(rows: Sequence[Row], measure: str, highest: float, words: Mapping[str, str]) -> go.Figure:
    """One measure of each method that has it.

    Args:
        rows: lines of the table.
        measure: "mode_tv", "captured" or "high_quality".
        highest: the top of the axis, drawn as a dotted line: what a perfect generator reaches, but for mode-TV the worst.
        words: names for `measure` (the axis), `seed` and `published`, and for `real` samples.
    """
    fig = go.Figure()
    rows = [row for row in rows if measure in row.measures]
    names = {row.method: words["real"] if row.method == REAL else row.title for row in rows}
    for own in (True, False):
        group = [row for row in rows if (row.method != REAL) == own]
        summaries = [row.measures[measure] for row in group]
        above, below = ([s.high - s.value for s in summaries], [s.value - s.low for s in summaries])
        fig.add_bar(x=[names[row.method] for row in group], y=[summary.value for summary in summaries],
                    error_y={"type": "data", "array": above, "arrayminus": below, "color": GREY},
                    marker={"color": COLORS[0] if own else GREY, "opacity": 0.75}, name=words["measure"],
                    showlegend=False, hovertemplate="%{y:.3~f}<extra>%{x}</extra>")  # fmt: skip
    dots = [(names[row.method], value) for row in rows for value in row.values[measure]]
    fig.add_scatter(x=[name for name, _ in dots], y=[value for _, value in dots], mode="markers",
                    marker={"size": 5, "color": COLORS[1], "opacity": 0.6}, name=words["seed"],
                    hovertemplate="%{y:.3~f}<extra>%{x}</extra>")  # fmt: skip
    _papers(fig, [(names[row.method], paper) for row in rows for paper in row.published], measure, words)
    add_level(fig, highest)
    xaxis = {"categoryorder": "array", "categoryarray": list(names.values())}
    yaxis = {"title": {"text": words["measure"]}, "range": (0, highest * 1.08)}
    lay_out(fig, xaxis=xaxis, yaxis=yaxis, height=340, hovermode="closest")
    return fig


def _papers(fig: go.Figure, reported: Sequence[tuple[str, Published]], measure: str, words: Mapping[str, str]) -> None:
    there = [(name, value, paper) for name, paper in reported if (value := getattr(paper, measure, None)) is not None]
    if not there:
        return
    spreads = [paper.spread or 0 if measure == "captured" else 0 for _, _, paper in there]
    fig.add_scatter(x=[name for name, _, _ in there], y=[value for _, value, _ in there], mode="markers",
                    error_y={"type": "data", "array": spreads}, name=words["published"],
                    marker={"size": 9, "symbol": "diamond-open", "color": COLORS[2], "line": {"width": 2}},
                    customdata=[paper.source for _, _, paper in there],
                    hovertemplate="%{y}<extra>%{customdata}</extra>")  # fmt: skip


def against_steps(found: Tuned, measure: str, highest: float, words: Mapping[str, str]) -> go.Figure:
    """A measure of every method's last weights against the steps of G, means over the seeds.

    Args:
        found: results at the searched settings.
        measure: "captured" or "high_quality".
        highest: the top of the axis, drawn as a dotted line.
        words: names for `measure` and for the axis of `steps`.
    """
    column = 1 if measure == "captured" else 2
    lines = {METHODS[method].title: mean_curve(found, method) for method in found.settings}
    return _lines({name: [(at[0], at[column]) for at in curve] for name, curve in lines.items()}, "lines", highest,
                  words["steps"], words["measure"])  # fmt: skip


def against_batch(found: Tuned, measure: str, highest: float, words: Mapping[str, str]) -> go.Figure:
    """The same against the packs in a batch (`words["batch"]`), of the methods that were trained with several."""
    lines = {
        METHODS[method].title: [(size, fmean(getattr(r, measure) for r in made)) for size, made in sizes.items()]
        for method, sizes in found.batches().items()
    }
    fig = _lines(lines, "lines+markers", highest, words["batch"], words["measure"])
    sizes = sorted({size for line in lines.values() for size, _ in line})
    fig.update_xaxes(type="log", tickvals=sizes, ticktext=[str(size) for size in sizes])
    return fig


def _lines(
    lines: Mapping[str, Sequence[tuple[int, float]]], mode: str, highest: float, x_title: str, y_title: str
) -> go.Figure:
    fig = go.Figure()
    for place, (name, points) in enumerate(lines.items()):
        line = {"color": COLORS[place % len(COLORS)], "dash": DASHES[place % len(DASHES)]}
        fig.add_scatter(x=[x for x, _ in points], y=[y for _, y in points], mode=mode, name=name,
                        line=line, hovertemplate="%{y:.3~f}<extra>" + name + "</extra>")  # fmt: skip
    add_level(fig, highest)
    yaxis = {"title": {"text": y_title}, "range": (0, highest * 1.08)}
    lay_out(fig, x_title, yaxis=yaxis, height=300, hovermode="closest")
    return fig
