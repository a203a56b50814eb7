"""rename, note, mark, notes: what the pages keep with a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import tiny_run

from gan_core.runs import Run, notes
from gan_core.runs.notes import Mark
from tests.cli.test_main import refused

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(runs_dir: Path) -> Run:
    made = tiny_run(runs_dir, "first")
    made.save_sample(5, b"a grid")
    return made


def test_a_run_gets_another_name_and_a_note(command: Command, run: Run) -> None:
    assert command("rename", "first", "[b]second[/b]")[1].strip() == "first: now called [b]second[/b]"
    assert run.name == "[b]second[/b]"
    assert command("note", run.id, "two\nlines")[0] == 0 and run.note == "two\nlines"
    assert command("note", run.id, "")[1].strip().endswith("note removed") and run.note == ""
    refused(command("rename", run.id, "n" * 81), "name", "81")
    refused(command("rename", "first", "third"), "There is no run 'first'")


def test_observations_and_marks_are_those_of_the_page(command: Command, run: Run) -> None:
    assert command("note", run.id, "round strokes", "--figure", "samples")[0] == 0
    assert command("mark", run.id, "--step", 5, "--picture", 2, "--worst", "--reason", "two strokes")[0] == 0
    assert notes.read(run) == notes.Notes({"samples": "round strokes"}, (Mark(5, 1, "worst", "two strokes"),))
    assert command("mark", run.id, "--step", 5, "--picture", 2, "--best", "--reason", "clear")[0] == 0
    run.describe(note="all")
    assert json.loads(command("notes", run.id, "--json")[1]) == [
        {"kind": "note", "about": "run", "text": "all"},
        {"kind": "observation", "about": "samples", "text": "round strokes"},
        {"kind": "best", "about": "step 5, picture 2", "text": "clear"},
    ]
    assert command("mark", run.id, "--step", 5, "--picture", 2, "--remove")[0] == 0
    assert notes.read(run).marks == ()
    refused(command("mark", run.id, "--step", 5, "--picture", 2, "--remove"), "has no mark on picture 2 at step 5")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--step", 5, "--picture", 1, "--reason", "why"), "Give --best or --worst with --reason, or --remove alone."),
        (("--step", 5, "--picture", 1, "--best", "--remove"), "Give --best or --worst"),
        (("--step", 5, "--picture", 1, "--best"), "The reason must not be empty"),
        (("--step", 4, "--picture", 1, "--best", "--reason", "why"), "no picture 1 at step 4"),
        (("--step", 5, "--picture", 999, "--best", "--reason", "why"), "no picture 999 at step 5"),
    ],
)
def test_what_cannot_be_marked_is_refused_with_the_way_out(command: Command, run: Run, options, words: str) -> None:
    refused(command("mark", run.id, *options), words)
    assert notes.read(run).marks == ()


def test_a_figure_of_no_such_name_is_refused(command: Command, run: Run) -> None:
    refused(command("note", run.id, "words", "--figure", "Samples!"), "got 'Samples!'")
