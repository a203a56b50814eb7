"""Templates of reports, a TOML file each: title, sections, questions, and the parts that stand in each section. Never answers.

title = "..."             heading of the report
needs = "objects"         images, objects, classes or diffusion: what a run must have; left out, any run will do
samples = 32              pictures of a sample grid
hand_in = "nycu-lab6"     what the course wants beside the report: a key of `hand_in.HAND_INS`; left out, nothing

[[sections]]
title = "..."
questions = ["...", ...]  for the student to answer
parts = ["losses", ...]   keys of `building.PARTS`
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan_core.config import read_bounded

FOLDER = Path(__file__).parent
DEFAULT = "plain"
NEEDS = ("", "images", "objects", "classes", "diffusion")
MAX_SAMPLES = 256


@dataclass(frozen=True)
class TemplateSection:
    """A section: its heading, what the student is asked, and the keys of its parts."""

    title: str
    questions: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportTemplate:
    """A template.

    Attributes:
        name: that of its file.
        title, sections: of the report.
        needs: what a run must have: one of NEEDS.
        samples: pictures of a sample grid.
        hand_in: what the course wants beside the report; "" for nothing.
    """

    name: str
    title: str
    sections: tuple[TemplateSection, ...]
    needs: str = ""
    samples: int = 32
    hand_in: str = ""


def names() -> list[str]:
    """The templates that come with the program; the plain one first."""
    found = sorted(path.stem for path in FOLDER.glob("*.toml"))
    return sorted(found, key=lambda name: name != DEFAULT)


def find(name: str) -> ReportTemplate:
    """A template of the program by its name, or another by the path of its file.

    Raises:
        ValueError: no such template, or a file that is none.
    """
    own = name.endswith(".toml")
    if not own and name not in names():
        raise ValueError(f"Unknown template '{name:.80}'. Choose one of: {', '.join(names())}; or name a .toml file.")
    path = Path(name) if own else FOLDER / f"{name}.toml"
    try:
        return _parsed(path.stem, tomllib.loads(read_bounded(path).decode()))
    except OSError as error:
        raise ValueError(f"The template {path} cannot be read ({error.strerror or error}).") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"The template {path.name} is none: {str(error).rstrip('.')}. It wants a title and sections, each with a title, "
            "and maybe questions and parts."
        ) from error


def _parsed(name: str, data: dict[str, Any]) -> ReportTemplate:
    sections = tuple(
        TemplateSection(
            _text(entry["title"]),
            tuple(map(_text, entry.get("questions", ()))),
            tuple(map(_text, entry.get("parts", ()))),
        )
        for entry in data["sections"]
    )
    needs, samples = data.get("needs", ""), data.get("samples", 32)
    if needs not in NEEDS:
        raise ValueError(f"needs must be one of {', '.join(NEEDS[1:])}; got {needs!r:.40}")
    if type(samples) is not int or not 1 <= samples <= MAX_SAMPLES:
        raise ValueError(f"samples must lie between 1 and {MAX_SAMPLES}; got {samples!r:.40}")
    return ReportTemplate(name, _text(data["title"]), sections, needs, samples, _text(data.get("hand_in", "")))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value
