"""What people saw in a run: an observation for each figure, and pictures marked as best or worst with the reason. notes.json."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from gan_core.access import Actor
from gan_core.config import several_lines
from gan_core.runs import files
from gan_core.runs.run import Run, checked_text

Judgement = Literal["best", "worst"]
MAX_TEXT, MAX_REASON, MAX_MARKS = 2000, 300, 100  # characters, characters, pictures
_FIGURE = re.compile(r"[a-z0-9_]{1,40}")


@dataclass(frozen=True)
class Mark:
    """A picture of a sample grid that somebody judged.

    Attributes:
        step: of the grid.
        number: of the picture in it, from 0: its pinned latent.
        judgement: best or worst.
        reason: why.
    """

    step: int
    number: int
    judgement: Judgement
    reason: str


@dataclass(frozen=True)
class Notes:
    """Everything that people noted.

    Attributes:
        observations: figure -> words; a figure is the key of a chart, "samples" or the like.
        marks: the best and the worst, by step and number.
    """

    observations: dict[str, str]
    marks: tuple[Mark, ...]


def read(run: Run) -> Notes:
    """The notes of a run; what is not sound in the file is left out."""
    data = files.read_json(run.notes_path)
    seen, marked = data.get("observations"), data.get("marks")
    observations = {
        figure: several_lines(words, MAX_TEXT)
        for figure, words in (seen.items() if isinstance(seen, dict) else ())
        if _FIGURE.fullmatch(figure) and isinstance(words, str)
    }
    marks = [_mark(entry) for entry in (marked[:MAX_MARKS] if isinstance(marked, list) else ())]
    return Notes(observations, tuple(mark for mark in marks if mark is not None))


def observe(run: Run, figure: str, words: str, *, actor: Actor | None = None) -> None:
    """Keeps what was seen in a figure; empty words remove it.

    Raises:
        ValueError: `Run.require`, a figure of no such name, words that are too long, or a folder that cannot be written.
    """
    if not _FIGURE.fullmatch(figure):
        raise ValueError(f"A figure's name has 1 to 40 small letters, digits and _; got '{figure[:60]}'.")
    words = checked_text(words, "observation", MAX_TEXT, empty=True, lines=True)
    with run.changing(run.notes_path, actor):
        notes = read(run)
        _write(run, replace(notes, observations={**notes.observations, figure: words}))


def mark(run: Run, step: int, number: int, judgement: Judgement, reason: str, *, actor: Actor | None = None) -> None:
    """Marks a picture; a mark that it has already is replaced.

    Raises:
        ValueError: `Run.require`, a step without a sample grid, a picture that is not in it, another judgement, no reason or
            one that is too long, more than MAX_MARKS, or a folder that cannot be written.
    """
    count = run.config().recording.num_samples
    if step not in run.sample_steps() or not 0 <= number < count:
        raise ValueError(f"The run '{run.name}' has no picture {number + 1} at step {step:,}; its grids have {count}.")
    if judgement not in get_args(Judgement):
        raise ValueError(f"A picture is marked as best or worst; got '{judgement}'.")
    reason = checked_text(reason, "reason", MAX_REASON, empty=False)
    with run.changing(run.notes_path, actor):
        kept = _others(read(run), step, number)
        if len(kept.marks) >= MAX_MARKS:
            raise ValueError(f"A run keeps at most {MAX_MARKS} marked pictures. Remove one first.")
        marks = sorted((*kept.marks, Mark(step, number, judgement, reason)), key=lambda mark: (mark.step, mark.number))
        _write(run, replace(kept, marks=tuple(marks)))


def unmark(run: Run, step: int, number: int, *, actor: Actor | None = None) -> None:
    """Removes a picture's mark; no error if it has none. Raises ValueError as `Run.require`, or if the folder cannot be written."""
    with run.changing(run.notes_path, actor):
        _write(run, _others(read(run), step, number))


def _others(notes: Notes, step: int, number: int) -> Notes:
    return replace(notes, marks=tuple(mark for mark in notes.marks if (mark.step, mark.number) != (step, number)))


def _write(run: Run, notes: Notes) -> None:
    if files.damage(run.notes_path):  # kept, never overwritten
        run.notes_path.rename(files.aside_name(run.notes_path, "damaged"))
    observations = {figure: words for figure, words in notes.observations.items() if words}
    files.write_json(run.notes_path, {"observations": observations, "marks": [asdict(mark) for mark in notes.marks]})


def _mark(entry: Any) -> Mark | None:
    """A mark out of a file of unknown origin, if it is one."""
    if not isinstance(entry, Mapping):
        return None
    values: list[Any] = [entry.get(name) for name in ("step", "number", "judgement", "reason")]
    step, number, judgement, reason = values
    counts = all(type(value) is int and 0 <= value < 2**53 for value in (step, number))
    if not counts or judgement not in get_args(Judgement) or not isinstance(reason, str):
        return None
    return Mark(step, number, judgement, several_lines(reason, MAX_REASON))
