"""A new run that continues from another's checkpoint with other settings: the same past, a different future."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gan_core.config import get, read_bounded, with_changes
from gan_core.config.reasons import not_written
from gan_core.models.kinds import KINDS, kind_of
from gan_core.runs import files
from gan_core.runs.folder import create
from gan_core.runs.portable import checked_state, sha256
from gan_core.runs.run import Run

OPTIMIZERS = tuple(dict.fromkeys(part.section for kind in KINDS.values() for part in kind.optimizers))
CHANGEABLE = (
    *(field for kind in KINDS.values() for field in kind.branching),
    "recording.",
    *(f"{name}.{field}" for name in OPTIMIZERS for field in ("learning_rate", "beta1", "beta2", "schedule")),
    *(f"training.{name}" for name in ("epochs", "max_steps", "precision", "device", "threads", "deterministic")),
)
"""Fields, or beginnings of fields, that fit the weights and optimisers of any checkpoint."""


def can_branch(changes: Mapping[str, Any]) -> bool:
    """Whether all of these changes fit a trained checkpoint; others need a run from step 0."""
    return all(name.startswith(CHANGEABLE) for name in changes)


def branch(runs_dir: Path, parent: Run, step: int, changes: Mapping[str, Any], name: str = "", title: str = "") -> Run:
    """A run that has the parent's curves, pictures and checkpoint up to a step, and continues from there with changes.

    Args:
        runs_dir: where it is put.
        parent: of any state; is not touched.
        step: one of its checkpoints, with the optimisers' state.
        changes: dotted field -> value, each one `CHANGEABLE`.
        name: the user's name for it.
        title: what it is called without one; made from the parent's name when empty.

    Raises:
        ValueError: a change that does not fit a trained checkpoint, a step without one, or one for looking at only or
            whose rates cannot be changed because it is damaged, or a folder that cannot be written; nothing is left behind.
    """
    for field in changes:
        if not can_branch({field: None}):
            raise ValueError(
                f"'{field}' cannot be changed in the middle of a run: the weights of its checkpoint would not fit. "
                "Train a new run from step 0 instead."
            )
    if step not in parent.checkpoint_steps():
        there = ", ".join(f"{n:,}" for n in parent.checkpoint_steps()) or "none"
        raise ValueError(f"The run '{parent.name}' has no checkpoint of step {step:,}. It has: {there}.")
    if step not in parent.trainable_steps():
        raise ValueError(
            f"The checkpoint of '{parent.name}' at step {step:,} is view-only: it has no optimiser state, so training cannot "
            "continue from it."
        )
    config = with_changes(parent.config(), changes)
    run = create(runs_dir, config, name, title=title or f"{parent.name}, from step {step:,}")
    try:
        copy_past(parent, run, step)
        _change_rates(run, step, changes)
        run.add_event("branched", step, parent=parent.id, changes=dict(changes), time=round(time.time(), 3))
    except (OSError, ValueError) as error:
        shutil.rmtree(run.path, ignore_errors=True)
        if isinstance(error, ValueError):
            raise
        raise ValueError(not_written(f"The runs folder {runs_dir}", error, "GANVAS_RUNS_DIR")) from error
    return run


def copy_past(parent: Run, run: Run, step: int) -> None:
    """Gives a run that was just made what another has up to the step of one of its checkpoints."""
    folder = run.checkpoint_dir(step)
    shutil.copytree(parent.checkpoint_dir(step), folder)
    manifest = files.read_json(parent.manifest_path)
    files.write_json(
        run.manifest_path, {key: value for key, value in manifest.items() if key.startswith(f"{folder.name}/")}
    )
    for name in ("pinned.json", parent.environment_path.name):
        if (parent.path / name).exists():
            shutil.copy(parent.path / name, run.path / name)
    for drawn in parent.sample_steps():
        if drawn <= step:
            shutil.copy(parent.sample_path(drawn), run.sample_path(drawn))
    if parent.metrics_path.exists():
        shutil.copy(parent.metrics_path, run.metrics_path)
        files.cut_log(run.metrics_path, step)


def _change_rates(run: Run, step: int, changes: Mapping[str, Any]) -> None:
    """Puts changed rates into the checkpoint's optimisers, which carry their own from before."""
    config, file = run.config(), run.checkpoint_dir(step) / "state.json"
    rates = [name for name in changes if not name.endswith(".schedule")]  # that one no checkpoint holds
    parts = dict.fromkeys(part for name in rates if (part := kind_of(config).optimizer_of(name)))
    if not parts:
        return
    manifest, key = files.read_json(run.manifest_path), f"{file.parent.name}/{file.name}"
    if manifest.get(key) != sha256(file):  # or the new hash would vouch for the damage
        raise ValueError(f"{key} of the run is damaged: its SHA-256 is not the manifest's. Choose another checkpoint.")
    state = checked_state(read_bounded(file), config, key)
    for part in parts:
        (group,) = state["groups"][part.stored_name]
        group["lr"] = get(config, part.rate)
        if "betas" in group:
            group["betas"] = [get(config, f"{part.section}.beta1"), get(config, f"{part.section}.beta2")]
    files.write_json(file, state)
    files.write_json(run.manifest_path, {**manifest, key: sha256(file)})
