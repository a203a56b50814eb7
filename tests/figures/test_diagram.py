"""A network's diagram: every block stands in it with its shape and parameters, within the drawing, as SVG and as a picture."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np

from gan_core.figures import diagram
from gan_core.figures.diagram import NetworkBlock

BLOCKS = [
    NetworkBlock("input", (), (100,)),
    *(NetworkBlock("Conv2d", ("kernel 4, stride 2", "ReLU <1>"), (n, 8, 8), n) for n in range(1, 9)),
]
SVG = "{http://www.w3.org/2000/svg}"


def test_the_svg_has_a_box_and_the_words_of_every_block() -> None:
    root = ElementTree.fromstring(diagram.svg("G & D", BLOCKS))
    boxes = [box for box in root.findall(f"{SVG}rect") if box.get("rx")]
    words = [text.text for text in root.findall(f"{SVG}text")]
    assert len(boxes) == 9
    assert words[0] == "G & D" and words.count("ReLU <1>") == 8
    assert [f"{n} x 8 x 8" in words for n in range(1, 9)] == [True] * 8 and "8 parameters" in words
    width, height = map(float, root.get("viewBox", "").split()[2:])
    for box in boxes:
        assert float(box.get("x")) + float(box.get("width")) <= width
        assert float(box.get("y")) + float(box.get("height")) <= height


def test_no_two_boxes_overlap_and_the_picture_is_the_same_drawing() -> None:
    root = ElementTree.fromstring(diagram.svg("G", BLOCKS))
    corners = {(float(box.get("x")), float(box.get("y"))) for box in root.findall(f"{SVG}rect") if box.get("rx")}
    assert len(corners) == 9
    pixels = np.asarray(diagram.drawn("G", BLOCKS, scale=1))
    for x, y in corners:
        inside = pixels[int(y) + 6, int(x) + 6]
        assert tuple(inside) in {(0xE3, 0xF3, 0xF1), (0xEC, 0xEE, 0xF0)}
    assert tuple(pixels[-1, -1]) == (255, 255, 255)


def test_an_arrow_leads_into_every_block_and_into_no_input() -> None:
    two_inputs = [BLOCKS[0], NetworkBlock("input", (), (10,)), *BLOCKS[1:]]
    root = ElementTree.fromstring(diagram.svg("D", two_inputs))
    assert len(root.findall(f"{SVG}path")) == 3 * 8  # a line and two strokes of its tip
