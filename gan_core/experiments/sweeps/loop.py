"""The loop of a sweep: claim a trial, create and train its run, measure its objective; until every trial is done.

Runs are trained in this process, one after the other (`InProcess`), or by the server that owns the queue (`Queued`). Either way
one process trains one run of the sweep at a time, and the doctor examines it every few seconds.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from gan_core import runs
from gan_core.analysis.doctor import Finding
from gan_core.analysis.doctor.examine import examine
from gan_core.config import RunConfig
from gan_core.config.numbers import significant
from gan_core.config.settings import Settings
from gan_core.experiments import arms
from gan_core.experiments.sweeps import study as studies
from gan_core.experiments.sweeps.objectives import extractor_in, measure
from gan_core.experiments.sweeps.plan import format_value
from gan_core.experiments.sweeps.study import Claim, SweepStudy
from gan_core.runs import Run, Status
from gan_core.runs.status import RESUMABLE_STATES
from gan_core.training import queue, supervisor
from gan_core.training.trainers import Trainer

EXAMINE_S = 5.0
POLL_S = 1.0
ENDED = ("finished", "failed", "stopped", "paused")
_measuring = threading.Lock()  # one at a time in a process: each holds thousands of images

Command = Callable[[], str]
"""Called repeatedly while a run trains; gives "stop", "pause", or "" to continue."""


class Runner(Protocol):
    """How runs are trained."""

    def create(self, config: RunConfig, name: str) -> Run:
        """A run of this configuration.

        Raises:
            ValueError: if it cannot run.
        """

    def train(self, run: Run, command: Command) -> Status:
        """Trains it from its newest checkpoint until it ends, or `command` stops or pauses it. Returns its status."""


class FailureWatch:
    """Examines a run every few seconds.

    Args:
        run: which.
        every_s: shortest interval; longer where an examination takes more than a twentieth of it.
    """

    def __init__(self, run: Run, every_s: float = EXAMINE_S) -> None:
        self._run, self._every_s, self._next = run, every_s, 0.0
        self.failure: Finding | None = None

    def failing(self, *, now: bool = False) -> bool:
        """Whether the doctor has found a lasting failure, kept in `failure`. `now` examines at once."""
        begun = time.monotonic()
        if not now and begun < self._next:
            return self.failure is not None
        try:
            found = examine(self._run)
        except ValueError:  # a log that another process is writing: the next examination decides
            found = []
        self.failure = next((one for one in found if one.severity == "failure" and one.lasting), None)
        took = time.monotonic() - begun
        self._next = time.monotonic() + max(self._every_s, 20 * took)
        return self.failure is not None


class InProcess:
    """Trains in this process, as the command line does.

    Args:
        runs_dir: where new ones are created.
        observer: called with a run's status about twice a second.
    """

    def __init__(self, runs_dir: Path, observer: Callable[[Status], None] | None = None) -> None:
        self._runs_dir, self._observer = runs_dir, observer

    def create(self, config: RunConfig, name: str) -> Run:
        """See `Runner`."""
        from gan_core.config.devices import detect
        from gan_core.training.plan import resolve

        return runs.create(self._runs_dir, resolve(config, detect()), title=name)

    def train(self, run: Run, command: Command) -> Status:
        """See `Runner`."""
        from gan_core.training import loop

        queue.withdraw(run)
        run.command("run")
        return loop.train(run, self._observer, lambda: command() or None)


class Queued:
    """Leaves training to the server that owns the runs folder's queue, as a page does."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def create(self, config: RunConfig, name: str) -> Run:
        """See `Runner`."""
        return arms.submit(self._settings, config, name)

    def train(self, run: Run, command: Command) -> Status:
        """See `Runner`."""
        if run.status().state in RESUMABLE_STATES:
            try:
                supervisor.resume(run)
            except ValueError as refusal:
                if (status := run.status()).state in RESUMABLE_STATES:  # else another process has just done so
                    return replace(status, state="failed", error=str(refusal))
        sent = ""
        while True:
            status = run.status()
            if not run.path.is_dir():
                return Status(state="failed", error="Its run was deleted.")
            if status.state in ENDED or (status.state == "interrupted" and status.error):
                return status
            if not sent and (sent := command()):
                supervisor.leave(run, sent)
            time.sleep(POLL_S if status.state != "stopping" else POLL_S / 5)


class AtPlace:
    """Trains at another place than this process, such as a cluster, whose runs have no queue of this folder's.

    Args:
        runs_dir: where new ones are created.
        trainer: takes them there; it may be called from several threads.
    """

    def __init__(self, runs_dir: Path, trainer: Trainer) -> None:
        self._runs_dir, self._trainer = runs_dir, trainer

    def create(self, config: RunConfig, name: str) -> Run:
        """See `Runner`."""
        from gan_core.training.plan import resolve

        return runs.create(self._runs_dir, resolve(config, self._trainer.warm_up()), name)

    def train(self, run: Run, command: Command) -> Status:
        """See `Runner`."""
        queue.withdraw(run)
        run.command("run")
        training = threading.Thread(target=supervisor.train_to_end, args=(run, self._trainer), daemon=True)
        training.start()
        sent = ""
        while training.is_alive():
            if not sent and (sent := command()):
                supervisor.leave(run, sent)
            training.join(POLL_S)
        return run.status()


def work_at_once(workers: Sequence[SweepWorker]) -> None:
    """Works on a sweep, as many trials at once as there are workers; the first error is raised once all have ended."""
    failures: list[Exception] = []

    def work(worker: SweepWorker) -> None:
        try:
            worker.work()
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(worker,), daemon=True) for worker in workers[1:]]
    for thread in threads:
        thread.start()
    work(workers[0])
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


@dataclass
class SweepWorker:
    """One process, or one thread of it, at work on a sweep.

    Attributes:
        study: the sweep's.
        runner: how runs are trained.
        stopping: whether it is to stop; called at every step.
        log: called with a sentence for each event.
        runs_dir: the folder of its runs.
        examine_s: seconds between two examinations by the doctor.
    """

    study: SweepStudy
    runner: Runner
    stopping: Callable[[], bool]
    log: Callable[[str], None]
    runs_dir: Path
    examine_s: float = EXAMINE_S

    def work(self) -> None:
        """Works until every trial is done, or it is to stop. Waits for trials of other workers, which may become stale.

        Raises:
            ValueError: if the storage cannot be used.
        """
        self.study.enqueue_missing()
        reported = False
        while not self.stopping():
            self.study.retry_stale(self._in_use)
            claim = self.study.claim()
            if claim is not None:
                self._try(claim)
                reported = False
                continue
            free, busy = self.study.count_open()
            if not free and not busy:
                return
            if busy and not reported:
                self.log(f"Waits for {busy} trials running in other processes.")
                reported = True
            time.sleep(POLL_S)

    def _try(self, claim: Claim) -> None:
        with _heartbeat(self.study, claim) as lost:
            try:
                run = self._run(claim)
            except (ValueError, OSError) as refusal:
                self.log(f"Trial {claim.index + 1}: refused. {refusal}")
                self.study.fail(claim, str(refusal))
                return
            self.study.set_attributes(claim, run=run.id)
            self.log(f"Trial {claim.index + 1} of {self.study.sweep.trials}: {self._name(claim)} ({run.id})")
            watch = FailureWatch(run, self.examine_s)
            try:
                status = self.runner.train(run, lambda: self._command(lost, watch))
            except BlockingIOError:  # another process trains it right now
                status = replace(run.status(), state="stopped")
            if lost.is_set():
                return
            if watch.failure is None and status.state == "paused" and self.stopping():
                self.study.requeue(claim)
                return
            self._end(claim, run, status, watch)

    def _command(self, lost: threading.Event, watch: FailureWatch) -> str:
        if watch.failing():
            return "stop"
        return "pause" if lost.is_set() or self.stopping() else ""

    def _end(self, claim: Claim, run: Run, status: Status, watch: FailureWatch) -> None:
        """Ends a trial: pruned or failed, or complete with its objective's value."""
        facts = {"seconds": round(status.seconds, 1), "step": status.step}
        if watch.failure or (run.path.is_dir() and watch.failing(now=True) and watch.failure):
            finding = watch.failure
            self.log(f"Trial {claim.index + 1}: pruned. {finding.title}: {finding.evidence}")
            self.study.prune(claim, f"{finding.title}. {finding.evidence}", finding=finding.name, **facts)
        elif status.state in ("stopped", "paused"):
            self.study.prune(claim, f"Stopped manually at step {status.step:,}.", **facts)
        elif status.state != "finished":
            self.log(f"Trial {claim.index + 1}: failed. {status.error}")
            self.study.fail(claim, status.error or f"Its run is {status.state}.", **facts)
        else:
            self._measure(claim, run, facts)

    def _measure(self, claim: Claim, run: Run, facts: dict[str, float]) -> None:
        objective = self.study.sweep.objective
        try:
            with _measuring:
                measured = measure(run, objective)
            if other := studies.incomparable(extractor_in(measured.words), self.study.extractor()):
                raise ValueError(other)
        except (ValueError, OSError) as refusal:
            self.log(f"Trial {claim.index + 1}: cannot be scored. {refusal}")
            self.study.fail(claim, str(refusal), **facts)
            return
        found = measured.estimate
        self.log(f"Trial {claim.index + 1}: {objective.metric} = {significant(found.value, 4)} ({measured.words})")
        interval = list(found.interval) if found.has_interval else []
        self.study.complete(claim, found.value, interval=interval, measured=measured.words, **facts)

    def _run(self, claim: Claim) -> Run:
        """The run of an earlier attempt if it is in this folder, else a new one."""
        return self._find(claim.run_id) or self.runner.create(self.study.sweep.config(claim.params), self._name(claim))

    def _name(self, claim: Claim) -> str:
        values = ", ".join(f"{short_name(name)} {format_value(value)}" for name, value in claim.params.items())
        return f"{self.study.sweep.name[:30]} {claim.index + 1}: {values}"[:80]

    def _find(self, run_id: str) -> Run | None:
        return next((run for run in runs.list_runs(self.runs_dir) if run.id == run_id), None)

    def _in_use(self, run_id: str) -> bool:
        """Whether the run of a stale worker is locked on this machine, so that a process still trains it."""
        run = self._find(run_id) if isinstance(self.runner, InProcess) else None
        return run is not None and run.is_locked()


def short_name(name: str) -> str:
    """An axis without its section, after "G" or "D" where it is of an optimiser."""
    section, _, field = name.rpartition(".")
    owner = {"generator_optimizer": "G ", "discriminator_optimizer": "D "}.get(section, "")
    return owner + field.replace("_", " ")


@contextlib.contextmanager
def _heartbeat(study: SweepStudy, claim: Claim) -> Iterator[threading.Event]:
    """Stores a trial's heartbeat from a thread; the event is set once another worker has retried the trial."""
    ended, lost = threading.Event(), threading.Event()

    def beat() -> None:
        while not ended.wait(studies.BEAT_S):
            with contextlib.suppress(ValueError):  # the storage may be out of reach for a moment
                if not study.heartbeat(claim):
                    lost.set()

    thread = threading.Thread(target=beat, name="ganvas-sweep-beat", daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        ended.set()
        thread.join()
