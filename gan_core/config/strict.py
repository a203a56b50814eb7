"""The program's only reader of JSON, and of words that people or other machines bring.

A file may be damaged or come from elsewhere: what is read is bounded in size and depth, finite, and can be written again.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any, NoReturn

MAX_JSON_BYTES = 1_000_000  # a configuration has a few kB; anything near this is not one
MAX_JSON_DEPTH = 20
MAX_DIGITS = 18  # of a whole number: it fits into 64 bits
_STRING = re.compile(
    r'"(?:[^"\\]|\\.)*+"?', re.DOTALL
)  # matches an unterminated one too, so that the search stays linear
_BRACKET = re.compile(r"[\[\]{}]")
_JOINERS = "\u200c\u200d"  # within words of some scripts, and within emoji


def strict_json(text: str | bytes, max_bytes: int = MAX_JSON_BYTES) -> Any:
    """JSON, without the extensions that Python's reader lets through.

    Args:
        text: UTF-8 if bytes.
        max_bytes: that are read.

    Raises:
        ValueError: no JSON; more than `max_bytes`; deeper than MAX_JSON_DEPTH; NaN, Infinity, a number beyond the range of
            float or with more than MAX_DIGITS digits; a name twice in an object; a lone surrogate in a text.
    """
    if len(text) > max_bytes:
        raise ValueError(f"The JSON text has {len(text):,} bytes; at most {max_bytes:,} are read.")
    try:
        text = text if isinstance(text, str) else text.decode()
    except UnicodeDecodeError:
        raise ValueError("The JSON text is not valid UTF-8.") from None
    if text.count("[") + text.count("{") > MAX_JSON_DEPTH:
        _check_depth(text)
    data = _DECODER.decode(text)
    if "\\u" in text or not text.isascii():
        _check_words(data)
    return data


def strict_object(text: str | bytes, max_bytes: int = MAX_JSON_BYTES) -> dict[str, Any]:
    """A JSON object. Raises ValueError as `strict_json`, and for any other value."""
    data = strict_json(text, max_bytes)
    if not isinstance(data, dict):
        raise ValueError("The JSON text does not hold an object.")
    return data


def read_strictly(path: Path, max_bytes: int = MAX_JSON_BYTES) -> Any:
    """The JSON in a file, of which no more than is allowed comes into memory.

    Raises:
        ValueError: as `strict_json`.
        OSError: the file is missing or cannot be read.
    """
    return strict_json(read_bounded(path, max_bytes), max_bytes)


def read_bounded(path: Path, max_bytes: int = MAX_JSON_BYTES) -> bytes:
    """What is in a file, of which no more than is allowed comes into memory.

    Raises:
        ValueError: it has more than `max_bytes`.
        OSError: the file is missing or cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ValueError(f"The file '{path.name}' has more than {max_bytes:,} bytes, the most that is read.")
    return content


def one_line(text: object, limit: int) -> str:
    """What can be printed of a text, in one line of at most `limit` characters; "" for anything but text."""
    if not isinstance(text, str):
        return ""
    kept = "".join(c if c.isprintable() or c in _JOINERS else " " for c in text[: 10 * limit])
    return " ".join(kept.split())[:limit].strip()


def several_lines(text: object, limit: int) -> str:
    """What can be printed of a text, with its line breaks; at most `limit` characters, "" for anything but text."""
    if not isinstance(text, str):
        return ""
    return "".join(c for c in text[: 2 * limit] if c.isprintable() or c in _JOINERS or c in "\n\t")[:limit]


def _check_depth(text: str) -> None:
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > MAX_JSON_DEPTH:
            raise ValueError(f"The JSON text is nested deeper than {MAX_JSON_DEPTH} levels.")


def _check_words(data: Any) -> None:
    if isinstance(data, str):
        if any("\ud800" <= c <= "\udfff" for c in data):
            raise ValueError("The JSON text holds half of a surrogate pair, which is not valid text.")
    elif isinstance(data, dict):
        for name, value in data.items():
            _check_words(name)
            _check_words(value)
    elif isinstance(data, list):
        for value in data:
            _check_words(value)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"JSON must not hold {digits:.20}: not a finite number.")
    return value


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS and len(digits.lstrip("-")) > MAX_DIGITS:
        raise ValueError(f"JSON must not hold a whole number of {len(digits)} digits; at most {MAX_DIGITS} are read.")
    return int(digits)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"JSON must not hold {constant}.")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("JSON must not hold a name twice in one object.")
    return found


_DECODER = json.JSONDecoder(
    object_pairs_hook=_without_doubles, parse_float=_finite, parse_int=_whole, parse_constant=_refuse
)
