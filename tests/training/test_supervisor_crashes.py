"""Workers and servers that are killed: one run is interrupted at most, nothing is lost, and the queue goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import TINY, eventually, outcome, start_training, tiny_run

from gan_core.config import RunConfig, with_changes
from gan_core.config.settings import PROJECT_DIR, Settings
from gan_core.processes.child import ChildDied
from gan_core.runs import Run, files
from gan_core.runs.status import STALE_AFTER_S
from gan_core.training import loop, queue, supervisor, trainers
from gan_core.training.trainers import ProcessTrainer
from tests.training.test_supervisor import state, steps

SECONDS = {"training__epochs": 200, "recording__checkpoint_every_steps": 50, "recording__sample_every_steps": 400}
CONFIG = with_changes(RunConfig(), TINY | {name.replace("__", "."): value for name, value in SECONDS.items()})


def followed(settings: Settings) -> Path:
    """Where servers write the runs whose end they noticed, one a line."""
    return settings.runs_dir.with_name("followed")


def start_server(settings: Settings) -> subprocess.Popen:
    """A server without pages: supervisors, and nothing else to do until it is killed."""
    code = (
        "import sys; from gan_core.config import settings; from gan_core.training import supervisor\n"
        f"followed = open({str(followed(settings))!r}, 'a', buffering=1)\n"
        "supervisor.after_each_run(lambda run: print(run.id, file=followed))\n"
        "supervisor.ensure_supervisors(settings.from_environment()); sys.stdin.read()\n"
    )
    environment = {
        **os.environ,
        "GANVAS_RUNS_DIR": str(settings.runs_dir),
        "GANVAS_CACHE_DIR": str(settings.cache_dir),
        "GANVAS_PLACE": settings.place,
    }
    return subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT_DIR, env=environment, stdin=subprocess.PIPE)


@pytest.fixture
def settings(runs_dir, shared_cache) -> Settings:
    return Settings(runs_dir, shared_cache, "process")


@pytest.fixture
def servers(settings):
    """Starts servers, and kills those that are left at the end."""
    started: list[subprocess.Popen] = []

    def start() -> subprocess.Popen:
        started.append(start_server(settings))
        return started[-1]

    yield start
    for server in started:
        server.kill()
        server.wait()
        server.stdin.close()


def trainer_of(run: Run) -> int:
    return int(run.status().owner.rpartition(":")[2])


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture(scope="module")
def expected(tmp_path_factory, shared_cache):
    """What the run of CONFIG comes to when nothing disturbs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        run = tiny_run(tmp_path_factory.mktemp("undisturbed"), **SECONDS)
        loop.train(run)
        return outcome(run)


@pytest.mark.slow
def test_a_killed_worker_interrupts_its_run_and_the_server_goes_on(settings, servers, expected):
    servers()
    supervisor.wait_until_ready(settings)
    first, second = supervisor.submit(settings, CONFIG), supervisor.submit(settings, with_changes(CONFIG, TINY))
    steps(first, 60)
    os.kill(trainer_of(first), signal.SIGKILL)
    state(first, "interrupted")
    assert "ended by signal SIGKILL, usually for lack of memory" in first.status().error
    assert "resume to continue from there" in first.status().error
    state(second, "finished")
    supervisor.resume(first)
    state(first, "finished")
    assert first.status().error == ""
    assert outcome(first) == expected


@pytest.mark.slow
def test_a_worker_outlives_its_server_and_the_next_server_waits_for_it(settings, servers, expected):
    server = servers()
    supervisor.wait_until_ready(settings)
    first, second = supervisor.submit(settings, CONFIG), supervisor.submit(settings, with_changes(CONFIG, TINY))
    steps(first)
    worker = trainer_of(first)
    server.kill()
    server.wait()
    steps(first, first.status().step)  # it goes on alone
    assert queue.queued_ids(settings.runs_dir) == [second.id]
    servers()
    state(first, "finished")
    state(second, "finished")
    assert second.events()[0]["time"] >= first.events()[-1]["time"]
    assert [e["type"] for e in first.events() if e["type"] in ("requeued", "resumed", "interrupted")] == []
    assert outcome(first) == expected
    both = [first.id, second.id]
    eventually(
        lambda: followed(settings).read_text().split() == both, "a server notices also the run that it did not start"
    )
    eventually(lambda: gone(worker), "the worker of the dead server ends when its work is done")


@pytest.mark.slow
def test_server_and_worker_killed_together_cost_nothing_but_time(settings, servers, expected):
    server = servers()
    supervisor.wait_until_ready(settings)
    run = supervisor.submit(settings, CONFIG)
    steps(run, 60)
    server.kill()
    os.kill(trainer_of(run), signal.SIGKILL)
    server.wait()
    servers()
    state(run, "finished")
    assert [e["type"] for e in run.events() if e["type"] in ("requeued", "resumed")] == ["requeued", "resumed"]
    assert outcome(run) == expected


@pytest.mark.slow
def test_a_stop_reaches_a_worker_whose_server_is_gone(settings, servers):
    server = servers()
    supervisor.wait_until_ready(settings)
    run = supervisor.submit(settings, with_changes(CONFIG, {"training.epochs": 500_000}))
    steps(run)
    server.kill()
    server.wait()
    supervisor.leave(run, "stop")
    state(run, "stopped")
    assert run.checkpoint_steps()[-1] == run.status().step


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(trainers, "HANGS_AFTER_S", 0.5)


@pytest.mark.slow
def test_a_worker_that_does_not_answer_is_ended_and_the_next_run_trains(runs_dir, settings, impatient):
    run, trainer, failures = tiny_run(runs_dir, **SECONDS), ProcessTrainer(runs_dir, "cpu"), []

    def train():
        try:
            trainer.train(run)
        except trainers.Unanswered as failure:
            failures.append(str(failure))

    thread = threading.Thread(target=train)
    thread.start()
    steps(run)
    os.kill(trainer_of(run), signal.SIGSTOP)
    supervisor.leave(run, "stop")
    thread.join(60)
    assert failures and "did not respond to the request to stop" in failures[0] and "resume to continue" in failures[0]
    eventually(lambda: not run.is_locked(), "the process is gone")
    after = tiny_run(runs_dir)
    trainer.train(after)
    assert after.status().state == "finished"


@pytest.mark.slow
def test_a_worker_of_an_earlier_server_that_does_not_answer_is_ended(runs_dir, serve, impatient):
    run, other = tiny_run(runs_dir, **SECONDS), tiny_run(runs_dir)
    process = start_training(run)
    steps(run)
    os.kill(process.pid, signal.SIGSTOP)
    serve()
    supervisor.leave(run, "stop")
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    state(run, "interrupted")
    assert "did not respond to the request to stop" in run.status().error
    queue.enqueue(other)
    state(other, "finished")


@pytest.mark.slow
def test_three_worker_processes_at_once_train_as_each_alone(settings, runs_dir):
    seeds = (0, 1, 2)
    alone, together = ([tiny_run(runs_dir, training__seed=seed) for seed in seeds] for _ in range(2))
    for run in alone:
        loop.train(run)
    processes = [start_training(run) for run in together]
    for process in processes:
        process.join(60)
    assert [outcome(run) for run in together] == [outcome(run) for run in alone]


# what a server finds on disk: here the supervisors run in this process, with a thread as trainer


def orphan(runs_dir, at_step: int = 10, **status) -> Run:
    """A run that trained to a step, and whose trainer then vanished without a word."""
    run = tiny_run(runs_dir)
    calls = iter(range(10**6))
    loop.train(run, request=lambda: "pause" if next(calls) == at_step else None)
    files.write_json(run.path / "control.json", {"command": "run"})
    run.write_status(replace(run.status(), **{"state": "running", **status}))
    return run


@pytest.fixture
def serve(runs_dir, shared_cache):
    settings = Settings(runs_dir, shared_cache, "thread")

    def start() -> None:
        supervisor.ensure_supervisors(settings)

    return start


def test_one_runs_damage_stops_neither_the_queue_nor_the_supervisors(runs_dir, settings, monkeypatch):
    bad, worse, good = orphan(runs_dir), tiny_run(runs_dir), tiny_run(runs_dir)
    with bad.events_path.open("ab") as log:
        log.write(b"\0\0garbage\n")
    recover = supervisor._recover

    def fail(run, *, waits):
        if run.id == worse.id:
            raise RuntimeError("no one foresaw this")
        return recover(run, waits=waits)

    monkeypatch.setattr(supervisor, "_recover", fail)
    queue.enqueue(good)
    threaded = replace(settings, place="thread")
    for _ in range(3):
        supervisor.ensure_supervisors(threaded)
    state(good, "finished")
    state(bad, "finished")
    assert worse.status().state == "interrupted" and "no one foresaw this" in worse.status().error
    name = f"ganvas-jobs:{runs_dir}"
    assert [thread.name for thread in threading.enumerate()].count(name) == 1


def test_an_orphan_is_queued_again_and_finishes(runs_dir, serve):
    run = orphan(runs_dir)
    serve()
    state(run, "finished")
    assert [e["step"] for e in run.events() if e["type"] == "requeued"] == [10]


def test_an_orphan_with_a_stale_heartbeat_reads_as_interrupted_and_is_queued_again(runs_dir, serve):
    run = orphan(runs_dir)
    status = {**vars(run.status()), "updated_at": time.time() - STALE_AFTER_S - 1}
    files.write_json(run.path / "status.json", status)
    assert run.status().state == "interrupted"
    serve()
    state(run, "finished")


def test_an_orphan_that_died_twice_at_one_step_is_not_queued_for_ever(runs_dir, serve):
    run, other = orphan(runs_dir), tiny_run(runs_dir)
    run.add_event("requeued", 10)
    queue.enqueue(other)
    serve()
    state(other, "finished")  # the server is at work
    state(run, "interrupted")
    assert "ended twice at the same step" in run.status().error


def test_an_orphan_that_was_asked_to_leave_is_not_queued_again(runs_dir, serve):
    run, other = orphan(runs_dir), tiny_run(runs_dir)
    run.command("stop")
    queue.enqueue(other)
    serve()
    state(other, "finished")
    assert run.status().state == "interrupted"


def test_a_run_that_a_server_has_already_marked_interrupted_is_left_to_its_user(runs_dir, serve):
    run, other = orphan(runs_dir, state="interrupted", error="ended by signal SIGKILL"), tiny_run(runs_dir)
    events = len(run.events())
    queue.enqueue(other)
    serve()
    state(other, "finished")
    assert run.status().state == "interrupted" and run.status().error == "ended by signal SIGKILL"
    assert len(run.events()) == events


def test_the_queue_survives_and_a_run_that_lost_its_marker_is_queued_again(runs_dir, serve):
    queued, lost = tiny_run(runs_dir), tiny_run(runs_dir)
    queue.enqueue(queued)
    serve()
    state(queued, "finished")
    state(lost, "finished")


def test_paused_stopped_and_finished_runs_stay_as_they_are(runs_dir, serve):
    kept = [orphan(runs_dir, state=name) for name in ("paused", "stopped", "finished", "failed")]
    other = tiny_run(runs_dir)
    queue.enqueue(other)
    serve()
    state(other, "finished")
    assert [run.status().state for run in kept] == ["paused", "stopped", "finished", "failed"]


def test_leftovers_of_a_crash_are_swept_when_a_server_starts(runs_dir, serve):
    run = orphan(runs_dir)
    for place in (runs_dir / ".tmp-half-a-run", run.checkpoints_dir / ".tmp-step-00000011"):
        place.mkdir()
        (place / "file").touch()
    for file in (run.path / ".tmp-7-status.json", run.samples_dir / ".tmp-7-step-00000001.png"):
        file.touch()
    being_made = runs_dir / ".tmp-another-servers"
    being_made.mkdir()
    hours_ago = time.time() - 7_200
    os.utime(runs_dir / ".tmp-half-a-run", (hours_ago, hours_ago))
    serve()
    state(run, "finished")
    assert list(runs_dir.rglob(".tmp-*")) == [being_made]


def test_a_full_disk_costs_a_run_and_never_the_supervisor(runs_dir, serve, monkeypatch):
    run, other, write = tiny_run(runs_dir), tiny_run(runs_dir), Run.write_status

    def full(self, status):
        if self.id == run.id:
            raise OSError(28, "No space left on device")
        write(self, status)

    queue.enqueue(run)
    queue.enqueue(other)
    with monkeypatch.context() as patched:
        patched.setattr(Run, "write_status", full)
        serve()
        state(other, "finished")
    supervisor.resume(run)
    state(run, "finished")


def test_a_worker_that_cannot_start_says_why(tmp_path, monkeypatch):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'no torch here' >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(ChildDied, match=r"The training process ended with code 3: no torch here"):
        ProcessTrainer(tmp_path, "cpu").warm_up()
