"""A report as one HTML file: no script, nothing from elsewhere, and a style for paper. PDF by WeasyPrint, where it is installed."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from importlib.util import find_spec
from typing import Any

from gan_core.config.registry import load
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

_MIME = {"png": "image/png", "jpeg": "image/jpeg", "svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'"  # nothing is fetched, whatever stands in the page
)
_SCRIPTS = "; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:"
_STYLE = """
body { font: 11pt/1.5 "Noto Sans", "Noto Sans CJK TC", "Microsoft JhengHei", "PingFang TC", sans-serif; color: #1c1e22;
  background: #fff; max-width: 760px; margin: 0 auto; padding: 24px 16px; }
h1 { font-size: 1.7em; line-height: 1.25; } h2 { font-size: 1.3em; margin-top: 1.8em; border-bottom: 1px solid #d8dce0; }
figure { margin: 1.2em 0; } img { max-width: 100%; height: auto; display: block; } img.pixels { image-rendering: pixelated; }
figcaption, caption, .caption { font-size: .88em; color: #5c636b; text-align: left; margin: .3em 0; }
table { border-collapse: collapse; font-size: .82em; margin: 1em 0; width: 100%; }
caption { caption-side: top; } th, td { text-align: left; vertical-align: top; border-bottom: 1px solid #e3e6e9;
  padding: 2px 8px 2px 0; overflow-wrap: break-word; }
pre { font-size: .78em; background: #f4f6f7; padding: 8px; white-space: pre-wrap; overflow-wrap: anywhere; }
.question { border-left: 4px solid #e0701f; padding: 4px 10px 3.5em; margin: 1em 0; }
.remark { border-left: 4px solid #14958b; padding: 4px 10px; white-space: pre-wrap; }
.missing { font-size: .9em; }
@page { size: A4; margin: 18mm 16mm; }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } h2, h3, caption { break-after: avoid; }
  figure, tr, pre { break-inside: avoid; } thead { display: table-header-group; } }
"""


def page(document: ReportDocument, top: str = "", end: str = "") -> str:
    """The report as an HTML document.

    Args:
        document: the report.
        top, end: HTML of the program's own, to stand below the heading and at the end.
    """
    _ = translator(document.language)
    facts = "".join(f"<tr><th>{escape(name)}</th><td>{escape(words)}</td></tr>" for name, words in document.facts())
    body = [f"<h1>{escape(document.title)}</h1>", f"<table>{facts}</table>" if facts else ""]
    body.append(top)
    for chapter, parts in document.numbered():
        body.append(f"<h2>{escape(chapter.title)}</h2>")
        body += [_part(part, place) for place, part in parts]
    if document.missing:
        listed = "".join(f"<li>{escape(sentence)}</li>" for sentence in document.missing)
        body.append(f'<h2>{escape(_("Missing from this report"))}</h2><ul class="missing">{listed}</ul>')
    body.append(end)
    policy = _POLICY + (_SCRIPTS if end else "")
    return (
        f'<!doctype html>\n<html lang="{document.language.replace("_", "-")}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(document.title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n" + "\n".join(filter(None, body)) + "\n</body>\n</html>\n"
    )


def fragment(parts: Sequence[Part]) -> str:
    """Some parts as HTML for a place in another page, without numbers."""
    return "\n".join(_part(part, "") for part in parts)


def pdf(document: ReportDocument) -> bytes:
    """The report as a PDF.

    Raises:
        ValueError: WeasyPrint is not installed, or lacks a library of the system.
    """
    content: bytes = weasyprint()(string=page(document)).write_pdf(pdf_identifier=b"ganvas")
    return content


def weasyprint() -> Any:
    """WeasyPrint's HTML class. Raises ValueError as `pdf`."""
    way_out = "Install it with: pip install weasyprint; or write HTML and print it from the browser."
    if find_spec("weasyprint") is None:
        raise ValueError(f"A PDF needs WeasyPrint, which is not installed. {way_out}")
    try:
        return load("weasyprint:HTML")
    except OSError as error:  # Pango is not there
        raise ValueError(f"WeasyPrint cannot start ({error}). {way_out}") from error


def _part(part: Part, place: str) -> str:
    match part:
        case Paragraph(words, "remark"):
            return f'<p class="remark">{escape(words)}</p>'
        case Paragraph(words, kind):
            return f'<p class="{kind}">{escape(words)}</p>'
        case CodeLines(text, caption):
            above = f'<p class="caption">{escape(caption)}</p>' if caption else ""
            return f"{above}<pre>{escape(text)}</pre>"
        case Tabular():
            return _table(part, place)
        case Illustration():
            return _figure(part, place)


def _table(part: Tabular, place: str) -> str:
    head = "".join(f"<th>{escape(words)}</th>" for words in part.head)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(words)}</td>' for words in row)}</tr>" for row in part.rows)
    caption = f"<caption>{escape(titled(place, part.caption))}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _figure(part: Illustration, place: str) -> str:
    url = f"data:{_MIME[part.kind]};base64,{base64.b64encode(part.content).decode('ascii')}"
    pixels = "" if part.kind == "svg" else ' class="pixels"'
    caption = escape(titled(place, part.caption))
    remark = f'<p class="remark">{escape(part.remark)}</p>' if part.remark else ""
    image = f'<img src="{url}" alt="{caption}" width="{part.width_px}"{pixels}>'
    return f"<figure>{image}<figcaption>{caption}</figcaption>{remark}</figure>"
