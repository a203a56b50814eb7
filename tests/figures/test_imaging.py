"""Pictures: preprocessing as torchvision does it, strangers' files, grids."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize

from gan_core.figures import imaging


def noise(width: int, height: int, mode: str = "RGB", seed: int = 0) -> Image.Image:
    channels = {"L": (), "RGB": (3,)}[mode]
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, *channels), np.uint8))


@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from([8, 16, 32, 33, 64]), st.sampled_from(["L", "RGB"]))
@settings(max_examples=200)
def test_resize_and_crop_equals_torchvisions_to_the_last_bit(width, height, size, mode):
    picture = noise(width, height, mode)
    theirs = Compose([Resize(size, InterpolationMode.BILINEAR), CenterCrop(size)])(picture)
    np.testing.assert_array_equal(np.asarray(imaging.resize_and_crop(picture, size)), np.asarray(theirs))


@pytest.mark.parametrize("size", [(178, 218), (64, 64), (65, 64), (64, 65), (1000, 63), (63, 1000), (641, 427)])
def test_resize_and_crop_equals_torchvisions_at_the_sizes_of_real_data_sets(size):
    theirs = Compose([Resize(64), CenterCrop(64)])(noise(*size))
    np.testing.assert_array_equal(np.asarray(imaging.resize_and_crop(noise(*size), 64)), np.asarray(theirs))


def test_a_picture_that_would_grow_beyond_measure_is_refused():
    with pytest.raises(ValueError, match="too long and thin"):
        imaging.resize_and_crop(Image.new("L", (1, 1_000_000)), 64)
    with pytest.raises(ValueError, match="too long and thin"):
        imaging.resize_and_crop(Image.new("L", (1_000_000, 1)), 64)


def encoded(kind: str) -> bytes:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description"
    picture = noise(16, 12)
    options = {} if kind in ("GIF", "BMP") else {"exif": exif}
    (picture.convert("P") if kind == "GIF" else picture).save(buffer, format=kind, **options)
    return buffer.getvalue()


@given(st.sampled_from(imaging.FORMATS), st.data())
@settings(max_examples=400)
def test_a_damaged_picture_is_read_or_refused_with_a_value_error(kind, data):
    content = bytearray(encoded(kind))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content
    try:
        picture = imaging.open_picture(io.BytesIO(content), channels=3)
    except ValueError:
        return
    assert picture.mode == "RGB" and picture.width * picture.height <= imaging.MAX_PIXELS


def opened(picture: Image.Image, channels: int, kind: str = "PNG", **options: object) -> np.ndarray:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return np.asarray(imaging.open_picture(buffer, channels)).astype(int)


@pytest.mark.parametrize("dtype", [">u2", "<u2"])
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_become_eight_by_dividing_by_257(dtype, channels):
    values = np.array([[0, 128, 129, 257, 4095], [25_700, 32_768, 65_406, 65_407, 65_535]], dtype)
    expected = [[0, 0, 1, 1, 16], [100, 128, 254, 255, 255]]
    found = opened(Image.fromarray(values), channels)
    assert (found if channels == 1 else found[..., 2]).tolist() == expected


def test_a_picture_of_sixteen_bits_is_turned_upright_too():
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    assert opened(Image.fromarray(np.array([[0], [65_535]], np.uint16)), 1, exif=exif).tolist() == [[255], [0]]


def test_the_transparent_value_of_a_grey_picture_of_sixteen_bits_lies_on_white():
    values = np.array([[50_000, 49_999, 0]], np.uint16)
    assert opened(Image.fromarray(values), 1, transparency=50_000).tolist() == [[255, 195, 0]]


def half_transparent(mode: str) -> tuple[Image.Image, dict[str, object]]:
    """Black on the left, and on the right transparent."""
    if mode in ("RGBA", "LA"):
        picture = Image.new(mode, (4, 2), 0)
        picture.paste((0,) * (len(mode) - 1) + (255,), (0, 0, 2, 2))
        return picture, {}
    picture = Image.new(mode, (4, 2), 0)
    picture.paste({"P": 1, "L": 9, "RGB": (9, 9, 9)}[mode], (2, 0, 4, 2))
    if mode == "P":
        picture.putpalette([0, 0, 0, 50, 60, 70])
    return picture, {"transparency": {"P": 1, "L": 9, "RGB": (9, 9, 9)}[mode]}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("mode", "kind"),
    [("RGBA", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("L", "PNG"), ("RGB", "PNG"), ("P", "GIF"), ("RGBA", "WEBP")],
)
def test_what_is_transparent_lies_on_white(mode, kind, channels):
    picture, options = half_transparent(mode)
    found = opened(picture, channels, kind, **options | ({"lossless": True} if kind == "WEBP" else {}))
    assert found[:, :2].max() == 0 and found[:, 2:].min() == 255


def test_half_of_the_light_shows_half_of_the_ground_and_an_opaque_picture_is_unchanged():
    assert opened(Image.new("RGBA", (1, 1), (0, 100, 255, 128)), 3)[0, 0].tolist() == [127, 177, 255]
    opaque = noise(9, 7)
    rgba = opaque.copy()
    rgba.putalpha(255)
    for channels in (1, 3):
        np.testing.assert_array_equal(opened(rgba, channels), opened(opaque, channels))


@given(st.binary(max_size=400))
def test_anything_else_is_refused_with_a_value_error(content):
    with pytest.raises(ValueError, match="not a readable picture"):
        imaging.open_picture(io.BytesIO(content), channels=1)


def test_a_grid_has_every_image_in_its_place():
    images = np.arange(1, 6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 4, 6), np.uint8)
    made = imaging.grid(images, columns=3, gap_px=2, background=128)
    assert made.shape == (2 + 2 * 6, 2 + 3 * 8, 3)
    for index in range(5):
        row, column = divmod(index, 3)
        assert (made[2 + 6 * row : 6 + 6 * row, 2 + 8 * column : 8 + 8 * column] == index + 1).all()
    assert (made[8:12, 18:24] == 128).all()  # the sixth place is empty
    assert (made[:2] == 128).all() and (made[:, -2:] == 128).all()


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (4, 2), (5, 3), (64, 8), (20, 5)])
def test_a_grid_is_nearly_square_when_nothing_else_is_asked(count, columns):
    made = imaging.grid(np.zeros((count, 3, 4, 4), np.uint8))
    assert made.shape[1] == 2 + 6 * columns


def test_a_png_holds_the_pixels_exactly():
    images = np.random.default_rng(0).integers(0, 256, (6, 3, 8, 8), np.uint8)
    grid = imaging.grid(images)
    again = Image.open(io.BytesIO(imaging.png_bytes(imaging.to_picture(grid))))
    np.testing.assert_array_equal(np.asarray(again), grid)
    url = imaging.data_url(imaging.to_picture(grid))
    assert base64.b64decode(url.removeprefix("data:image/png;base64,")) == imaging.png_bytes(imaging.to_picture(grid))


@pytest.mark.parametrize(
    ("shape", "mode", "size"),
    [((1, 8, 9), "L", (9, 8)), ((3, 8, 9), "RGB", (9, 8)), ((8, 9, 3), "RGB", (9, 8)), ((3, 9, 3), "RGB", (9, 3))],
)
def test_one_image_becomes_a_picture(shape, mode, size):
    picture = imaging.to_picture(np.zeros(shape, np.uint8))
    assert (picture.mode, picture.size) == (mode, size)
