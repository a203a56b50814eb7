"""The trials of a sweep as rows of a table: parameters, state, value, and why a trial ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.experiments.sweeps.plan import Sweep, Value
from gan_core.experiments.sweeps.study import SweepStudy, extractor_of, incomparable, is_stale, params_of

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

OPEN = ("waiting", "training", "interrupted")
STATES = {"WAITING": "waiting", "RUNNING": "training", "COMPLETE": "done", "PRUNED": "pruned", "FAIL": "failed"}


@dataclass(frozen=True)
class TrialRow:
    """One trial.

    Attributes:
        index: which, from 0.
        state: waiting, training, interrupted (its worker is gone), done, pruned or failed.
        params: axis name -> value; empty for a waiting trial of a search.
        estimate: the objective's value, with its 95 % interval where there is one; None unless done.
        measured: from how many samples and how, in words.
        reason: why it was pruned or failed.
        finding: name of the doctor's finding that ended it; "" otherwise.
        run_id: its run; "" before it has one.
        seconds: of training.
        attempt: how many attempts came before.
    """

    index: int
    state: str
    params: dict[str, Value]
    estimate: Estimate | None
    measured: str
    reason: str
    finding: str
    run_id: str
    seconds: float
    attempt: int

    @property
    def value(self) -> float | None:
        """The objective's value; None unless done."""
        return self.estimate.value if self.estimate else None


def rows_of(study: SweepStudy) -> list[TrialRow]:
    """Every trial of a sweep, by index; one whose value is of another extractor than the first has failed.

    Raises:
        ValueError: the storage cannot be read.
    """
    first = study.extractor()
    return [_row(trial, first) for trial in study.trials()]


def best(rows: Sequence[TrialRow], sweep: Sweep) -> TrialRow | None:
    """The trial with the best value of the objective; None while none is done."""
    sign = 1 if sweep.objective.direction == "maximize" else -1
    done = [(sign * row.value, row) for row in rows if row.state == "done" and row.value is not None]
    return max(done, key=lambda pair: pair[0])[1] if done else None


def seconds_left(rows: Sequence[TrialRow], minutes_each: float, shares: Mapping[str, float] | None = None) -> float:
    """Rough time until all are done, from the mean of finished trials, else from the estimate; 0 where neither is known.

    Args:
        rows: all trials.
        minutes_each: the estimate for one.
        shares: run id -> how much of its training is done, 0 to 1.
    """
    done = shares or {}
    to_do = sum(1 - done.get(row.run_id, 0.0) for row in rows if row.state in OPEN)
    took = [row.seconds for row in rows if row.state == "done" and row.seconds]
    return to_do * (sum(took) / len(took) if took else 60 * minutes_each)


def _row(trial: FrozenTrial, first: str | None) -> TrialRow:
    facts: dict[str, Any] = trial.user_attrs
    done = trial.state.name == "COMPLETE"
    other = incomparable(extractor_of(trial), first) if done else ""
    return TrialRow(
        index=int(facts.get("place", trial.number)),
        state="failed" if other else _state(trial),
        params=params_of(trial),
        estimate=_estimate(trial) if done and not other else None,
        measured=str(facts.get("measured", "")),
        reason=other or str(facts.get("reason", "")),
        finding=str(facts.get("finding", "")),
        run_id=str(facts.get("run", "")),
        seconds=float(facts.get("seconds", 0.0)),
        attempt=int(facts.get("attempt", 0)),
    )


def _state(trial: FrozenTrial) -> str:
    return "interrupted" if trial.state.name == "RUNNING" and is_stale(trial) else STATES[trial.state.name]


def _estimate(trial: FrozenTrial) -> Estimate | None:
    value, interval = trial.value, list(trial.user_attrs.get("interval") or [])
    if value is None or len(interval) != 2:
        return None if value is None else Estimate.bare(value)
    return Estimate(value, float(interval[0]), float(interval[1]), 0, "recorded")
