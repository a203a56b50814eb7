"""delete, deleted, restore, empty-bin: through the bin that the pages use."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from evaluator_helpers import tiny_evaluator
from helpers import tiny_run
from sweep_helpers import small

from gan_core import runs
from gan_core.access import bin
from gan_core.config import settings
from gan_core.datasets import uploads
from gan_core.evaluation import evaluators
from gan_core.experiments import studies
from gan_core.experiments.studies import PLANS, Study, StudyMember
from gan_core.experiments.sweeps import folder as sweeps
from gan_core.latents import saved_directions
from gan_core.latents.saved_directions import Direction
from gan_core.runs import Run
from gan_core.training import queue
from tests.cli.test_main import refused

Command = Callable[..., tuple[int, str, str]]


def kept_study(runs_dir: Path) -> Study:
    """A study that is called Weights."""
    (arm, *_others) = PLANS["r2-ratios"].arms
    study = Study("r2-ratios-1", "Weights", "r2-ratios", 1.0, {}, (StudyMember(arm.name, 0),))
    studies.STORE.save(runs_dir, study)
    return study


def answers(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    """What the user types from now on."""
    monkeypatch.setattr("sys.stdin", io.StringIO(words))


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
    refused(
        command("delete", "rests", "nobody"),
        "There is no run, data set, evaluator, sweep, study or direction 'nobody'",
        "gan_core runs",
    )
    refused(command("delete", "nobody", "--kind", "run"), "There is no run 'nobody'")
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
    refused(command("restore", "twin"), "2 deleted runs are called 'twin'", twins[0].id, twins[1].id)
    study = kept_study(runs_dir)
    studies.STORE.remove(runs_dir, study.id)
    assert command("restore", "Weights")[1].strip() == "Weights: the study is back."
    assert studies.find(runs_dir, study.id) == study


def test_everything_that_a_page_deletes_is_deleted_and_comes_back(command: Command, runs_dir: Path) -> None:
    run = tiny_run(runs_dir, "digits")
    own = uploads.add_points([[0.0, 1.0]] * 12, "bars")
    judge = tiny_evaluator(settings.evaluators_dir(), "tiny")
    sweep = sweeps.open_folder(runs_dir, small(name="Batches"))
    study = kept_study(runs_dir)
    smile = saved_directions.save(runs_dir, Direction("smile", run.id, run.name, 0, (1.0, 0.0), "raw"))

    def there() -> list[list[str]]:
        return [
            [one.id for one in runs.list_runs(runs_dir)], [one.id for one in uploads.list_own()],
            [one.path.name for one in evaluators.available()], [one.id for one in sweeps.list_folders(runs_dir)],
            [one.id for one in studies.STORE.all(runs_dir)], [one.id for one in saved_directions.list_directions(runs_dir)],
        ]  # fmt: skip

    before = there()
    assert before == [[run.id], [own.id], ["tiny"], [sweep.id], [study.id], [smile.id]]
    status, out, err = command("delete", "digits", "bars", judge.path.name, "Batches", study.id, "smile")
    assert status == 0 and out.count("in the bin for 7 days") == 6, err
    assert there() == [[], [], [], [], [], []]
    rows = json.loads(command("deleted", "--json")[1])
    kinds = {"run", "data set", "evaluator", "sweep", "study", "direction"}
    assert {row["kind"] for row in rows} == kinds
    for line in out.splitlines():  # the way back that was printed
        assert command(*line.rpartition("python -m gan_core ")[2].split())[0] == 0, line
    assert there() == before and command("deleted")[1] == ""


def test_one_name_for_things_of_two_kinds_needs_the_kind(command: Command, runs_dir: Path) -> None:
    run, sweep = tiny_run(runs_dir, "Digits"), sweeps.open_folder(runs_dir, small(name="Digits"))
    refused(command("delete", "Digits"), "Several things are called 'Digits': run, sweep.", "--kind run")
    assert run.path.exists() and sweep.path.exists()
    assert command("delete", "Digits", "--kind", "sweep")[0] == 0 and run.path.exists() and not sweep.path.exists()
    assert command("delete", "Digits")[0] == 0
    refused(command("restore", "Digits"), "Several things are called 'Digits'")
    refused(command("empty-bin", "Digits", "--yes"), "Several things are called 'Digits'")
    assert command("restore", "Digits", "--kind", "run")[0] == 0 and run.path.exists() and not sweep.path.exists()


def test_an_evaluator_that_comes_with_the_program_stays(command: Command, tmp_path: Path) -> None:
    shipped = tiny_evaluator(tmp_path / "pretrained" / "evaluators", "shipped")
    refused(command("delete", "shipped"), "comes with the program and stays")
    refused(command("delete", "shipped", "--kind", "sweep"), "There is no sweep 'shipped' to delete")
    assert shipped.path.exists()


def test_nothing_is_removed_for_good_unless_the_user_agrees(
    command: Command, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second"):
        tiny_run(runs_dir, name).delete()
    tiny_run(runs_dir, "kept")
    answers(monkeypatch, "n\n")
    status, out, _ = command("empty-bin", "first")
    assert status == 0 and "first: run" in out and "second" not in out and "Nothing was removed." in out
    answers(monkeypatch, "")
    refused(command("empty-bin"), "Nothing was removed", "--yes")
    assert len(bin.binned(runs_dir)) == 2
    answers(monkeypatch, "y\n")
    status, out, _ = command("empty-bin", "first")
    assert status == 0 and "cannot be undone" in out and "first: the run was removed." in out
    assert [thing.name for thing in bin.binned(runs_dir)] == ["second"]
    assert not any("first" in path.name for path in (runs_dir / bin.FOLDER).iterdir())
    refused(command("empty-bin", "second", "kept", "--yes"), "There is nothing called 'kept' in the bin")
    assert len(bin.binned(runs_dir)) == 1 and [run.name for run in runs.list_runs(runs_dir)] == ["kept"]


def test_a_bin_is_emptied_of_one_kind_or_of_all_but_what_belongs_to_others(command: Command, runs_dir: Path) -> None:
    tiny_run(runs_dir, "mine").delete()
    hers = tiny_run(runs_dir, "hers")
    bin.discard(hers.path, name="hers", owner="anna")
    study = kept_study(runs_dir)
    studies.STORE.remove(runs_dir, study.id)
    status, out, _ = command("empty-bin", "--kind", "run", "--yes")
    assert status == 0 and "1 in the bin belongs to somebody else and stays" in out
    assert {thing.name for thing in bin.binned(runs_dir)} == {"hers"}
    assert [thing.name for thing in bin.binned(runs_dir / studies.FOLDER)] == ["Weights"]
    assert command("empty-bin", "hers", "--yes")[0] == 0 and bin.binned(runs_dir) == []
    assert "Weights: the study was removed." in command("empty-bin", "--yes")[1]
    assert command("empty-bin", "--yes")[1].strip() == "There is nothing of yours in the bin."


def test_what_cannot_be_removed_is_not_called_removed(
    command: Command, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_run(runs_dir, "stuck").delete()
    (thing,) = bin.binned(runs_dir)

    def busy(*_arguments: object, **_options: object) -> None:
        raise PermissionError(16, "Device or resource busy")

    monkeypatch.setattr("os.rmdir", busy)
    refused(command("empty-bin", "stuck", "--yes"), "'stuck' could not be removed", str(thing.path))
