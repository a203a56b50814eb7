"""The loop of a sweep: take a trial, make its run, see it through, measure its objective; until every trial is done.

Runs are trained in this process, one after the other (`InProcess`), or by the server that owns the queue (`Queued`). Either way
one process trains one run of the sweep at a time, and the doctor looks at it every few seconds.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from gan_core import runs
from gan_core.analysis.doctor import Finding
from gan_core.analysis.doctor.examine import examine
from gan_core.config import RunConfig
from gan_core.config.settings import Settings
from gan_core.experiments import arms
from gan_core.experiments.sweeps import study as studies
from gan_core.experiments.sweeps.objectives import reach
from gan_core.experiments.sweeps.plan import words_of
from gan_core.experiments.sweeps.study import Claim, SweepStudy
from gan_core.runs import Run, Status
from gan_core.training import queue, supervisor

EXAMINE_S = 5.0
POLL_S = 1.0
ENDED = ("finished", "failed", "stopped", "paused")

Asked = Callable[[], bool]
Tell = Callable[[str], None]
Look = Callable[[], str]
"""Asked again and again while a run trains; answers "stop", "pause" or "" (go on)."""


class Runner(Protocol):
    """How runs are trained."""

    def create(self, config: RunConfig, name: str) -> Run:
        """A run of this configuration.

        Raises:
            ValueError: it cannot run.
        """

    def train(self, run: Run, look: Look) -> Status:
        """Trains it, on from where it is, until it has ended, or been stopped or paused as `look` asks. Returns its status."""


class Doctor:
    """Looks at a run every few seconds.

    Args:
        run: which.
        every_s: at most so often; less where looking itself takes long.
    """

    def __init__(self, run: Run, every_s: float = EXAMINE_S) -> None:
        self._run, self._every_s, self._next = run, every_s, 0.0
        self.failure: Finding | None = None

    def finds_failure(self, *, now: bool = False) -> bool:
        """Whether the run is failing and will not come back by itself; `failure` says how."""
        begun = time.monotonic()
        if not now and begun < self._next:
            return self.failure is not None
        try:
            found = examine(self._run)
        except ValueError:  # a log that another process is writing: the next look decides
            found = []
        self.failure = next((one for one in found if one.severity == "failure" and one.lasting), None)
        took = time.monotonic() - begun
        self._next = time.monotonic() + max(self._every_s, 20 * took)
        return self.failure is not None


class InProcess:
    """Trains in this process: the command line's way.

    Args:
        runs_dir: where new ones are made.
        observer: called with a run's status about twice a second.
    """

    def __init__(self, runs_dir: Path, observer: Callable[[Status], None] | None = None) -> None:
        self._runs_dir, self._observer = runs_dir, observer

    def create(self, config: RunConfig, name: str) -> Run:
        """See `Runner`."""
        from gan_core.config.devices import detect
        from gan_core.training.plan import resolve

        return runs.create(self._runs_dir, resolve(config, detect()), name)

    def train(self, run: Run, look: Look) -> Status:
        """See `Runner`."""
        from gan_core.training import loop

        queue.withdraw(run)
        run.command("run")
        return loop.train(run, self._observer, lambda: look() or None)


class Queued:
    """Leaves training to the server that owns the runs folder's queue: the page's way."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def create(self, config: RunConfig, name: str) -> Run:
        """See `Runner`."""
        return arms.submit(self._settings, config, name)

    def train(self, run: Run, look: Look) -> Status:
        """See `Runner`."""
        if run.status().state in ("paused", "stopped", "failed", "interrupted"):
            with contextlib.suppress(ValueError):  # somebody else has just done so
                supervisor.resume(run)
        asked = ""
        while True:
            status = run.status()
            if not run.path.is_dir():
                return Status(state="failed", error="Its run was deleted.")
            if status.state in ENDED or (status.state == "interrupted" and status.error):
                return status
            if not asked and (asked := look()):
                supervisor.leave(run, asked)
            time.sleep(POLL_S if status.state != "stopping" else POLL_S / 5)


@dataclass
class SweepWorker:
    """One process at work on a sweep.

    Attributes:
        study: the sweep's.
        runner: how runs are trained.
        leaving: whether it is to leave; asked at every step.
        tell: told in words what happens.
        find_run: (run id) -> the run here, or None.
        examine_s: seconds between two looks of the doctor.
    """

    study: SweepStudy
    runner: Runner
    leaving: Asked
    tell: Tell
    find_run: Callable[[str], Run | None]
    examine_s: float = EXAMINE_S

    def work(self) -> None:
        """Works until every trial is done, or it is to leave. Others' trials are waited for: their workers may vanish.

        Raises:
            ValueError: the storage cannot be used.
        """
        self.study.fill()
        told = False
        while not self.leaving():
            self.study.take_up(self._in_use)
            claim = self.study.claim()
            if claim is not None:
                self._try(claim)
                told = False
                continue
            free, busy = self.study.count_open()
            if not free and not busy:
                return
            if busy and not told:
                self.tell(f"Waits for {busy} trials that other processes work on.")
                told = True
            time.sleep(POLL_S)

    def _try(self, claim: Claim) -> None:
        with _SignsOfLife(self.study, claim) as life:
            try:
                run = self._run(claim)
            except (ValueError, OSError) as refusal:
                self.tell(f"Trial {claim.index + 1}: refused. {refusal}")
                self.study.fail(claim, str(refusal))
                return
            self.study.note(claim, run=run.id)
            self.tell(f"Trial {claim.index + 1} of {self.study.sweep.trials}: {self._name(claim)} ({run.id})")
            doctor = Doctor(run, self.examine_s)
            try:
                status = self.runner.train(run, lambda: self._look(life, doctor))
            except BlockingIOError:  # somebody else trains it right now
                status = replace(run.status(), state="stopped")
            if life.lost:
                return
            if doctor.failure is None and status.state == "paused" and self.leaving():
                self.study.give_back(claim)
                return
            self._judge(claim, run, status, doctor)

    def _look(self, life: _SignsOfLife, doctor: Doctor) -> str:
        if doctor.finds_failure():
            return "stop"
        return "pause" if life.lost or self.leaving() else ""

    def _judge(self, claim: Claim, run: Run, status: Status, doctor: Doctor) -> None:
        """The end of a trial: judged by the doctor, then by the objective."""
        facts = {"seconds": round(status.seconds, 1), "step": status.step}
        if doctor.failure or (run.path.is_dir() and doctor.finds_failure(now=True) and doctor.failure):
            finding = doctor.failure
            self.tell(f"Trial {claim.index + 1}: pruned. {finding.title}: {finding.evidence}")
            self.study.prune(claim, f"{finding.title}. {finding.evidence}", finding=finding.name, **facts)
        elif status.state in ("stopped", "paused"):
            self.study.prune(claim, f"Stopped by hand at step {status.step:,}.", **facts)
        elif status.state != "finished":
            self.tell(f"Trial {claim.index + 1}: failed. {status.error}")
            self.study.fail(claim, status.error or f"Its run is {status.state}.", **facts)
        else:
            self._measure(claim, run, facts)

    def _measure(self, claim: Claim, run: Run, facts: dict[str, float]) -> None:
        objective = self.study.sweep.objective
        try:
            reached = reach(run, objective)
        except (ValueError, OSError) as refusal:
            self.tell(f"Trial {claim.index + 1}: cannot be judged. {refusal}")
            self.study.fail(claim, str(refusal), **facts)
            return
        found = reached.estimate
        self.tell(f"Trial {claim.index + 1}: {objective.metric} = {found.value:.4g} ({reached.words})")
        interval = list(found.interval) if found.has_interval else []
        self.study.complete(claim, found.value, interval=interval, measured=reached.words, **facts)

    def _run(self, claim: Claim) -> Run:
        """The run that an earlier attempt began, if it is here; else a new one."""
        known = self.find_run(claim.run_id) if claim.run_id else None
        return known or self.runner.create(self.study.sweep.config(claim.params), self._name(claim))

    def _name(self, claim: Claim) -> str:
        values = ", ".join(f"{short_name(name)} {words_of(value)}" for name, value in claim.params.items())
        return f"{self.study.sweep.name[:30]} {claim.index + 1}: {values}"[:80]

    def _in_use(self, run_id: str) -> bool:
        """Whether this very process's kind of work is being done by one that seems dead: its run is locked here."""
        run = self.find_run(run_id) if run_id and isinstance(self.runner, InProcess) else None
        return run is not None and run.is_locked()


def short_name(name: str) -> str:
    """An axis in few letters: the field without its section, and whose it is where that matters."""
    section, _, field = name.rpartition(".")
    owner = {"generator_optimizer": "G ", "discriminator_optimizer": "D "}.get(section, "")
    return owner + field.replace("_", " ")


class _SignsOfLife:
    """Tells the storage, from a thread, that a trial is still worked on."""

    def __init__(self, study: SweepStudy, claim: Claim) -> None:
        self._study, self._claim = study, claim
        self._ended = threading.Event()
        self.lost = False
        self._thread = threading.Thread(target=self._beat, name="ganvas-sweep-beat", daemon=True)

    def __enter__(self) -> _SignsOfLife:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._ended.wait(studies.BEAT_S):
            try:
                self.lost = not self._study.beat(self._claim)
            except ValueError:  # a storage out of reach for a moment; the result will tell if it stays so
                continue
