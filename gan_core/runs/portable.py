"""The files of a run that are copied to another machine, their names, and what is left out of them.

`export` writes a copy to send; `gan_core.runs.adoption` makes a run of received files. What names this machine or
its user stays here: the folder of the pictures, host and process, messages with paths, the log, and the note unless it
is asked for.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from gan_core.config import RunConfig, may_be_live, strict_json, strict_object, with_changes
from gan_core.models.kinds import kind_of
from gan_core.runs import environment, evaluations, files
from gan_core.runs.run import Run

JSON_NAMES = {
    "config": "config.json",
    "about": "about.json",
    "status": "status.json",
    "pinned": "pinned.json",
    "environment": "environment.json",
    "manifest": "manifest.json",
    "metrics": "metrics.jsonl",
    "events": "events.jsonl",
    "evaluations": "evaluations.jsonl",
}
"""Kind of file -> its name, for those of which a run has one."""
CHECKPOINT_KINDS = ("model", "ema", "optimizer", "state")
_KINDS = {name: kind for kind, name in JSON_NAMES.items()}
_SAMPLE = re.compile(r"samples/step-(\d{8,12})\.png", re.ASCII)
_CHECKPOINT = re.compile(r"checkpoints/step-(\d{8,12})/(?:(model|ema|optimizer)\.safetensors|(state)\.json)", re.ASCII)
_EVENTS = frozenset(
    ("started", "resumed", "checkpoint", "override", "paused", "stopped", "finished", "branched", "data_changed")
)
MAX_METRICS, MAX_VALUES = 200, 20_000_000  # names, and recorded steps times names: 160 MB where they are shown
MAX_LINES, MAX_LINE_BYTES = 500_000, 64_000  # of a log of unknown origin
MAX_EVENTS = 50_000  # and as many evaluations


@dataclass(frozen=True)
class RunFile:
    """One file of a run, identified by its name.

    Attributes:
        name: path within the run directory, with slashes.
        kind: a key of JSON_NAMES, "sample", or one of CHECKPOINT_KINDS.
        step: of a sample or a checkpoint file; 0 for the others.
    """

    name: str
    kind: str
    step: int = 0


def part(name: str) -> RunFile | None:
    """The part of a run with this name; None when a run has no file of that name."""
    if name in _KINDS:
        return RunFile(name, _KINDS[name])
    if match := _SAMPLE.fullmatch(name):
        return RunFile(name, "sample", int(match[1])) if name == sample_name(int(match[1])) else None
    if match := _CHECKPOINT.fullmatch(name):
        step, kind = int(match[1]), match[2] or match[3]
        return RunFile(name, kind, step) if name == checkpoint_name(step, kind) else None
    return None


def sample_name(step: int) -> str:
    """Where the sample grid of a step is, within the run directory."""
    return f"samples/step-{step:08d}.png"


def checkpoint_name(step: int, kind: str) -> str:
    """Where a file of a checkpoint is, within the run directory."""
    return f"checkpoints/step-{step:08d}/{kind}.{'json' if kind == 'state' else 'safetensors'}"


def sha256(path: Path) -> str:
    """The file's SHA-256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def export(
    run: Run,
    place: Path,
    *,
    step: int | None = None,
    optimizer: bool = False,
    note: bool = False,
    grids: bool = False,
    every: bool = False,
) -> int:
    """Writes a copy of a run for other machines into the folder `place`.

    Args:
        run: which; it may be training meanwhile.
        place: existing, empty.
        step: which checkpoint; the newest if None.
        optimizer: with what training needs to go on (three times the size).
        note: with the user's note.
        grids: with every sample grid until then, not only the last.
        every: with every checkpoint until then, not only that one.

    Returns:
        The step of the checkpoint.

    Raises:
        ValueError: no checkpoint (of that step), or a damaged one.
    """
    step = run.chosen_step(step)
    steps = [taken for taken in run.checkpoint_steps() if taken == step or (every and taken < step)]
    _write(place, "manifest", _copied_checkpoints(run, place, steps, optimizer=optimizer))
    config = with_changes(run.config(), {"dataset.root": ""})
    (place / JSON_NAMES["config"]).write_text(config.to_json(), encoding="utf-8")
    _write(place, "about", {"name": run.own_name, "title": run.title, "note": run.note if note else ""})
    status = run.status()
    state = "finished" if step >= status.total_steps else "stopped"
    status = replace(status, state=state, step=step, phase="", owner="", error="", images_per_s=0)
    _write(place, "status", asdict(status))
    if (labels := run.pinned_labels()) is not None:
        _write(place, "pinned", {"labels": labels})
    if entries := environment.until(environment.sessions(run), step):
        environment.write_sessions(place / JSON_NAMES["environment"], entries)
    drawn = [s for s in run.sample_steps() if s <= step]
    for taken in drawn if grids else drawn[-1:]:
        _copy(run.sample_path(taken), place / sample_name(taken))
    files.append_lines(place / JSON_NAMES["metrics"], metrics_until(run.metrics(), step))
    files.append_lines(place / JSON_NAMES["events"], events_until(run.events(), step))
    if measured := evaluations.until(files.read_lines(run.evaluations_path), step):
        files.append_lines(place / JSON_NAMES["evaluations"], measured)
    return step


def _copied_checkpoints(run: Run, place: Path, steps: Iterable[int], *, optimizer: bool) -> dict[str, str]:
    """Copies checkpoints' files; returns their hashes, found equal to the manifest's, for a manifest of their own."""
    known = files.read_json(run.manifest_path)
    hashes = {}
    kinds = [kind for kind in CHECKPOINT_KINDS if optimizer or kind != "optimizer"]
    names = [checkpoint_name(step, kind) for step in steps for kind in kinds]
    for name in names:
        if not (run.path / name).exists():
            continue
        _copy(run.path / name, place / name)
        key = name.partition("/")[2]  # the manifest's keys begin below checkpoints/
        hashes[key] = sha256(place / name)
        if known.get(key) != hashes[key]:
            raise ValueError(
                f"The checkpoint file {key} of '{run.id}' is damaged or was just replaced. Choose another."
            )
    return hashes


def checked_state(content: bytes, config: RunConfig, where: str) -> dict[str, Any]:
    """The object in a checkpoint's state.json, as far as training goes on from it found to be sound.

    Raises:
        ValueError: no JSON object, no random state or time, an optimiser without a rate and betas that its fields allow, or a
            scalar that is no number.
    """
    state = strict_object(content)
    rng, groups = state.get("rng"), state.get("groups")
    if not isinstance(rng, str) or not _is_base64(rng) or not _in_range(state.get("seconds"), 1e12):
        raise ValueError(
            f"{where} must hold rng, in base64, and seconds, from 0 on; it does not. Use another checkpoint."
        )
    for part in kind_of(config).optimizers:
        kept = groups.get(part.stored_name) if isinstance(groups, dict) else None
        group = kept[0] if isinstance(kept, list) and len(kept) == 1 and isinstance(kept[0], dict) else {}
        rate, betas = group.get("lr"), group.get("betas", [0.0, 0.0])
        whole = isinstance(betas, list) and len(betas) == 2 and all(_in_range(beta, 1) for beta in betas)
        if not (whole and files.is_number(rate) and may_be_live(part.rate, rate)):
            raise ValueError(
                f"{where} must hold for '{part.stored_name}' a learning rate above 0, at most 1, and betas from 0 to below "
                f"1; got {rate!r:.40} and {betas!r:.60}. Use another checkpoint."
            )
    scalars = state.get("scalars", {})
    if not (isinstance(scalars, dict) and all(map(files.is_number, scalars.values()))):
        raise ValueError(
            f"{where} must hold scalars by name, finite numbers; got {scalars!r:.60}. Use another checkpoint."
        )
    return state


def metrics_until(lines: Iterable[Mapping[str, Any]], step: int) -> Iterator[dict[str, float]]:
    """The recorded steps up to `step`, one by one: of each line only what is a finite number under a metric's name.

    Raises:
        ValueError: a line without a step, steps that go backwards, or more than MAX_METRICS names or MAX_VALUES values.
    """
    last = 0
    names: set[str] = set()
    for count, line in enumerate(lines, start=1):
        named = {k: v for k, v in line.items() if len(k) <= 64 and evaluations.METRIC_NAME.fullmatch(k)}
        numbers = {k: v for k, v in named.items() if files.is_number(v)}
        at = numbers.get("step")
        if not isinstance(at, int) or at < last:
            raise ValueError(f"Line {count:,} of the log of metrics has a step that is missing or goes backwards.")
        last = at
        names |= numbers.keys()
        if len(names) > MAX_METRICS:
            raise ValueError(f"The log of metrics has more than {MAX_METRICS} different metrics.")
        if count * len(names) > MAX_VALUES:
            raise ValueError(f"The log of metrics has more than {MAX_VALUES:,} values, as steps times metrics.")
        if at <= step:
            yield numbers


def events_until(lines: Iterable[Mapping[str, Any]], step: int) -> list[dict[str, Any]]:
    """What happened up to `step`, as far as it matters elsewhere; what is incomplete, names paths or sets a learning rate
    that its field does not allow is left out."""
    kept: list[dict[str, Any]] = []
    for line in lines:
        moment, kind = line.get("time"), line.get("type")
        if not (files.has_step(line) and line["step"] <= step and _in_range(moment, 1e11)):
            continue
        if not isinstance(kind, str) or kind not in _EVENTS:
            continue
        event: dict[str, Any] = {"type": kind, "step": line["step"], "time": moment}
        if kind == "override":
            changes, sequence = line.get("changes"), line.get("sequence")
            if not isinstance(changes, dict) or not isinstance(sequence, int) or not _in_range(sequence, 1e9):
                continue
            allowed = {k: v for k, v in changes.items() if files.is_number(v) and may_be_live(k, v)}
            if not allowed:
                continue
            event |= {"changes": allowed, "sequence": sequence}
        kept.append(event)
    return kept


def checked_lines(path: Path, most: int = MAX_LINES) -> Iterator[dict[str, Any]]:
    """The objects of a JSON-lines file of unknown origin, one by one; none if it is missing.

    Raises:
        ValueError: a line that is not a JSON object, has more than MAX_LINE_BYTES, or is one more than `most`.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_LINE_BYTES + 1), b""), start=1):
            if len(line) > MAX_LINE_BYTES or number > most:
                raise ValueError(
                    f"{path.name} has a line of more than {MAX_LINE_BYTES:,} bytes, or more than {most:,} lines."
                )
            value = strict_json(line)
            if not isinstance(value, dict):
                raise ValueError(f"{path.name} has a line that is not an object.")
            yield value


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False


def _in_range(value: Any, below: float) -> bool:
    return files.is_number(value) and 0 <= value < below


def _write(place: Path, kind: str, value: Any) -> None:
    files.write_json(place / JSON_NAMES[kind], value)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
