"""A finished run made small enough to ship: its newest checkpoint without optimiser state, thinned curves, a few grids."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from gan_core.runs import files, portable
from gan_core.runs.run import Run


def pack(run: Run, place: Path, name: str, note: str, *, rows: int = 1500, grids: int = 5) -> Run:
    """A copy of a finished run in `place`, without what only training needs and with its weights in half precision.

    Args:
        run: its newest checkpoint is taken.
        place: the new run directory; replaced if it is there.
        name, note: for people.
        rows: recorded steps that are kept, evenly spread, the first and the last among them.
        grids: sample grids that are kept, evenly spread, the first and the last among them.

    Raises:
        ValueError: the run has not finished, or is in `place` itself.
    """
    if place.resolve() == run.path.resolve():
        raise ValueError(f"The run '{run.name}' cannot be packed into its own folder.")
    if run.status().state != "finished":
        raise ValueError(f"Only a finished run can be packed; '{run.name}' is {run.status().state}.")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    packed = Run(place)
    step = portable.export(run, place, grids=True)
    files.write_json(place / "about.json", {"name": name, "note": note})
    lines = packed.metrics_path.read_text(encoding="utf-8").splitlines()
    packed.metrics_path.write_text("".join(f"{line}\n" for line in kept_rows(lines, rows)), encoding="utf-8")
    for drawn in set(packed.sample_steps()) - set(spread(packed.sample_steps(), grids)):
        packed.sample_path(drawn).unlink()
    _halve(packed, step)
    return packed


def kept_rows(lines: list[str], count: int) -> list[str]:
    """The lines of a metrics log that are kept: `count`, evenly spread, and every one that an evaluator's score is on."""
    scored = {index for index, line in enumerate(lines) if '"accuracy/' in line}
    kept = sorted(scored | set(spread(list(range(len(lines))), count)))
    return [lines[index] for index in kept]


def spread(values: list[int], count: int) -> list[int]:
    """At most `count` of the values, evenly spread, the first and the last among them."""
    if len(values) <= count:
        return values
    return [values[round(index * (len(values) - 1) / (count - 1))] for index in range(count)]


def _halve(packed: Run, step: int) -> None:
    """Stores a checkpoint's weights in half precision, and their new hashes."""
    hashes = files.read_json(packed.manifest_path)
    for file in sorted(packed.checkpoint_dir(step).glob("*.safetensors")):
        tensors = {key: t.half() if t.dtype == torch.float32 else t for key, t in load_file(file).items()}
        save_file(tensors, file)
        hashes[f"{file.parent.name}/{file.name}"] = portable.sha256(file)
    files.write_json(packed.manifest_path, hashes)
