"""The sign of life of a run that trains."""

from __future__ import annotations

import os
import threading

from helpers import eventually, tiny_run

from gan_core.runs import Run, heartbeat
from gan_core.runs.heartbeat import Heartbeat


def test_the_status_stays_fresh_through_a_step_that_takes_long(runs_dir, monkeypatch):
    monkeypatch.setattr(heartbeat, "HEARTBEAT_S", 0.01)
    run = tiny_run(runs_dir)
    with Heartbeat(run, run.status()) as beat:
        beat.update(step=7, phase="A long step")
        first = run.status().updated_at
        eventually(lambda: run.status().updated_at > first, "a heartbeat without any progress")
    assert (run.status().step, run.status().phase) == (7, "A long step")


def test_the_owner_is_this_process_and_the_state_running(runs_dir):
    run = tiny_run(runs_dir)
    with run.lock(), Heartbeat(run, run.status()):
        assert run.status().state == "running"
        assert run.status().owner.endswith(f":{os.getpid()}")


def test_a_heart_stops_beating_with_its_run(runs_dir):
    run = tiny_run(runs_dir)
    with Heartbeat(run, run.status()):
        pass
    assert f"ganvas-heartbeat-{run.id}" not in [thread.name for thread in threading.enumerate()]


def test_a_full_disk_does_not_stop_the_heart(runs_dir, monkeypatch):
    monkeypatch.setattr(heartbeat, "HEARTBEAT_S", 0.01)
    run, write, failures = tiny_run(runs_dir), Run.write_status, []

    def full(self, status):
        if len(failures) < 3 and threading.current_thread() is not threading.main_thread():
            failures.append(1)
            raise OSError(28, "No space left on device")
        write(self, status)

    monkeypatch.setattr(Run, "write_status", full)
    with Heartbeat(run, run.status()):
        first = run.status().updated_at
        eventually(lambda: len(failures) == 3 and run.status().updated_at > first, "a heartbeat after three failures")
