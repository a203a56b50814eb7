"""Sentences of gan_core in another language: each template is known again by what it says, whatever stands in its fields."""

from __future__ import annotations

from itertools import cycle

import pytest

from gan_core.config.sentences import FEWEST_LETTERS, FIELD, LANGUAGES, LETTER, Catalogue, Sentences
from pages.components.text import LOCALES
from tools import messages

CORE = sorted({message for *_, message in messages.core_messages()})
EVERY_TEMPLATE = [message for message in CORE if FIELD.search(message)]
TEMPLATES = [m for m in EVERY_TEMPLATE if len(LETTER.findall(FIELD.sub("", m))) >= FEWEST_LETTERS]
VALUES = ("7", "blocks-cgan", "3.25", "R2 in small", "faces")


def filled(text: str, values: dict[str, str]) -> str:
    return FIELD.sub(lambda field: values[field[1]], text).replace("{{", "{").replace("}}", "}")


def test_every_sentence_of_the_program_is_known_again_with_its_fields():
    known = Sentences({message: f"<{message}>" for message in CORE})
    assert len(TEMPLATES) > 500
    for message in TEMPLATES:
        values = dict(zip(dict.fromkeys(field[1] for field in FIELD.finditer(message)), cycle(VALUES)))
        assert known.translate(filled(message, values).strip()) == f"<{filled(message, values)}>"


def test_a_template_too_short_to_be_known_again_is_translated_before_its_fields_are_filled():
    sources = "".join(path.read_text("utf-8") for path in (messages.ROOT / "gan_core").rglob("*.py"))
    short = set(EVERY_TEMPLATE) - set(TEMPLATES)
    assert [message for message in sorted(short) if f'_("{message}")' not in sources] == []


ENTRIES = {
    "Batch size": "批次大小",
    "It must be {least} or more; got {got}.": "必須至少為 {least};得到 {got}。",
    "'{name}' failed: {why}": "「{name}」失敗:{why}",
    "The disk is full.": "磁碟已滿。",
    "{n:,} images": "{n} 張影像",
    "In braces {{so}} with {x}": "{x} 在大括號 {{so}}",
    "not translated yet {x}": "",
    "Cut at the end, {x}. ": "切掉 {x}。 ",
    "A batch of {c.training.batch_size} holds no pack of {c.remedies.packing}.": "{c.remedies.packing} 張一組，一批只有 {c.training.batch_size} 張。",
}


@pytest.mark.parametrize(
    ("english", "expected"),
    [
        ("Batch size", "批次大小"),
        ("It must be 2 or more; got 1.", "必須至少為 2;得到 1。"),
        ("'blocks' failed: The disk is full.", "「blocks」失敗:磁碟已滿。"),
        ("The disk is full. It must be 2 or more; got x\ny.", "磁碟已滿。 必須至少為 2;得到 x\ny。"),
        ("Unheard of. The disk is full.", "Unheard of. 磁碟已滿。"),
        ("1,234 images", "1,234 張影像"),
        ("In braces {so} with it", "it 在大括號 {so}"),
        ("not translated yet 3", "not translated yet 3"),
        ("Words of somebody.", "Words of somebody."),
        ("Cut at the end, 7. The disk is full.", "切掉 7。 磁碟已滿。"),
        ("A batch of 10 holds no pack of 4.", "4 張一組，一批只有 10 張。"),
        ("", ""),
        (".*(?P<x>", ".*(?P<x>"),
    ],
)
def test_a_text_is_translated_as_far_as_it_is_known(english, expected):
    assert Sentences(ENTRIES).translate(english) == expected


def test_the_template_that_says_more_is_preferred():
    known = Sentences({"{x} images": "A {x}", "{x} images of {y}": "B {x} {y}", "Nothing of {x} images": "C {x}"})
    assert known.translate("5 images of faces") == "B 5 faces"
    assert known.translate("Nothing of 5 images") == "C 5"


def test_an_empty_string_stays_empty_in_every_language():
    """In gettext the empty message is the catalogue's header."""
    for language in LANGUAGES:
        assert Catalogue(LOCALES, language).text("") == ""
