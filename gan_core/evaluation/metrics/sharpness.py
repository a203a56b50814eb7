"""How sharp pictures are, as a number: a blurred one has little detail at the scale of single pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.metrics.ms_ssim import grey
from gan_core.figures.imaging import Uint8Array


def laplacian_variance(images: Uint8Array) -> npt.NDArray[np.float64]:
    """The variance of each picture's Laplacian (N,): larger is sharper, 0 a picture without any detail.

    Source: Pech-Pacheco et al. 2000, "Diatom autofocusing in brightfield microscopy: a comparative study", LAPV, with the
    Laplacian of four neighbours, on grey values in [0, 1], over the inner pixels only. It depends on size and content, so
    only pictures of one size and subject may be compared; noise counts as detail.

    Args:
        images: uint8 (N, C, H, W), C 1 or 3, at least 3x3.
    Raises ValueError if the images are too small to have an inner pixel.
    """
    if images.ndim != 4 or images.shape[1] not in (1, 3) or min(images.shape[2:]) < 3:
        raise ValueError(f"Sharpness needs pictures (N, 1 or 3, H, W) of at least 3x3 pixels; got {images.shape}.")
    values = grey(images) / 255
    around = values[:, :-2, 1:-1] + values[:, 2:, 1:-1] + values[:, 1:-1, :-2] + values[:, 1:-1, 2:]
    variance: npt.NDArray[np.float64] = (around - 4 * values[:, 1:-1, 1:-1]).var(axis=(1, 2))
    return variance
