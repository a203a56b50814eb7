"""What people note of a run: kept, replaced, refused, and read from a file that anybody may have written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_run

from gan_core.analysis import marked
from gan_core.figures import imaging
from gan_core.runs import Run, notes, recovery
from gan_core.runs.notes import Mark, Notes


@pytest.fixture
def run(runs_dir: Path) -> Run:
    """A run with a sample grid of four pictures at step 5."""
    made = tiny_run(runs_dir)
    pictures = np.arange(4, dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 8, 8), np.uint8) * 50
    made.save_sample(5, imaging.png_bytes(imaging.to_picture(imaging.grid(pictures))))
    return made


def test_observations_and_marks_are_kept_replaced_and_removed(run: Run) -> None:
    assert notes.read(run) == Notes({}, ())
    notes.observe(run, "losses", "G settles\nafter two epochs")
    notes.observe(run, "samples", "blurred")
    notes.observe(run, "samples", "")
    notes.mark(run, 5, 3, "worst", "no face")
    notes.mark(run, 5, 1, "worst", "one eye")
    notes.mark(run, 5, 1, "best", "both eyes")
    notes.unmark(run, 5, 0)
    found = notes.read(run)
    assert found.observations == {"losses": "G settles\nafter two epochs"}
    assert found.marks == (Mark(5, 1, "best", "both eyes"), Mark(5, 3, "worst", "no face"))
    assert [int(picture[0, 0, 0]) for _mark, picture in marked.marked(run)] == [50, 150]
    notes.unmark(run, 5, 3)
    assert notes.read(run).marks == (Mark(5, 1, "best", "both eyes"),)


def test_what_is_not_there_or_says_nothing_is_refused(run: Run) -> None:
    for step, number, judgement, reason, rule in [
        (6, 0, "best", "x", "no picture 1 at step 6"),
        (5, 4, "best", "x", "no picture 5 at step 5; its grids have 4"),
        (5, 0, "fair", "x", "best or worst; got 'fair'"),
        (5, 0, "best", " ", "reason must not be empty"),
        (5, 0, "best", "x" * 301, "301 characters"),
    ]:
        with pytest.raises(ValueError, match=rule):
            notes.mark(run, step, number, judgement, reason)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="small letters"):
        notes.observe(run, "../x", "y")
    assert not run.notes_path.exists()


def test_a_file_from_elsewhere_is_read_for_what_is_sound_and_a_damaged_one_is_kept(run: Run) -> None:
    good = {"step": 5, "number": 2, "judgement": "best", "reason": "sharp"}
    bad = [7, {}, good | {"number": -1}, good | {"judgement": "x"}, good | {"step": True}, good | {"reason": 3}]
    content = {"marks": [*bad, good], "observations": {"losses": "ok", "../x": "no", "kl": 4}}
    run.notes_path.write_text(json.dumps(content))
    assert notes.read(run) == Notes({"losses": "ok"}, (Mark(5, 2, "best", "sharp"),))
    run.notes_path.write_text("{")
    assert notes.read(run) == Notes({}, ()) and len(recovery.damage(run)) == 1
    notes.observe(run, "kl", "falls")
    assert notes.read(run).observations == {"kl": "falls"}
    assert (run.path / "notes.json.damaged-1").read_text() == "{"
