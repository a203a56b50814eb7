"""The chart of a family of VAEs: four panels, the same lambdas in each."""

from __future__ import annotations

import numpy as np

from gan_core.figures.vae_family import PANELS, dial_figure

TITLES = {name: name for name in (*PANELS, "lambda", "dimension", "nats")}


def test_every_panel_shows_every_lambda_with_its_interval() -> None:
    lambdas = [0.001, 0.1]
    band = np.array([[2.0, 1.5, 3.0], [5.0, 4.0, 5.5]])
    kl = np.array([[0.1, 2.0, np.nan], [3.0, 0.0, 1.0]])
    figure = dial_figure(
        lambdas, {"error": band, "quality": 2 * band, "prior": 3 * band}, kl, TITLES, ["0.001", "a tenth"]
    )
    curves = [trace for trace in figure.data if trace.type == "scatter"]
    assert [list(curve.y) for curve in curves] == [[2, 5], [4, 10], [6, 15]]
    assert list(curves[0].error_y.array) == [1.0, 0.5]
    assert list(curves[0].error_y.arrayminus) == [0.5, 1.0]
    (heat,) = [trace for trace in figure.data if trace.type == "heatmap"]
    np.testing.assert_array_equal(heat.customdata, [[2.0, 3.0], [0.1, 1.0], [0.0, 0.0]])  # the largest dimension first
    assert [annotation.text for annotation in figure.layout.annotations] == list(PANELS)
    assert all(axis.type == "log" for axis in figure.select_xaxes())
    assert all(axis.ticktext == ("0.001", "a tenth") for axis in figure.select_xaxes())
