"""One run in several processes from the command line: it pauses, goes on in another number of them, and ends when one is lost."""

from __future__ import annotations

import signal

import psutil
import pytest
from helpers import eventually

from gan_core.runs import environment
from gan_core.training import loop
from tests.cli.test_processes import FOREVER, start, training_run

pytestmark = pytest.mark.slow


def test_two_processes_pause_and_three_go_on(runs_dir):
    process = start("train", "mnist-dcgan", *FOREVER, "--processes", "2")
    run = training_run(runs_dir)
    for one in psutil.Process(process.pid).children(recursive=True):
        one.send_signal(signal.SIGINT)  # as a terminal's Ctrl-C does, to all of them
    process.communicate(timeout=120)
    paused = run.status()
    assert paused.state == "paused" and run.checkpoint_steps()[-1] == paused.step

    text = run.config().to_json().replace('"max_steps": 0', f'"max_steps": {paused.step + 10}')
    (run.path / "config.json").write_text(text)
    out, err = start("resume", run.id, "--processes", "3").communicate(timeout=120)
    assert f"finished at step {paused.step + 10}" in out, err
    assert [session.processes for session in environment.sessions(run)] == [2, 3]
    assert "in each of 2 processes" in environment.hardware_line(run)
    assert [line["step"] for line in run.metrics()] == list(range(1, paused.step + 11))


def test_a_lost_process_ends_the_run_with_its_cause_and_one_goes_on_alone(runs_dir):
    process = start("train", "mnist-dcgan", *FOREVER, "--processes", "2")
    run = training_run(runs_dir)
    leader = int(run.status().owner.rpartition(":")[2])
    family = psutil.Process(process.pid).children(recursive=True)
    [follower] = [one for one in family if one.pid != leader and "gan_core" in one.cmdline()]
    follower.kill()
    process.communicate(timeout=120)
    assert process.returncode != 0
    failed = eventually(lambda: (now := run.status()).state == "failed" and now, "the run fails")
    assert failed.error.startswith("One of the 2 processes of this training has ended, or cannot be reached.")
    last = run.checkpoint_steps()[-1]
    text = run.config().to_json().replace('"max_steps": 0', f'"max_steps": {last + 3}')
    (run.path / "config.json").write_text(text)
    run.command("run")
    assert loop.train(run).state == "finished"
