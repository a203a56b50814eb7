"""A sweep's Optuna study as a list of planned trials, each claimed by one worker, requeued, or finished.

Every planned trial is enqueued as WAITING when the sweep begins: a combination of a grid, or a trial of a search whose
parameters Optuna samples when a worker claims it. Claiming is atomic in every storage, so that workers on several machines
never run a trial twice (Optuna's GridSampler may, by its own description). A stale trial (its worker is gone) is enqueued for
another attempt, with the same parameters and the same run, which is resumed from its newest checkpoint.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil

from gan_core.experiments.sweeps.objectives import extractor_in
from gan_core.experiments.sweeps.plan import Sweep, Value
from gan_core.experiments.sweeps.sampler import suggest
from gan_core.experiments.sweeps.storage import open_storage, reachable

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

BEAT_S = 15.0
STALE_AFTER_S = 90.0
MAX_DEATHS = 4
INTERRUPTED, DUPLICATE = "interrupted", "duplicate"
SWEEP = "sweep"  # the study's attribute that holds the plan


@dataclass(frozen=True)
class Claim:
    """A trial that this worker has claimed.

    Attributes:
        trial_id: the storage's.
        index, attempt: which of the planned trials, from 0, and how many attempts came before.
        params: axis name -> value.
        run_id: the run that an earlier attempt began; "" if none.
    """

    trial_id: int
    index: int
    attempt: int
    params: dict[str, Value]
    run_id: str


class SweepStudy:
    """The study of one sweep.

    Args:
        sweep_id: the study's name in the storage.
        storage: see `open_storage`.
        sweep: its plan.
        address: the storage's, for error messages.
    """

    def __init__(self, sweep_id: str, storage: BaseStorage, sweep: Sweep, address: str = "") -> None:
        self.sweep_id, self.storage, self.sweep, self.address = sweep_id, storage, sweep, address
        with reachable(address):
            self._study_id = storage.get_study_id_from_name(sweep_id)

    def trials(self) -> list[FrozenTrial]:
        """The newest attempt at every planned trial, by index.

        Raises:
            ValueError: the storage cannot be read.
        """
        newest: dict[int, FrozenTrial] = {}
        for trial in self._all():
            index, attempt = _key(trial)
            held = newest.get(index)
            if trial.user_attrs.get("kind") != DUPLICATE and (held is None or attempt > _key(held)[1]):
                newest[index] = trial
        return [newest[index] for index in sorted(newest)]

    def extractor(self) -> str | None:
        """The extractor of the first value, which the others must be of to compare; None while there is none."""
        done = [trial for trial in self._all() if trial.state.name == "COMPLETE"]
        first = min(done, key=lambda trial: (str(trial.datetime_complete), trial.number), default=None)
        return None if first is None else extractor_of(first)

    def count_open(self) -> tuple[int, int]:
        """Counts of waiting and of running trials."""
        states = [trial.state.name for trial in self.trials()]
        return states.count("WAITING"), states.count("RUNNING")

    def _all(self) -> list[FrozenTrial]:
        with reachable(self.address):
            return self.storage.get_all_trials(self._study_id, deepcopy=False)

    def enqueue_missing(self) -> None:
        """Enqueues the planned trials that the storage lacks; several workers may do so at once.

        Raises:
            ValueError: if the storage cannot be written.
        """
        there = {_key(trial)[0] for trial in self._all()}
        grid = [] if self.sweep.search else self.sweep.combinations()
        for index in range(self.sweep.trials):
            if index not in there:
                self._enqueue(index, 0, grid[index] if grid else {}, "")

    def claim(self) -> Claim | None:
        """Takes the first waiting trial; None if there is none. Parameters of a search are sampled now.

        Raises:
            ValueError: the storage cannot be written.
        """
        from optuna.exceptions import UpdateFinishedTrialError
        from optuna.trial import TrialState

        for trial in sorted(self._all(), key=lambda t: (_key(t), t.number)):
            if trial.state != TrialState.WAITING:
                continue
            with reachable(self.address):
                try:
                    if not self.storage.set_trial_state_values(trial._trial_id, TrialState.RUNNING):
                        continue
                except UpdateFinishedTrialError:
                    continue
                self._record_worker(trial._trial_id)
                if any(_key(other) == _key(trial) and other.number < trial.number for other in self._all()):
                    self._end(trial._trial_id, "FAIL", kind=DUPLICATE)
                    continue
                index, attempt = _key(trial)
                params = suggest(self.sweep_id, self.storage, self.sweep, trial, index)
                return Claim(trial._trial_id, index, attempt, params, str(trial.user_attrs.get("run", "")))
        return None

    def heartbeat(self, claim: Claim) -> bool:
        """Stores the time. Returns whether the trial is still this worker's.

        Raises:
            ValueError: the storage cannot be written.
        """
        from optuna.exceptions import UpdateFinishedTrialError

        with reachable(self.address):
            try:
                self.storage.set_trial_user_attr(claim.trial_id, "beat", time.time())
            except UpdateFinishedTrialError:
                return False
        return True

    def set_attributes(self, claim: Claim, **attributes: Any) -> None:
        """Stores user attributes with a trial."""
        with reachable(self.address):
            for name, value in attributes.items():
                self.storage.set_trial_user_attr(claim.trial_id, name, value)

    def complete(self, claim: Claim, value: float, **attributes: Any) -> None:
        """Ends a trial with the value of its objective."""
        self._end(claim.trial_id, "COMPLETE", [value], **attributes)

    def prune(self, claim: Claim, reason: str, **attributes: Any) -> None:
        """Ends a trial whose run failed or was stopped."""
        self._end(claim.trial_id, "PRUNED", reason=reason, **attributes)

    def fail(self, claim: Claim, reason: str, **attributes: Any) -> None:
        """Ends a trial that could not be created, trained to its end or measured."""
        self._end(claim.trial_id, "FAIL", reason=reason, **attributes)

    def requeue(self, claim: Claim) -> None:
        """Enqueues the trial for any worker; its run is then resumed from its newest checkpoint."""
        with reachable(self.address):
            self._retry(self.storage.get_trial(claim.trial_id), stale=False)

    def retry_stale(self, in_use: Callable[[str], bool] = lambda run_id: False) -> int:
        """Enqueues again the running trials whose workers are gone. Returns how many.

        Args:
            in_use: whether a process trains the run with this id, though its worker sends no heartbeat.

        Raises:
            ValueError: if the storage cannot be written.
        """
        stale = [t for t in self._all() if t.state.name == "RUNNING" and is_stale(t)]
        stale = [t for t in stale if not in_use(str(t.user_attrs.get("run", "")))]
        with reachable(self.address):
            for trial in stale:
                self._retry(trial, stale=True)
        return len(stale)

    def _retry(self, trial: FrozenTrial, *, stale: bool) -> None:
        """Enqueues the next attempt, then ends this one; in this order a kill between the two loses nothing."""
        index, attempt = _key(trial)
        deaths = int(trial.user_attrs.get("deaths", 0)) + stale
        if deaths >= MAX_DEATHS:
            reason = f"Its process died {deaths} times; most often memory ran out."
            self._end(trial._trial_id, "FAIL", reason=reason)
            return
        self._enqueue(index, attempt + 1, params_of(trial), str(trial.user_attrs.get("run", "")), deaths)
        self._end(trial._trial_id, "FAIL", kind=INTERRUPTED)

    def _enqueue(self, index: int, attempt: int, params: Mapping[str, Value], run_id: str, deaths: int = 0) -> None:
        from optuna.trial import TrialState, create_trial

        attributes = {"place": index, "attempt": attempt, "run": run_id, "deaths": deaths}
        fixed = {"fixed_params": dict(params)}
        blank = create_trial(state=TrialState.WAITING, system_attrs=fixed, user_attrs=attributes)
        with reachable(self.address):
            self.storage.create_new_trial(self._study_id, template_trial=blank)

    def _record_worker(self, trial_id: int) -> None:
        own = psutil.Process()
        worker = {"host": platform.node(), "pid": own.pid, "began": own.create_time()}
        self.storage.set_trial_user_attr(trial_id, "worker", worker)
        self.storage.set_trial_user_attr(trial_id, "beat", time.time())

    def _end(self, trial_id: int, state: str, values: list[float] | None = None, **attributes: Any) -> None:
        """Stores a trial's attributes, its values and the name of its final TrialState."""
        from optuna.exceptions import UpdateFinishedTrialError
        from optuna.trial import TrialState

        with reachable(self.address):
            try:
                for name, value in attributes.items():
                    self.storage.set_trial_user_attr(trial_id, name, value)
                self.storage.set_trial_state_values(trial_id, TrialState[state], values)
            except UpdateFinishedTrialError:  # another worker has retried it and stores the result
                return


def open_study(sweep_id: str, address: str, sweep: Sweep) -> SweepStudy:
    """The study of a sweep, created if the storage has none of that name.

    Raises:
        ValueError: the storage cannot be used, or holds another sweep of the same name.
    """
    from optuna.exceptions import DuplicatedStudyError
    from optuna.study import StudyDirection

    storage = open_storage(address)
    direction = StudyDirection.MAXIMIZE if sweep.objective.direction == "maximize" else StudyDirection.MINIMIZE
    with reachable(address):
        try:
            study_id = storage.create_new_study([direction], sweep_id)
            storage.set_study_user_attr(study_id, SWEEP, sweep.to_dict())
        except DuplicatedStudyError:
            study_id = storage.get_study_id_from_name(sweep_id)
            _check_same(storage.get_study_user_attrs(study_id).get(SWEEP), sweep)
    return SweepStudy(sweep_id, storage, sweep, address)


def _check_same(kept: Any, sweep: Sweep) -> None:
    """Raises ValueError if the stored plan differs; a search may be continued with another number of trials."""
    requested = sweep.to_dict()
    if kept is None:  # another process has created the study and not yet stored its plan
        return
    old = Sweep.from_dict(kept).to_dict()
    differing = [
        name for name in requested if old.get(name) != requested[name] and (name != "trials" or not sweep.search)
    ]
    if differing:
        raise ValueError(
            f"There is a sweep '{sweep.name}' already, and its {differing[0]} is another. Choose another name, or run it "
            "unchanged."
        )


def _key(trial: FrozenTrial) -> tuple[int, int]:
    return int(trial.user_attrs.get("place", trial.number)), int(trial.user_attrs.get("attempt", 0))


def params_of(trial: FrozenTrial) -> dict[str, Value]:
    """Axis name -> value; empty for a waiting trial of a search."""
    return dict(trial.params or trial.system_attrs.get("fixed_params", {}))


def extractor_of(trial: FrozenTrial) -> str:
    """The extractor that a finished trial's value is of; "" where it is of none."""
    return extractor_in(str(trial.user_attrs.get("measured", "")))


def incomparable(extractor: str, first: str | None) -> str:
    """Why a value of an extractor does not compare with the sweep's first; "" if it does."""
    if first is None or extractor == first:
        return ""
    names = " and ".join(f"'{name}'" if name else "none" for name in (extractor, first))
    return (
        f"Values are comparable only with the same extractor; this one and the sweep's first are from {names}. Start a new "
        "sweep to measure all in the same way."
    )


def is_stale(trial: FrozenTrial) -> bool:
    """Whether the worker of a running trial is gone: on this machine by its process, on another by its last heartbeat."""
    worker = trial.user_attrs.get("worker")
    if isinstance(worker, dict) and worker.get("host") == platform.node():
        return not _lives(int(worker["pid"]), float(worker["began"]))
    begun = trial.datetime_start.timestamp() if trial.datetime_start else 0.0
    return (
        abs(time.time() - float(trial.user_attrs.get("beat", begun))) > STALE_AFTER_S
    )  # also after a clock was set back


def _lives(pid: int, began: float) -> bool:
    if pid == os.getpid():
        return True
    try:
        process = psutil.Process(pid)
        same = abs(float(process.create_time()) - began) < 2
        return same and str(process.status()) != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
