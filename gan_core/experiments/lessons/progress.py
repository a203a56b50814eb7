"""How far somebody is in the lessons, kept with the installation, so that another browser goes on where this one stopped.

`.lessons/OWNER.json` in the runs folder: {lesson: {"answers": {prediction: choice}, "ended": bool}}. In a classroom each
student and the teachers have a file of their own, and nothing is kept of viewers. Loads no torch.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gan_core import access
from gan_core.access import Actor, Role
from gan_core.experiments.lessons.entry import Lesson
from gan_core.runs import files

FOLDER = ".lessons"


@dataclass(frozen=True)
class LessonProgress:
    """What somebody said and did in a lesson.

    Attributes:
        answers: prediction's key -> the choice made; none that the lesson does not know.
        ended: whether its last question was answered.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    ended: bool = False


def kept(runs_dir: Path, lesson: Lesson, actor: Actor | None = None) -> LessonProgress:
    """What is kept of a lesson; nothing where there is none, or the file is damaged.

    Args:
        runs_dir: the user's runs folder.
        lesson: what a changed lesson no longer asks is left out.
        actor: whose it is; None for `access.current`.
    """
    place = _place(runs_dir, actor)
    row = files.read_json(place).get(lesson.name) if place else None
    if not isinstance(row, dict):
        return LessonProgress()
    said = row.get("answers")
    answers = said if isinstance(said, dict) else {}
    sound = {p.key: answers[p.key] for p in lesson.predictions if p.words(str(answers.get(p.key, "")))}
    return LessonProgress(sound, row.get("ended") is True)


def keep(runs_dir: Path, lesson: Lesson, progress: LessonProgress, actor: Actor | None = None) -> None:
    """Keeps it; empty progress removes what was kept. On a folder that cannot be written it is remembered by the page alone."""
    place = _place(runs_dir, actor)
    if place is None:
        return
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        rows = files.read_json(place)
        rows.pop(lesson.name, None)
        if progress != LessonProgress():
            rows[lesson.name] = {"answers": dict(progress.answers), "ended": progress.ended}
        files.write_json(place, rows)


def _place(runs_dir: Path, actor: Actor | None) -> Path | None:
    """The file of an actor; None for whoever only watches."""
    actor = actor or access.current()
    if actor.role == Role.VIEWER:
        return None
    return runs_dir / FOLDER / f"{actor.id or 'alone'}.json"
