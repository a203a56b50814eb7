"""Work that a page began in the background, seen from the command line: what runs, and how it is cancelled."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import eventually, tiny_run

from gan_core.config import DatasetConfig
from gan_core.jobs import data, task
from gan_core.runs import files
from tests.cli.test_main import refused

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of this test's own, so that nothing else runs in it."""
    monkeypatch.setenv("GANVAS_CACHE_DIR", str(tmp_path / "cache"))


def at_work(name: str) -> task.Task:
    """Preparing a data set, as `begun`."""
    made = data.preparation(DatasetConfig(name=name))
    begun(made)
    return made


def begun(made: task.Task) -> Path:
    """The folder of a task as one that its process reports on, without the process."""
    place = task.folder(made)
    place.mkdir(parents=True)
    task.write_progress(place, task.Progress("running", "images", 40, 100))
    files.write_json(place / task.TASK, vars(made))
    listed = task._background() / task.RUNNING
    files.write_json(listed, files.read_json(listed) | {str(place): "somebody"})
    return place


def test_a_task_that_runs_is_listed_and_cancelled_by_its_id(command: Command) -> None:
    made = data.preparation(DatasetConfig(name="faces", image_size=64))
    task.start(made)
    eventually(lambda: task.progress(made).stage == "images", "its first images", timeout_s=60)
    status, out, _ = command("tasks")
    assert status == 0 and all(words in out for words in (task.task_id(made), "jobs.data.prepare", "faces", "/ 40,000"))
    status, out, err = command("cancel", task.task_id(made))
    assert (status, out) == (0, "jobs.data.prepare faces: cancelled\n"), err
    assert task.progress(made).state == "cancelled"
    assert command("tasks", "--json")[1].strip() == "[]"


def test_a_task_is_cancelled_when_its_run_is_gone(command: Command, tmp_path: Path) -> None:
    run = tiny_run(tmp_path)
    made = task.Task.of("gan_core.report.card:make", run=str(run.path))
    place = begun(made)
    shutil.rmtree(run.path)
    (row,) = json.loads(command("tasks", "--json")[1])
    assert row["about"] == run.id
    task.cancel(task.at_work()[0].task)
    assert (place / task.CANCEL).exists()


def test_what_does_not_run_is_refused_with_the_way_to_find_what_does(command: Command) -> None:
    refused(command("cancel", "0badc0de"), "No work in the background has the id '0badc0de'", "`tasks`")


def test_one_whose_files_are_damaged_hides_no_other(command: Command) -> None:
    damaged, sound = at_work("faces"), at_work("blocks")
    (task.folder(damaged) / task.TASK).write_text('{"function": "os:remove", "arguments": "{}"}')
    assert [
        (row["id"], row["about"], row["done"], row["owner"]) for row in json.loads(command("tasks", "--json")[1])
    ] == [(task.task_id(sound), "blocks", 40, "somebody")]
