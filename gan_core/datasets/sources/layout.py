"""Which files of a folder or a zip are its pictures, in which part and class they are, and which are left out, with reasons.

One set of rules over paths, so that a folder and a zip of it mean the same:

- A folder around everything is passed over, and one around everything in it.
- Folders for training and for testing divide the set, in any case and manner of writing: `train`, `Test`, `validation`,
  `test_set`, `seg_train`, `訓練`. Where there is none for testing, the one for validation serves. They may have the class
  in their names (`trainA`, `cats_test`), or lie in the folder of each class.
- Otherwise two or more folders with pictures are classes, whose names they have; what lies deeper belongs to the first.
  A class of the test part is that of the training part whatever the case of its name.
- Pictures beside folders are left out while they are the fewer, and those of a single folder likewise. What can be
  understood in two ways is refused. An empty folder is named.
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
NO_PICTURE, OF_CLASSES = "not an image.", "folders of the classes; put it into one of them."
_NO_CLASS = ("test", "testing", "val", "validation", "測試", "测试", "驗證", "验证")
_CLUTTER = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r")
_CLUTTER_FOLDERS = (
    "__macosx", "@eadir", "@recycle", "#recycle", "#snapshot", "$recycle.bin", "lost+found", "system volume information",
)  # fmt: skip
_WORD = (
    "(?i:(?P<train>train(?:ing)?|訓練|训练)|(?P<test>test(?:ing)?|測試|测试)|(?P<val>val(?:id(?:ation)?)?|驗證|验证))"
)
_BETWEEN = r"(?:[ _.-]+|(?<=[^A-Z])(?=[A-Z])|(?<=[^\x00-\x7f])|(?=[^\x00-\x7f]))"  # trainA, train_a, 訓練a
_PART = re.compile(
    rf"(?:(?P<rest>.*?){_BETWEEN})?{_WORD}"
    r"(?i:[ _-]?(?:set|data|images?|imgs?|pictures?|split|(?:資料|数据|圖片|图片)?集?))?[ _-]?\d{0,4}"
)
_PART_FIRST = re.compile(rf"{_WORD}{_BETWEEN}(?P<rest>.+)")

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
        files: paths with "/", relative to the folder or the zip; folders end in "/", and count where nothing is in them.

    Raises:
        ValueError: if folders and pictures can be understood in two ways.
    """
    pictures: list[_Seen] = []
    left_out: list[Named] = []
    others: list[Named] = []
    files = list(files)
    full = {folder for file in files for folder in _above(file)}
    for file in files:
        below = tuple(part for part in file.split("/") if part not in ("", "."))
        if file.endswith("/"):
            if below not in full and _why_not((*below, "any")) == NO_PICTURE:
                others.append((file, "an empty folder; it is not a class."))
            continue
        reason = _why_not(below)
        if reason == NO_PICTURE:
            others.append((file, reason))
        elif reason:
            left_out.append((file, reason))
        elif reason is not None:
            pictures.append(_Seen(file, below))
    pictures.sort(key=lambda seen: seen.below)
    left_out = _with_lost_folders(left_out, pictures)
    parts = _divide(pictures, left_out)
    if "val" in parts:
        for_validation = parts.pop("val")
        if "test" in parts:
            reason = "it is for validation; a folder for testing is there as well, and is used."
            left_out += [(picture.path, reason) for picture in for_validation]
        else:
            parts["test"] = for_validation
    return Layout(parts, [*left_out, *others])


def _above(path: str) -> list[tuple[str, ...]]:
    """The folders that a file or folder lies in, as far as they are looked into."""
    below = [part for part in path.rstrip("/").split("/", MAX_DEPTH + 1) if part not in ("", ".")]
    return [tuple(below[:depth]) for depth in range(1, len(below))]


def _with_lost_folders(left_out: list[Named], pictures: list[_Seen]) -> list[Named]:
    """What is left out, with a word on formats that are not read where their folder is lost as a class with them."""
    kept = {folder for seen in pictures for folder in _above(seen.path)}
    told: list[Named] = []
    for file, reason in left_out:
        folder = _above(file)[-1:]
        lost = pictures and folder and folder[0] not in kept and reason.startswith("pictures in .")
        told.append(
            (file, f"{reason} Nothing in '{folder[0][-1][:60]}' is read: it is not a class." if lost else reason)
        )
    return told


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
        f"it is more than {MAX_DEPTH} folders deep.": len(parts) > MAX_DEPTH,
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
    if combined := _combined(folders):
        _leave(loose, "it is next to the folders for training and testing.", left_out)
        _leave_others(folders, [name for named in combined.values() for _label, name in named], left_out)
        return _same_classes({
            part: [Placed(seen.path, label) for label, name in combined[part] for seen in folders[name]]
            for part in PARTS if part in combined
        })  # fmt: skip
    named = _named_parts(folders)
    inside = {name: _Inside(folders[name]) for names in named.values() for name in names}
    if _is_divided(named, inside, list(folders)):
        _leave(loose, "it is next to the folders for training and testing.", left_out)
        _leave_others(folders, inside, left_out)
        return _same_classes({part: inside[named[part][0]].as_one(left_out) for part in PARTS if part in named})
    if len(folders) == 1:
        ((name, within),) = folders.items()
        strays: list[Named] = []
        divided = _divide(within, strays)
        plain = set(divided) == {""} and not any(picture.label for picture in divided[""])
        if plain and len(loose) > len(within):
            _leave(within, f"it is in '{name[:60]}', next to images that are in no folder.", left_out)
            return {"": [Placed(seen.path) for seen in loose]}
        _leave_few(loose, folders, left_out, "folder of the others." if plain else OF_CLASSES)
        left_out += strays
        return divided
    if len(folders) > 1:
        _leave_few(loose, folders, left_out)
        return _turned(folders, left_out) or {
            "": [Placed(seen.path, _label(name)) for name, within in folders.items() for seen in within]
        }
    return {"": [Placed(seen.path) for seen in pictures]}


def _combined(folders: Mapping[str, list[_Seen]]) -> dict[str, list[tuple[str, str]]]:
    """Folders named after a part and a class (`trainA`, `cats_test`): by part, (class, folder); {} if there are none.

    Raises ValueError if the classes of training and testing do not fit to each other.
    """
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    split = {name: match for name in folders if (match := _part_of(name))}
    for name, match in split.items():
        found[_part(match)].append((_label(match["rest"] or ""), name))
    labels = {part: [label.lower() for label, _name in named] for part, named in found.items()}
    train, tested = labels.pop("train", []), {label for named in labels.values() for label in named}
    plain = all(match.re is _PART for match in split.values())
    if not train or not tested or (plain and len(split) == len(found)) or not any((*train, *tested)):
        return {}
    single, every = len(train) == 1, len(split) == len(folders)
    twice = any(len({label for label, _name in named}) < len(named) for named in found.values())
    fits = not twice and "" not in train and tested <= set(train)
    if fits and (every or not single):
        return {part: [("" if single else label, name) for label, name in named] for part, named in found.items()}
    if fits or every:
        raise ValueError(
            f"By their names, some of {_listed(list(folders))} are for training and some for testing, but not all of them, "
            "or not of the same classes. Make two folders, 'train' and 'test', with one folder for each class in both."
        )
    return {}


def _turned(folders: Mapping[str, list[_Seen]], left_out: list[Named]) -> dict[str, list[Placed]]:
    """The parts where each class has folders for training and testing; {} if none has. Raises ValueError if some have."""
    parts = {
        name: {inner: part for part, inners in _named_parts({seen.below[0] for seen in within if seen.below[1:]}).items()
               for inner in inners}
        for name, within in folders.items()
    }  # fmt: skip
    if not any("train" in found.values() and len(set(found.values())) > 1 for found in parts.values()):
        return {}
    if undivided := [name for name, found in parts.items() if not found]:
        raise ValueError(
            f"There are no folders for training and testing in {_listed(undivided)}, as in other classes. Make them there "
            "too, or put all pictures of each class into one folder."
        )
    turned: dict[str, list[Placed]] = defaultdict(list)
    for name, within in folders.items():
        for seen in within:
            if part := parts[name].get(seen.below[0]):
                turned[part].append(Placed(seen.path, _label(name)))
            else:
                _leave([seen], "it is next to its class's folders for training and testing.", left_out)
    return {part: turned[part] for part in PARTS if part in turned}


def _same_classes(parts: dict[str, list[Placed]]) -> dict[str, list[Placed]]:
    """The parts, with the classes of all spelled as in the first, which is for training. Where a part has a single folder,
    and that is a class of another part, its pictures are of this class."""
    classes = list(dict.fromkeys(picture.label for found in parts.values() for picture in found if picture.label))
    spelled = {label.lower(): label for label in reversed(classes)}
    first = {picture.label for picture in next(iter(parts.values()))}

    def known(name: str) -> str:
        return name if name in first else spelled.get(name.lower(), "")

    for part, found in parts.items():
        above = [
            {known(_label(name)) for name in (picture.path.split("/")[:-1] if not picture.label else [picture.label])}
            - {""}
            for picture in found
        ]
        if above and all(len(of_one) == 1 for of_one in above):
            parts[part] = [Placed(picture.path, *of_one) for picture, of_one in zip(found, above, strict=True)]
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
                f"A folder for training or testing is divided again (at '{first[0].path}'). Keep one folder for each."
            )
        left_out += self._left_out
        return first


def _part_of(name: str) -> re.Match[str] | None:
    """The part, and what else is in a folder's name, if it is that of a part."""
    name = _label(name)
    return _PART.fullmatch(name) or _PART_FIRST.fullmatch(name)


def _part(match: re.Match[str]) -> str:
    return next(part for part in PARTS if match[part])


def _named_parts(folders: Iterable[str]) -> dict[str, list[str]]:
    """The folders whose names are those of a part, by part."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in folders:
        if match := _PART.fullmatch(_label(name)):
            found[_part(match)].append(name)
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
            f"It is unclear whether {_listed(list(inside))} are classes, like {_listed(others)}, or for training and testing. "
            "Keep folders for training and testing alone, with the classes in each, or give the classes other names."
        )
    for names in named.values():
        if len(names) > 1:
            raise ValueError(f"{_listed(names)} are folders for the same part of the set. Put their images into one.")
    return True


def _leave_few(
    loose: list[_Seen], folders: Mapping[str, list[_Seen]], left_out: list[Named], beside: str = OF_CLASSES
) -> None:
    """Leaves out pictures beside folders of pictures. Raises ValueError if they are not the fewer."""
    inside = sum(map(len, folders.values()))
    if len(loose) >= inside:
        raise ValueError(
            f"{len(loose):,} images are next to {_listed(list(folders))}, where there are {inside:,}. Put each into the folder "
            "of its class, or all of them into one folder."
        )
    _leave(loose, f"it is next to the {beside}", left_out)


def _leave_others(folders: Mapping[str, list[_Seen]], used: Iterable[str], left_out: list[Named]) -> None:
    for name in folders.keys() - set(used):
        _leave(folders[name], "its folder is neither for training nor for testing.", left_out)


def _leave(pictures: list[_Seen], reason: str, left_out: list[Named]) -> None:
    left_out += [(seen.path, reason) for seen in pictures]


def _listed(names: Sequence[str]) -> str:
    """Names as people list them: the first three, in quotes."""
    shown = ", ".join(f"'{name[:60]}'" for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def _label(name: str) -> str:
    """The class of a folder: its name without blanks around it, in composed characters, which macOS takes apart."""
    return unicodedata.normalize("NFC", name).strip() or name
