"""Pictures: reading untrusted files safely, preprocessing, grids, PNG and data URLs. Arrays are uint8 (N, C, H, W)."""

from __future__ import annotations

import base64
import io
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageOps
from PIL.WebPImagePlugin import WebPImageFile

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
MAX_PIXELS = 16_000_000
# What Pillow raises upon damage, its readers of metadata included.
_REFUSALS = (
    OSError, ValueError, SyntaxError, EOFError, ArithmeticError, LookupError, TypeError, struct.error,
    Image.DecompressionBombError,
)  # fmt: skip

Uint8Array = npt.NDArray[np.uint8]


def open_picture(file: Path | io.BytesIO, channels: int) -> Image.Image:
    """A picture from an untrusted file, upright, in grey (1 channel) or RGB (3 channels); of several frames the first.

    Grey values of 16 bits become v / 257, so that 65535 is 255; what is transparent lies on white.

    Raises:
        ValueError: if it is not one of FORMATS, damaged, or larger than MAX_PIXELS.
    """
    mode = "L" if channels == 1 else "RGB"
    with _opened(file) as picture:
        _load(picture)
        ImageOps.exif_transpose(picture, in_place=True)  # never three copies of a large picture at a time
        eight = _of_eight_bits(picture)
        if eight.has_transparency_data:
            return _on_white(eight, mode)
        return eight if eight.mode == mode else eight.convert(mode)


def _of_eight_bits(picture: Image.Image) -> Image.Image:
    if not picture.mode.startswith("I;16"):  # Pillow's own conversion would cut off what is above 255
        return picture
    pixels = np.empty((picture.height, picture.width), np.uint8)
    for row, values in enumerate(np.asarray(picture)):  # row by row: never several copies of a large picture
        pixels[row] = (values.astype(np.uint32) + 128) // 257
        if "transparency" in picture.info:  # one value that is transparent, of 16 bits
            pixels[row][values == picture.info["transparency"]] = 255
    return Image.fromarray(pixels)


def _on_white(picture: Image.Image, mode: str) -> Image.Image:
    """The picture in grey or RGB, on a white ground where it is transparent."""
    if picture.mode not in ("RGBA", "LA"):
        picture = picture.convert("RGBA")
    ground = Image.new(mode, picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def check_picture(file: Path | io.BytesIO) -> None:
    """Decodes a picture to nothing, a JPEG at an eighth of its size. Raises ValueError as `open_picture` does."""
    with _opened(file) as picture:
        picture.draft(None, (1, 1))
        _load(picture)


def _load(picture: Image.Image) -> None:
    """Decodes. The decoder of WebP, which holds two copies, is let go before the picture's own memory is taken."""
    if isinstance(picture, WebPImageFile):
        prepare = picture.load_prepare

        def alone() -> None:
            del picture._decoder
            prepare()

        picture.load_prepare = alone  # type: ignore[method-assign]
    try:
        picture.load()
    finally:
        vars(picture).pop("load_prepare", None)  # a circle would keep the memory


@contextmanager
def _opened(file: Path | io.BytesIO) -> Iterator[Image.Image]:
    """A picture whose header is read; what is wrong with it is found out within the block. Raises as `open_picture`."""
    try:
        with Image.open(file, formats=FORMATS) as picture:
            size = f"{picture.width}x{picture.height}"
            if picture.width * picture.height <= MAX_PIXELS:
                yield picture
                return
    except _REFUSALS as error:
        raise ValueError(f"not a readable picture ({type(error).__name__}).") from error
    raise ValueError(f"the picture has {size} pixels; at most {MAX_PIXELS:,} are read.")


def reduced(picture: Image.Image, longest_px: int) -> Image.Image:
    """The picture, its longer side reduced by a whole number to at most `longest_px` if it is larger."""
    factor = -(-max(picture.size) // longest_px)
    return picture if factor == 1 else picture.reduce(factor)


def resize_and_crop(picture: Image.Image, size: int) -> Image.Image:
    """Resize the shorter side to `size` (bilinear), then cut the square in the middle.

    The same rule as torchvision's Resize(size) and CenterCrop(size), which the tests hold it to.

    Raises:
        ValueError: if it is so long and thin that it would have more than MAX_PIXELS pixels in between.
    """
    picture = resize_shorter_side(picture, size)
    return picture.crop(middle_square(picture, size))


def middle_square(picture: Image.Image, size: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the square of side `size` in the middle."""
    left, top = round((picture.width - size) / 2), round((picture.height - size) / 2)
    return left, top, left + size, top + size


def resize_shorter_side(picture: Image.Image, size: int) -> Image.Image:
    """The whole picture, its shorter side `size` pixels long (bilinear). Raises ValueError as `resize_and_crop` does."""
    width, height = picture.size
    if width <= height:
        width, height = size, int(size * height / width)
    else:
        width, height = int(size * width / height), size
    if width * height > MAX_PIXELS:
        raise ValueError(f"the picture is too long and thin: {picture.width}x{picture.height} pixels.")
    return picture if picture.size == (width, height) else picture.resize((width, height), Image.Resampling.BILINEAR)


def grid(images: Uint8Array, columns: int | None = None, gap_px: int = 2, background: int = 128) -> Uint8Array:
    """Images side by side.

    Args:
        images: uint8 (N, C, H, W), C 1 or 3.
        columns: images in a row; the nearest to a square when None.
        gap_px: pixels between images and around them.
        background: grey value of the gaps.

    Returns:
        uint8 (height, width, 3).
    """
    count, _channels, height, width = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    canvas = np.full((rows * (height + gap_px) + gap_px, columns * (width + gap_px) + gap_px, 3), background, np.uint8)
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        top, left = gap_px + row * (height + gap_px), gap_px + column * (width + gap_px)
        canvas[top : top + height, left : left + width] = image.transpose(1, 2, 0)
    return canvas


def scatter(points: npt.NDArray[np.floating], size_px: int = 320, reach: float | None = None) -> Image.Image:
    """Points (N, 2) as dots on a square, the origin in the middle.

    Args:
        points: any scale.
        size_px: side of the picture.
        reach: coordinate at its edges; the farthest point's when None.
    """
    reach = reach or 1.1 * max(1e-6, float(np.abs(points[np.isfinite(points).all(1)]).max(initial=1.0)))
    canvas = Image.new("L", (size_px, size_px), 20)
    pen = ImageDraw.Draw(canvas)
    for x, y in (points / reach + 1) * size_px / 2:
        pen.ellipse((x - 2, size_px - y - 2, x + 2, size_px - y + 2), fill=230)
    return canvas


def to_picture(image: Uint8Array) -> Image.Image:
    """One uint8 image, (C, H, W) with C 1 or 3, or (H, W, 3), as a Pillow picture."""
    if image.shape[0] in (1, 3) and image.shape[-1] != 3:
        image = image.transpose(1, 2, 0)
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def png_bytes(picture: Image.Image) -> bytes:
    """The picture as a PNG file."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", compress_level=3)
    return buffer.getvalue()


def array_url(image: Uint8Array) -> str:
    """One uint8 image as `to_picture` takes it, as a PNG data URL."""
    return data_url(to_picture(image))


def enlarged_png(image: Uint8Array, width_px: int = 512) -> bytes:
    """One image as a PNG file, enlarged by a whole number without smoothing to at most `width_px`, if it is smaller."""
    picture = to_picture(image)
    factor = max(1, width_px // picture.width)
    return png_bytes(picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST))


def data_url(picture: Image.Image) -> str:
    """The picture as a PNG data URL: no request, so nothing that a fast refresh could answer with 404."""
    return file_data_url(png_bytes(picture))


def file_data_url(png: bytes) -> str:
    """The bytes of a PNG file as a data URL."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
