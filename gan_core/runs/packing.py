"""A finished run made small enough to pass on: its newest checkpoint for looking at, thinned curves, a few grids."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from gan_core.runs import files
from gan_core.runs.checkpoints import folder, steps
from gan_core.runs.portable import sha256
from gan_core.runs.run import Run

COPIED = ("config.json", "status.json", "pinned.json")
EVENTS = ("started", "finished", "override")


def pack(run: Run, place: Path, name: str, note: str, *, rows: int = 1500, grids: int = 5) -> Run:
    """A copy of a finished run in `place`, without what only training needs and with its weights in half precision.

    Args:
        run: its newest checkpoint is taken.
        place: the new run directory; replaced if it is there.
        name, note: for people.
        rows: recorded steps that are kept, evenly spread, the first and the last among them.
        grids: sample grids that are kept, evenly spread, the first and the last among them.

    Raises:
        ValueError: the run has not finished.
    """
    if run.status().state != "finished":
        raise ValueError(f"Only a finished run can be packed; '{run.name}' is {run.status().state}.")
    packed = Run(place)
    shutil.rmtree(place, ignore_errors=True)
    packed.samples_dir.mkdir(parents=True)
    for file in COPIED:
        if (run.path / file).exists():
            shutil.copy(run.path / file, place / file)
    files.write_json(place / "about.json", {"name": name, "note": note})
    lines = run.metrics_path.read_text(encoding="utf-8").splitlines()
    packed.metrics_path.write_text("".join(f"{line}\n" for line in kept_rows(lines, rows)), encoding="utf-8")
    events = [event for event in run.events() if event["type"] in EVENTS]
    packed.events_path.write_text("".join(f"{json.dumps(event)}\n" for event in events), encoding="utf-8")
    for step in spread(run.sample_steps(), grids):
        shutil.copy(run.sample_path(step), packed.sample_path(step))
    _pack_checkpoint(run, packed, steps(run)[-1])
    return packed


def kept_rows(lines: list[str], count: int) -> list[str]:
    """The lines of a metrics log that are kept: `count`, evenly spread, and every one that an evaluator's score is on."""
    judged = {index for index, line in enumerate(lines) if '"accuracy/' in line}
    kept = sorted(judged | set(spread(list(range(len(lines))), count)))
    return [lines[index] for index in kept]


def spread(values: list[int], count: int) -> list[int]:
    """At most `count` of the values, evenly spread, the first and the last among them."""
    if len(values) <= count:
        return values
    return [values[round(index * (len(values) - 1) / (count - 1))] for index in range(count)]


def _pack_checkpoint(run: Run, packed: Run, step: int) -> None:
    source, target = folder(run, step), folder(packed, step)
    target.mkdir(parents=True)
    hashes = {}
    for name in ("model.safetensors", "ema.safetensors"):
        if (source / name).exists():
            tensors = load_file(source / name)
            save_file({key: _halved(tensor) for key, tensor in tensors.items()}, target / name)
    shutil.copy(source / "state.json", target / "state.json")
    for file in sorted(target.iterdir()):
        hashes[f"{target.name}/{file.name}"] = sha256(file)
    files.write_json(packed.manifest_path, hashes)


def _halved(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.half() if tensor.dtype == torch.float32 else tensor
