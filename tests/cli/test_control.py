"""What the command line asks of a run that trains elsewhere on the folder: pause, other learning rates; and a branch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import MACHINE, eventually, tiny_run
from sweep_helpers import small

from gan_core import runs
from gan_core.experiments.sweeps.folder import open_folder
from gan_core.experiments.sweeps.worker import work
from gan_core.training import loop, queue, supervisor
from tests.cli.test_main import refused

Command = Callable[..., tuple[int, str, str]]


def test_pause_takes_a_waiting_run_out_of_the_queue_and_refuses_one_at_rest(command: Command, runs_dir: Path) -> None:
    run = tiny_run(runs_dir, "waits")
    queue.enqueue(run)
    status, out, _ = command("pause", "waits")
    assert status == 0 and "waits: paused at step 0" in out
    assert queue.queued_ids(runs_dir) == [] and run.status().state == "paused"
    refused(command("pause", "waits"), "The run 'waits' is not training; it is paused")


def test_change_sets_a_rate_of_a_run_that_trains_and_pause_leaves_a_checkpoint(
    command: Command, runs_dir: Path
) -> None:
    run = tiny_run(runs_dir, "works", training__epochs=100_000, training__max_steps=1_000_000)
    trainer = threading.Thread(target=loop.train, args=(run,))
    trainer.start()
    try:
        eventually(lambda: run.status().step > 5, "its first steps")
        status, out, _ = command("change", "works", "--set", "generator_optimizer.learning_rate=0.005")
        assert status == 0 and "generator_optimizer.learning_rate=0.005" in out
        eventually(lambda: any(event["type"] == "override" for event in run.events()), "the change")
        refused(command("change", "works", "--set", "training.seed=3"), "training.seed")
    finally:
        status, out, _ = command("pause", "works")
        trainer.join(60)
    assert status == 0 and f"works: paused at step {run.status().step:,}" in out
    assert run.status().step in run.checkpoint_steps()
    refused(
        command("change", "works", "--set", "generator_optimizer.learning_rate=0.001"), "is not training; it is paused"
    )


def test_a_branch_trains_on_from_the_checkpoint_before_with_other_settings(command: Command, runs_dir: Path) -> None:
    parent = tiny_run(runs_dir, "parent", recording__checkpoint_every_steps=8)
    loop.train(parent)
    status, _, err = command("branch", "parent", "--step", 9, "--set", "training.max_steps=12", "--name", "other way")
    assert status == 0, err
    made = runs.find(runs_dir, "other way")
    assert made.status().state == "finished" and made.status().step == 12 and made.config().training.max_steps == 12
    assert [event["step"] for event in made.events() if event["type"] == "branched"] == [8]
    assert parent.status().step == 20
    refused(command("branch", "parent", "--step", 9, "--set", "training.max_steps=-1"), "training.max_steps")
    refused(command("branch", "nobody", "--step", 9), "There is no run 'nobody'")


def test_stop_ends_the_process_of_a_pages_sweep_and_refuses_where_there_is_none(
    command: Command, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = open_folder(runs_dir, small(name="Batches"))
    refused(command("stop", "Batches"), "No page's process works on the sweep 'Batches'", "Ctrl-C")
    sweep.order("run")
    monkeypatch.setattr(supervisor, "machine", lambda chosen: MACHINE)
    worker = threading.Thread(target=work, args=(sweep,))  # what the page's process does
    worker.start()
    try:
        (run,) = eventually(lambda: runs.list_runs(runs_dir), "its first run waits for a server")
        status, out, err = command("stop", "Batches")
        assert status == 0 and f"python -m gan_core sweep {sweep.id} --queue" in out, err
    finally:
        sweep.order("stop")
        worker.join(60)
    assert not worker.is_alive() and not sweep.should_run and run.status().state == "paused"
    refused(command("stop", "nothing"), "There is no run 'nothing'")
    tiny_run(runs_dir, "Batches")
    refused(command("stop", "Batches"), "A run and a sweep are called 'Batches'")
