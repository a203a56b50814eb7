"""MS-SSIM against its papers' equations with their own numbers, written out on whole windows."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from gan_core.evaluation.metrics.ms_ssim import grey, ms_ssim, num_scales, pairs


def pictures(count: int, height: int, width: int, channels: int = 1, seed: int = 0):
    """Smooth pictures with some noise, so that neither structure nor contrast is lost at any scale."""
    rng = np.random.default_rng(seed)
    rough = rng.integers(0, 256, (count, channels, height // 8 + 2, width // 8 + 2)).repeat(8, 2).repeat(8, 3)
    noisy = rough[..., :height, :width] + rng.integers(-20, 21, (count, channels, height, width))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def by_definition(a: np.ndarray, b: np.ndarray, scales: int) -> float:
    """Wang et al. 2003, equation 7, of two grey pictures: 11x11 Gaussian windows of sigma 1.5, K1 = 0.01, K2 = 0.03, L = 255."""
    weights = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333][:scales])
    weights /= weights.sum()
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    offsets = np.arange(-5, 6)
    window = np.exp(-(offsets[:, None] ** 2 + offsets[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    a, b, index = a.astype(float), b.astype(float), 1.0
    for scale in range(scales):
        x, y = sliding_window_view(a, (11, 11)), sliding_window_view(b, (11, 11))
        mean_x, mean_y = ((w * window).sum((2, 3)) for w in (x, y))
        var_x = (window * (x - mean_x[..., None, None]) ** 2).sum((2, 3))
        var_y = (window * (y - mean_y[..., None, None]) ** 2).sum((2, 3))
        both = (window * (x - mean_x[..., None, None]) * (y - mean_y[..., None, None])).sum((2, 3))
        contrast = (2 * both + c2) / (var_x + var_y + c2)
        luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
        term = (luminance * contrast).mean() if scale == scales - 1 else contrast.mean()
        index *= max(0.0, term) ** weights[scale]
        rows, columns = a.shape[0] // 2, a.shape[1] // 2
        a, b = (sum(p[i : 2 * rows : 2, j : 2 * columns : 2] for i in (0, 1) for j in (0, 1)) / 4 for p in (a, b))
    return index


@pytest.mark.parametrize(
    ("height", "width", "scales"), [(11, 14, 1), (32, 32, 2), (45, 47, 3), (64, 70, 3), (95, 90, 4), (177, 176, 5)]
)
def test_it_is_its_papers_at_every_number_of_scales(height, width, scales):
    a, b = pictures(1, height, width), pictures(1, height, width, seed=1)
    mixed = (0.7 * a + 0.3 * b).astype(np.uint8)
    assert ms_ssim(a, mixed)[0] == pytest.approx(by_definition(a[0, 0], mixed[0, 0], scales), rel=1e-9)


def test_a_negative_contrast_counts_as_nothing():
    a = pictures(1, 32, 32)
    assert ms_ssim(a, 255 - a)[0] == by_definition(a[0, 0], 255 - a[0, 0], 2) == 0


def test_colour_is_compared_in_grey():
    """ITU-R BT.601: 0.299 red, 0.587 green, 0.114 blue."""
    a, b = pictures(1, 16, 16, 3), pictures(1, 16, 16, 3, seed=1)
    mixed = (0.7 * a + 0.3 * b).astype(np.uint8)
    x, y = (0.299 * p[0, 0] + 0.587 * p[0, 1] + 0.114 * p[0, 2] for p in (a.astype(float), mixed.astype(float)))
    np.testing.assert_allclose(grey(a)[0], x)
    assert ms_ssim(a, mixed)[0] == pytest.approx(by_definition(x, y, 1))
    np.testing.assert_array_equal(grey(a[:, 1:2])[0], a[0, 1])


def test_pairs_are_compared_a_hundred_at_a_time_in_their_order():
    a, b, told = pictures(250, 11, 11), pictures(250, 11, 11, seed=1), []
    found = ms_ssim(a, b, told.append)
    assert told == [100, 200, 250] and found.shape == (250,)
    for place in (0, 99, 100, 249):
        assert found[place] == pytest.approx(by_definition(a[place, 0], b[place, 0], 1))
    assert ms_ssim(a[:0], b[:0]).shape == (0,)


def test_scales_are_halvings_until_the_window_no_longer_fits():
    """11 * 2^n pixels begin a new scale, up to five."""
    sizes = (8, 11, 21, 22, 43, 44, 87, 88, 175, 176, 351, 352, 4096)
    assert [num_scales(size) for size in sizes] == [1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 5]


def test_pairs_are_the_first_half_with_the_second():
    assert pairs(9) == pairs(8) == (slice(0, 4), slice(4, 8))
    assert pairs(1) == (slice(0, 0), slice(0, 0))


def test_pictures_need_a_window_in_both_directions():
    assert len(ms_ssim(pictures(1, 11, 30), pictures(1, 11, 30))) == 1
    for shape in ((10, 30), (30, 10)):
        with pytest.raises(ValueError, match="at least 11 px; got 10"):
            ms_ssim(pictures(1, *shape), pictures(1, *shape))
    with pytest.raises(ValueError, match="one shape"):
        ms_ssim(pictures(2, 16, 16)[:, 0], pictures(2, 16, 16)[:, 0])
