"""Many pictures as one: with words below them; or small, each where the browser will look for it."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image, ImageFont

from gan_core.figures.sheets import (
    BAD,
    FONT_PX,
    GAP_PX,
    GOOD,
    LINE_PX,
    Line,
    contact_sheet,
    fitting,
    legible,
    sprite_sheet,
)

RED, BLUE = (255, 0, 0), (0, 0, 255)


def coloured(*colors: tuple[int, int, int], size: int = 16) -> np.ndarray:
    return np.array([np.broadcast_to(np.array(c, np.uint8)[:, None, None], (3, size, size)) for c in colors])


def colors_of(picture, box) -> set:
    return {color for _count, color in picture.crop(box).getcolors(100_000)}


def test_every_picture_stands_in_its_place_enlarged_without_smoothing():
    sheet = contact_sheet(coloured(RED, BLUE), [[], []], ["Two"], columns=2, side_px=32)
    head = GAP_PX + LINE_PX + 2 + GAP_PX // 2
    assert colors_of(sheet, (GAP_PX, head, GAP_PX + 32, head + 32)) == {RED}
    assert colors_of(sheet, (2 * GAP_PX + 32, head, 2 * GAP_PX + 64, head + 32)) == {BLUE}
    assert colors_of(sheet, (0, head, GAP_PX, sheet.height)) == {(255, 255, 255)}


def test_hits_and_misses_differ_in_sign_and_colour():
    marked = [contact_sheet(coloured(RED), [[Line("cube", mark)]], [], side_px=64) for mark in (True, False)]
    for sheet, own, other in zip(marked, (GOOD, BAD), (BAD, GOOD), strict=True):
        found = colors_of(sheet, (0, 64, sheet.width, sheet.height))
        assert own in found
        assert other not in found
    signs = [np.asarray(s.convert("L"))[-(LINE_PX + GAP_PX) : -GAP_PX, GAP_PX : GAP_PX + 12] < 200 for s in marked]
    assert (signs[0] != signs[1]).any()


def test_rows_follow_one_another_and_grey_pictures_fit_too():
    tall = contact_sheet(np.zeros((5, 1, 8, 8), np.uint8), [[Line("a"), Line("b")]] * 5, ["t"], columns=2, side_px=16)
    flat = contact_sheet(np.zeros((4, 1, 8, 8), np.uint8), [[Line("a"), Line("b")]] * 4, ["t"], columns=2, side_px=16)
    assert tall.height - flat.height == 16 + 2 * LINE_PX + GAP_PX + 4
    assert tall.width == flat.width


def test_words_that_are_too_wide_are_cut():
    font = ImageFont.load_default(FONT_PX)
    cut = fitting("a very long name of an attribute", 60, font)
    assert cut.endswith("…")
    assert font.getlength(cut) <= 60
    assert fitting("cube", 60, font) == "cube"


def test_a_caption_for_each_picture_or_none():
    with pytest.raises(ValueError, match="got 2 images and 1 captions"):
        contact_sheet(coloured(RED, BLUE), [[]], [])


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


@pytest.mark.parametrize("fonts", [(), None], ids=["no other font", "the fonts of this machine"])
def test_names_in_any_alphabet_are_told_apart(fonts, monkeypatch):
    if fonts is not None:
        monkeypatch.setattr("gan_core.figures.sheets.WIDE_FONTS", fonts)
    drawn = []
    for name in ("臉 1", "貓 1", "Ł 🙂 1"):
        text, font = legible(name, 13)
        assert fonts is None or "\\u" in text.lower()
        drawn.append(bytes(font.getmask(text)))
    assert len(set(drawn)) == 3
    plain = legible("Run 3 · a", 13)
    assert plain[0] == "Run 3 · a" and bytes(plain[1].getmask("R")) == bytes(ImageFont.load_default(13).getmask("R"))
