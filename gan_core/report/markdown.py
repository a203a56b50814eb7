"""A report as Markdown: the text, and its figures as files beside it."""

from __future__ import annotations

from collections.abc import Mapping

from gan_core.hub.card import escaped
from gan_core.report.document import (
    CodeLines,
    Illustration,
    Paragraph,
    Part,
    ReportDocument,
    Tabular,
    titled,
    translator,
)


def files(document: ReportDocument) -> dict[str, bytes]:
    """Every file of the report: report.md, and `figures/01-losses.svg` ..., by their names."""
    names = figure_names(document)
    found = {"report.md": text(document, names).encode()}
    for figure, name in zip(document.figures(), names.values(), strict=True):
        found[name] = figure.content
    return found


def figure_names(document: ReportDocument) -> dict[int, str]:
    """Number of a figure, from 1 -> the name of its file."""
    suffixes = {"jpeg": "jpg"}
    return {
        number: f"figures/{number:02d}-{figure.key}.{suffixes.get(figure.kind, figure.kind)}"
        for number, figure in enumerate(document.figures(), start=1)
    }


def text(document: ReportDocument, names: Mapping[int, str]) -> str:
    """The report's text, its figures by these names."""
    _ = translator(document.language)
    blocks = [f"# {escaped(document.title)}"]
    if facts := document.facts():
        blocks.append("\n".join(f"- {escaped(name)}: {escaped(words)}" for name, words in facts))
    number = 0
    for chapter, parts in document.numbered():
        blocks.append(f"## {escaped(chapter.title)}")
        for place, part in parts:
            number += isinstance(part, Illustration)
            blocks.append(block(part, place, names.get(number, "")))
    if document.missing:
        blocks.append(f"## {_('Missing from this report')}")
        blocks.append("\n".join(f"- {escaped(sentence)}" for sentence in document.missing))
    return "\n\n".join(blocks) + "\n"


def block(part: Part, place: str, picture: str = "") -> str:
    """One part; `picture` is the address of a figure."""
    match part:
        case Paragraph(words, "text"):
            return escaped(words)
        case Paragraph(words, kind):
            lines = words.splitlines() if kind == "remark" else [words]
            return "\n>\n".join(f"> {escaped(line)}" for line in lines if line.strip())
        case CodeLines(lines, caption):
            above = f"{escaped(caption)}\n\n" if caption else ""
            return above + "\n".join(f"    {line}" for line in lines.splitlines())
        case Tabular():
            rows = [part.head, ("---",) * len(part.head), *part.rows]
            table = "\n".join(f"| {' | '.join(c if c == '---' else escaped(c) for c in row)} |" for row in rows)
            return f"{escaped(titled(place, part.caption))}\n\n{table}"
        case Illustration():
            caption = escaped(titled(place, part.caption))
            remark = f"\n\n{block(Paragraph(part.remark, 'remark'), '')}" if part.remark else ""
            return f"![{caption}]({picture})\n\n{caption}{remark}"
