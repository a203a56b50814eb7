"""The parameters of a trial: as enqueued, or sampled when a worker claims it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gan_core.experiments.sweeps.plan import Axis, Sweep, Value

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial, Trial

MANY_TIMES = 8  # numbers further apart are drawn on a logarithmic axis


def suggest(sweep_id: str, storage: BaseStorage, sweep: Sweep, trial: FrozenTrial, index: int) -> dict[str, Value]:
    """Axis name -> value for a trial that was just claimed; missing ones are sampled by TPE (Bergstra et al. 2011).

    Args:
        sweep_id, storage: its study.
        sweep: what is varied.
        trial: the one that was claimed.
        index: part of the seed, since workers that start together with an empty history must not sample the same.
    """
    import optuna
    from optuna.samplers import TPESampler

    sampler = TPESampler(seed=(sweep.seed * 100_003 + index) % 2**32)
    study = optuna.load_study(study_name=sweep_id, storage=storage, sampler=sampler)
    taken = optuna.trial.Trial(study, trial._trial_id)
    return {axis.name: _suggested(taken, axis, sweep.search) for axis in sweep.axes}


def _suggested(trial: Trial, axis: Axis, search: bool) -> Value:
    """The value of an axis. A grid's numbers are a range to Optuna, so that its pictures have axes of numbers."""
    numbers = [value for value in axis.values if isinstance(value, int | float) and not isinstance(value, bool)]
    if axis.values and (search or len(numbers) < len(axis.values)):
        return cast(Value, trial.suggest_categorical(axis.name, axis.values))
    low, high = (min(numbers), max(numbers)) if numbers else (axis.low, axis.high)
    log = low > 0 and high >= MANY_TIMES * low if numbers else axis.log
    if axis.is_integer:
        return trial.suggest_int(axis.name, round(low), round(high), log=log)
    return trial.suggest_float(axis.name, low, high, log=log)
