"""MS-SSIM: one for a picture and itself, its closed form for flat pictures, and a slow computation from the definition."""

from __future__ import annotations

import numpy as np
import pytest

from gan_core.evaluation.metrics.ms_ssim import CONTRAST, LUMINANCE, WEIGHTS, WINDOW, ms_ssim, num_scales, pairs


def noise(count: int, size: int, seed: int = 0, channels: int = 1):
    return np.random.default_rng(seed).integers(0, 256, (count, channels, size, size), dtype=np.uint8)


def test_a_picture_is_itself_and_two_noises_are_unrelated():
    for size in (16, 32, 64):
        assert ms_ssim(noise(3, size), noise(3, size)) == pytest.approx(1)
    assert ms_ssim(noise(20, 32), noise(20, 32, seed=1)).mean() < 0.1


def test_flat_pictures_differ_by_luminance_alone():
    a, b = np.full((1, 1, 32, 32), 100, np.uint8), np.full((1, 1, 32, 32), 160, np.uint8)
    luminance = (2 * 100 * 160 + LUMINANCE) / (100**2 + 160**2 + LUMINANCE)
    # equation 7: luminance counts at the coarsest scale only, contrast and structure are 1 everywhere
    coarsest = WEIGHTS[1] / (WEIGHTS[0] + WEIGHTS[1])
    assert ms_ssim(a, b)[0] == pytest.approx(luminance**coarsest)


def test_one_scale_is_ssim_as_it_is_defined():
    a, b = noise(1, 16), noise(1, 16, seed=1)
    places = np.arange(WINDOW) - WINDOW // 2
    window = np.exp(-(places[:, None] ** 2 + places[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    values = []
    for top in range(16 - WINDOW + 1):
        for left in range(16 - WINDOW + 1):
            x, y = (p[0, 0, top : top + WINDOW, left : left + WINDOW].astype(float) for p in (a, b))
            mean_x, mean_y = (window * x).sum(), (window * y).sum()
            var_x, var_y = (window * (x - mean_x) ** 2).sum(), (window * (y - mean_y) ** 2).sum()
            both = (window * (x - mean_x) * (y - mean_y)).sum()
            values.append(
                (2 * mean_x * mean_y + LUMINANCE) / (mean_x**2 + mean_y**2 + LUMINANCE)
                * (2 * both + CONTRAST) / (var_x + var_y + CONTRAST)
            )  # fmt: skip
    assert ms_ssim(a, b)[0] == pytest.approx(max(0, np.mean(values)), abs=1e-9)


def test_small_pictures_have_fewer_scales():
    assert [num_scales(size) for size in (11, 16, 32, 64, 128, 176, 512)] == [1, 1, 2, 3, 4, 5, 5]


def test_no_picture_is_in_two_pairs():
    first, second = pairs(9)
    assert (len(range(9)[first]), len(range(9)[second]), first.stop <= second.start) == (4, 4, True)


@pytest.mark.parametrize(
    ("a", "b", "words"), [(noise(1, 8), noise(1, 8), "at least 11 px"), (noise(1, 16), noise(2, 16), "one shape")]
)
def test_what_cannot_be_compared_is_refused(a, b, words):
    with pytest.raises(ValueError, match=words):
        ms_ssim(a, b)
