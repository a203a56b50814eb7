"""Background training: one supervising thread a device trains the runs of the queue, one after another.

With `isolation: process` (the default) a worker process trains and the thread watches it: a crash or an out-of-memory
kill costs one run and never the server, and training does not fight the pages for the interpreter. With
`isolation: thread` the supervising thread trains itself.

All state is on disk (run directories and the queue) and in named threads, because Streamlit may reload this module.
A worker outlives its server; the next server finds its run by lock and heartbeat, waits for its end.
"""

from __future__ import annotations

import contextlib
import platform
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
from gan_core.config.devices import Machine
from gan_core.config.reasons import reason
from gan_core.config.settings import Settings
from gan_core.runs import Run, environment, files, recovery
from gan_core.runs.status import ALIVE_STATES
from gan_core.training import allowance, plan, queue
from gan_core.training.trainers import ProcessTrainer, ThreadTrainer, Trainer, wait_for

POLL_S = 0.1
RETRY_S = 10.0  # between attempts to start the trainer
_starting = threading.Lock()
_followers: list[Callable[[Run], object]] = []


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
    """The devices and precisions that this machine can train on; None during the first seconds of its first start, until torch is loaded."""
    try:
        return Machine.from_dict(read_strictly(_machine_file(settings.runs_dir)))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def wait_until_ready(settings: Settings, timeout_s: float = 120.0) -> Machine:
    """The same, once it is known.

    Raises:
        ValueError: the trainer did not start; the message says where it wrote why.
    """
    deadline = time.monotonic() + timeout_s
    while (found := machine(settings)) is None:
        if time.monotonic() > deadline:
            raise ValueError(
                f"The trainer did not start within {timeout_s:.0f} s. See {settings.runs_dir}/.worker-*.log."
            )
        time.sleep(POLL_S)
    return found


def submit(
    settings: Settings, config: RunConfig, name: str = "", *, title: str = "", actor: Actor | None = None
) -> Run:
    """Checks a configuration, once, decides what it leaves open, creates the run and queues it; `name`, `title`: see `runs.create`.

    Raises:
        ValueError: the actor may not, the configuration cannot run, or the runs folder cannot be written; nothing is left
            behind.
    """
    require("train", actor)
    num_images = plan.count_checked(config)
    runs.check_writable(settings.runs_dir)
    resolved = plan.decide(config, wait_until_ready(settings), num_images)
    allowance.check_actor(settings.runs_dir, resolved, plan.total_steps(resolved, num_images), actor)
    run = runs.create(settings.runs_dir, resolved, name, title=title, actor=actor)
    queue.enqueue_new(run)
    return run


def resume(
    run: Run, *, accept_changed_data: bool = False, from_start: bool = False, actor: Actor | None = None
) -> None:
    """Queues a paused, stopped, failed or interrupted run again; it continues from its newest checkpoint.

    Args:
        run: which.
        accept_changed_data: go on even if its training data changed since it last trained.
        from_start: begin at step 0 instead; what is there is set aside in its folder.

    Raises:
        ValueError: the actor may not, its data cannot be read, it is training already, comes with the program, or cannot be written.
    """
    run.require(actor)
    config = run.config()
    allowance.check_actor(run.path.parent, config, plan.total_steps(config, plan.count_checked(config)), actor)
    try:
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
    runs_dir = settings.runs_dir
    first = _trainer(settings, "first")
    told = ""
    while True:  # the thread never ends, or each page load would begin another
        try:
            runs_dir.mkdir(parents=True, exist_ok=True)
            files.sweep(runs_dir, older_than_s=3600.0)  # what is younger, another server may be making
            for folder in (runs_dir, *runs_dir.glob(".*/")):
                bin.empty(folder)
            found = first.warm_up()
            files.write_json(_machine_file(runs_dir), found.to_dict())
            alive = _recover_runs(runs_dir)
            break
        except Exception as failure:
            if str(failure) != told:
                print(f"Ganvas cannot train: {failure}", flush=True)
            told = str(failure)
            time.sleep(RETRY_S)
    for device in found.devices[1:]:
        threading.Thread(
            target=_supervise,
            args=(runs_dir, device, _trainer(settings, device), alive),
            name=f"ganvas-device:{runs_dir}:{device}",
            daemon=True,
        ).start()
    _supervise(runs_dir, found.devices[0], first, alive)


def _trainer(settings: Settings, device: str) -> Trainer:
    return ThreadTrainer() if settings.isolation == "thread" else ProcessTrainer(settings.runs_dir, device)


def _supervise(runs_dir: Path, device: str, trainer: Trainer, alive: list[Run]) -> None:
    """Waits for the device's runs of an earlier server, then trains those of the queue, without end, whatever one does."""
    for run in alive:
        if run.status().device == device:
            try:
                wait_for(run, POLL_S)
                _mark_interrupted(run, "The training process ended without a message.")
                _follow(run)
            except Exception as failure:
                _mark_lost(run, failure)
    while True:
        claimed, ended = None, False
        try:
            claimed = queue.claim_next(runs_dir, device)
            if claimed is not None:
                trainer.train(claimed)
                ended = True
                _follow(claimed)
                trainer.warm_up()
        except Exception as failure:
            _mark_lost(claimed, failure)
            if claimed is not None and not ended:
                _follow(claimed)
        if claimed is None:
            time.sleep(POLL_S)


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
    """Recovers one run; returns whether it still trains."""
    status = run.status()
    if status.state == "queued" and not waits:
        queue.enqueue(run)
    elif status.state in ALIVE_STATES or (status.state == "interrupted" and not status.error):
        if run.is_locked():
            return True
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
            _mark_interrupted(run, reason(failure) or str(failure) or type(failure).__name__)


def _mark_interrupted(run: Run, reason: str) -> None:
    """Marks a run whose trainer is gone as interrupted; leaves one that ended properly as it is."""
    with contextlib.suppress(BlockingIOError), run.lock(timeout_s=1.0):
        status = run.status()
        if status.state in ("queued", "interrupted", *ALIVE_STATES):
            run.write_status(replace(status, state="interrupted", phase="", error=reason, images_per_s=0.0))
            run.add_event("interrupted", status.step, error=reason)


def _machine_file(runs_dir: Path) -> Path:
    return runs_dir / f".machine-{platform.node()}.json"
