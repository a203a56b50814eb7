"""Words: every one that a page shows can be translated, a catalogue replaces them, and typed text stays text."""

from __future__ import annotations

import ast
import os
import re
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from gan_core.config import run_config
from gan_core.evaluation.statistics.intervals import Count
from gan_core.latents.attribute_directions import AttributeDirection
from gan_core.presets import PRESETS
from pages.components import text
from pages.components.shared import config_form
from pages.components.shared.preset_choice import description_of
from pages.components.text import STATES, as_text, duration
from tests.pages.conftest import ROOT, plain

SOURCES = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]
# Arguments that nobody reads: keys, icons, kinds, formats.
NOT_WORDS = {
    "key", "icon", "type", "width", "height", "gap", "vertical_alignment", "language", "persist_state", "bind", "mime",
    "file_name", "on_click", "on_change", "default", "color", "query_params", "page_icon", "page_title", "layout",
    "label_visibility", "border", "url_path", "format",
}  # fmt: skip
# Calls that show nothing: addresses, settings and styles.
NOT_SHOWN = {"switch_page", "Page", "html", "component", "get"}
ELEMENTS = {
    "badge", "button", "caption", "code", "dialog", "download_button", "error", "expander", "form_submit_button",
    "header", "image", "info", "markdown", "metric", "number_input", "popover", "progress", "radio", "segmented_control",
    "select_slider", "selectbox", "slider", "spinner", "subheader", "success", "text", "text_area", "text_input", "title",
    "toggle", "warning", "page_link", "write", "multiselect", "checkbox", "tabs", "toast", "status", "Slider",
}  # fmt: skip
FIRST_IS_ADDRESS = {"page_link"}


def literals(node: ast.AST) -> Iterator[str]:
    """The words written below a node that do not go through `_`."""
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in ("_", "N_", "ngettext", "get"):
            return
        yield from literals(node.func)
        for argument in node.args:
            yield from literals(argument)
        for keyword in node.keywords:
            if keyword.arg not in NOT_WORDS:
                yield from literals(keyword.value)
    elif isinstance(
        node, ast.FormattedValue | ast.Subscript
    ):  # not a format such as ".0%", nor a key as in event["step"]
        yield from literals(node.value)
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from literals(value)
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str) and any(letter.isalpha() for letter in node.value):
            yield node.value
    else:
        for child in ast.iter_child_nodes(node):
            yield from literals(child)


def untranslated(source: str) -> list[str]:
    """Words in calls of Streamlit's elements that a catalogue could not replace."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in ELEMENTS or name in NOT_SHOWN:
            continue
        shown = [*node.args[name in FIRST_IS_ADDRESS :], *(k.value for k in node.keywords if k.arg not in NOT_WORDS)]
        if name == "Slider":
            shown = node.args[1:3]
        if name == "segmented_control":
            shown = [a for i, a in enumerate(shown) if i != 1]  # the options; `format_func` shows them
        found += [f"line {node.lineno}: {words}" for argument in shown for words in literals(argument)]
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_word_that_is_shown_goes_through_the_catalogue(path: Path) -> None:
    assert not untranslated(path.read_text("utf-8"))


def test_the_search_for_untranslated_words_finds_them() -> None:
    source = 'st.caption(f"hello {name}")\nst.button(_("Go"), key="x", help="Press it")'
    assert untranslated(source) == ["line 1: hello ", "line 2: Press it"]


def test_a_catalogue_replaces_the_words_of_the_page(tmp_path: Path) -> None:
    """A copy of the pages with a catalogue beside them, in a process of its own: words are looked up at import."""
    (tmp_path / "app").mkdir()
    for name in ("app.py", "pages", "gan_core", "static"):
        (tmp_path / "app" / name).symlink_to(ROOT / name)
    # text.py looks for its catalogues beside the folder that it is in: that must be the copy
    (tmp_path / "app" / "pages").unlink()
    subprocess.run(["cp", "-r", str(ROOT / "pages"), str(tmp_path / "app" / "pages")], check=True)
    words = {"Train on digits now": "Jetzt mit Ziffern trainieren", "Home": "Start", "waiting": "wartet"}
    write_catalogue(tmp_path / "app" / "locales" / "de" / "LC_MESSAGES" / "ganvas.mo", words)
    script = (
        "from streamlit.testing.v1 import AppTest\nfrom gan_core import jobs\njobs.ensure_supervisors = lambda s: None\n"
        "from pages.components.text import STATES, _\n"
        f"app = AppTest.from_file({str(tmp_path / 'app' / 'app.py')!r}, default_timeout=120).run()\n"
        "assert not app.exception\nprint([b.label for b in app.button], _(STATES['queued'][0]))"
    )
    environment = os.environ | {"GANVAS_LANG": "de", "PYTHONPATH": str(tmp_path / "app"), "PYTHONIOENCODING": "utf-8"}
    made = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path / "app",
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout.strip() == "['Jetzt mit Ziffern trainieren'] wartet"


def test_a_sentence_of_gan_core_is_translated_with_its_fields(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = {"The 'size' must be {least} to {most}; got {got}.": "{got}: nicht zwischen {least} und {most}."}
    write_catalogue(tmp_path / "xx" / "LC_MESSAGES" / "ganvas.mo", words)
    monkeypatch.setattr(text, "LOCALES", tmp_path)
    monkeypatch.setenv("GANVAS_LANG", "xx")
    assert text._("The 'size' must be 2 to 8; got 9.") == "9: nicht zwischen 2 und 8."
    assert text._("Nobody wrote this.") == "Nobody wrote this."


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("zh-TW", "zh_TW"), ("zh_TW", "zh_TW"), ("zh-Hant", "zh_TW"), ("zh-Hant-HK", "zh_TW"), ("zh-HK", "zh_TW"),
        ("zh-CN", ""), ("zh", ""), ("en-GB", "en"), ("en", "en"), ("de", ""), ("", ""), ("<script>", ""),
    ],
)  # fmt: skip
def test_a_browsers_locale_says_which_language_it_wants(locale: str, expected: str) -> None:
    assert text.spoken(locale) == expected


def test_the_address_decides_the_language_then_the_choice_then_the_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_catalogue(tmp_path / "zh_TW" / "LC_MESSAGES" / "ganvas.mo", {"Home": "首頁"})
    monkeypatch.setattr(text, "LOCALES", tmp_path)

    def page() -> None:
        import streamlit as st

        from pages.components import text

        text.settle_language()
        text.choose_language()
        st.caption(text.language())

    app = AppTest.from_function(page, default_timeout=60).run()
    assert app.caption[0].value == "en"
    app.query_params["lang"] = "zh-TW"
    app.run()
    assert app.caption[0].value == "zh_TW"
    app.selectbox(key="lab_language_choice").set_value("en").run()
    assert app.caption[0].value == "en" and app.query_params["lang"] == "en"
    del app.query_params["lang"]
    app.run()
    assert app.caption[0].value == "en"
    app.query_params["lang"] = "nonsense"
    app.run()
    assert app.caption[0].value == "en" and not app.exception


def write_catalogue(path: Path, words: Mapping[str, str]) -> None:
    """A compiled gettext catalogue: the format of GNU gettext's manual, "The Format of GNU MO Files"."""
    entries = sorted({"": "Content-Type: text/plain; charset=UTF-8\n", **words}.items())
    ids = [key.encode() for key, _value in entries]
    values = [value.encode() for _key, value in entries]
    start = 28 + 16 * len(entries)
    table, content = [], b""
    for word in (*ids, *values):
        table += [len(word), start + len(content)]
        content += word + b"\0"
    header = struct.pack("<7I", 0x950412DE, 0, len(entries), 28, 28 + 8 * len(entries), 0, 0)
    path.parent.mkdir(parents=True)
    path.write_bytes(header + struct.pack(f"<{len(table)}I", *table) + content)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (604, "10 min"),
        (3600, "1 h 0 min"),
        (7530, "2 h 5 min"),
    ],
)
def test_durations_name_two_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_every_state_has_a_word() -> None:
    assert set(STATES) == {
        "queued", "running", "paused", "stopping", "finished", "stopped", "failed", "interrupted",
    }  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        "plain words",
        "C:\\x *y* _z_",
        "[a](b) ![c](d)",
        ":smile: :material/home: 12:30",
        "名 é",
        "Http://a.example WWW.b.example x+y@c.example mailto:d@e.example",
    ],
)
def test_typed_text_is_escaped_and_nothing_is_lost(words: str) -> None:
    assert plain(as_text(words)) == words
    assert as_text("plain words") == "plain words"


@pytest.mark.parametrize(
    "words",
    ["https://evil.example", "HTTP://evil.example", "see www.evil.example", "WwW.evil.example", "xhttp://evil.example",
     "a@evil.example", "a.b+c@evil-x.example", "mailto:a@evil.example", "xmpp:a@evil.example/x", "“a@evil.example”"],
)  # fmt: skip
def test_addresses_are_not_found_once_the_escapes_are_gone(words: str) -> None:
    """The patterns with which GitHub's Markdown makes links of plain text."""
    shown = re.sub(r"\\(.)", r"\1", as_text(words))
    assert not re.search(r"(https?://|www(?=\.))[-.\w]+|[-.\w+]+@[-\w]+(\.[-\w]+)+", shown, re.IGNORECASE)


def called_at_import(node: ast.AST) -> Iterator[int]:
    """Lines of a module where words are translated while it is imported: there is no visitor yet."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        early = [*node.args.defaults, *filter(None, node.args.kw_defaults), *getattr(node, "decorator_list", [])]
        for part in early:
            yield from called_at_import(part)
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "ngettext"):
        yield node.lineno
    for part in ast.iter_child_nodes(node):
        yield from called_at_import(part)


def test_nothing_is_translated_while_a_module_is_imported() -> None:
    places = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in places
        for line in called_at_import(ast.parse(path.read_text("utf-8")))
    }
    assert found == set()


def test_the_search_for_early_translations_finds_each_kind() -> None:
    source = """
A = _("module")
class B:
    c = _("class")
@dialog(_("decorator"))
def f(x=_("default"), *, y=lambda z=_("of a lambda"): _("late")):
    _("late")
"""
    assert list(called_at_import(ast.parse(source))) == [2, 4, 6, 6, 5]


def test_what_is_kept_with_a_saved_direction_is_english_and_known_again_in_another_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GANVAS_LANG", "zh_TW")
    found = AttributeDirection("smile", np.zeros(2, np.float32), Count(25, 50), 50, 50)
    kept = found.accuracy
    assert kept.startswith("Right about 25/50") and kept.endswith("A guess would do as well.")
    assert "25/50" in text._(kept) and not re.search(r"[a-z]{4}", text._(kept))


def test_every_unit_of_the_settings_is_translated() -> None:
    units = {(info.json_schema_extra or {}).get("unit", "") for info in run_config.field_names().values()}
    assert units - {""} == set(config_form.UNITS)


@pytest.mark.parametrize("name", [name for name, preset in PRESETS.items() if preset.look_for])
def test_what_a_preset_says_is_chinese_to_its_end(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_LANG", "zh_TW")
    said = description_of(PRESETS[name])
    assert re.findall(r"[A-Za-z']+ [a-z]+ [a-z]+ [a-z]+", said) == []
    assert "Look for" not in said and "instead of" not in said
