"""A network as a diagram: a box a block, row by row in the order in which they run, as SVG and as a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from PIL import Image, ImageDraw, ImageFont

from gan_core.figures.sheets import fitting, legible

IN_A_ROW = 6
BOX_PX, GAP_PX, LINE_PX, PAD_PX, HEAD_PX = 164, 22, 18, 8, 34
FONT_PX = 13
INK, FAINT, EDGE, PAPER, FILL, INPUT = "#1c1e22", "#5c636b", "#14958b", "#ffffff", "#e3f3f1", "#eceef0"


@dataclass(frozen=True)
class NetworkBlock:
    """A layer with weights, and what follows it until the next.

    Attributes:
        title: of the first layer.
        lines: the settings of that layer and the layers after it.
        shape: of what comes out, without the batch; of an input, of what goes in.
        num_parameters: of all of them; 0 for an input.
    """

    title: str
    lines: tuple[str, ...]
    shape: tuple[int, ...]
    num_parameters: int = 0


@dataclass(frozen=True)
class _Shape:
    """A box, a line (both with corners x, y, x, y) or words (at x, y, their top left)."""

    kind: str
    place: tuple[float, ...]
    color: str
    words: str = ""


def svg(title: str, blocks: Sequence[NetworkBlock], translate: Callable[[str], str] = str) -> str:
    """The diagram as an SVG document, in the reader's language; as wide as its place, and no wider than it is drawn."""
    width, height = _size(blocks)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" style="max-width:{width}px" '
        f'font-family="sans-serif" font-size="{FONT_PX}"><rect width="{width}" height="{height}" fill="{PAPER}"/>'
    ]
    for shape in _shapes(title, blocks, translate):
        x, y, *corner = shape.place
        match shape.kind:
            case "box":
                size = f'width="{corner[0] - x}" height="{corner[1] - y}"'
                parts.append(f'<rect x="{x}" y="{y}" {size} rx="4" fill="{shape.color}" stroke="{EDGE}"/>')
            case "line":
                parts.append(f'<path d="M{x} {y}L{corner[0]} {corner[1]}" stroke="{shape.color}" stroke-width="1.5"/>')
            case _:
                parts.append(f'<text x="{x}" y="{y + FONT_PX}" fill="{shape.color}">{escape(shape.words)}</text>')
    return "\n".join([*parts, "</svg>"])


def drawn(
    title: str, blocks: Sequence[NetworkBlock], translate: Callable[[str], str] = str, scale: int = 2
) -> Image.Image:
    """The diagram as a picture, in the reader's language, `scale` pixels for one of the SVG."""
    width, height = _size(blocks)
    canvas = Image.new("RGB", (scale * width, scale * height), PAPER)
    pen = ImageDraw.Draw(canvas)
    for shape in _shapes(title, blocks, translate):
        place = [scale * number for number in shape.place]
        match shape.kind:
            case "box":
                pen.rounded_rectangle(place, 4 * scale, shape.color, EDGE, scale)
            case "line":
                pen.line(place, shape.color, round(1.5 * scale))
            case _:
                words, font = legible(shape.words, FONT_PX * scale)
                pen.text((place[0], place[1]), words, shape.color, font)
    return canvas


def width_px() -> int:
    """The width of every diagram."""
    return GAP_PX + IN_A_ROW * (BOX_PX + GAP_PX)


def _size(blocks: Sequence[NetworkBlock]) -> tuple[int, int]:
    rows = -(-len(blocks) // IN_A_ROW)
    return width_px(), HEAD_PX + rows * (_box_height(blocks) + GAP_PX)


def _box_height(blocks: Sequence[NetworkBlock]) -> int:
    return 2 * PAD_PX + LINE_PX * (3 + max(len(block.lines) for block in blocks))


def _shapes(title: str, blocks: Sequence[NetworkBlock], translate: Callable[[str], str]) -> Iterator[_Shape]:
    """Everything in the diagram, what is behind first."""
    _ = translate
    font, height = ImageFont.load_default(FONT_PX), _box_height(blocks)
    yield _Shape("words", (GAP_PX, PAD_PX), INK, title)
    for number, block in enumerate(blocks):
        row, column = divmod(number, IN_A_ROW)
        left, top = GAP_PX + column * (BOX_PX + GAP_PX), HEAD_PX + row * (height + GAP_PX)
        if number and block.num_parameters:  # an arrow from the box before; after the end of a row, from the left edge
            tip, middle = left - 2, top + height // 2
            yield _Shape("line", (left - GAP_PX + (2 if column else GAP_PX // 2), middle, tip, middle), FAINT)
            yield _Shape("line", (tip - 5, middle - 4, tip, middle), FAINT)
            yield _Shape("line", (tip - 5, middle + 4, tip, middle), FAINT)
        yield _Shape("box", (left, top, left + BOX_PX, top + height), FILL if block.num_parameters else INPUT)
        told = [
            (block.title if block.num_parameters else _(block.title), INK),
            *((line, FAINT) for line in block.lines),
            (" x ".join(map(str, block.shape)), INK),
        ]
        if block.num_parameters:
            told.append((_("{n:,} parameters").format(n=block.num_parameters), FAINT))
        for place, (words, color) in enumerate(told):
            words = fitting(words, BOX_PX - 2 * PAD_PX, font)
            yield _Shape("words", (left + PAD_PX, top + PAD_PX + place * LINE_PX), color, words)
