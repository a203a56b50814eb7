"""The trials of a sweep as a table for people: what was tried, how it stands, what it reached, why it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gan_core.experiments.sweeps.book import Book, vanished
from gan_core.experiments.sweeps.plan import Sweep, Value

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

OPEN = ("waiting", "training", "interrupted")
STATES = {"WAITING": "waiting", "RUNNING": "training", "COMPLETE": "done", "PRUNED": "pruned", "FAIL": "failed"}


@dataclass(frozen=True)
class Row:
    """One trial.

    Attributes:
        place: which, from 0.
        state: waiting, training, interrupted (whoever trained it vanished), done, pruned or failed.
        params: axis name -> value; empty for a waiting trial of a search.
        value: what it reached; None unless done.
        interval: 95 %, where there is one.
        measured: of how many, in words.
        reason: why it was pruned or failed.
        finding: name of the doctor's finding that ended it; "" otherwise.
        run_id: its run; "" before it has one.
        seconds: of training.
        attempt: how often it was begun before.
    """

    place: int
    state: str
    params: dict[str, Value]
    value: float | None
    interval: tuple[float, float] | None
    measured: str
    reason: str
    finding: str
    run_id: str
    seconds: float
    attempt: int


def rows_of(book: Book) -> list[Row]:
    """Every trial of a sweep, by place.

    Raises:
        ValueError: the storage cannot be read.
    """
    return [_row(trial) for trial in book.trials()]


def best(rows: Sequence[Row], sweep: Sweep) -> Row | None:
    """The trial that came nearest to the aim; None while none is done."""
    done = [(row.value, row) for row in rows if row.state == "done" and row.value is not None]
    if not done:
        return None
    choose = max if sweep.aim.direction == "maximize" else min
    return choose(done, key=lambda pair: pair[0])[1]


def seconds_left(rows: Sequence[Row], minutes_each: float, shares: Mapping[str, float] | None = None) -> float:
    """Rough time until all are done, by those that are; by the estimate until then; 0 where neither is known.

    Args:
        rows: all trials.
        minutes_each: the estimate for one.
        shares: run id -> how much of its training is done, 0 to 1.
    """
    done = shares or {}
    to_do = sum(1 - done.get(row.run_id, 0.0) for row in rows if row.state in OPEN)
    took = [row.seconds for row in rows if row.state == "done" and row.seconds]
    return to_do * (sum(took) / len(took) if took else 60 * minutes_each)


def _row(trial: FrozenTrial) -> Row:
    facts: dict[str, Any] = trial.user_attrs
    span: list[float] = list(facts.get("interval") or [])
    return Row(
        place=int(facts.get("place", trial.number)),
        state="interrupted" if trial.state.name == "RUNNING" and vanished(trial) else STATES[trial.state.name],
        params=dict(trial.params or trial.system_attrs.get("fixed_params", {})),
        value=trial.value if trial.state.name == "COMPLETE" else None,
        interval=(float(span[0]), float(span[1])) if len(span) == 2 else None,
        measured=str(facts.get("measured", "")),
        reason=str(facts.get("reason", "")),
        finding=str(facts.get("finding", "")),
        run_id=str(facts.get("run", "")),
        seconds=float(facts.get("seconds", 0.0)),
        attempt=int(facts.get("attempt", 0)),
    )
