"""The commands about data sets of one's own: the same uploads as on the page Data."""

from __future__ import annotations

import shlex
import tempfile
import zipfile
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from gan_core.cli.terminal import AsJson, bar, console, show_rows
from gan_core.config import settings
from gan_core.datasets import uploads
from gan_core.datasets.base import left_out_in_words
from gan_core.datasets.sources import points
from gan_core.datasets.uploads import Own

POINTS = (".csv", ".txt", ".tsv", ".json")


def list_uploads(as_json: AsJson = False) -> None:
    """List the data sets that were added, by command or on the page Data, newest first."""
    for sentence in uploads.damaged():
        typer.echo(sentence, err=True)
    rows = [
        {"id": own.id, "name": own.name, "kind": own.kind, "count": own.count, "classes": own.classes,
         "num_skipped": own.num_skipped, "made_at": own.made_at, "dataset": own.dataset, "root": own.root}
        for own in uploads.list_own()
    ]  # fmt: skip
    show_rows(rows, ("id", "name", "kind", "count", "root"), as_json)


def add_data(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Zip or folder of pictures, or CSV or JSON of points in the plane.")
    ],
    name: Annotated[str, typer.Option(help="Your name for the data set.", show_default="that of the file")] = "",
    encoding: Annotated[
        str, typer.Option(help="Encoding of the file names in an old zip, such as cp950.", show_default="detected")
    ] = "",
) -> None:
    """Add a data set of your own, like an upload on the page Data."""
    path = settings.folder(file)
    name = name or path.stem
    if encoding and path.suffix.lower() != ".zip":
        raise ValueError(f"--encoding is for a zip; got '{file}'.")
    if path.is_dir():
        own = _add_folder(path, name)
    elif path.suffix.lower() == ".zip":
        with path.open("rb") as content, bar("Reading the pictures") as move:
            own = uploads.add_zip(content, name, lambda done, total: move(done, total, ""), encoding=encoding)
    elif path.suffix.lower() in POINTS:
        own = uploads.add_points(points.read_file(path).tolist(), name)
    else:
        raise ValueError(f"add-data takes a folder, a .zip, or points as {', '.join(POINTS)}; got '{file}'.")
    what = "pictures" if own.kind == "pictures" else "points"
    console.print(escape(f"{own.name}: {own.count:,} {what}. Train with: {_training(own)}"), soft_wrap=True)
    if own.num_skipped:
        console.print(escape(left_out_in_words(own.skipped, own.num_skipped)), soft_wrap=True)


def _add_folder(folder: Path, name: str) -> Own:
    """Keeps a copy of a folder's pictures: packed as a zip, which is checked as any upload."""
    with tempfile.TemporaryFile() as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and not path.is_symlink():
                    archive.write(path, path.relative_to(folder))
        packed.seek(0)
        with bar("Reading the pictures") as move:
            return uploads.add_zip(packed, name, lambda done, total: move(done, total, ""))


def _training(own: Own) -> str:
    return shlex.join(["--set", f"dataset.name={own.dataset}", "--set", f"dataset.root={own.root}"])
