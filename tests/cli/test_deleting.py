"""delete, deleted, restore: through the bin that the pages use."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from helpers import tiny_run

from gan_core import runs
from gan_core.access import bin
from gan_core.experiments import studies
from gan_core.experiments.studies import PLANS, Study, StudyMember
from gan_core.runs import Run
from gan_core.training import queue
from tests.cli.test_main import refused

Command = Callable[..., tuple[int, str, str]]


def test_deleted_runs_lie_in_the_bin_of_the_pages_and_come_back_by_name_or_id(command: Command, runs_dir: Path) -> None:
    first, second, kept = (tiny_run(runs_dir, name) for name in ("first", "second", "kept"))
    status, out, _ = command("delete", "first", second.id, "first")
    assert status == 0 and f"python -m gan_core restore {first.id}" in out and out.count("in the bin for 7 days") == 2
    assert [run.id for run in runs.list_runs(runs_dir)] == [kept.id]
    assert {thing.id for thing in bin.binned(runs_dir)} == {first.id, second.id}
    rows = json.loads(command("deleted", "--json")[1])
    assert {(row["id"], row["kind"], row["name"], row["days_left"]) for row in rows} == {
        (first.id, "run", "first", 7), (second.id, "run", "second", 7)
    }  # fmt: skip
    assert command("restore", "first")[0] == 0 and command("restore", second.id)[0] == 0
    assert {run.name for run in runs.list_runs(runs_dir)} == {"first", "second", "kept"}
    assert command("deleted")[1] == ""
    refused(command("restore", "first"), "There is nothing called 'first' in the bin", "python -m gan_core deleted")


def test_the_way_back_names_a_folder_that_is_not_the_usual_one(command: Command, tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "other")
    assert f"restore {run.id} --runs-dir {tmp_path / 'other'}" in command("delete", run.path)[1]
    assert command("restore", run.id, "--runs-dir", tmp_path / "other")[0] == 0 and run.path.exists()


def test_a_mistyped_name_deletes_nothing_and_a_training_run_only_itself_stays(command: Command, runs_dir: Path) -> None:
    trains, rests = tiny_run(runs_dir, "trains"), tiny_run(runs_dir, "rests")
    refused(command("delete", "rests", "nobody"), "There is no run 'nobody'")
    assert rests.path.exists()
    with trains.lock():
        refused(command("delete", "trains", "rests"), "The run 'trains' is training. Stop it before you delete it.")
    assert trains.path.exists() and not rests.path.exists()


def test_a_waiting_run_leaves_the_queue_and_a_shipped_one_stays(
    command: Command, runs_dir: Path, tmp_path: Path
) -> None:
    waits, shipped = tiny_run(runs_dir, "waits"), tiny_run(tmp_path / "pretrained", "comes with it")
    queue.enqueue(waits)
    assert command("delete", "waits")[0] == 0
    assert queue.queued_ids(runs_dir) == []
    assert command("restore", "waits")[0] == 0 and Run(waits.path).status().state == "stopped"
    refused(command("delete", shipped.id), "comes with")
    assert shipped.path.exists()


def test_two_of_one_name_are_asked_for_by_id_and_a_study_comes_back_too(command: Command, runs_dir: Path) -> None:
    twins = [tiny_run(runs_dir, "twin") for _ in range(2)]
    assert command("delete", *(run.id for run in twins))[0] == 0
    refused(command("restore", "twin"), "2 deleted things are called 'twin'", twins[0].id, twins[1].id)
    (arm, *_others) = PLANS["r2-ratios"].arms
    study = Study("r2-ratios-1", "Weights", "r2-ratios", 1.0, {}, (StudyMember(arm.name, 0),))
    studies.STORE.save(runs_dir, study)
    studies.STORE.remove(runs_dir, study.id)
    assert command("restore", "Weights")[1].strip() == "Weights: the study is back."
    assert studies.find(runs_dir, study.id) == study
