"""Background training: one supervising thread a device trains the runs of the queue, one after another.

`gan_core.training.places` says where. In a worker `process` (the default) a crash or an out-of-memory kill costs one run and never
the server, and training does not fight the pages for the interpreter. On `slurm` runs are a cluster's jobs, many at once.

All state is on disk and in named threads, because Streamlit may reload this module. A worker outlives its server; the next
server finds its run by lock and heartbeat, and waits for its end.
"""

from __future__ import annotations

import contextlib
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gan_core import runs
from gan_core.access import Actor, bin, require
from gan_core.config import RunConfig, get, live_changes, read_strictly
from gan_core.config.devices import Machine, check_processes
from gan_core.config.reasons import reason
from gan_core.config.settings import Settings, from_environment
from gan_core.runs import Run, environment, files, recovery
from gan_core.runs.status import ALIVE_STATES
from gan_core.training import allowance, plan, queue
from gan_core.training.held_devices import Devices
from gan_core.training.places import PLACES, holder
from gan_core.training.trainers import Trainer, TrainingLost, wait_for

POLL_S = 0.1
RETRY_S = 10.0  # between attempts to start the trainer
BUSY_POLL_S = 1.0  # of a queue from which a cluster takes many runs, whose disk may be a network's
_starting = threading.Lock()
_followers: list[Callable[[Run], object]] = []
_devices = Devices()


def after_each_run(follower: Callable[[Run], object]) -> None:
    """Has every run that was trained here handed to a function, in the supervising thread: it must return at once."""
    _followers[:] = [*(known for known in _followers if known.__qualname__ != follower.__qualname__), follower]


def ensure_supervisors(settings: Settings) -> None:
    """Starts the supervising threads of this server unless they are there. Cheap; called at every rerun."""
    name = f"ganvas-jobs:{settings.runs_dir}"
    with _starting:
        if any(thread.name == name for thread in threading.enumerate()):
            return
        threading.Thread(target=_start_supervising, args=(settings,), name=name, daemon=True).start()


def machine(settings: Settings) -> Machine | None:
    """The devices and precisions that runs are trained on; None during the first seconds of the first start, until torch is loaded."""
    try:
        return Machine.from_dict(read_strictly(_machine_file(settings)))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def wait_until_ready(settings: Settings, timeout_s: float = 120.0) -> Machine:
    """The same, once it is known.

    Raises:
        ValueError: the trainer did not start; the message says why, or where it wrote that.
    """
    deadline = time.monotonic() + timeout_s
    while (found := machine(settings)) is None:
        if trouble := str(files.read_json(_machine_file(settings)).get("trouble", "")):
            raise ValueError(trouble)
        if time.monotonic() > deadline:
            raise ValueError(
                f"The trainer did not start within {timeout_s:.0f} s. See {settings.runs_dir}/.worker-*.log."
            )
        time.sleep(POLL_S)
    return found


def submit(
    settings: Settings, config: RunConfig, name: str = "", *, title: str = "", processes: int = 1,
    actor: Actor | None = None,
) -> Run:  # fmt: skip
    """Checks a configuration, once, decides what it leaves open, creates the run and queues it; `name`, `title`: see `runs.create`.

    Raises:
        ValueError: the actor may not, the configuration cannot run, more processes than devices, or the runs folder cannot be
            written; nothing is left behind.
    """
    require("train", actor)
    num_images = plan.count_checked(config)
    runs.check_writable(settings.runs_dir)
    resolved = plan.decide(config, wait_until_ready(settings), num_images)
    check_shares(settings, resolved, processes)
    allowance.check_actor(settings.runs_dir, resolved, plan.total_steps(resolved, num_images), actor)
    run = runs.create(settings.runs_dir, resolved, name, title=title, actor=actor)
    run.use_processes(processes)
    queue.enqueue_new(run)
    return run


def check_shares(settings: Settings, config: RunConfig, processes: int) -> None:
    """Refuses more processes of a run than there are devices here, or than its batches can be shared by.

    Raises:
        ValueError: with the numbers.
    """
    found, device = machine(settings), config.training.device
    check_processes(processes, device, found.room(device) if found else processes)
    plan.check_shares(config, plan.count_checked(config), processes)


def resume(
    run: Run, *, processes: int | None = None, accept_changed_data: bool = False, from_start: bool = False,
    actor: Actor | None = None,
) -> None:  # fmt: skip
    """Queues a paused, stopped, failed or interrupted run again; it continues from its newest checkpoint.

    Args:
        run: which.
        processes: train it in so many; None for as many as before.
        accept_changed_data: go on even if its training data changed since it last trained.
        from_start: begin at step 0 instead; what is there is set aside in its folder.

    Raises:
        ValueError: the actor may not, its data cannot be read, it is training already, comes with the program, or cannot be written.
    """
    run.require(actor)
    config = run.config()
    allowance.check_actor(run.path.parent, config, plan.total_steps(config, plan.count_checked(config)), actor)
    if processes is not None:
        check_shares(replace(from_environment(), runs_dir=run.path.parent), config, processes)
    try:
        if processes is not None:
            run.use_processes(processes)
        if accept_changed_data:
            environment.allow_changed_data(run)
        if from_start:
            recovery.begin_anew(run)
        queue.enqueue(run)
    except OSError as error:  # it is being trained, or the disk is full
        raise ValueError(reason(error) or str(error)) from error


def leave(run: Run, command: str, *, actor: Actor | None = None) -> None:
    """Asks a run to "pause" or "stop". One that still waits leaves the queue at once.

    Raises:
        ValueError: the actor may not, or it comes with the program.
    """
    run.require(actor)
    run.command(command)
    state = {"pause": "paused", "stop": "stopped"}[command]
    if _waits_no_longer(run, state):
        with contextlib.suppress(OSError):  # a full disk: it is left all the same
            run.add_event(state, run.status().step)


def leave_all(left: Iterable[Run], command: str) -> None:
    """The same for several runs. Raises ValueError as `leave` does, once those that the actor may leave are left."""
    refusals = []
    for run in left:
        try:
            leave(run, command)
        except ValueError as refusal:
            refusals.append(refusal)
    if refusals:
        raise refusals[0]


def delete(run: Run, *, actor: Actor | None = None) -> None:
    """Moves a run to the bin; one that still waits leaves the queue first.

    Raises:
        ValueError: the actor may not, it is training, or comes with the program.
    """
    run.require(actor)
    _waits_no_longer(run, "stopped")  # nor when it is taken back
    run.delete(actor=actor)


def _waits_no_longer(run: Run, state: str) -> bool:
    """Takes a run that waits, or that is queued and in no queue, to another state; whether it was one."""
    if queue.withdraw(run) or run.status().state == "queued":
        with contextlib.suppress(BlockingIOError), run.lock(timeout_s=1.0):  # else its trainer reads what is asked
            if (status := run.status()).state == "queued":
                return run.write_last_status(replace(status, state=state))
    return False


def change_live(run: Run, changes: Mapping[str, Any], *, actor: Actor | None = None) -> None:
    """Asks a run to change live fields; the trainer does so before its next step and answers with an event.

    Args:
        run: which.
        changes: dotted name -> value; text is read as a number. Values that already hold are left out.

    Raises:
        ValueError: the actor may not, a field that cannot be changed live, or a value out of bounds; then nothing is
            changed.
    """
    run.require(actor)
    config = run.config()
    wanted = live_changes(config, changes)
    now = {name: run.control().overrides.get(name, get(config, name)) for name in wanted}
    differing = {name: value for name, value in wanted.items() if value != now[name]}
    if differing:
        run.override(differing)


def _start_supervising(settings: Settings) -> None:
    """The first thread: finds the devices, recovers runs, starts a thread for each further device, and serves the first."""
    runs_dir, place, told = settings.runs_dir, PLACES.find(settings.place), ""
    _note_trouble(settings, "")
    while True:  # the thread never ends, or each page load would begin another
        try:
            runs_dir.mkdir(parents=True, exist_ok=True)
            files.sweep(runs_dir, older_than_s=3600.0)  # what is younger, another server may be making
            for folder in (runs_dir, *runs_dir.glob(".*/")):
                bin.empty(folder)
            first = place.trainer(settings, "first")
            found = first.warm_up()
            files.write_json(_machine_file(settings), found.to_dict())
            alive = _recover_runs(runs_dir)
            break
        except Exception as failure:
            if str(failure) != told:
                print(f"Ganvas cannot train: {failure}", flush=True)
            told = str(failure)
            _note_trouble(settings, told)
            time.sleep(RETRY_S)
    for device in found.devices[1:]:
        threading.Thread(
            target=_supervise,
            args=(runs_dir, device, place.trainer(settings, device), alive),
            name=f"ganvas-device:{runs_dir}:{device}",
            daemon=True,
        ).start()
    _supervise(runs_dir, found.devices[0], first, alive)


def _supervise(runs_dir: Path, device: str, trainer: Trainer, alive: list[Run]) -> None:
    """Waits for the device's runs of an earlier server, then trains those of the queue, without end, whatever one does."""
    for run in alive:
        if run.status().device == device:
            _wait_for_end(run)
    places = threading.Semaphore(trainer.at_once)
    while True:
        places.acquire()
        claimed = None
        try:
            claimed = queue.claim_next(runs_dir, device)
        except Exception as failure:
            _mark_lost(None, failure)
        if claimed is None:
            places.release()
            time.sleep(POLL_S if trainer.at_once == 1 else BUSY_POLL_S)
        elif trainer.at_once == 1:
            _train_in_place(claimed, trainer, places)
        else:
            _begin_thread(_train_in_place, claimed, trainer, places)


def _train_in_place(run: Run, trainer: Trainer, places: threading.Semaphore) -> None:
    """Trains a run in one of the places that a trainer has at once."""
    try:
        with _devices.held(run) if trainer.at_once == 1 else contextlib.nullcontext():
            _train_and_follow(run, trainer)
    finally:
        places.release()


def _train_and_follow(run: Run, trainer: Trainer) -> None:
    train_to_end(run, trainer)
    _follow(run)
    with contextlib.suppress(Exception):  # the next run's training says why
        trainer.warm_up()


def train_to_end(run: Run, trainer: Trainer) -> None:
    """Trains a run until it ends, also through several jobs of a cluster; says in its status what went wrong."""
    try:
        trainer.train(run)
        while run.status().state == "queued" and queue.was_left(run):
            trainer.train(run)  # the time of its job was up
    except Exception as failure:
        _mark_lost(run, failure)


def _wait_for_end(run: Run) -> None:
    """Waits for the end of a run that an earlier server's worker trains."""
    try:
        wait_for(run, POLL_S)
        _mark_interrupted(run, "The training process ended without a message.")
        _follow(run)
    except Exception as failure:
        _mark_lost(run, failure)


def _recover_later(run: Run) -> None:
    """Recovers a run that is trained on another computer, should it end there without a message."""
    while run.is_trained():
        time.sleep(BUSY_POLL_S)
    try:
        _recover(run, waits=run.id in queue.queued_ids(run.path.parent))
    except Exception as failure:
        _mark_lost(run, failure)


def _begin_thread(work: Callable[..., None], run: Run, *arguments: object) -> None:
    threading.Thread(target=work, args=(run, *arguments), name=f"ganvas-run:{run.path}", daemon=True).start()


def _follow(run: Run) -> None:
    for follower in _followers:
        try:
            follower(run)
        except Exception as failure:  # the run itself has ended well
            traceback.print_exception(failure)


def _recover_runs(runs_dir: Path) -> list[Run]:
    """Recovers the runs that an earlier server left; returns those that still train.

    A run whose trainer is gone is queued again to continue from its newest checkpoint, unless it has made no progress
    since it was last queued so (it would only fail again).
    """
    alive = []
    waiting_ids = set(queue.queued_ids(runs_dir))
    for run in reversed(runs.list_runs(runs_dir)):  # the oldest first
        try:
            if _recover(run, waits=run.id in waiting_ids):
                alive.append(run)
        except Exception as failure:
            _mark_lost(run, failure)
    return alive


def _recover(run: Run, *, waits: bool) -> bool:
    """Recovers one run; returns whether a process of this computer still trains it."""
    status = run.status()
    if held_by := holder(run):
        _begin_thread(_train_and_follow, run, held_by)
    elif status.state == "queued" and not waits:
        queue.enqueue(run)
    elif status.state in ALIVE_STATES or (status.state == "interrupted" and not status.error):
        if run.is_locked():
            return True
        if run.is_trained():
            _begin_thread(_recover_later, run)
            return False
        if run.control().command != "run":
            _mark_interrupted(run, "The training process ended before it could stop properly.")
        elif _died_without_progress(run):
            _mark_interrupted(run, "It ended twice at the same step without a message.")
        else:
            run.add_event("requeued", status.step)
            queue.enqueue(run)
    return False


def _died_without_progress(run: Run) -> bool:
    requeued = [event["step"] for event in run.events() if event["type"] == "requeued"]
    return bool(requeued) and requeued[-1] >= run.status().step


def _mark_lost(run: Run | None, failure: Exception) -> None:
    """Says why one run could not be served; the others are."""
    traceback.print_exception(failure)
    if run is not None:
        with contextlib.suppress(OSError):  # a full disk: the run stays as it is on disk
            state = "failed" if isinstance(failure, TrainingLost) else "interrupted"
            _mark_interrupted(run, reason(failure) or str(failure) or type(failure).__name__, state)


def _mark_interrupted(run: Run, reason: str, state: str = "interrupted") -> None:
    """Marks a run whose trainer is gone as interrupted, or failed; leaves one that ended properly as it is."""
    with contextlib.suppress(BlockingIOError), run.lock(timeout_s=1.0):
        status = run.status()
        if status.state in ("queued", "interrupted", *ALIVE_STATES):
            run.write_status(replace(status, state=state, phase="", error=reason, images_per_s=0.0))
            run.add_event(state, status.step, error=reason)


def _note_trouble(settings: Settings, trouble: str) -> None:
    """Keeps why nothing can be trained for whoever waits, "" that it is not known; what the machine was found to have stays."""
    with contextlib.suppress(OSError):
        if trouble and machine(settings) is None:
            files.write_json(_machine_file(settings), {"trouble": trouble})
        elif not trouble and "trouble" in files.read_json(_machine_file(settings)):
            _machine_file(settings).unlink()


def _machine_file(settings: Settings) -> Path:
    return settings.runs_dir / f".machine-{PLACES.find(settings.place).machine}.json"
