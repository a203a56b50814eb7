"""Untrusted zips: checked as far as possible before anything is unpacked, in a guarded process; no entry keeps its own path.

Pictures are written under numbers of ours, into the folder itself or one subfolder a class, in `train` and `test` if the zip
is divided: what its files mean is `sources.layout`'s, and how its names are read `zip_names`'.
"""

from __future__ import annotations

import io
import re
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any, BinaryIO

from gan_core.datasets import zip_names
from gan_core.datasets.base import HEAD_BYTES, WEB_PAGE, Progress, is_web_page
from gan_core.datasets.sources.layout import ARCHIVES, understand
from gan_core.figures.imaging import check_picture
from gan_core.processes import guarded
from gan_core.processes.guarded import Patience, Start

MAX_ENTRIES = 5_000
MAX_TOTAL_BYTES = MAX_ZIP_BYTES = 512_000_000
MAX_PICTURE_BYTES = 64_000_000
MAX_RATIO, RATIO_FROM_BYTES = 100, 1_000_000  # below this size the ratio of a plain bitmap may be honest
MAX_DIRECTORY_BYTES = 4_000_000  # the zip's list of contents: read before it is parsed, an entry takes 46 bytes or more
MAX_LISTED = 4 * MAX_ENTRIES  # with folders and what systems add
MAX_NAME = 100
MAX_NAMED = 200
PATIENCE = Patience(item_s=20.0, total_s=120.0)
_END, _END_BYTES = b"PK\x05\x06", 22
_POINTER64, _POINTER64_BYTES, _END64, _END64_BYTES = b"PK\x06\x07", 20, b"PK\x06\x06", 56
# What zipfile raises upon damage: tried with thousands of broken files.
DAMAGE = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError, IndexError, struct.error, ValueError,
    OSError, OverflowError, KeyError,
)  # fmt: skip


@dataclass(frozen=True)
class Unpacked:
    """What was taken from a zip; (entry, reason) of what was not, the first of them, and how many those are in all; how its
    names were read, "" if there was nothing to choose."""

    count: int
    skipped: tuple[tuple[str, str], ...]
    num_skipped: int
    encoding: str = ""


def unpack(file: BinaryIO, folder: Path, progress: Progress, encoding: str = "") -> Unpacked:
    """Writes the zip's pictures into a new folder, as 00001.png, <class>/00001.png or <part>/<class>/00001.png ...

    Args:
        file: the zip.
        folder: to be made.
        progress: called with (files done, files in all).
        encoding: how names are read that do not say it; "" to find it out, see `zip_names`.

    Raises:
        ValueError: if it is damaged, dangerous, too large, takes too long, or has no readable picture.
        OSError: the folder above cannot be written.
    """
    check_directory(file)
    copy = folder.with_name(f"{folder.name}.zip")
    with copy.open("wb") as target:
        shutil.copyfileobj(file, target, 1 << 20)
    limits = {"most": MAX_ENTRIES, "most_bytes": MAX_TOTAL_BYTES}
    arguments = {"zip": str(copy), "folder": str(folder), "limits": limits, "encoding": encoding}
    count, num_skipped, skipped, read_as = 0, 0, [], ""
    with closing(guarded.each("gan_core.datasets.zips:take", arguments, PATIENCE)) as entries:
        for done, (total, name, reason, read_as) in enumerate(entries, start=1):  # noqa: B007
            if reason:
                num_skipped += 1
                skipped += [(name, reason)] if num_skipped <= MAX_NAMED else []
            else:
                count += 1
            if done % 20 == 0 or done == total:
                progress(done, total)
    copy.unlink()
    if count == 0:
        first = f" The first, {skipped[0][0]}: {skipped[0][1]}" if skipped else ""
        raise ValueError(f"The zip contains no readable image ({num_skipped} other files).{first}")
    return Unpacked(count, tuple(skipped), num_skipped, read_as)


def take(arguments: dict[str, Any], start: Start) -> Iterator[tuple[int, str, str, str]]:
    """The guarded work of `unpack`: for every file in the zip how many there are, its name, "" or why it is not taken, and how
    the names are read."""
    try:
        archive = zipfile.ZipFile(arguments["zip"])
    except DAMAGE as error:
        raise ValueError(
            f"The file is not a zip, or a damaged one ({str(error)[:120] or type(error).__name__})."
        ) from error
    with archive:
        listed = archive.infolist()
        if any("\0" in entry.orig_filename or not entry.filename for entry in listed):
            raise ValueError("A file in the zip has no name, or a truncated one. Make the zip again.")
        names, read_as = zip_names.decoded([zip_names.raw_name(entry) for entry in listed], arguments["encoding"])
        files = [(name.replace("\\", "/"), entry) for name, entry in zip(names, listed, strict=True)]
        for name, entry in files:
            check_names(name, entry)
        layout = understand(name for name, _entry in files)
        left_out = dict(layout.left_out)
        places = {picture.path: (part, picture.label) for part, found in layout.parts.items() for picture in found}
        last = dict(files)
        files = [(name, entry) for name, entry in files if name in left_out or name in places]
        check_entries([entry for _name, entry in files], archive.start_dir, **arguments["limits"])
        for number in range(start.first, len(files)):
            (name, entry), reason = files[number], start.fault if number == start.first else ""
            if not reason and last[name] is not entry:
                reason = "another file of the same name follows."
            try:
                if not reason and name in left_out:
                    raise ValueError(left_out[name])
                if not reason:
                    content = _picture(archive, entry, places[name])
                    place = Path(arguments["folder"], *filter(None, places[name]))
                    place.mkdir(parents=True, exist_ok=True)
                    (place / f"{number + 1:05d}.{name.rpartition('.')[2].lower()}").write_bytes(content)
            except ValueError as refusal:
                reason = str(refusal)
            except MemoryError:
                reason = guarded.TOO_MUCH
            except (
                FileExistsError,
                IsADirectoryError,
                NotADirectoryError,
            ):  # a folder that is called as a picture of ours
                reason = "the name of its folder cannot be used."
            except OSError as error:
                raise ValueError(f"The folder of data sets cannot be written ({error.strerror or error}).") from error
            yield len(files), name[:MAX_NAME], reason, read_as


def check_directory(file: BinaryIO, most_bytes: int = MAX_ZIP_BYTES) -> None:
    """Refuses a list of contents so long that reading it would cost memory; a wrong size is found out when it is read.

    Raises:
        ValueError: no zip, one cut short, one of more than `most_bytes`, or too long a list.
    """
    if is_web_page(file.read(HEAD_BYTES)):
        raise ValueError(f"The file is not a zip: {WEB_PAGE}")
    end = file.seek(0, io.SEEK_END)
    if end > most_bytes:
        raise ValueError(f"The zip has {end:,} bytes; at most {most_bytes:,} are read. Send fewer or smaller files.")
    # the end record, the longest comment, ZIP64's end record and its pointer
    file.seek(max(0, end - _END_BYTES - 65_536 - _POINTER64_BYTES - _END64_BYTES))
    tail = file.read()
    file.seek(0)
    last = len(tail) - _END_BYTES
    place = last if last >= 0 and tail[last:].startswith(_END) and tail.endswith(b"\0\0") else tail.rfind(_END)
    if place < 0 or len(tail) < place + _END_BYTES:
        raise ValueError("The file is not a zip, or it is cut short. Make it again, or send it again.")
    count, size = struct.unpack("<HI", tail[place + 10 : place + 16])
    pointer = place - _POINTER64_BYTES
    if pointer >= 0 and tail.startswith(_POINTER64, pointer):  # a second end record, which zipfile prefers
        record = pointer - _END64_BYTES
        if record < 0 or not tail.startswith(_END64, record):
            raise ValueError("The zip has a damaged end (ZIP64). Make it again.")
        count, size = struct.unpack("<2Q", tail[record + 32 : record + 48])
    if size > MAX_DIRECTORY_BYTES or count > MAX_LISTED:
        raise ValueError(f"The zip lists too many files; at most {MAX_ENTRIES:,} are taken. Send fewer.")


def check_entries(entries: Sequence[zipfile.ZipInfo], directory_at: int, *, most: int, most_bytes: int) -> None:
    """Raises ValueError for what can be refused before anything is unpacked: number, size, overlap, single entries."""
    if len(entries) > most:
        raise ValueError(f"The zip holds {len(entries):,} files; at most {most:,} are taken. Send fewer images.")
    for entry in entries:
        _check_entry(entry)
    total = sum(entry.file_size for entry in entries)
    if total > most_bytes:
        raise ValueError(
            f"Unpacked, the zip would have {total:,} bytes; at most {most_bytes:,} are taken. Send fewer or smaller images."
        )
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    ends = [*(entry.header_offset for entry in ordered[1:]), directory_at]
    for entry, end in zip(ordered, ends, strict=False):
        if entry.header_offset + 30 + entry.compress_size > end:  # a local header has 30 bytes and the name
            raise ValueError("Files overlap inside this zip, as in a zip bomb; it was not unpacked.")


def check_names(name: str, entry: zipfile.ZipInfo) -> None:
    """Raises ValueError if the name, in any way in which it can be read, leads out of the zip."""
    for text in (name, entry.orig_filename, entry.filename):
        parts = text.replace("\\", "/").split("/")
        if parts[0] == "" or re.match("[A-Za-z]:", text) or ".." in parts:
            shown = ascii(entry.orig_filename)[1:-1][:80]
            raise ValueError(f"The zip contains a path outside itself, '{shown}'; it was not unpacked.")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    shown = ascii(entry.orig_filename)[1:-1][:80]
    if entry.flag_bits & 1:
        raise ValueError("The zip is encrypted. Make it again without a password.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise ValueError(f"'{shown}' in the zip is a link. Put the file itself into it.")
    if entry.filename.lower().endswith(ARCHIVES):
        raise ValueError(f"The zip holds another archive, '{shown}'. Unpack it, then zip the images themselves.")
    if entry.file_size > RATIO_FROM_BYTES and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        raise ValueError(
            f"'{shown}' would grow more than {MAX_RATIO}-fold when unpacked, as in a zip bomb; the zip was not unpacked."
        )


def _picture(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folders: Sequence[str]) -> bytes:
    """The bytes of a picture that is to lie in these folders. Raises ValueError with the reason if it is not taken."""
    if entry.file_size > MAX_PICTURE_BYTES:
        raise ValueError(f"it has {entry.file_size:,} bytes; at most {MAX_PICTURE_BYTES:,} are read.")
    if any(
        len(name.encode("utf-8", "replace")) > 2 * MAX_NAME or not name.isprintable() or PureWindowsPath(name).drive
        for name in folders
    ):
        raise ValueError("the name of its folder cannot be used.")
    try:
        with archive.open(entry) as member:
            content = member.read(entry.file_size + 1)
    except DAMAGE as error:
        raise ValueError(f"damaged ({str(error)[:120] or type(error).__name__}).") from error
    check_picture(io.BytesIO(content))
    return content
