"""What a report is made of, whatever it is written as."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from gan_core.config.sentences import LANGUAGES, Catalogue
from gan_core.config.settings import APP_DIR

Translate = Callable[[str], str]


@cache
def translator(language: str) -> Translate:
    """The catalogue of a language of LANGUAGES, as the pages use it; English where a string has no translation.

    Raises:
        ValueError: another language.
    """
    if language not in LANGUAGES:
        raise ValueError(f"A report is written in one of: {', '.join(LANGUAGES)}; got '{language}'.")
    return Catalogue(APP_DIR / "locales", language).text


@dataclass(frozen=True)
class Person:
    """Whose report it is; empty fields are left out."""

    name: str = ""
    number: str = ""
    course: str = ""


NOBODY = Person()


@dataclass(frozen=True)
class Paragraph:
    """Words: the report's own, a question of the template, or the student's remark."""

    words: str
    kind: Literal["text", "question", "remark"] = "text"


@dataclass(frozen=True)
class CodeLines:
    """Lines that are shown as they are: a log, a command."""

    text: str
    caption: str = ""


@dataclass(frozen=True)
class Illustration:
    """A picture with its caption.

    Attributes:
        key: its name within the run: that of the observation kept beside it.
        caption: what it shows, with counts.
        content: the file.
        kind: png, jpeg or svg.
        width_px: widest that it is shown at.
        remark: the student's observation; may be empty.
    """

    key: str
    caption: str
    content: bytes
    kind: Literal["png", "jpeg", "svg"]
    width_px: int
    remark: str = ""


@dataclass(frozen=True)
class Tabular:
    """A table with its caption: a head and rows of text."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Part = Paragraph | CodeLines | Illustration | Tabular


@dataclass(frozen=True)
class Chapter:
    """A heading, and what stands below it.

    Attributes:
        title, parts: these.
        calls: of each part the call that makes it in a notebook; "" for words.
    """

    title: str
    parts: tuple[Part, ...]
    calls: tuple[str, ...]


@dataclass(frozen=True)
class ReportDocument:
    """A report.

    Attributes:
        title: its heading.
        language: one of LANGUAGES.
        person: whose it is.
        runs: ids of the runs.
        chapters: in order.
        missing: a sentence for each part that the template asks for and the runs do not give.
    """

    title: str
    language: str
    person: Person
    runs: tuple[str, ...]
    chapters: tuple[Chapter, ...]
    missing: tuple[str, ...]

    def facts(self) -> list[tuple[str, str]]:
        """Name, student number and course, those that are known, each with its heading."""
        _ = translator(self.language)
        person = self.person
        named = ((_("Author"), person.name), (_("Student number"), person.number), (_("Course"), person.course))
        return [(heading, words) for heading, words in named if words]

    def figures(self) -> list[Illustration]:
        """Every figure, in order."""
        return [part for chapter in self.chapters for part in chapter.parts if isinstance(part, Illustration)]

    def numbered(self) -> Iterator[tuple[Chapter, list[tuple[str, Part]]]]:
        """Each chapter with its parts, each part with its place: "Figure 3", "Table 1"; "" for the others."""
        _ = translator(self.language)
        counts = {Illustration: 0, Tabular: 0}
        names = {Illustration: _("Figure {n}"), Tabular: _("Table {n}")}
        for chapter in self.chapters:
            placed: list[tuple[str, Part]] = []
            for part in chapter.parts:
                kind = type(part)
                if kind in counts:
                    counts[kind] += 1
                placed.append((names[kind].format(n=counts[kind]) if kind in names else "", part))
            yield chapter, placed


def titled(place: str, caption: str) -> str:
    """A caption after its place: "Figure 3. Samples"; the caption alone where there is no place."""
    return f"{place}. {caption}" if place else caption
