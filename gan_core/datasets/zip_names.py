"""The names in a zip as text: older zips do not say what theirs are written in, and a wrong guess garbles the classes.

The rule, for names that say nothing: UTF-8 if all of them are, by more than a letter or two; else the one encoding of
ENCODINGS in which all of them are made of its script's usual characters. Where several do, or none, the user is asked, unless
the names of classes are plain.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Sequence

ENCODINGS = {
    "Big5": ("cp950", rb"[\xA1-\xF9][\x40-\x7E\xA1-\xFE]"),
    "GBK": ("gb18030", rb"[\xA1-\xA9\xB0-\xF7][\xA1-\xFE]"),
    "Shift-JIS": (
        "cp932",
        rb"\x81[\x40-\xFC]|\x82[\x4F-\xF1]|\x83[\x40-\x96]|[\x88-\x9F\xE0-\xEA][\x40-\x7E\x80-\xFC]",
    ),
    "EUC-KR": ("cp949", rb"[\xA1-\xFD][\xA1-\xFE]"),
    "CP437": ("cp437", rb"[\x80-\x9A\xA0-\xA5\xE1]"),
    "CP850": ("cp850", rb"[\x80-\x9B\x9D\xA0-\xA5\xB5-\xB7\xC6\xC7\xD0-\xD4\xD6-\xD8\xDE\xE0-\xED]"),
    "Windows-1252": ("cp1252", rb"[\x8A\x8C\x8E\x9A\x9C\x9E\x9F\xC0-\xD6\xD8-\xF6\xF8-\xFF]"),
    "CP866": ("cp866", rb"[\x80-\xAF\xE0-\xF1]"),
    "Windows-1251": ("cp1251", rb"[\xA8\xB8\xC0-\xFF]"),
}
"""name -> Python's codec, and a pattern of the bytes of its script's usual characters."""
_CODECS = {"UTF-8": "utf-8"} | {name: codec for name, (codec, _pattern) in ENCODINGS.items()}
KNOWN = tuple(_CODECS)  # the encodings to choose from
_PLAIN_SHARE = {
    "CP437": (0.5, 1.0),
    "CP850": (0.5, 1.0),
    "Windows-1252": (0.5, 1.0),
    "CP866": (0, 0),
    "Windows-1251": (0, 0),
}
"""Between which shares of a word's letters are plain (A to Z), in a word that has others: half or more in the west, none of
Cyrillic."""


def raw_name(entry: zipfile.ZipInfo) -> bytes | str:
    """The name as its bytes; as text where the zip says that it is UTF-8, by a flag or by a field of its own."""
    if entry.flag_bits & 0x800:
        return entry.orig_filename
    raw, field = entry.orig_filename.encode("cp437"), entry.extra
    while len(field) >= 4:
        kind, size = struct.unpack("<HH", field[:4])
        content, field = field[4 : 4 + size], field[4 + size :]
        if kind == 0x7075 and content[:5] == struct.pack("<BL", 1, zlib.crc32(raw)):  # Info-ZIP's Unicode path
            return content[5:].decode("utf-8", "replace")
    return raw


def decoded(names: Sequence[bytes | str], encoding: str = "") -> tuple[list[str], str]:
    """The names as text, and the encoding they were read in; "" if there was nothing to choose.

    Args:
        names: as `raw_name` gives them.
        encoding: "UTF-8" or one of ENCODINGS; "" to find it out.

    Raises:
        ValueError: if it cannot be found out and matters, or the names are not in the one that is given.
    """
    unsure = [name for name in names if isinstance(name, bytes) and not name.isascii()]
    if not unsure:
        return [_text(name, "ascii") for name in names], ""
    chosen = encoding or _encoding_of(unsure)
    if not chosen and _matters([name for name in names if isinstance(name, bytes)]):
        raise ValueError(
            f"The zip does not state the encoding of its file names, and several fit: {_ways(unsure[0])}. Choose the encoding, "
            "or make the zip again with names in UTF-8."
        )
    if chosen and not _can_be(unsure, chosen):
        raise ValueError(f"The names in the zip are not in {chosen}. They can be read as: {_ways(unsure[0])}.")
    return [_text(name, _CODECS[chosen or "UTF-8"]) for name in names], chosen


def _text(name: bytes | str, codec: str) -> str:
    return name.decode(codec, "replace") if isinstance(name, bytes) else name


def _encoding_of(names: Sequence[bytes]) -> str:
    """The encoding of the rule above; "" if it cannot be told."""
    utf8 = _can_be(names, "UTF-8")
    if utf8 and not all(_is_short(name.decode()) for name in names):
        return "UTF-8"
    usual = [name for name in ENCODINGS if _can_be(names, name) and _is_usual(names, name)]
    texts = {tuple(name.decode(_CODECS[encoding]) for name in names) for encoding in usual}
    if utf8:
        return "" if texts else "UTF-8"
    return usual[0] if len(texts) == 1 else ""


def _is_short(text: str) -> bool:
    """Whether its letters beyond ASCII are so few, of two bytes each, that two bytes of another encoding may be meant."""
    words = [word for word in re.findall(r"\w+", text) if not word.isascii()]
    return all(len(word) < 3 and all("\x80" <= letter < "\u0800" for letter in word) for word in words)


def _is_usual(names: Sequence[bytes], encoding: str) -> bool:
    whole = re.compile(rb"(?:[\x00-\x7F]|" + ENCODINGS[encoding][1] + rb")*", re.DOTALL)
    least, most = _PLAIN_SHARE.get(encoding, (0, 1))
    words = [word for name in names for word in re.findall(rb"[A-Za-z\x80-\xFF]+", name) if not word.isascii()]
    plain = [sum(letter < 0x80 for letter in word) / len(word) for word in words]
    return all(whole.fullmatch(name) for name in names) and all(least <= share <= most for share in plain)


def _can_be(names: Sequence[bytes], encoding: str) -> bool:
    try:
        return all(name.decode(_CODECS[encoding]) for name in names)
    except UnicodeDecodeError:
        return False


def _matters(names: Sequence[bytes]) -> bool:
    """Whether a folder below those that hold everything has a name of other than plain letters: files are numbered."""
    folders = [re.split(rb"[/\\]", name)[:-1] for name in names]
    while all(folders) and len({parts[0] for parts in folders}) == 1:
        folders = [parts[1:] for parts in folders]
    return any(not part.isascii() for parts in folders for part in parts)


def _ways(name: bytes) -> str:
    """A name, as each encoding that it may be in reads it."""
    possible = [encoding for encoding in _CODECS if _can_be([name], encoding)]
    usual = [encoding for encoding in possible if encoding == "UTF-8" or _is_usual([name], encoding)]
    return ", ".join(f"{encoding} '{name.decode(_CODECS[encoding])[-40:]}'" for encoding in usual or possible)
