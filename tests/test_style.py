"""The strings of pages and gan_core hold to docs/style.md: none contains a phrase of the column "out"."""

from __future__ import annotations

import re
from pathlib import Path

from gan_core.config.sentences import FIELD
from tools.messages import core_messages, page_messages

STYLE = Path(__file__).parent.parent / "docs" / "style.md"


ROWS = [line.split("|")[1] for line in STYLE.read_text("utf-8").splitlines() if line.startswith("|")]
OUT = re.compile("|".join(rf"\b{re.escape(p.strip())}\b" for row in ROWS[2:] for p in row.split(",")), re.IGNORECASE)


def found(text: str) -> list[str]:
    """The phrases that are out and occur in a text, its fields left aside."""
    return OUT.findall(FIELD.sub("", text))


def test_phrases_that_are_out_are_recognised_and_names_of_fields_are_not():
    assert found("What D is paid for in an epoch") == ["paid for", "an epoch"]
    assert found("The difference is {verdict}.") == []


def test_no_string_of_pages_and_gan_core_contains_a_phrase_that_is_out():
    said = [*core_messages(), *((file, line, "".join(text)) for file, line, text in page_messages())]
    wrong = [f"{file}:{line}: {found(text)} in {text[:80]!r}" for file, line, text in said if found(text)]
    assert not wrong, "\n".join(wrong)
