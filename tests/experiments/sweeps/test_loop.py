"""Sweeps that really train: judged, pruned by the doctor, refused, stopped and gone on with, killed and taken up."""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import MACHINE, eventually, tiny
from sweep_helpers import BATCHES, POINTS, folder_of, small, worker

from gan_core import runs
from gan_core.config import settings, with_changes
from gan_core.experiments.sweeps import worker as sweep_worker
from gan_core.experiments.sweeps.folder import begin, delete, find_or_none, list_folders, open_folder, resume
from gan_core.experiments.sweeps.loop import Queued, SweepWorker
from gan_core.experiments.sweeps.plan import listed
from gan_core.experiments.sweeps.table import best, rows_of
from gan_core.jobs import task as tasks
from gan_core.jobs.task import Progress
from gan_core.runs import Run, Status, files
from gan_core.runs.metrics import MetricsTail
from gan_core.training import queue, supervisor

processes = multiprocessing.get_context("forkserver")


def test_a_grid_is_trained_and_judged_by_its_metric(runs_dir: Path) -> None:
    folder = folder_of(runs_dir, small(BATCHES, listed("learning_rate", [1e-3])))
    worker(folder).work()
    rows = rows_of(folder.study())
    assert [(row.state, row.params["training.batch_size"]) for row in rows] == [("done", 10), ("done", 20)]
    for row in rows:
        run = Run(runs_dir / row.run_id)
        config = run.config()
        assert (config.training.batch_size, config.generator_optimizer.learning_rate) == (
            row.params["training.batch_size"],
            1e-3,
        )
        assert run.status().state == "finished" and run.name.startswith(f"Small {row.index + 1}: batch size")
        assert row.estimate is not None and row.estimate.low < row.estimate.value < row.estimate.high
        assert row.measured == "100 generated against 100 real points, in the plane itself"
    worker(folder).work()  # nothing is left to do
    assert len(runs.list_runs(runs_dir)) == 2


def test_a_value_of_another_extractor_than_the_first_is_left_out_with_a_sentence(runs_dir: Path) -> None:
    folder = folder_of(runs_dir, small(BATCHES))
    study = folder.study()
    claim = study.claim()
    assert claim is not None
    study.complete(claim, 9.0, measured="100 generated against 100 real images (held out); digits@1, scale 2")
    worker(folder).work()
    first, other = rows_of(study)
    assert best([first, other], study.sweep) == first and (first.state, other.state) == ("done", "failed")
    assert "are from none and 'digits@1, scale 2'. Start a new sweep" in other.reason


def test_a_curve_is_judged_by_the_mean_of_its_end(runs_dir: Path) -> None:
    folder = folder_of(runs_dir, small(listed("training.max_steps", [30]), metric="loss/g"))
    worker(folder).work()
    (row,) = rows_of(folder.study())
    tail = MetricsTail(Run(runs_dir / row.run_id).metrics_path)
    tail.refresh()
    assert row.value == pytest.approx(tail.column("loss/g")[-10:].mean())
    assert row.measured == "mean of the last 10 recorded values"


def test_a_combination_that_cannot_be_trained_fails_with_its_sentence_and_the_rest_goes_on(runs_dir: Path) -> None:
    folder = folder_of(runs_dir, small(listed("remedies.packing", [3, 1])))
    worker(folder).work()
    refused, done = rows_of(folder.study())
    assert (refused.state, refused.run_id, done.state) == ("failed", "", "done")
    assert "cannot be cut into packs of 3" in refused.reason


def test_a_metric_that_the_run_did_not_record_fails_with_what_it_did(runs_dir: Path) -> None:
    folder = folder_of(runs_dir, small(listed("training.epochs", [1]), metric="score/real", direction="maximize"))
    worker(folder).work()
    (row,) = rows_of(folder.study())
    assert row.state == "failed"
    assert "did not record 'score/real'. It recorded: " in row.reason and "loss/g" in row.reason


def test_numbers_without_bound_prune_the_trial_with_the_doctors_finding(runs_dir: Path) -> None:
    wild = {
        "objective.name": "wasserstein", "generator_optimizer.name": "sgd", "discriminator_optimizer.name": "sgd",
        "training.max_steps": 3000,
    }  # fmt: skip
    folder = folder_of(runs_dir, small(listed("learning_rate", [1.0]), changes=wild))
    worker(folder).work()
    (row,) = rows_of(folder.study())
    assert (row.state, row.finding, row.value) == ("pruned", "non_finite", None)
    assert row.reason.startswith("Training diverged (NaN or infinity).")
    assert Run(runs_dir / row.run_id).status().step < 3000


def test_the_doctor_stops_a_run_of_the_queue_that_is_dying(runs_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run waits in the queue with the log of R4-e's death in it: what a server's trainer would have written by then."""
    monkeypatch.setattr(supervisor, "machine", lambda chosen: MACHINE)
    folder = folder_of(runs_dir, small(listed("training.epochs", [1])))
    here = settings.from_environment()
    working = threading.Thread(
        target=SweepWorker(folder.study(), Queued(here), lambda: False, print, runs_dir, 0.0).work
    )
    working.start()
    (run_id,) = eventually(lambda: queue.queued_ids(runs_dir), "a queued run")
    die(Run(runs_dir / run_id))
    working.join(60)
    assert not working.is_alive()
    (row,) = rows_of(folder.study())
    assert (row.state, row.finding) == ("pruned", "bce_clamp")
    assert row.reason.startswith("G's loss is out of range.")
    assert Run(runs_dir / run_id).status().state == "stopped" and queue.queued_ids(runs_dir) == []


def test_a_run_that_cannot_go_on_fails_with_the_reason(runs_dir: Path) -> None:
    changes = {"dataset.name": "folder", "dataset.root": str(runs_dir / "gone")}
    run = runs.create(runs_dir, with_changes(tiny(), changes))
    run.write_status(Status(state="interrupted"))
    status = Queued(settings.from_environment()).train(run, lambda: "")
    assert status.state == "failed" and "gone" in status.error


def die(run: Run) -> None:
    lines = []
    for step in range(1, 1501):
        won = step > 10
        lines.append({"step": step, "epoch": 1, "images_seen": step, "time": 0, "loss/g": 5 + 60 * won, "loss/d": 0.5 - 0.4999 * won,
                      "prob/real": 0.8 + 0.199 * won, "prob/fake_before": 0.2 - 0.1999 * won})  # fmt: skip
    run.metrics_path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_whoever_stops_gives_the_trial_back_and_the_next_goes_on_with_the_same_run(runs_dir: Path) -> None:
    folder = folder_of(runs_dir, small(BATCHES))
    asked = iter([False] * 4)
    worker(folder, stopping=lambda: next(asked, True)).work()
    (run,) = runs.list_runs(runs_dir)
    stopped_at = run.status().step
    assert run.status().state == "paused" and 0 < stopped_at < 10
    assert [row.state for row in rows_of(folder.study())] == ["waiting", "waiting"]
    worker(folder).work()
    rows = rows_of(folder.study())
    assert [row.state for row in rows] == ["done", "done"]
    assert rows[0].run_id == run.id and len(runs.list_runs(runs_dir)) == 2
    assert [event["step"] for event in run.events() if event["type"] == "resumed"] == [stopped_at]


def work_until_killed(runs_path: str, cache: str) -> None:
    os.environ["GANVAS_CACHE_DIR"] = cache
    folder = find_or_none(Path(runs_path), "small")
    assert folder is not None
    steps = [0]

    def kill() -> bool:
        steps[0] += 1
        if steps[0] == 9:
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    worker(folder, stopping=kill).work()


def test_the_run_of_a_killed_process_is_gone_on_with_from_its_checkpoint(runs_dir: Path) -> None:
    folder = folder_of(runs_dir, small(BATCHES))
    dying = processes.Process(target=work_until_killed, args=(str(runs_dir), str(settings.cache_dir())))
    dying.start()
    dying.join(60)
    assert dying.exitcode == -signal.SIGKILL
    assert rows_of(folder.study())[0].state == "interrupted"
    worker(folder).work()
    rows = rows_of(folder.study())
    assert [(row.state, row.attempt) for row in rows] == [("done", 1), ("done", 0)]
    assert len(runs.list_runs(runs_dir)) == 2
    resumed = [event["step"] for event in Run(runs_dir / rows[0].run_id).events() if event["type"] == "resumed"]
    assert resumed == [5]


def work_here(runs_path: str, cache: str, begin) -> None:
    os.environ["GANVAS_CACHE_DIR"] = cache
    folder = find_or_none(Path(runs_path), "small")
    assert folder is not None
    begin.wait(60)
    worker(folder).work()


def test_two_processes_train_each_trial_once(runs_dir: Path) -> None:
    folder = folder_of(runs_dir, small(listed("training.seed", [0, 1, 2, 3])))
    begin = processes.Event()
    workers = [
        processes.Process(target=work_here, args=(str(runs_dir), str(settings.cache_dir()), begin)) for _ in range(2)
    ]
    for one in workers:
        one.start()
    begin.set()
    for one in workers:
        one.join(60)
        assert one.exitcode == 0
    rows = rows_of(folder.study())
    assert [row.state for row in rows] == ["done"] * 4
    assert {row.run_id for row in rows} == {run.id for run in runs.list_runs(runs_dir)} and len(
        runs.list_runs(runs_dir)
    ) == 4
    assert all(sum(event["type"] == "started" for event in run.events()) == 1 for run in runs.list_runs(runs_dir))


def test_the_process_of_a_page_submits_one_run_after_the_other_to_the_servers_queue(
    runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page's process and a server's supervisor, both as threads: never are two runs of the sweep open at once."""
    monkeypatch.setenv("GANVAS_PLACE", "thread")
    monkeypatch.setattr("gan_core.experiments.sweeps.loop.POLL_S", 0.02)
    folder = folder_of(runs_dir, small(BATCHES))
    folder.order("run")
    supervisor.ensure_supervisors(settings.from_environment())
    working = threading.Thread(target=sweep_worker.work, args=(folder,))
    working.start()
    most_open = 0
    while working.is_alive():
        states = [run.status().state for run in runs.list_runs(runs_dir)]
        most_open = max(most_open, sum(state in ("queued", "running", "stopping") for state in states))
        working.join(0.02)
    assert most_open == 1
    assert [row.state for row in rows_of(folder.study())] == ["done", "done"]
    assert not folder.should_run and not folder.error and not folder.has_worker()


def test_a_page_stops_its_process_and_the_sweep_can_be_forgotten(
    runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "machine", lambda chosen: MACHINE)  # and nobody who trains
    monkeypatch.setattr("gan_core.experiments.sweeps.loop.POLL_S", 0.02)
    folder = folder_of(runs_dir, small(BATCHES))
    folder.order("run")
    working = threading.Thread(target=sweep_worker.work, args=(folder,))
    working.start()
    eventually(lambda: queue.queued_ids(runs_dir), "a queued run")
    with pytest.raises(ValueError, match="Stop it first"):
        delete(folder)
    folder.order("stop")
    working.join(60)
    assert queue.queued_ids(runs_dir) == []
    assert [row.state for row in rows_of(folder.study())] == ["waiting", "waiting"]
    delete(folder)
    assert list_folders(runs_dir) == [] and len(runs.list_runs(runs_dir)) == 1


def test_a_storage_that_is_lost_ends_the_process_with_a_sentence(runs_dir: Path) -> None:
    folder = folder_of(runs_dir, small(BATCHES))
    folder.order("run")
    Path(folder.address).write_text("no journal\nat all\n")
    sweep_worker.work(folder)
    assert "damaged, or not a sweep's journal" in folder.error and not folder.should_run


def test_a_process_that_was_killed_is_a_sentence_until_it_is_begun_again(runs_dir: Path) -> None:
    folder = folder_of(runs_dir, small(BATCHES))
    folder.order("run")
    tasks.folder(folder.task).mkdir()
    tasks.write_progress(tasks.folder(folder.task), Progress("running", "sweep"))
    assert folder.is_active()
    tasks.write_progress(tasks.folder(folder.task), Progress("failed", error="It was ended by signal SIGKILL."))
    assert not folder.is_active() and folder.error == "It was ended by signal SIGKILL."
    folder.order("stop")
    assert folder.error == ""


@pytest.mark.slow
def test_a_page_starts_a_process_that_ends_when_its_sweep_is_to_stop(
    runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real process, and nobody who trains: the runs wait in the queue until it gives them back."""
    runs_dir.mkdir()
    files.write_json(runs_dir / f".machine-{platform.node()}.json", MACHINE.to_dict())
    folder = begin(replace(settings.from_environment(), runs_dir=runs_dir), small(BATCHES))
    resume(folder)  # two viewers
    eventually(lambda: queue.queued_ids(runs_dir), "a queued run", timeout_s=120)
    assert folder.is_active() and folder.has_worker()
    folder.order("stop")
    eventually(lambda: not folder.is_active(), "its end", timeout_s=120)
    assert folder.error == "" and queue.queued_ids(runs_dir) == []
    eventually(lambda: tasks.read_progress(tasks.folder(folder.task)).state == "done", "its last word")


# the command


def yaml_file(folder: Path, **more: object) -> Path:
    data = {
        "name": "By file",
        "preset": "mnist-dcgan",
        "set": POINTS,
        "vary": {"training.batch_size": [10, 20]},
        "images": 100,
        **more,
    }
    file = folder / "sweep.yaml"
    file.write_text(json.dumps(data))  # JSON is YAML
    return file


def test_the_command_trains_says_the_best_and_goes_on_with_what_is_done(
    command, runs_dir: Path, tmp_path: Path
) -> None:
    file = yaml_file(tmp_path)
    status, out, err = command("sweep", file)
    assert status == 0, err
    assert "By file: grid of 2 trials" in out and "2 done, 0 pruned, 0 failed, 0 waiting" in out
    (folder,) = list_folders(runs_dir)
    assert folder.id == "by-file"
    listed_out = json.loads(command("sweeps", "--json")[1])
    best = min((row for row in rows_of(folder.study())), key=lambda row: row.value or 0)
    assert listed_out[0]["best_run"] == best.run_id and f"Best: fd {best.value:.4g}" in out
    assert str(runs_dir / best.run_id) in out
    assert command("sweep", file)[0] == 0
    assert len(runs.list_runs(runs_dir)) == 2


def test_a_sweep_is_continued_by_its_id_or_name_with_the_settings_that_it_has(command, runs_dir: Path) -> None:
    folder = open_folder(runs_dir, small(name="From a page"))
    status, _out, err = command("sweep", folder.id, "--grid", "training.batch_size=10")
    assert status == 2 and "The sweep 'From a page' has its settings already" in err
    assert runs.list_runs(runs_dir) == []
    status, out, err = command("sweep", "From a page")
    assert status == 0 and "2 done, 0 pruned, 0 failed, 0 waiting" in out, err
    assert [one.id for one in list_folders(runs_dir)] == [folder.id] and len(runs.list_runs(runs_dir)) == 2
    open_folder(runs_dir, small(name="From a page"))
    status, _out, err = command("sweep", "From a page")
    assert status == 2 and "2 sweeps are called 'From a page'" in err and folder.id in err


def test_the_place_of_a_sweep_and_the_storage_of_its_file_are_two_things(
    command, runs_dir: Path, tmp_path: Path
) -> None:
    status, _out, err = command("sweep", yaml_file(tmp_path), "--on", "the moon")
    assert status == 2 and "Unknown place 'the moon'" in err and runs.list_runs(runs_dir) == []
    (tmp_path / "kept").mkdir()
    file = yaml_file(tmp_path / "kept", name="Kept elsewhere", storage=f"sqlite:///{tmp_path}/kept.db")
    status, out, err = command("sweep", file)
    assert status == 0 and "2 done" in out and (tmp_path / "kept.db").exists(), err


def test_the_command_without_a_file_and_with_a_database(command, runs_dir: Path, tmp_path: Path) -> None:
    setting = [part for name, value in POINTS.items() for part in ("--set", f"{name}={value}")]
    arguments = ["mnist-dcgan", "--range", "learning_rate=1e-4..1e-2", "--trials", 1, "--images", 100, *setting]
    status, out, err = command("sweep", *arguments, "--storage", f"sqlite:///{tmp_path}/x.db")
    assert status == 0, err
    assert "search of 1 trials" in out and "1 done" in out
    assert (tmp_path / "x.db").exists() and not list((runs_dir / ".sweeps").glob("*/journal.log"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing", "--grid", "training.epochs=1"], "Unknown preset 'nothing'"),
        (["mnist-dcgan"], "varies at least one setting"),
        (["mnist-dcgan", "--grid", "training.epochs=1", "--set", "x"], "--set takes KEY=VALUE"),
        (["mnist-dcgan", "--grid", "training.epochs=1", "--metric", "loss/g", "--storage", "gopher://x"], "not a storage address"),
        (["none.yaml"], "cannot be read"),
    ],
)  # fmt: skip
def test_a_wrong_command_is_a_sentence(command, arguments: list[str], words: str) -> None:
    status, _out, err = command("sweep", *arguments)
    assert status == 2 and words in err and "Traceback" not in err
