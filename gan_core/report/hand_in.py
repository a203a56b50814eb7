"""What a course wants beside the report: pictures under prescribed names, packed as prescribed.

nycu-lab6  DL_LAB6_NUMBER_NAME.zip with images/test/0.png ... and images/new_test/0.png ..., one a condition, and the report
ntu-hw6    images.tgz with 1.jpg ... 1000.jpg, and the report
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gan_core.config import RunConfig
from gan_core.config.registry import Registry
from gan_core.datasets.sources.objects24 import OBJECTS
from gan_core.exchange import pictures
from gan_core.figures import imaging
from gan_core.report.document import Person
from gan_core.report.drawn import SEED
from gan_core.report.source import Reported

NUM_PICTURES, JPEG_QUALITY = 1000, 95  # of Homework 6


@dataclass(frozen=True)
class HandIn:
    """A line of the table.

    Attributes:
        fill: (run, report as HTML, folder to fill, person) -> what it holds, in words.
        check: refuses, with a ValueError, a person and a configuration that it cannot be made of; before anything is drawn.
    """

    fill: Callable[[Reported, bytes, Path, Person], str]
    check: Callable[[Person, RunConfig], None] = lambda _person, _config: None


def check_lab6(person: Person, config: RunConfig) -> None:
    """Raises ValueError without a name or number, or if the model does not know all objects: pictures are numbered by condition."""
    if not person.name or not person.number:
        raise ValueError("This hand-in's file is named after you. Give your name and your student number.")
    unknown = [name for name in OBJECTS if name not in config.conditioning.labels]
    if unknown:
        raise ValueError(
            f"This hand-in has a picture for each of the course's conditions, and the model does not know {len(unknown)} of the 24 "
            f"objects, such as '{unknown[0]}'. Choose a run that was trained with all of them."
        )


def nycu_lab6(r: Reported, report: bytes, folder: Path, person: Person) -> str:
    """The zip of Lab 6: the pictures of both test lists by index, and the report. The course's own code is added by hand."""
    path = folder / f"DL_LAB6_{_safe(person.number)}_{_safe(person.name)}.zip"
    drawn = pictures.numbered(r.sampler, None, SEED)
    with path.open("w+b") as file:
        pictures.write_zip(file, drawn)
        with zipfile.ZipFile(file, "a") as archive:
            pictures.add(archive, "lab6-report.html", report)
    count = sum(map(len, drawn.values()))
    return f"{path.name} with {count} pictures and the report; add your source code to it"


def ntu_hw6(r: Reported, report: bytes, folder: Path, _person: Person) -> str:
    """The archive of Homework 6, and the report beside it."""
    images = r.sampler.draw(NUM_PICTURES, SEED)
    (folder / "hw6-report.html").write_bytes(report)
    with (
        (folder / "images.tgz").open("wb") as file,
        gzip.GzipFile("", "wb", 9, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for number, image in enumerate(images, start=1):
            buffer = io.BytesIO()
            imaging.to_picture(image).convert("RGB").save(buffer, "JPEG", quality=JPEG_QUALITY)
            entry = tarfile.TarInfo(f"{number}.jpg")
            entry.size, entry.mode = buffer.tell(), 0o644
            buffer.seek(0)
            archive.addfile(entry, buffer)
    return f"images.tgz with {len(images):,} pictures, and the report"


HAND_INS: Registry[HandIn] = Registry(
    "hand-in", {"nycu-lab6": HandIn(nycu_lab6, check_lab6), "ntu-hw6": HandIn(ntu_hw6)}
)


def _safe(words: str) -> str:
    """A name as a part of a file's name: letters of any language, digits and hyphens stay."""
    return re.sub(r"[^\w-]+", "_", words).strip("_")[:60] or "unnamed"
