"""A run of several processes in the queue: as many as there are devices, each device for one run at a time."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace

import pytest
from helpers import MACHINE, eventually, outcome, tiny_run

from gan_core.config.devices import Machine, check_processes
from gan_core.config.settings import Settings
from gan_core.runs import Run, environment, files, recovery
from gan_core.training import loop, supervisor
from gan_core.training.held_devices import Devices
from gan_core.training.trainers import process_of
from tests.training.test_supervisor import LONG, SHORT, state, steps

GPUS = Machine(("cuda:0", "cuda:1", "cpu"), ("GPU", "GPU", "CPU"), threads=7, bf16_devices=())


@pytest.mark.parametrize(("device", "room"), [("auto", 2), ("cuda:1", 2), ("cuda", 2), ("cpu", 4), ("mps", 1)])
def test_a_run_makes_use_of_as_many_processes_as_there_are_devices(device: str, room: int) -> None:
    assert GPUS.room(device) == room
    assert MACHINE.room("cpu") == 1


@pytest.mark.parametrize(
    ("processes", "device", "said"),
    [
        (3, "cuda:0", "this computer has 2 of kind cuda, too few for 3 processes. Choose at most 2."),
        (0, "cpu", "1 to 64 processes; got 0"),
        (65, "cpu", "1 to 64 processes; got 65"),
    ],
)
def test_more_than_there_are_is_a_sentence(processes: int, device: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace(".", r"\.")):
        check_processes(processes, device, 2)
    check_processes(2, "cuda:0", 2)
    check_processes(8, "cpu", 1)  # they share it


def test_what_is_refused_leaves_nothing_behind(runs_dir, shared_cache, monkeypatch) -> None:
    monkeypatch.setattr(supervisor, "machine", lambda chosen: MACHINE)
    settings = Settings(runs_dir, shared_cache, "process")
    with pytest.raises(ValueError, match="The smallest batch has 12 packs of 1 images, too few for 13 processes"):
        supervisor.submit(settings, SHORT, processes=13)
    assert not list(runs_dir.glob("mnist*"))
    run = tiny_run(runs_dir)
    with pytest.raises(ValueError, match="too few for 13 processes"):
        supervisor.resume(run, processes=13)
    assert run.control().processes == 1


def test_the_number_of_processes_is_kept_and_read_strictly(runs_dir) -> None:
    run = tiny_run(runs_dir)
    run.use_processes(3)
    run.command("pause")
    assert (run.control().processes, run.control().command) == (3, "pause")
    recovery.begin_anew(run)
    assert run.control().processes == 3
    for wrong in ("2", 0, 65, True, 2.5, None):
        files.write_json(run.path / "control.json", {"command": "run", "processes": wrong})
        assert run.control().processes == 1


def test_a_run_waits_until_it_has_all_of_its_devices(runs_dir) -> None:
    devices, order = Devices(), []
    wide, narrow, late = (tiny_run(runs_dir) for _ in range(3))
    for run, device, processes in ((narrow, "cuda:1", 1), (wide, "cuda:0", 2), (late, "cuda:1", 1)):
        run.write_status(replace(run.status(), device=device))
        run.use_processes(processes)
    leave = {run.id: threading.Event() for run in (wide, narrow, late)}

    def hold(run: Run) -> None:
        with devices.held(run):
            order.append(run.id)
            leave[run.id].wait(30)

    threads = [threading.Thread(target=hold, args=(run,)) for run in (narrow, wide, late)]
    threads[0].start()
    eventually(lambda: order == [narrow.id], "the first trains")
    threads[1].start()
    eventually(lambda: len(devices._waiting) == 1, "the wide one waits for cuda:1")
    threads[2].start()
    eventually(lambda: len(devices._waiting) == 2, "the late one waits behind it")
    leave[narrow.id].set()
    eventually(lambda: order == [narrow.id, wide.id], "both devices are the wide one's")
    leave[wide.id].set()
    eventually(lambda: order == [narrow.id, wide.id, late.id], "then the late one's")
    leave[late.id].set()
    for thread in threads:
        thread.join(30)
    assert not devices._busy and not devices._waiting


@pytest.mark.slow
def test_the_queue_trains_a_run_in_two_processes_and_in_one(runs_dir, shared_cache, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    settings = Settings(runs_dir, shared_cache, "process")
    supervisor.ensure_supervisors(settings)
    supervisor.wait_until_ready(settings)
    run = supervisor.submit(settings, LONG, processes=2)
    steps(run)
    supervisor.leave(run, "pause")
    state(run, "paused")
    paused_at = run.status().step
    supervisor.resume(run, processes=1)
    steps(run, paused_at)
    supervisor.leave(run, "stop")
    state(run, "stopped")
    assert [session.processes for session in environment.sessions(run)] == [2, 1]
    short, alone = supervisor.submit(settings, SHORT, processes=2), tiny_run(tmp_path / "alone")
    state(short, "finished")
    loop.train(alone)
    assert outcome(short)["step"] == outcome(alone)["step"] == 20


@pytest.mark.slow
def test_a_process_that_dies_ends_a_run_of_the_queue_with_its_cause(runs_dir, shared_cache, monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    settings = Settings(runs_dir, shared_cache, "process")
    supervisor.ensure_supervisors(settings)
    supervisor.wait_until_ready(settings)
    run = supervisor.submit(settings, LONG, processes=2)
    steps(run)
    os.kill(process_of(run), signal.SIGKILL)  # the one that leads, and writes
    state(run, "failed")
    assert run.status().error.startswith("One of the training processes ended with code")
    assert run.checkpoint_steps()
