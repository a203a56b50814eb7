"""The catalogue of strings: what is collected, what a merge keeps, and what a check finds."""

from __future__ import annotations

import ast
import gettext
import io
import re
import subprocess
import sys

from babel.messages.pofile import read_po

from gan_core.config.settings import PROJECT_DIR
from tools import messages

SOURCE = '''
"""Docstring of the module, not collected."""
class Options(Section):
    """Docstring of a class, not collected."""
    rate: float
    """How fast it learns."""
def f(config, names):
    """Docstring of a function, not collected."""
    key = "loss/g"
    if config.x:
        raise ValueError(f"The rate of {config.name!r} must be {config.low:g} to {config.high:g}; got {names[0]} and {names[1]}.")
    return "Two words", f"{key}: {len(names):,}", "--option", "python -m gan_core train"
'''


def test_sentences_are_collected_and_code_is_not():
    found = [message for _line, message in messages.said(ast.parse(SOURCE))]
    assert sorted(found) == [
        "How fast it learns.",
        "The rate of {name} must be {low} to {high}; got {names} and {names2}.",
        "Two words",
    ]


def test_pages_and_core_are_both_collected():
    catalog = messages.collected()
    assert catalog.get("Home") is not None and catalog.get("Losses of generator and discriminator") is not None
    assert any(isinstance(message.id, tuple) for message in catalog)


def test_a_merge_keeps_what_is_translated_and_a_check_names_what_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(messages, "LOCALES", tmp_path)
    path = tmp_path / "zh_TW" / "LC_MESSAGES" / "ganvas.po"
    monkeypatch.setattr(sys, "argv", ["messages", "zh_TW"])
    messages.main()
    first = path.read_bytes()
    changed = first.replace(b'msgid "Home"\nmsgstr ""', 'msgid "Home"\nmsgstr "首頁"'.encode())
    path.write_bytes(changed + b'\nmsgid "gone from the program"\nmsgstr "x"\n')
    monkeypatch.setattr(sys, "argv", ["messages"])
    messages.main()
    assert path.read_bytes() == changed
    with path.with_suffix(".mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Home") == "首頁"
    wrong = list(messages.faults(path, read_po(io.BytesIO(changed), locale="zh_TW")))
    assert "zh_TW: 'Home' is not translated" not in wrong and "zh_TW: 'Data' is not translated" in wrong
    bad = changed.replace(b'msgid "Data"\nmsgstr ""', b'msgid "Data"\nmsgstr "{nonsense}"')
    assert "zh_TW: 'Data' has no field nonsense" in messages.faults(path, read_po(io.BytesIO(bad), locale="zh_TW"))


def avoided() -> list[str]:
    """The words of the glossary's column "avoid", as they may not be written; explanations in brackets left out."""
    rows = (PROJECT_DIR / "docs" / "glossary-zh-TW.md").read_text("utf-8").splitlines()
    cells = [row.strip("| ").split(" | ") for row in rows if row.startswith("| ")]
    words = [re.sub(r"\(.*?\)", "", cell[3]).split(",") for cell in cells if len(cell) == 4]
    return [word.strip() for row in words for word in row if re.search(r"[\u4e00-\u9fff]", word)]


def chinese() -> list[str]:
    """Every translation of the Chinese catalogue."""
    with (PROJECT_DIR / "locales" / "zh_TW" / "LC_MESSAGES" / "ganvas.po").open("rb") as file:
        catalogue = read_po(file, locale="zh_TW")
    return [str(message.string) for message in catalogue if message.id]


def test_no_chinese_quotation_stands_within_marks_of_its_own_kind():
    assert [text for text in chinese() if re.search(r"「[^」]*「|」」", text)] == []


def test_no_word_that_taiwan_does_not_use_is_in_the_chinese_catalogue():
    said = chinese()
    assert len(avoided()) > 30 and len(said) > 3000
    assert [(word, text[:60]) for text in said for word in avoided() if word in text] == []
    simplified = "们这个为对时后动发进开关还学训练网络图样应"  # written otherwise in Taiwan
    assert [(letter, text[:60]) for text in said for letter in simplified if letter in text] == []


def test_the_catalogues_of_the_program_are_whole_and_up_to_date():
    done = subprocess.run(
        [sys.executable, "tools/messages.py", "--check"], cwd=PROJECT_DIR, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
