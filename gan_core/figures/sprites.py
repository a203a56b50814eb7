"""Many small pictures on one sheet, small enough to be sent to a browser at once."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from gan_core.figures import imaging
from gan_core.figures.imaging import Uint8Array

QUALITY = 65  # of the JPEG: about 0.7 kB a face of 40 px


@dataclass(frozen=True)
class Sheet:
    """Pictures in rows, the first at the top left.

    Attributes:
        jpeg: the sheet.
        columns, rows: pictures across and down.
        count: pictures; the last row may be shorter.
        tile_px: side of one.
    """

    jpeg: bytes
    columns: int
    rows: int
    count: int
    tile_px: int

    def data_url(self) -> str:
        """The sheet as a data URL."""
        return "data:image/jpeg;base64," + base64.b64encode(self.jpeg).decode("ascii")


def sprite_sheet(images: Uint8Array, tile_px: int) -> Sheet:
    """Square pictures side by side, made smaller to `tile_px` where they are larger.

    Args:
        images: uint8 (N, C, H, W), N at least 1, H equal to W.
        tile_px: largest side of one on the sheet.

    Raises:
        ValueError: no pictures.
    """
    if not len(images):
        raise ValueError("A sheet needs at least one picture.")
    side = min(tile_px, images.shape[3])
    columns = math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    canvas = np.zeros((rows * side, columns * side, 3), np.uint8)
    for index, image in enumerate(images):
        tile = imaging.to_picture(image).convert("RGB")
        if tile.width != side:
            tile = tile.resize((side, side), Image.Resampling.BOX)
        top, left = index // columns * side, index % columns * side
        canvas[top : top + side, left : left + side] = np.asarray(tile)
    buffer = io.BytesIO()
    Image.fromarray(canvas).save(buffer, "JPEG", quality=QUALITY)
    return Sheet(buffer.getvalue(), columns, rows, len(images), side)
