"""The program's only reader of JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gan_core.config import MAX_JSON_DEPTH, one_line, read_strictly, several_lines, strict_json, strict_object

TOO_DEEP = f"nested deeper than {MAX_JSON_DEPTH} levels"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"a": NaN}', "must not hold NaN"),
        ('{"a": [Infinity]}', "must not hold Infinity"),
        ("-Infinity", "must not hold -Infinity"),
        ('{"a": 1e999}', "must not hold 1e999"),
        ("[-1e400]", "must not hold -1e400"),
        ("9" * 400, "whole number of 400 digits; at most 18"),
        ("-" + "9" * 19, "whole number of"),
        ("9" * 5000, "whole number of 5000 digits"),
        ("[" * 100_000, TOO_DEEP),
        ("[" * 50 + "]" * 50, TOO_DEEP),
        ('{"a":' * 50 + "1" + "}" * 50, TOO_DEEP),
        ('["]]]]",' + "[" * 50 + "]" * 51, TOO_DEEP),
        (" " * 1_000_001, "has 1,000,001 bytes; at most 1,000,000 are read"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "a name twice"),
        (r'{"a": "\ud800x"}', "is not valid text"),
        (r'{"\udfff": 1}', "is not valid text"),
        ('["a\0b"]', "."),
        ("{", "."),
        ("", "."),
        (b"\xff\xfe\xff", "not valid UTF-8"),
        (b"\x00{}", "."),
        (json.dumps({}).encode("utf-16"), "not valid UTF-8"),
        ('"\\' * 300_000, "."),
    ],
)
def test_json_beyond_the_standard_or_beyond_measure_is_refused(text: str | bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        strict_json(text)


def test_what_the_standard_allows_is_read() -> None:
    value = {"text": "é 😀 [[[[", "n": [1, -2.5, 10**18 - 1, True, None], "deep": [[[{"a": []}]]]}
    assert strict_json(json.dumps(value)) == strict_json(json.dumps(value, ensure_ascii=False).encode()) == value
    assert strict_json(json.dumps(["[{" * 100] * 30)) == ["[{" * 100] * 30


def test_an_object_is_asked_for_and_another_value_refused() -> None:
    with pytest.raises(ValueError, match="does not hold an object"):
        strict_object("[]")


def test_no_more_of_a_file_is_read_than_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"[1, 2]")
    assert read_strictly(tmp_path / "file", 6) == [1, 2]
    with pytest.raises(ValueError, match="more than 5 bytes"):
        read_strictly(tmp_path / "file", 5)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  a\tb\nc ", "a b c"),
        ("\ud800digits", "digits"),
        ("safe\u202egpj.exe", "safe gpj.exe"),
        ("a\0\x1b[31mb", "a [31mb"),
        ("a\u2028b", "a b"),
        ("👩\u200d🔬 café 人臉", "👩\u200d🔬 café 人臉"),
        ("x" * 100, "x" * 80),
        (None, ""),
        (3, ""),
    ],
)
def test_a_name_is_one_line_that_can_be_printed(text: object, kept: str) -> None:
    assert one_line(text, 80) == kept


def test_a_note_keeps_its_line_breaks_and_nothing_that_cannot_be_written() -> None:
    assert several_lines("a\n\ud800b\0c", 80) == "a\nbc"
    assert several_lines("x" * 9, 5) == "x" * 5
