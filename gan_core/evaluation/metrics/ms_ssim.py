"""MS-SSIM: how alike two pictures look, in structure and contrast, at several scales. Low between random pairs: variety."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from gan_core.evaluation.features import in_batches
from gan_core.evaluation.metrics.base import Material, Metric, Report, Weighted, of_each_image

Array = npt.NDArray[np.float64]
Images = npt.NDArray[np.uint8]

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of the scales, the finest first
WINDOW, SIGMA = 11, 1.5
LUMINANCE, CONTRAST = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # C1 and C2
GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601
BATCH = 100  # pairs
NUM_PAIRS = 500


def num_scales(image_size: int) -> int:
    """How many scales a picture of so many pixels has: halved until the window no longer fits, at most five.

    32 px: 2, 64 px: 3, 176 px and more: the paper's 5. Values of different numbers of scales do not compare.
    """
    return max(1, min(len(WEIGHTS), 1 + int(np.floor(np.log2(max(image_size, WINDOW) / WINDOW)))))


def ms_ssim(first: Images, second: Images, report: Callable[[int], None] = lambda done: None) -> Array:
    """The index of each pair: (P,), 1 for a picture and itself, near 0 for unrelated ones.

    Source: Wang, Simoncelli and Bovik 2003, "Multi-scale structural similarity for image quality assessment", equation 7,
    with its weights (those of the scales used, scaled to add up to 1) and Wang et al. 2004's window (11 pixels, sigma 1.5).
    Colour pictures are compared in grey. A negative contrast term counts as 0.

    Args:
        first, second: uint8 (P, C, H, W) with C 1 or 3.
        report: called with the number of pairs done.

    Raises ValueError if the shapes differ, or images are smaller than the window.
    """
    if first.shape != second.shape or first.ndim != 4:
        raise ValueError(f"MS-SSIM compares pictures (P, C, H, W) of one shape; got {first.shape} and {second.shape}.")
    size = min(first.shape[2:])
    if size < WINDOW:
        raise ValueError(f"MS-SSIM needs pictures of at least {WINDOW} px; got {size}.")
    scales = num_scales(size)
    parts = in_batches(len(first), lambda part: _index(grey(first[part]), grey(second[part]), scales), report, BATCH)
    return np.concatenate(parts) if parts else np.empty(0)


def pairs(count: int) -> tuple[slice, slice]:
    """Two halves of `count` images, so that no image is in two pairs and pairs are independent."""
    return slice(0, count // 2), slice(count // 2, count // 2 * 2)


def grey(images: Images) -> Array:
    """Grey values (N, H, W) in 0 to 255."""
    shades = images.astype(np.float64)
    return np.asarray(shades[:, 0] if shades.shape[1] == 1 else np.tensordot(shades, GREY, axes=([1], [0])))


def _index(x: Array, y: Array, scales: int) -> Array:
    weights = np.array(WEIGHTS[:scales]) / sum(WEIGHTS[:scales])
    index = np.ones(len(x))
    for scale, weight in enumerate(weights):
        whole, contrast = _ssim(x, y)
        index = index * np.clip(whole if scale == scales - 1 else contrast, 0, None) ** weight
        x, y = _halved(x), _halved(y)
    return index


def _ssim(x: Array, y: Array) -> tuple[Array, Array]:
    """The index, and its contrast and structure part without luminance, both averaged over the picture: (P,)."""
    mean_x, mean_y = _local(x), _local(y)
    var_x, var_y = _local(x * x) - mean_x**2, _local(y * y) - mean_y**2
    both = _local(x * y) - mean_x * mean_y
    contrast = (2 * both + CONTRAST) / (var_x + var_y + CONTRAST)
    luminance = (2 * mean_x * mean_y + LUMINANCE) / (mean_x**2 + mean_y**2 + LUMINANCE)
    return (luminance * contrast).mean(axis=(1, 2)), contrast.mean(axis=(1, 2))


def _local(values: Array) -> Array:
    """Means under a Gaussian window, where the window lies wholly in the picture."""
    margin = WINDOW // 2
    smooth = gaussian_filter(values, SIGMA, radius=margin, axes=(1, 2))
    return np.asarray(smooth[:, margin:-margin, margin:-margin])


def _halved(values: Array) -> Array:
    """Half the size, by means of 2x2 pixels; an odd last row or column is left out."""
    height, width = (side // 2 * 2 for side in values.shape[1:])
    cut = values[:, :height, :width]
    return np.asarray(cut.reshape(len(cut), height // 2, 2, width // 2, 2).mean(axis=(2, 4)))


def _weighted(material: Material, report: Report) -> Weighted | None:
    size = min(material.fake_images.shape[2:])
    if size < WINDOW:
        return None

    def index(images: Images) -> Array:
        first, second = pairs(min(len(images), 2 * NUM_PAIRS))
        total = first.stop
        return ms_ssim(images[first], images[second], lambda done: report("comparing pairs of images", done, total))

    fake, real = index(material.fake_images), index(material.real_images)
    scales = num_scales(size)
    note = f" Here {scales} scale{'s' * (scales > 1)} of {size} px, and {len(fake)} pairs."
    return of_each_image(fake, 2 * len(real), 2 * len(fake), float(real.mean()), note)


MS_SSIM = Metric(
    "ms_ssim", "MS-SSIM between pairs",
    "Similarity of two random images in structure and contrast (0 unrelated, 1 identical). Far above the value of real images "
    "means collapse. Small images have fewer scales, so compare only values of one image size.",
    needs=frozenset({"pixels"}), direction="real", weighted=_weighted, highest=1.0,
)  # fmt: skip
