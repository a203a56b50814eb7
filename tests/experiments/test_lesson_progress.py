"""What is kept of somebody's lessons: their own, what the lesson still asks, and nothing of whoever only watches."""

from __future__ import annotations

from pathlib import Path

import pytest
from access_helpers import ANNA

from gan_core.access import ALONE, VIEWER, Actor, Role
from gan_core.experiments.lessons import LESSONS
from gan_core.experiments.lessons.progress import FOLDER, LessonProgress, keep, kept

LESSON = LESSONS["collapse"]
FIRST = LESSON.predictions[0]
SAID = LessonProgress({FIRST.key: FIRST.expected}, ended=True)


def test_each_has_their_own_and_an_empty_one_is_removed(tmp_path: Path) -> None:
    keep(tmp_path, LESSON, SAID, ANNA)
    keep(tmp_path, LESSONS["balance"], LessonProgress(ended=True), ANNA)
    assert kept(tmp_path, LESSON, ANNA) == SAID
    assert (
        kept(tmp_path, LESSON, ALONE) == kept(tmp_path, LESSON, Actor("bob", "Bob", Role.STUDENT)) == LessonProgress()
    )
    keep(tmp_path, LESSON, LessonProgress(), ANNA)
    assert kept(tmp_path, LESSON, ANNA) == LessonProgress()
    assert kept(tmp_path, LESSONS["balance"], ANNA).ended


def test_nothing_is_kept_of_a_viewer(tmp_path: Path) -> None:
    keep(tmp_path, LESSON, SAID, VIEWER)
    assert not list(tmp_path.iterdir()) and kept(tmp_path, LESSON, VIEWER) == LessonProgress()
    keep(tmp_path, LESSON, SAID, ALONE)
    assert kept(tmp_path, LESSON, VIEWER) == LessonProgress()


@pytest.mark.parametrize("content", [
    b"[" * 10**5, b"[]", b'{"collapse": 3}', b'{"collapse": {"answers": []}}',
    b'{"collapse": {"answers": {"broken": ["few"], "nonsense": "x"}, "ended": 1}}', b"\xff",
])  # fmt: skip
def test_a_damaged_file_is_no_progress(content: bytes, tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "alone.json").write_bytes(content)
    assert kept(tmp_path, LESSON, ALONE) == LessonProgress()
    keep(tmp_path, LESSON, SAID, ALONE)
    assert kept(tmp_path, LESSON, ALONE) == SAID


def test_a_folder_that_cannot_be_written_ends_no_lesson(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("a file")
    keep(tmp_path, LESSON, SAID, ALONE)
    assert kept(tmp_path, LESSON, ALONE) == LessonProgress()
