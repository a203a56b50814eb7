"""A report as a Jupyter notebook that runs again: every part is a cell that makes it anew from the run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from gan_core import runs
from gan_core.config import settings
from gan_core.hub.card import escaped
from gan_core.report import html, markdown, side_by_side
from gan_core.report.building import PARTS
from gan_core.report.document import Chapter, Part, ReportDocument, translator
from gan_core.report.source import Reported
from gan_core.report.templates import ReportTemplate
from gan_core.runs import Run

_OPEN = """\
# Needs Ganvas. The runs are found in the folder GANVAS_RUNS_DIR, or by the paths of their folders: name them here.
from gan_core.report import notebook

RUNS = {runs}
runs = [notebook.opened(name, language={language!r}, samples={samples}) for name in RUNS]"""
_MORE = """\
import gan_core

model = gan_core.load(runs[0].run.path)
images = model.sample(16, seed=1)  # uint8 (16, channels, height, width); try another seed
images.shape"""


class OpenedRun:
    """A run in a notebook: `run.show("losses")` makes a part of the report anew."""

    def __init__(self, reported: Reported) -> None:
        self.reported, self.run = reported, reported.run

    def show(self, part: str) -> Shown:
        """A part of `building.PARTS`. Raises ValueError if there is none of that name, or the run has no such thing."""
        return Shown(PARTS.find(part).make(self.reported))


class Shown:
    """Parts of a report, as Jupyter shows them."""

    def __init__(self, parts: list[Part]) -> None:
        self.parts = parts

    def _repr_html_(self) -> str:
        return html.fragment(self.parts)


def opened(name: str, language: str = "en", samples: int = 32) -> OpenedRun:
    """A run by its id, its name or the path of its folder. Raises ValueError if there is none."""
    path = Path(name)
    run = Run(path) if path.is_dir() else runs.find(settings.runs_dir(), name)
    return OpenedRun(Reported(run, translator(language), samples))


def together(read: Sequence[OpenedRun]) -> Shown:
    """What stands side by side in a report of several runs."""
    return Shown(side_by_side.compare([one.reported for one in read]))


def content(document: ReportDocument, template: ReportTemplate) -> str:
    """The notebook's file, format 4.5, with the output of every cell as it is now.

    Args:
        document: the report.
        template: that it was built by.
    """
    _ = translator(document.language)
    cells = _Cells()
    facts = "\n".join(f"- {escaped(name)}: {escaped(words)}" for name, words in document.facts())
    cells.words("\n\n".join(filter(None, (f"# {escaped(document.title)}", facts))))
    cells.code(_OPEN.format(runs=list(document.runs), language=document.language, samples=template.samples))
    for chapter in document.chapters:
        cells.words(f"## {escaped(chapter.title)}")
        for call, parts in _calls(chapter):
            if call:
                cells.code(call, html.fragment(parts))
            else:
                cells.words("\n\n".join(markdown.block(part, "") for part in parts))
    if document.missing:
        listed = "\n".join(f"- {escaped(sentence)}" for sentence in document.missing)
        cells.words(f"## {_('Missing from this report')}\n\n{listed}")
    cells.words(f"## {_('Continue from here')}")
    cells.code(_MORE)
    return json.dumps(cells.file(), ensure_ascii=False, indent=1) + "\n"


def _calls(chapter: Chapter) -> Iterator[tuple[str, list[Part]]]:
    """The parts of a chapter, those of one call together."""
    for call, pairs in groupby(zip(chapter.calls, chapter.parts, strict=True), key=lambda pair: pair[0]):
        yield call, [part for _call, part in pairs]


class _Cells:
    """The cells of a notebook, in the order in which they are added."""

    def __init__(self) -> None:
        self._cells: list[dict[str, Any]] = []

    def words(self, text: str) -> None:
        """Adds a cell of Markdown."""
        self._add("markdown", text)

    def code(self, text: str, output: str = "") -> None:
        """Adds a cell of Python, with the HTML that it gave."""
        shown = {"data": {"text/html": output.splitlines(keepends=True)}, "execution_count": None, "metadata": {}}
        outputs = [shown | {"output_type": "execute_result"}] if output else []
        self._add("code", text, execution_count=None, outputs=outputs)

    def _add(self, kind: str, text: str, **more: Any) -> None:
        source = text.splitlines(keepends=True)
        number = f"cell-{len(self._cells)}"
        self._cells.append({"cell_type": kind, "id": number, "metadata": {}, "source": source, **more})

    def file(self) -> dict[str, Any]:
        """The notebook's JSON object."""
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        return {"cells": self._cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
