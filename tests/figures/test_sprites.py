"""The sheet of small pictures: each where the browser will look for it."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from gan_core.figures.sprites import sprite_sheet


def opened(sheet):
    return np.asarray(Image.open(io.BytesIO(sheet.jpeg))).astype(int)


def test_every_picture_is_in_its_row_and_column():
    greys = np.linspace(0, 255, 7).astype(np.uint8)
    images = np.broadcast_to(greys[:, None, None, None], (7, 1, 16, 16))
    sheet = sprite_sheet(images, 16)
    assert (sheet.columns, sheet.rows, sheet.count, sheet.tile_px) == (3, 3, 7, 16)
    pixels = opened(sheet)
    assert pixels.shape == (48, 48, 3)
    for index, grey in enumerate(greys):
        row, column = divmod(index, 3)
        assert pixels[row * 16 + 8, column * 16 + 8] == pytest.approx(grey, abs=3)


def test_large_pictures_are_made_smaller_and_small_ones_left():
    colours = np.zeros((1, 3, 64, 64), np.uint8)
    colours[:, 0] = 200
    sheet = sprite_sheet(colours, 40)
    assert sheet.tile_px == 40
    assert opened(sheet)[20, 20] == pytest.approx([200, 0, 0], abs=6)
    assert sprite_sheet(np.zeros((1, 1, 8, 8), np.uint8), 40).tile_px == 8


def test_the_data_url_carries_the_sheet():
    sheet = sprite_sheet(np.zeros((2, 1, 8, 8), np.uint8), 8)
    head, _, body = sheet.data_url().partition(",")
    assert head == "data:image/jpeg;base64"
    assert base64.b64decode(body) == sheet.jpeg


def test_a_sheet_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one picture"):
        sprite_sheet(np.zeros((0, 3, 8, 8), np.uint8), 8)
