"""The plan of a sweep: its settings and their values, preset and objective. Pure data, no Optuna."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from gan_core import datasets
from gan_core.config import RunConfig, field_names, get, with_changes
from gan_core.config.devices import Machine
from gan_core.experiments.sweeps.objectives import SweepObjective, check_objective, objective_for
from gan_core.presets import PRESETS, preset_config
from gan_core.runs.run import checked_text
from gan_core.training import plan

MAX_TRIALS = 300
MAX_AXES = 6
LINKED: Mapping[str, tuple[str, ...]] = {
    name: (f"generator_optimizer.{name}", f"discriminator_optimizer.{name}") for name in ("learning_rate", "schedule")
}
"""Name -> settings that always get the same value."""
NOT_VARIED = ("schema_version", "preset", "dataset.root", "training.device", "conditioning.labels")

Value = int | float | bool | str
_ANY_MACHINE = Machine(devices=("cpu",), labels=("",), threads=1, bf16_devices=())


@dataclass(frozen=True)
class Axis:
    """One setting that is varied: over listed values, or within a range.

    Attributes:
        name: dotted field, or one of LINKED.
        values: the listed values; empty for a range.
        low, high: the range, both ends included; 0 for listed values.
        log: whether the range is searched on a logarithmic scale.
    """

    name: str
    values: tuple[Value, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """The dotted fields that it sets."""
        return LINKED.get(self.name, (self.name,))

    @property
    def is_integer(self) -> bool:
        """Whether its values are integers."""
        return type(get(RunConfig(), self.fields[0])) is int

    @property
    def ends(self) -> tuple[Value, Value]:
        """Both ends of a range, as values of its field."""
        return (round(self.low), round(self.high)) if self.is_integer else (self.low, self.high)

    def __str__(self) -> str:
        if self.values:
            return f"{self.name}: {', '.join(map(format_value, self.values))}"
        return f"{self.name}: {self.low:g} to {self.high:g}" + (" on a log scale" if self.log else "")


@dataclass(frozen=True)
class Sweep:
    """The plan of a sweep.

    Attributes:
        name: the user's.
        preset: the base of every run.
        axes: the settings that are varied.
        objective: computed for every finished run.
        trials: their number; of a grid the number of its combinations.
        changes: dotted field -> value, the same for all runs.
        seed: of the search.
        search: whether Optuna samples the values; else every combination of the listed values is a trial.
    """

    name: str
    preset: str
    axes: tuple[Axis, ...]
    objective: SweepObjective
    trials: int
    changes: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    search: bool = False

    def combinations(self) -> list[dict[str, Value]]:
        """Every combination of listed values and the ends of ranges, up to MAX_TRIALS: axis name -> value, the last axis fastest.

        Those of a grid are its trials.
        """
        names = [axis.name for axis in self.axes]
        every = itertools.product(*(axis.values or axis.ends for axis in self.axes))
        return [dict(zip(names, chosen, strict=True)) for chosen in itertools.islice(every, MAX_TRIALS)]

    def config(self, params: Mapping[str, Value]) -> RunConfig:
        """The configuration of the trial with these values, not resolved yet.

        Raises:
            ValueError: if a value is out of its field's bounds.
        """
        values = {name: params[axis.name] for axis in self.axes if axis.name in params for name in axis.fields}
        return with_changes(preset_config(self.preset), {**self.changes, **values})

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, the objective under "aim"."""
        return {"aim" if name == "objective" else name: value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Sweep:
        """The sweep of a `to_dict`.

        Raises:
            ValueError: if the data describe no sweep.
        """
        try:
            axes = tuple(Axis(**{**axis, "values": tuple(axis["values"])}) for axis in data["axes"])
            known = {name: value for name, value in data.items() if name != "aim"}
            sweep = cls(**{**known, "axes": axes, "objective": SweepObjective(**data["aim"])})
            for axis in axes:
                _ = (
                    listed(axis.name, list(axis.values))
                    if axis.values
                    else ranged(axis.name, axis.low, axis.high, axis.log)
                )
            with_changes(preset_config(sweep.preset), sweep.changes)
            _check_length(sweep)
            numbers, texts = (
                (sweep.trials, sweep.seed, sweep.objective.num_images),
                (sweep.name, sweep.objective.metric),
            )
            if not all(type(n) is int for n in numbers) or not all(isinstance(t, str) for t in texts):
                raise TypeError("a number or a name is of another type")
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"This does not describe a sweep ({error}).") from error
        return sweep


def listed(name: str, values: list[Any]) -> Axis:
    """An axis over these values, each read as the field's type.

    Raises:
        ValueError: if the field is unknown or cannot be varied, or a value is out of its bounds.
    """
    _check_name(name)
    if not values:
        raise ValueError(f"'{name}' needs at least one value, for example {name}=1,2.")
    fields = Axis(name).fields
    read = [get(with_changes(RunConfig(), dict.fromkeys(fields, value)), fields[0]) for value in values]
    named = ["+".join(value) or "none" if isinstance(value, tuple) else value for value in read]
    return Axis(name, tuple(dict.fromkeys(named)))


def ranged(name: str, low: Any, high: Any, log: bool | None = None) -> Axis:
    """An axis over a range; logarithmic by default for learning rates.

    Raises:
        ValueError: if the field is unknown or no number, or an end is out of its bounds or not below the other.
    """
    _check_name(name)
    if type(get(RunConfig(), Axis(name).fields[0])) not in (int, float):
        raise ValueError(f"'{name}' is not a number and has no range: list its values instead.")
    ends = [float(value) for value in listed(name, [low]).values + listed(name, [high]).values]
    if ends[0] >= ends[1]:
        raise ValueError(f"The range of '{name}' must go from a smaller to a larger number; got {low} to {high}.")
    log = name.endswith("learning_rate") if log is None else log
    if log and ends[0] <= 0:
        raise ValueError(f"The range of '{name}' is searched on a log scale and must begin above 0; got {low}.")
    return Axis(name, (), ends[0], ends[1], log)


def _check_name(name: str) -> None:
    known = [*LINKED, *(n for n in field_names() if n not in NOT_VARIED)]
    if name not in known:
        if name in NOT_VARIED:
            raise ValueError(f"'{name}' cannot be varied in a sweep. Start a sweep for each instead.")
        near = [k for k in known if k.partition(".")[0] == name.partition(".")[0]] or known
        raise ValueError(f"Unknown setting '{name}'. Choose one of: {', '.join(near)}.")


def sweep_from(
    *,
    name: str,
    preset: str,
    axes: Sequence[Axis],
    metric: str = "fd",
    direction: str = "",
    images: int = 1000,
    trials: int = 0,
    changes: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> Sweep:
    """A sweep, checked in full: a grid when all axes list their values and no number of trials is given.

    Raises:
        ValueError: if the preset is unknown, nothing is varied or a setting twice, there are too many trials, no combination
            can be trained, or its runs do not record the objective; each with what to do instead.
    """
    PRESETS.find(preset)
    objective = objective_for(metric, direction, images)
    name = checked_text(name, "name", 60, empty=False)
    if not axes:
        raise ValueError("A sweep varies at least one setting: give it values, for example training.batch_size=32,64.")
    if len(axes) > MAX_AXES:
        raise ValueError(f"A sweep varies at most {MAX_AXES} settings at once; got {len(axes)}.")
    fields = [f for axis in axes for f in axis.fields]
    twice = next((f for f in fields if fields.count(f) > 1), None)
    if twice:
        raise ValueError(f"'{twice}' is varied twice. Give it once, with all its values.")
    search = bool(trials) or any(not axis.values for axis in axes)
    if search and not trials:
        raise ValueError("A search within a range needs a number of trials, for example 20.")
    count = trials if search else math.prod(len(axis.values) for axis in axes)
    kept = {f: v for f, v in (changes or {}).items() if f not in fields}
    sweep = Sweep(name, preset, tuple(axes), objective, count, kept, seed, search)
    _check_length(sweep)
    _check_possible(sweep)
    return sweep


def _check_length(sweep: Sweep) -> None:
    if 1 <= sweep.trials <= MAX_TRIALS:
        return
    if sweep.trials < 1:
        raise ValueError(f"A sweep makes 1 to {MAX_TRIALS} trials; got {sweep.trials}.")
    each = trial_minutes(sweep, limit=64)
    long = f", about {each * sweep.trials / 60:,.0f} hours at {each:.2g} minutes each" if each else ""
    raise ValueError(
        f"This is {sweep.trials:,} trials{long}; at most {MAX_TRIALS} are made. List fewer values, or search: choose a "
        "number of trials and let Optuna pick the combinations."
    )


def _check_possible(sweep: Sweep) -> None:
    """Raises ValueError unless at least one combination can be trained and records the objective."""
    refusals = []
    for params in sweep.combinations():
        try:
            config = sweep.config(params)
            plan.resolve(with_changes(config, {"training.device": "auto"}), _ANY_MACHINE)
            check_objective(config, sweep.objective)
        except ValueError as refusal:
            refusals.append(str(refusal))
            continue
        return
    raise ValueError(f"None of these trials can be trained: {refusals[0]}")


def trial_minutes(sweep: Sweep, limit: int = MAX_TRIALS) -> float:
    """Rough mean minutes of a trial on two quiet cores: the preset's, scaled by images seen; 0 where unknown."""
    preset = PRESETS.find(sweep.preset)
    usual = _images_seen(preset.config)
    if not preset.minutes or not usual:
        return 0.0
    configs = [sweep.config(params) for params in sweep.combinations()[:limit]]
    if any(
        (c.dataset.name, c.network.name) != (preset.config.dataset.name, preset.config.network.name) for c in configs
    ):
        return 0.0
    seen = [_images_seen(config) for config in configs]
    return preset.minutes * sum(seen) / len(seen) / usual


def _images_seen(config: RunConfig) -> int:
    try:
        num_images = datasets.count(config.dataset)
    except ValueError:  # pictures that are not on this machine
        return 0
    return plan.total_steps(config, num_images) * config.training.batch_size


def format_value(value: Value) -> str:
    """A value as text, numbers without trailing zeros."""
    return f"{value:g}" if isinstance(value, float) else str(value)
