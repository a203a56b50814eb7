"""Untrusted zips: checked as far as possible before anything is unpacked, in a guarded process; no entry keeps its own path.

Pictures are written under numbers of ours into the folder itself or one subfolder a class. A folder around everything,
as most programs make, is left out; so are `__MACOSX` and hidden files.
"""

from __future__ import annotations

import io
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from gan_core.datasets.base import Progress
from gan_core.datasets.sources.folder import OTHER_PARTS, PARTS, SUFFIXES
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
ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".jar", ".cab", ".iso")
_END, _END_BYTES, _ZIP64, _ZIP64_BYTES = b"PK\x05\x06", 22, b"PK\x06\x07", 20
# What zipfile raises upon damage: tried with thousands of broken files.
_DAMAGE = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError, IndexError, struct.error, ValueError,
    OSError, OverflowError, KeyError,
)  # fmt: skip


@dataclass(frozen=True)
class Unpacked:
    """What was taken from a zip; (entry, reason) of what was not, the first of them, and how many those are in all."""

    count: int
    skipped: tuple[tuple[str, str], ...]
    num_skipped: int


def unpack(file: BinaryIO, folder: Path, progress: Progress) -> Unpacked:
    """Writes the zip's pictures into a new folder, as 00001.png ... or <class>/00001.png ...

    Raises:
        ValueError: if it is damaged, dangerous, too large, takes too long, or has no readable picture.
        OSError: the folder above cannot be written.
    """
    _check_directory_size(file)
    copy = folder.with_name(f"{folder.name}.zip")
    with copy.open("wb") as target:
        shutil.copyfileobj(file, target, 1 << 20)
    limits = {"most": MAX_ENTRIES, "most_bytes": MAX_TOTAL_BYTES}
    arguments = {"zip": str(copy), "folder": str(folder), "limits": limits}
    count, num_skipped, skipped = 0, 0, []
    with closing(guarded.each("gan_core.datasets.zips:take", arguments, PATIENCE)) as entries:
        for done, (total, name, reason) in enumerate(entries, start=1):
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
        raise ValueError(f"The zip holds no picture that can be read ({num_skipped} other files).{first}")
    return Unpacked(count, tuple(skipped), num_skipped)


def take(arguments: dict[str, Any], start: Start) -> Iterator[tuple[int, str, str]]:
    """The guarded work of `unpack`: for every file in the zip how many there are, its name, and "" or why it is not taken."""
    try:
        archive = zipfile.ZipFile(arguments["zip"])
    except _DAMAGE as error:
        raise ValueError(
            f"The file is not a zip, or a damaged one ({str(error)[:120] or type(error).__name__})."
        ) from error
    with archive:
        listed = archive.infolist()
        if any("\0" in entry.orig_filename or not entry.filename for entry in listed):
            raise ValueError("A file in the zip has no name, or one that ends early. Make the zip again.")
        entries = [entry for entry in listed if not _is_clutter(entry.filename)]
        _check(entries, archive.start_dir, **arguments["limits"])
        paths = _below_common_folder([PurePosixPath(entry.filename.replace("\\", "/")) for entry in entries])
        for number in range(start.first, len(entries)):
            entry, path, reason = entries[number], paths[number], start.fault if number == start.first else ""
            try:
                if not reason:
                    content = _picture(archive, entry, path)
                    place = Path(arguments["folder"], *path.parts[:-1])
                    place.mkdir(parents=True, exist_ok=True)
                    (place / f"{number + 1:05d}{path.suffix.lower()}").write_bytes(content)
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
            yield len(entries), path.as_posix()[:MAX_NAME], reason


def _check_directory_size(file: BinaryIO) -> None:
    """Refuses a list of contents so long that reading it would cost memory; a wrong size is found out when it is read."""
    end = file.seek(0, io.SEEK_END)
    if end > MAX_ZIP_BYTES:
        raise ValueError(
            f"The zip has {end:,} bytes; at most {MAX_ZIP_BYTES:,} are read. Send fewer or smaller pictures."
        )
    file.seek(max(0, end - _END_BYTES - 65_536 - _ZIP64_BYTES))  # the end record, the longest comment, ZIP64's pointer
    tail = file.read()
    file.seek(0)
    last = len(tail) - _END_BYTES
    place = last if last >= 0 and tail[last:].startswith(_END) and tail.endswith(b"\0\0") else tail.rfind(_END)
    if place < 0 or len(tail) < place + _END_BYTES:
        raise ValueError("The file is not a zip, or it is cut short. Make it again, or send it again.")
    if tail[max(0, place - _ZIP64_BYTES) : place].startswith(_ZIP64):  # a second end record, which zipfile prefers
        raise ValueError("The zip is in the ZIP64 format, which only larger ones need. Make it again without ZIP64.")
    count, size = struct.unpack("<HI", tail[place + 10 : place + 16])
    if size > MAX_DIRECTORY_BYTES or count > MAX_LISTED:
        raise ValueError(f"The zip lists too many files; at most {MAX_ENTRIES:,} pictures are taken.")


def _is_clutter(name: str) -> bool:
    """What systems leave in zips by themselves."""
    parts = name.replace("\\", "/").split("/")
    leaf = parts[-1]
    return "__MACOSX" in parts[:-1] or (leaf.startswith(".") and leaf != "..") or leaf in ("", "Thumbs.db")


def _check(entries: Sequence[zipfile.ZipInfo], directory_at: int, *, most: int, most_bytes: int) -> None:
    """Raises ValueError for what can be refused before anything is unpacked: number, size, overlap, single entries."""
    if len(entries) > most:
        raise ValueError(f"The zip holds {len(entries):,} files; at most {most:,} are taken. Send fewer pictures.")
    for entry in entries:
        _check_entry(entry)
    total = sum(entry.file_size for entry in entries)
    if total > most_bytes:
        raise ValueError(
            f"Unpacked, the zip would have {total:,} bytes; at most {most_bytes:,} are taken. Send fewer or smaller "
            "pictures."
        )
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    ends = [*(entry.header_offset for entry in ordered[1:]), directory_at]
    for entry, end in zip(ordered, ends, strict=False):
        if entry.header_offset + 30 + entry.compress_size > end:  # a local header has 30 bytes and the name
            raise ValueError("Files overlap inside this zip, as in a zip bomb; it was not unpacked.")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    shown = ascii(entry.orig_filename)[1:-1][:80]
    for name in (entry.orig_filename, entry.filename):  # a field of Unicode may hold another one
        parts = name.replace("\\", "/").split("/")
        if parts[0] == "" or ":" in parts[0] or ".." in parts:
            raise ValueError(f"The zip names a path outside of itself, '{shown}'; it was not unpacked.")
    if entry.flag_bits & 1:
        raise ValueError("The zip is encrypted. Make it again without a password.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise ValueError(f"'{shown}' in the zip is a link. Put the picture itself into it.")
    if entry.filename.lower().endswith(ARCHIVES):
        raise ValueError(f"The zip holds another archive, '{shown}'. Unpack it, then zip the pictures themselves.")
    if entry.file_size > RATIO_FROM_BYTES and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        raise ValueError(
            f"'{shown}' would grow more than {MAX_RATIO}-fold when unpacked, as in a zip bomb; the zip was not unpacked."
        )


def _picture(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: PurePosixPath) -> bytes:
    """The bytes of an entry that is a picture. Raises ValueError with the reason if it is not taken."""
    folders = path.parts[:-1]
    deepest = 2 if folders[:1] and folders[0] in (*PARTS, *OTHER_PARTS) else 1
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError("not a picture.")
    if entry.file_size > MAX_PICTURE_BYTES:
        raise ValueError(f"it has {entry.file_size:,} bytes; at most {MAX_PICTURE_BYTES:,} are read.")
    if len(folders) > deepest:
        raise ValueError("a folder inside a folder; only one folder a class is read.")
    if any(
        len(name.encode("utf-8", "replace")) > 2 * MAX_NAME or not name.isprintable() or name.startswith(".")
        for name in folders
    ):
        raise ValueError("the name of its folder cannot be used.")
    try:
        with archive.open(entry) as member:
            content = member.read(entry.file_size + 1)
    except _DAMAGE as error:
        raise ValueError(f"damaged ({str(error)[:120] or type(error).__name__}).") from error
    check_picture(io.BytesIO(content))
    return content


def _below_common_folder(paths: list[PurePosixPath]) -> list[PurePosixPath]:
    """The paths without a folder that holds everything."""
    while paths and len({path.parts[0] for path in paths}) == 1 and all(len(path.parts) > 1 for path in paths):
        below = [PurePosixPath(*path.parts[1:]) for path in paths]
        if all(len(path.parts) == 1 for path in below):
            return below
        paths = below
    return paths
