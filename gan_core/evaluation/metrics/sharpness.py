"""How sharp pictures are, as a number: a blurred one has little detail at the scale of single pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_core.figures.imaging import Uint8Array

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow's "L"


def laplacian_variance(images: Uint8Array) -> npt.NDArray[np.float64]:
    """The variance of each picture's Laplacian: larger is sharper, 0 a picture without any detail.

    Source: Pech-Pacheco et al. 2000, "Diatom autofocusing in brightfield microscopy: a comparative study", LAPV, with the
    Laplacian of four neighbours, on grey values in [0, 1], over the inner pixels only. It depends on size and content, so
    only pictures of one size and subject may be compared; noise counts as detail.

    Args:
        images: uint8 (N, C, H, W), C 1 or 3, at least 3x3.

    Returns:
        (N,)

    Raises:
        ValueError: pictures too small to have an inner pixel.
    """
    if images.ndim != 4 or images.shape[1] not in (1, 3) or min(images.shape[2:]) < 3:
        raise ValueError(f"Sharpness needs pictures (N, 1 or 3, H, W) of at least 3x3 pixels; got {images.shape}.")
    weights = np.array(LUMA if images.shape[1] == 3 else (1.0,)) / 255
    grey = np.einsum("nchw,c->nhw", images.astype(np.float64), weights)
    around = grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
    variance: npt.NDArray[np.float64] = (around - 4 * grey[:, 1:-1, 1:-1]).var(axis=(1, 2))
    return variance
