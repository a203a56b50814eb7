"""Which files of a folder or a zip are its pictures, in which part and class they are, and which are left out, with reasons.

One set of rules over paths, so that a folder and a zip of it mean the same:

- A folder around everything is passed over, and one around everything in it.
- Folders for training and for testing divide the set, in any case and manner of writing: `train`, `Test`, `validation`,
  `test_set`, `seg_train`. Where there is none for testing, the one for validation serves.
- Otherwise two or more folders with pictures are classes, whose names they have; what lies deeper belongs to the first.
- Pictures beside those folders are left out while they are the fewer. What can be understood in two ways is refused.
- What systems write by themselves (`__MACOSX`, `.DS_Store`, `Thumbs.db` ...) is none of the user's files.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".jpe", ".bmp", ".gif", ".webp")
NOT_READ = (
    ".apng", ".arw", ".avif", ".cr2", ".dcm", ".dng", ".eps", ".exr", ".heic", ".heif", ".ico", ".jp2", ".jxl", ".nef",
    ".nii", ".pbm", ".pgm", ".ppm", ".psd", ".raw", ".svg", ".tga", ".tif", ".tiff",
)  # fmt: skip
ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".jar", ".cab", ".iso")
MAX_DEPTH = 16
PARTS = ("train", "test", "val")
NO_PICTURE = "not a picture."
_NO_CLASS = ("test", "testing", "val", "validation")
_CLUTTER = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r")
_CLUTTER_FOLDERS = ("__macosx", "@eadir", "$recycle.bin", "system volume information")
_PART = re.compile(
    r"(?:.*[ _.-])?(?:(?P<train>train|training)|(?P<test>test|testing)|(?P<val>val|valid|validation))"
    r"(?:[ _-]?(?:set|data|images?|imgs?|pictures?|split))?[ _-]?\d{0,4}"
)

Named = tuple[str, str]
"""A file and why it is left out."""


@dataclass(frozen=True)
class Placed:
    """A picture file: its path, with "/", and its class; "" where there are none."""

    path: str
    label: str = ""


@dataclass(frozen=True)
class Layout:
    """What the files mean.

    Attributes:
        parts: the pictures of "train" and "test", in the order of their paths; those of a set that is not divided are
            under "".
        left_out: files that are no picture of the set, with the reason; pictures first.
    """

    parts: Mapping[str, Sequence[Placed]]
    left_out: Sequence[Named]


@dataclass(frozen=True)
class _Seen:
    """A picture and where it lies below the folder that is looked at."""

    path: str
    below: tuple[str, ...]


def understand(files: Iterable[str]) -> Layout:
    """What these files mean together.

    Args:
        files: paths with "/", relative to the folder or the zip.

    Raises:
        ValueError: if folders and pictures can be understood in two ways.
    """
    pictures: list[_Seen] = []
    left_out: list[Named] = []
    others: list[Named] = []
    for file in files:
        below = tuple(part for part in file.split("/") if part not in ("", "."))
        reason = _why_not(below)
        if reason == NO_PICTURE:
            others.append((file, reason))
        elif reason:
            left_out.append((file, reason))
        elif reason is not None:
            pictures.append(_Seen(file, below))
    pictures.sort(key=lambda seen: seen.below)
    parts = _divide(pictures, left_out)
    if "val" in parts:
        for_validation = parts.pop("val")
        if "test" in parts:
            reason = "it is for validation; a folder for testing is there as well, and is used."
            left_out += [(picture.path, reason) for picture in for_validation]
        else:
            parts["test"] = for_validation
    return Layout(parts, [*left_out, *others])


def _why_not(parts: tuple[str, ...]) -> str | None:
    """ "" for a picture; the reason for another file; None for what a system wrote and for hidden files that are no pictures."""
    name = parts[-1].lower() if parts else ""
    picture, hidden = name.endswith((*SUFFIXES, *NOT_READ)), any(part.startswith(".") for part in parts)
    by_system = (
        name in _CLUTTER or name.startswith("._") or any(part.lower() in _CLUTTER_FOLDERS for part in parts[:-1])
    )
    if not name or by_system or (hidden and not picture):
        return None
    reasons = {
        "it is hidden: its name, or a folder's, begins with a dot.": hidden,
        f"it lies more than {MAX_DEPTH} folders deep.": len(parts) > MAX_DEPTH,
        "": name.endswith(SUFFIXES),
        f"pictures in .{name.rpartition('.')[2]} are not read; save it as PNG or JPEG.": picture,
        "an archive; unpack it.": name.endswith(ARCHIVES),
    }
    return next((reason for reason, holds in reasons.items() if holds), NO_PICTURE)


def _divide(pictures: list[_Seen], left_out: list[Named]) -> dict[str, list[Placed]]:
    """The pictures by part, "" if there are no parts; adds to `left_out` what belongs to none."""
    loose = [seen for seen in pictures if len(seen.below) == 1]
    folders: dict[str, list[_Seen]] = defaultdict(list)
    for seen in pictures:
        if len(seen.below) > 1:
            folders[seen.below[0]].append(_Seen(seen.path, seen.below[1:]))
    named = _named_parts(folders)
    inside = {name: _Inside(folders[name]) for names in named.values() for name in names}
    if _is_divided(named, inside, list(folders)):
        _leave(loose, "it lies beside the folders for training and testing.", left_out)
        for name in folders.keys() - inside.keys():
            _leave(folders[name], "its folder is neither for training nor for testing.", left_out)
        return _same_classes({part: inside[named[part][0]].as_one(left_out) for part in PARTS if part in named})
    if len(folders) == 1:
        (within,) = folders.values()
        strays: list[Named] = []
        divided = _divide(within, strays)
        if not loose or set(divided) != {""} or any(picture.label for picture in divided[""]):
            _leave_few(loose, folders, left_out)
            left_out += strays
            return divided
    if len(folders) > 1:
        _leave_few(loose, folders, left_out)
        return {"": [Placed(seen.path, _nfc(name)) for name, within in folders.items() for seen in within]}
    return {"": [Placed(seen.path) for seen in pictures]}


def _same_classes(parts: dict[str, list[Placed]]) -> dict[str, list[Placed]]:
    """The parts; where one has a single folder, and that is a class of another part, its pictures are of this class."""
    classes = {picture.label for found in parts.values() for picture in found} - {""}
    for part, found in parts.items():
        labels = [
            {_nfc(name) for name in picture.path.split("/")[:-1]} & classes for picture in found if not picture.label
        ]
        if labels and all(len(of_one) == 1 for of_one in labels):
            parts[part] = [Placed(picture.path, *of_one) for picture, of_one in zip(found, labels, strict=True)]
    return parts


class _Inside:
    """What a folder that may be a part of the set has in it: looked at once."""

    def __init__(self, pictures: list[_Seen]) -> None:
        self._left_out: list[Named] = []
        self._divided = _divide(pictures, self._left_out)
        self.has_classes = any(picture.label for part in self._divided.values() for picture in part)

    def as_one(self, left_out: list[Named]) -> list[Placed]:
        """Its pictures; adds to `left_out`. Raises ValueError if it is divided itself."""
        (first, *further) = self._divided.values()
        if further:
            raise ValueError(
                f"A folder for training or testing is divided once more (at '{first[0].path}'). Keep one folder for each."
            )
        left_out += self._left_out
        return first


def _named_parts(folders: Iterable[str]) -> dict[str, list[str]]:
    """The folders whose names are those of a part, by part."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in folders:
        match = _PART.fullmatch(_nfc(name).strip().lower())
        if match and match.lastgroup:
            found[match.lastgroup].append(name)
    return found


def _is_divided(named: Mapping[str, list[str]], inside: Mapping[str, _Inside], folders: list[str]) -> bool:
    """Whether those folders are parts of the set, and not classes. Raises ValueError if it cannot be told."""
    others = [name for name in folders if name not in inside]
    with_classes = any(part.has_classes for part in inside.values())
    if not named or (len(named) == 1 and len(inside) > 1 and not others):  # a freight train and a fast train
        return False
    if others and not with_classes and len(named) == 1 and not any(name.lower() in _NO_CLASS for name in inside):
        return False  # a train among other vehicles, valid and invalid ones
    if others and not (with_classes and "train" in named and len(named) > 1):
        raise ValueError(
            f"It cannot be told whether {_listed(list(inside))} are classes, like {_listed(others)}, or for training and "
            "testing. Keep folders for training and testing alone, with the classes in each, or give the classes other names."
        )
    for names in named.values():
        if len(names) > 1:
            raise ValueError(f"{_listed(names)} are folders for the same part of the set. Keep one of them.")
    return True


def _leave_few(loose: list[_Seen], folders: Mapping[str, list[_Seen]], left_out: list[Named]) -> None:
    """Leaves out pictures beside folders of pictures. Raises ValueError if they are not the fewer."""
    inside = sum(map(len, folders.values()))
    if len(loose) >= inside:
        raise ValueError(
            f"{len(loose):,} pictures lie beside {_listed(list(folders))}, where there are {inside:,}. Put each into the "
            "folder of its class, or all of them into one folder."
        )
    _leave(loose, "it lies beside the folders of the classes; put it into one of them.", left_out)


def _leave(pictures: list[_Seen], reason: str, left_out: list[Named]) -> None:
    left_out += [(seen.path, reason) for seen in pictures]


def _listed(names: Sequence[str]) -> str:
    """Names as people list them: the first three, in quotes."""
    shown = ", ".join(f"'{name[:60]}'" for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def _nfc(name: str) -> str:
    """The name in composed characters: macOS takes them apart."""
    return unicodedata.normalize("NFC", name)
