"""Untrusted zips: checked as far as possible before anything is unpacked; no entry keeps its own path.

Pictures are written under numbers of ours into the folder itself or one subfolder a class. A folder around everything,
as most programs make, is left out; so are `__MACOSX` and hidden files.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from gan_core.datasets.base import Progress
from gan_core.datasets.sources.folder import OTHER_PARTS, PARTS, SUFFIXES
from gan_core.figures.imaging import open_picture

MAX_ENTRIES = 5_000
MAX_TOTAL_BYTES = 512_000_000
MAX_PICTURE_BYTES = 64_000_000
MAX_RATIO, RATIO_FROM_BYTES = 100, 1_000_000  # below this size the ratio of a plain bitmap may be honest
MAX_DIRECTORY_BYTES = 4_000_000  # the zip's list of contents: read before it is parsed, an entry takes 46 bytes or more
MAX_NAME = 100
MAX_NAMED = 200
ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".jar", ".cab", ".iso")
_END = b"PK\x05\x06"
# What zipfile raises upon damage: tried with thousands of broken files.
_DAMAGE = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError, IndexError, struct.error, ValueError,
)  # fmt: skip


@dataclass(frozen=True)
class Unpacked:
    """What was taken from a zip, and (entry, reason) of what was not."""

    count: int
    skipped: tuple[tuple[str, str], ...]


def unpack(file: BinaryIO, folder: Path, progress: Progress) -> Unpacked:
    """Writes the zip's pictures into a new folder, as 00001.png ... or <class>/00001.png ...

    Raises:
        ValueError: if it is damaged, dangerous, too large, or without a readable picture.
    """
    _check_directory_size(file)
    try:
        archive = zipfile.ZipFile(file)
    except (*_DAMAGE, OSError) as error:
        raise ValueError(f"The file is not a zip, or a damaged one ({error or type(error).__name__}).") from error
    with archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_clutter(entry.filename)]
        _check(entries, archive.start_dir)
        return _take(archive, entries, folder, progress)


def _check_directory_size(file: BinaryIO) -> None:
    """Refuses a list of contents so long that reading it would cost memory; a wrong size is found out when it is read."""
    end = file.seek(0, io.SEEK_END)
    file.seek(max(0, end - 65_557))  # the end record and the longest comment
    tail = file.read()
    place = tail.rfind(_END)
    if place < 0 or len(tail) < place + 22:
        raise ValueError("The file is not a zip, or it is cut short. Make it again, or send it again.")
    size = struct.unpack("<I", tail[place + 12 : place + 16])[0]
    if size > MAX_DIRECTORY_BYTES:
        raise ValueError(f"The zip lists too many files; at most {MAX_ENTRIES:,} pictures are taken.")
    file.seek(0)


def _is_clutter(name: str) -> bool:
    """What systems leave in zips by themselves."""
    parts = name.replace("\\", "/").split("/")
    leaf = parts[-1]
    return "__MACOSX" in parts[:-1] or (leaf.startswith(".") and leaf != "..") or leaf in ("", "Thumbs.db")


def _check(entries: Sequence[zipfile.ZipInfo], directory: int) -> None:
    """Raises ValueError for what can be refused before anything is unpacked: number, size, overlap, single entries."""
    if len(entries) > MAX_ENTRIES:
        raise ValueError(
            f"The zip holds {len(entries):,} files; at most {MAX_ENTRIES:,} are taken. Send fewer pictures."
        )
    for entry in entries:
        _check_entry(entry)
    total = sum(entry.file_size for entry in entries)
    if total > MAX_TOTAL_BYTES:
        raise ValueError(
            f"Unpacked, the zip would have {total:,} bytes; at most {MAX_TOTAL_BYTES:,} are taken. Send fewer or smaller "
            "pictures."
        )
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    ends = [*(entry.header_offset for entry in ordered[1:]), directory]
    for entry, end in zip(ordered, ends, strict=False):
        if entry.header_offset + 30 + entry.compress_size > end:  # a local header has 30 bytes and the name
            raise ValueError("Files overlap inside this zip, as in a zip bomb; it was not unpacked.")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename.replace("\\", "/")
    shown = ascii(name)[1:-1][:80]
    parts = name.split("/")
    if name.startswith("/") or ":" in parts[0] or ".." in parts or "\0" in name:
        raise ValueError(f"The zip names a path outside of itself, '{shown}'; it was not unpacked.")
    if entry.flag_bits & 1:
        raise ValueError("The zip is encrypted. Make it again without a password.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise ValueError(f"'{shown}' in the zip is a link. Put the picture itself into it.")
    if name.lower().endswith(ARCHIVES):
        raise ValueError(f"The zip holds another archive, '{shown}'. Unpack it, then zip the pictures themselves.")
    if entry.file_size > RATIO_FROM_BYTES and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        raise ValueError(
            f"'{shown}' would grow more than {MAX_RATIO}-fold when unpacked, as in a zip bomb; the zip was not unpacked."
        )


def _take(archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo], folder: Path, progress: Progress) -> Unpacked:
    """Unpacks picture by picture; whatever is none is counted with its reason."""
    paths = _below_common_folder([PurePosixPath(entry.filename) for entry in entries])
    folder.mkdir(parents=True)
    count = 0
    skipped: list[tuple[str, str]] = []
    for done, (entry, path) in enumerate(zip(entries, paths, strict=True), start=1):
        try:
            content = _picture(archive, entry, path)
        except ValueError as reason:
            skipped.append((path.as_posix()[:MAX_NAME], str(reason)))
        else:
            place = folder.joinpath(*path.parts[:-1])
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{done:05d}{path.suffix.lower()}").write_bytes(content)
            count += 1
        if done % 20 == 0 or done == len(entries):
            progress(done, len(entries))
    if count == 0:
        first = f" The first, {skipped[0][0]}: {skipped[0][1]}" if skipped else ""
        raise ValueError(f"The zip holds no picture that can be read ({len(skipped)} other files).{first}")
    return Unpacked(count, tuple(skipped))


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
    if any(len(name) > MAX_NAME or not name.isprintable() or name.startswith(".") for name in folders):
        raise ValueError("the name of its folder cannot be used.")
    try:
        with archive.open(entry) as member:
            content = member.read(entry.file_size + 1)
    except (*_DAMAGE, OSError) as error:
        raise ValueError(f"damaged ({error or type(error).__name__}).") from error
    open_picture(io.BytesIO(content), 3)
    return content


def _below_common_folder(paths: list[PurePosixPath]) -> list[PurePosixPath]:
    """The paths without a folder that holds everything."""
    while paths and len({path.parts[0] for path in paths}) == 1 and all(len(path.parts) > 1 for path in paths):
        below = [PurePosixPath(*path.parts[1:]) for path in paths]
        if all(len(path.parts) == 1 for path in below):
            return below
        paths = below
    return paths
