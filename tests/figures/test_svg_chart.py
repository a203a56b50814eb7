"""A still picture of a figure: its points where they belong, its words escaped."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import plotly.graph_objects as go
import pytest

from gan_core.figures.svg_chart import BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH, svg, ticks


def lines(text: str) -> list[list[tuple[float, float]]]:
    return [
        [tuple(map(float, pair.split(","))) for pair in points.split()]
        for points in re.findall(r'points="([^"]+)"', text)
    ]


def test_a_straight_line_runs_from_corner_to_corner_of_its_range():
    fig = go.Figure(go.Scatter(x=[0, 5, 10], y=[0.0, 0.5, 1.0], mode="lines", showlegend=False))
    fig.update_yaxes(range=(0, 1))
    [points] = lines(svg(fig))
    assert points[0] == (LEFT, HEIGHT - BOTTOM) and points[-1] == (WIDTH - RIGHT, 10)
    assert points[1] == pytest.approx(((LEFT + WIDTH - RIGHT) / 2, (HEIGHT - BOTTOM + 10) / 2), abs=0.1)


def test_gaps_words_and_logarithms_make_sound_xml():
    fig = go.Figure(go.Scatter(x=[1, 2, 3, 4], y=[1.0, np.nan, -1.0, 100.0], name="a &lt;b", mode="lines+markers"))
    fig.update_layout(yaxis_type="log", xaxis_title_text="step <i>")
    fig.add_vline(x=2)
    text = svg(fig, 'of "me"')
    ElementTree.fromstring(text)
    [points] = lines(text)
    assert len(points) == 2 and text.count("<circle") == 2  # what is not above 0 has no logarithm
    assert "a &lt;b" in text and "step &lt;i&gt;" in text and "stroke-dasharray" in text


def test_a_figure_without_points_is_empty_and_whole():
    text = svg(go.Figure())
    assert ElementTree.fromstring(text).tag.endswith("svg") and lines(text) == []


@pytest.mark.parametrize(("span", "expected"), [((0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1.0]), ((-3, 1203), [0, 500, 1000])])
def test_ticks_are_round(span: tuple[float, float], expected: list[float]):
    assert ticks(*span) == pytest.approx(expected)
    assert ticks(-2.2, 1.3, whole=True) == [-2, -1, 0, 1]
