"""The variance of the Laplacian, against pictures whose Laplacian is known."""

from __future__ import annotations

import numpy as np
import pytest

from gan_core.evaluation.metrics.sharpness import laplacian_variance


def test_flat_pictures_and_ramps_have_no_detail():
    flat = np.full((1, 3, 8, 8), 77, np.uint8)
    ramp = np.broadcast_to(np.arange(8, dtype=np.uint8) * 20, (1, 1, 8, 8))
    assert laplacian_variance(flat)[0] == pytest.approx(0, abs=1e-12)
    assert laplacian_variance(ramp)[0] == pytest.approx(0, abs=1e-12)


def test_a_checkerboard_of_black_and_white_is_as_sharp_as_can_be():
    """Each inner pixel's Laplacian is 4 (black among whites) or -4 (white among blacks): variance 16."""
    board = (np.indices((10, 10)).sum(axis=0) % 2 * 255).astype(np.uint8)[None, None]
    assert laplacian_variance(board)[0] == pytest.approx(16.0)
    assert laplacian_variance(np.repeat(board, 3, axis=1))[0] == pytest.approx(16.0)  # grey in colour is the same grey


def test_one_bright_pixel_by_hand():
    """5x5, the middle 255: among 3x3 inner pixels one Laplacian of -4, four of 1, four of 0: mean 0, variance 20/9."""
    picture = np.zeros((1, 1, 5, 5), np.uint8)
    picture[0, 0, 2, 2] = 255
    assert laplacian_variance(picture)[0] == pytest.approx(20 / 9)


def test_a_blurred_picture_is_less_sharp():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (4, 3, 16, 16)).astype(np.float64)
    blurred = (noise + np.roll(noise, 1, 2) + np.roll(noise, 1, 3) + np.roll(noise, (1, 1), (2, 3))) / 4
    assert (laplacian_variance(blurred.astype(np.uint8)) < laplacian_variance(noise.astype(np.uint8)) / 2).all()


@pytest.mark.parametrize("shape", [(1, 1, 2, 8), (1, 2, 8, 8), (3, 8, 8)])
def test_what_is_no_batch_of_pictures_is_refused(shape):
    with pytest.raises(ValueError, match="at least 3x3"):
        laplacian_variance(np.zeros(shape, np.uint8))
