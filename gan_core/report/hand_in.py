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
from pathlib import Path

from gan_core.config.registry import Registry
from gan_core.datasets import conditions
from gan_core.exchange.run_zip import EARLIEST
from gan_core.figures import imaging
from gan_core.report.document import Person
from gan_core.report.drawn import SEED
from gan_core.report.source import Reported

NUM_PICTURES, JPEG_QUALITY = 1000, 95  # of Homework 6

HandIn = Callable[[Reported, Person, bytes, Path], str]
"""(run, person, report as HTML, folder to fill) -> what it holds, in words. Raises ValueError where something is missing."""


def nycu_lab6(r: Reported, person: Person, report: bytes, folder: Path) -> str:
    """The zip of Lab 6: the pictures of both test lists by index, and the report. The course's own code is added by hand.

    Raises:
        ValueError: no name or number, or the model does not know all conditions.
    """
    if not person.name or not person.number:
        raise ValueError("This hand-in's file is named after you. Give your name and your student number.")
    path = folder / f"DL_LAB6_{_safe(person.number)}_{_safe(person.name)}.zip"
    files = {"lab6-report.html": report}
    for which in conditions.LISTS:
        listed = conditions.listed_conditions(r.config, which)
        images = r.sampler.draw(len(listed), SEED, conditions.rows_of(listed, r.config.conditioning.labels))
        for number, image in enumerate(images):
            files[f"images/{which}/{number}.png"] = imaging.png_bytes(imaging.to_picture(image))
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return f"{path.name} with {len(files) - 1} pictures and the report; add your source code to it"


def ntu_hw6(r: Reported, person: Person, report: bytes, folder: Path) -> str:
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


HAND_INS: Registry[HandIn] = Registry("hand-in", {"nycu-lab6": nycu_lab6, "ntu-hw6": ntu_hw6})


def _safe(words: str) -> str:
    """A name as a part of a file's name: letters of any language, digits and hyphens stay."""
    return re.sub(r"[^\w-]+", "_", words).strip("_")[:60] or "unnamed"
