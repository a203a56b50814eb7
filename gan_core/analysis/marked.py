"""The pictures of a run that somebody marked as best or worst, cut out of its sample grids. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from gan_core.analysis.comparing import tiles
from gan_core.figures.imaging import Uint8Array
from gan_core.figures.sheets import Line, contact_sheet
from gan_core.runs import Run, notes
from gan_core.runs.notes import Mark


def grid_tiles(run: Run, step: int) -> Uint8Array | None:
    """The pictures (N, 3, H, W) of a sample grid; None where it cannot be read, or shows points."""
    try:
        with Image.open(run.sample_path(step), formats=("PNG",)) as stored:
            pixels = np.asarray(stored.convert("RGB"))
    except (OSError, SyntaxError, ValueError):
        return None
    return tiles(pixels, run.config())


def marked(run: Run) -> list[tuple[Mark, Uint8Array]]:
    """Each mark of a run with its picture (3, H, W); a mark whose picture is gone is left out."""
    marks = notes.read(run).marks
    grids = {step: grid_tiles(run, step) for step in {mark.step for mark in marks}}
    found = []
    for mark in marks:
        grid = grids[mark.step]
        if grid is not None and mark.number < len(grid):
            found.append((mark, grid[mark.number]))
    return found


def sheet(found: Sequence[tuple[Mark, Uint8Array]], words: dict[str, str], title: str) -> Image.Image:
    """Marked pictures, at least one, with judgement, place and reason below each.

    Args:
        found: as `marked` gives them.
        words: for "best", "worst", and "place" with {number} (from 1) and {step}.
        title: of the sheet.
    """
    captions = [
        [
            Line(words[mark.judgement], mark.judgement == "best"),
            Line(words["place"].format(number=mark.number + 1, step=mark.step)),
            Line(mark.reason),
        ]
        for mark, _picture in found
    ]
    return contact_sheet(np.stack([picture for _mark, picture in found]), captions, [title], columns=4, side_px=200)
