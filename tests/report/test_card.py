"""The card: made at the end of a run, in a task, unless that is switched off; never in the way of the run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from helpers import tiny_run

from gan_core.exchange import run_zip
from gan_core.jobs import task, task_worker
from gan_core.report import card
from gan_core.runs import Run, Status
from gan_core.training import supervisor


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GANVAS_REPORTS")
    monkeypatch.setattr(task, "_launch", lambda place, actor: task_worker.work(place))  # here, not in a process


def test_a_run_that_ended_gets_its_report_and_a_copy_leaves_it_out(finished: Run, tmp_path: Path):
    assert card.begin(finished)
    assert finished.report_path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert task.progress(card.task(finished)).state == "done"
    run_zip.write(finished, tmp_path / "run.zip")
    shutil.unpack_archive(tmp_path / "run.zip", tmp_path / "copy")
    assert not list((tmp_path / "copy").rglob(finished.report_path.name))


@pytest.mark.parametrize("state", ["running", "paused", "queued", "interrupted"])
def test_a_run_that_may_go_on_gets_none(state: str, finished: Run):
    finished.write_status(Status(state=state))
    assert not card.begin(finished)


def test_switched_off_or_without_a_recorded_step_there_is_none(
    finished: Run, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
):
    empty = tiny_run(runs_dir)
    empty.write_status(Status(state="failed"))
    assert not card.begin(empty)
    monkeypatch.setenv("GANVAS_REPORTS", "off")
    assert not card.begin(finished) and not finished.report_path.exists()


def test_a_folder_that_cannot_be_written_fails_the_task_with_a_sentence(finished: Run):
    finished.report_path.mkdir()
    assert card.begin(finished)
    failed = task.progress(card.task(finished))
    assert failed.state == "failed" and "cannot be written" in failed.error


def test_the_supervisor_hands_over_each_run_and_survives_a_follower_that_fails(
    finished: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(supervisor, "_followers", [])
    seen: list[str] = []

    def fails(run: Run) -> None:
        seen.append(run.id)
        raise OSError("no")

    for _twice in range(2):
        supervisor.after_each_run(fails)
    supervisor.after_each_run(card.begin)
    supervisor._follow(finished)
    assert seen == [finished.id] and finished.report_path.exists()
