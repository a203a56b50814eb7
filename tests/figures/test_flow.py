"""Points over arrows: where they are drawn, and how long arrows become."""

from __future__ import annotations

import numpy as np
import pytest

from gan_core.figures.flow import ARROW, POINT, arrow_lengths, flow_frame, square


def test_a_square_has_the_middles_of_its_cells():
    assert square(2, 4.0).tolist() == [[-2, -2], [2, -2], [-2, 2], [2, 2]]


def test_arrows_keep_their_directions_and_the_usual_one_is_half_as_long_as_any_may_be():
    vectors = np.array([[1.0, 0.0], [0.0, -3.0], [1000.0, 0.0]], np.float32)
    made = arrow_lengths(vectors, 2.0)
    assert made[1].tolist() == pytest.approx([0, -1])
    assert made[0].tolist() == pytest.approx([0.5, 0])
    assert 1.9 < made[2, 0] < 2
    assert not arrow_lengths(np.zeros((3, 2), np.float32), 2.0).any()


def test_a_frame_has_points_upwards_of_arrows_that_lead_to_them():
    points = np.array([[1.0, 1.0], [9.0, 0.0]], np.float32)  # the second is outside
    picture = np.asarray(
        flow_frame(points, np.array([[-1.0, 0.0]], np.float32), np.array([[1.0, 0.0]], np.float32), 2.0, 100)
    )
    assert tuple(picture[25, 75]) == POINT  # x to the right, y upwards
    lines = np.argwhere((picture == ARROW).all(axis=2))
    assert lines[:, 1].min() == 25 and lines[:, 1].max() > 50  # from its place to the right
    assert (picture == POINT).all(axis=2).sum() < 30
