"""Many pictures as one: with words below them, to download and print, or small and side by side, to send to a browser at once."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gan_core.figures import imaging
from gan_core.figures.imaging import Uint8Array

FONT_PX = 13
LINE_PX = 17
GAP_PX = 10
QUALITY = 65  # of the JPEG: about 0.7 kB a face of 40 px
WIDE_FONTS = (  # with many alphabets, or Chinese, Japanese and Korean, as systems name them; Pillow searches for them
    "DejaVuSans.ttf", "NotoSansCJK-Regular.ttc", "NotoSansTC-Regular.otf", "wqy-microhei.ttc", "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf",
    "msjh.ttc", "msyh.ttc", "PingFang.ttc", "Arial Unicode.ttf", "arialuni.ttf", "unifont.otf",
)  # fmt: skip
NO_LETTER = "\U0010fffe"
INK, FAINT, GOOD, BAD = (28, 30, 34), (104, 110, 118), (18, 122, 62), (190, 44, 38)


Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class Line:
    """A line below a picture.

    Attributes:
        text: its words; cut to the picture's width.
        mark: a tick (True), a cross (False), or neither.
    """

    text: str
    mark: bool | None = None


def contact_sheet(
    images: Uint8Array, captions: Sequence[Sequence[Line]], title: Sequence[str], columns: int = 8, side_px: int = 128
) -> Image.Image:
    """Every image with its lines below, under a heading.

    Args:
        images: uint8 (N, C, H, W).
        captions: N lists of lines.
        title: lines of the heading.
        columns: images in a row.
        side_px: least width of an image; it is enlarged by a whole number, without smoothing.

    Raises:
        ValueError: if there are not as many captions as images.
    """
    if len(captions) != len(images):
        raise ValueError(f"Every image needs a caption; got {len(images)} images and {len(captions)} captions.")
    height, width = (size * math.ceil(side_px / images.shape[3]) for size in images.shape[2:])
    lines = max((len(caption) for caption in captions), default=0)
    across, down = width + GAP_PX, height + lines * LINE_PX + GAP_PX + 4
    head = GAP_PX + len(title) * (LINE_PX + 2) + GAP_PX // 2
    rows = math.ceil(len(images) / columns)
    sheet = Image.new("RGB", (GAP_PX + min(columns, len(images)) * across, head + rows * down), "white")
    pen = ImageDraw.Draw(sheet)
    for number, words in enumerate(title):
        place = (GAP_PX, GAP_PX + number * (LINE_PX + 2))
        text, font = legible(words, FONT_PX)
        pen.text(place, fitting(text, sheet.width - 2 * GAP_PX, font), INK if number == 0 else FAINT, font)
    for index, (image, caption) in enumerate(zip(images, captions, strict=True)):
        left, top = GAP_PX + index % columns * across, head + index // columns * down
        picture = imaging.to_picture(image).convert("RGB")
        sheet.paste(picture.resize((width, height), Image.Resampling.NEAREST), (left, top))
        for number, line in enumerate(caption):
            _write(pen, line, left, top + height + 3 + number * LINE_PX, width)
    return sheet


def side_by_side(pictures: Sequence[Image.Image], titles: Sequence[str], height_px: int = 512) -> Image.Image:
    """Pictures beside each other, a title above each: enlarged by a whole number, without smoothing, towards `height_px`."""
    factors = [max(1, height_px // picture.height) for picture in pictures]
    shown = [
        picture.convert("RGB").resize((picture.width * n, picture.height * n), Image.Resampling.NEAREST)
        for picture, n in zip(pictures, factors, strict=True)
    ]
    width = GAP_PX + sum(picture.width + GAP_PX for picture in shown)
    sheet = Image.new("RGB", (width, 2 * GAP_PX + LINE_PX + max(picture.height for picture in shown)), "white")
    pen, left = ImageDraw.Draw(sheet), GAP_PX
    for picture, title in zip(shown, titles, strict=True):
        text, font = legible(title, FONT_PX)
        pen.text((left, GAP_PX // 2), fitting(text, picture.width, font), INK, font)
        sheet.paste(picture, (left, GAP_PX + LINE_PX))
        left += picture.width + GAP_PX
    return sheet


def legible(text: str, size_px: int) -> tuple[str, Font]:
    """The text and a font with its letters: Pillow's own, else the one of this machine that lacks the fewest.

    Letters that it lacks are written as their numbers: two names never look alike.
    """
    font: Font = ImageFont.load_default(size_px)
    missing = _missing(text, font)
    for name in WIDE_FONTS if missing else ():
        try:
            other = ImageFont.truetype(name, size_px)
        except OSError:
            continue
        if len(lacking := _missing(text, other)) < len(missing):
            font, missing = other, lacking
    return "".join(ascii(letter)[1:-1] if letter in missing else letter for letter in text), font


def _missing(text: str, font: Font) -> set[str]:
    """The letters that a font draws as it draws one that no font has."""
    box = bytes(font.getmask(NO_LETTER))
    return {letter for letter in set(text) if not letter.isspace() and bytes(font.getmask(letter)) == box}


def fitting(text: str, width_px: float, font: Font) -> str:
    """The text, cut with an ellipsis if it is wider than `width_px`."""
    if font.getlength(text) <= width_px:
        return text
    while text and font.getlength(text + "…") > width_px:
        text = text[:-1]
    return text + "…"


def _write(
    pen: ImageDraw.ImageDraw,
    line: Line,
    left: int,
    top: int,
    width_px: int,
) -> None:
    color = {True: GOOD, False: BAD, None: FAINT}[line.mark]
    indent = 0 if line.mark is None else 14
    text, font = legible(line.text, FONT_PX)
    pen.text((left + indent, top), fitting(text, width_px - indent, font), color, font)
    x, y = left + 1, top + 4  # the default font has neither sign, so they are drawn
    if line.mark:
        pen.line([(x, y + 4), (x + 3, y + 7), (x + 9, y)], color, 2)
    elif line.mark is False:
        pen.line([(x + 1, y), (x + 8, y + 7)], color, 2)
        pen.line([(x + 1, y + 7), (x + 8, y)], color, 2)


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
        ValueError: if there are no pictures.
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
