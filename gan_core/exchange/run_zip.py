"""A run as one zip, out and in: a hand-in, a backup, a way to another machine without the Hub."""

from __future__ import annotations

import shutil
import zipfile
from contextlib import closing
from pathlib import Path

from gan_core.access import Actor, classroom, require
from gan_core.config import read_bounded
from gan_core.datasets import zips
from gan_core.exchange import output
from gan_core.hub import checks, listing
from gan_core.hub.aside import own_folder
from gan_core.hub.listing import Listed
from gan_core.processes import guarded
from gan_core.processes.guarded import Patience
from gan_core.runs import Run, adoption, check_writable, portable
from gan_core.training import allowance

EARLIEST = (1980, 1, 1, 0, 0, 0)  # of a zip; one date for all, so that equal runs give equal files
PACKED_ALREADY = (".png", ".safetensors")  # weights look like noise
PATIENCE = Patience(item_s=120.0, total_s=900.0)


def write(run: Run, path: Path, *, step: int | None = None, every: bool = False, note: bool = False) -> str:
    """Writes a run as a zip: what `portable.export` copies, with the optimisers' state where the run has it.

    Args:
        run: which; it may be training meanwhile.
        path: the new file.
        step: the checkpoint up to which it is sent; the newest if None.
        every: with every checkpoint until then, not that one only.
        note: with the user's note.

    Returns:
        What it holds, in words.

    Raises:
        ValueError: no checkpoint (of that step), or a damaged one; `output.new`.
    """
    with output.new(path) as place:
        copy = place.with_name(f"{place.name}.run")
        copy.mkdir()
        step = portable.export(run, copy, step=step, optimizer=True, note=note, grids=True, every=every)
        pack(copy, place)
        size = place.stat().st_size
    return f"the run '{run.name}' until step {step:,}, {size:,} bytes"


def pack(folder: Path, path: Path) -> None:
    """Writes the files of a folder as a zip; equal files give equal zips."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                _add(archive, file, file.relative_to(folder).as_posix())


def _add(archive: zipfile.ZipFile, file: Path, name: str) -> None:
    entry = zipfile.ZipInfo(name, EARLIEST)
    entry.compress_type = zipfile.ZIP_STORED if file.suffix in PACKED_ALREADY else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    entry.file_size = file.stat().st_size  # decides whether the entry needs ZIP64
    with file.open("rb") as source, archive.open(entry, "w") as target:
        shutil.copyfileobj(source, target, 1 << 20)


def read(path: Path, runs_dir: Path, *, actor: Actor | None = None) -> Run:
    """Makes a new run of a zip, checked as one from the Hub is: names, sizes, configuration, hashes, tensors, numbers.

    Args:
        path: a zip as `write` makes it, or a zipped run directory.
        runs_dir: the folder of runs.
        actor: whose it is; None for `access.current`.

    Raises:
        ValueError: the actor may not train, read this file or keep so much; no such file, no zip, a hostile or damaged one, no run, or the folder cannot be written; nothing is
            left behind.
    """
    actor = require("train", actor)
    classroom.check_folder(path, actor)
    check_writable(runs_dir)
    with own_folder(runs_dir) as aside:
        copy = aside / "run"
        copy.mkdir()
        try:
            with path.open("rb") as file:
                zips.check_directory(file, listing.MAX_TOTAL_BYTES)
        except OSError as error:
            raise ValueError(f"The file {path} cannot be read ({error.strerror or error}).") from error
        arguments = {"zip": str(path.absolute()), "folder": str(copy)}
        with closing(guarded.each("gan_core.exchange.unzipping:take", arguments, PATIENCE)) as taken:
            found = {name: Listed(name, (copy / name).stat().st_size) for name in taken}
        config = checks.configuration(read_bounded(copy / portable.JSON_NAMES["config"]))
        size = sum(file.size or 0 for file in found.values())
        allowance.check_actor(runs_dir, config, 0, actor, received=size)
        shapes = checks.expected_tensors(config)
        checks.sizes(found, config, shapes)
        checks.manifest(copy, found)
        checks.tensors(copy, found, config, shapes)
        newest = max(part.step for part in listing.parts(found) if part.kind == "model")
        weights_only = portable.checkpoint_name(newest, "optimizer") not in found
        origin = adoption.Origin("", "", weights_only)
        adoption.write_run(copy, adoption.for_this_machine(config), origin, actor.id)
        return adoption.move_in(copy, runs_dir, config.preset)
