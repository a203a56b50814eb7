"""The same search for every method: what is varied, the settings that it chose, and a run at one of them.

Source: Lucic et al. 2018, "Are GANs Created Equal? A Large-Scale Study": figures compare methods only where each had the same
budget of search. `python -m benchmarks.collapse_search` searches and writes docs/collapse_search.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from gan_core.config import Section, read_strictly
from gan_core.config.settings import APP_DIR
from gan_core.experiments.benchmark.protocol import METHODS, TASKS

SEARCH = APP_DIR / "docs" / "collapse_search.json"
TUNED_TASKS = ("ring8", "grid25")
SEARCH_SEEDS = (1000, 1001)
TABLE_SEEDS = tuple(range(100, 110))
"""Fresh ones: no search has seen them."""
STEPS = 10_000
"""Steps of G, and of D where it makes one for each of G's. The search chose batches of 512 nearly everywhere: these are more
samples than 30,000 steps with batches of 64."""
EVERY = 500
"""Steps of G between two counts of the modes."""
EMA = 0.999
BATCHES = (64, 128, 256, 512)
BATCH_METHODS = ("bce", "pacgan2")
"""Methods whose modes are counted against the batch."""
Value = float | int | str


@dataclass(frozen=True)
class TuningAxis:
    """A setting that the search varies.

    Attributes:
        start: its value in the first trial of each method.
        values: those that may be chosen; none for any number from `low` to `high`, on a logarithmic axis.
        fields: dotted fields of RunConfig that take the value.
    """

    start: Value
    fields: tuple[str, ...]
    values: tuple[Value, ...] = ()
    low: float = 0.0
    high: float = 0.0


def _both(name: str) -> tuple[str, str]:
    return f"generator_optimizer.{name}", f"discriminator_optimizer.{name}"


AXES: Mapping[str, TuningAxis] = {
    "rate_g": TuningAxis(1e-3, ("generator_optimizer.learning_rate",), low=1e-4, high=5e-3),
    "rate_d": TuningAxis(1e-3, ("discriminator_optimizer.learning_rate",), low=1e-4, high=5e-3),
    "beta1": TuningAxis(0.5, _both("beta1"), (0.0, 0.5, 0.9)),
    "schedule": TuningAxis("linear", _both("schedule"), ("constant", "linear")),
    "batch": TuningAxis(64, (), (64, 512)),  # in packs: see `changes`
    "weight": TuningAxis(0.1, ("penalty.weight",), low=1e-3, high=10.0),
    "clip": TuningAxis(0.1, ("objective.weight_clip",), low=0.01, high=1.0),
    "scale": TuningAxis(3.0, ("network.spectral_scale",), low=1.0, high=10.0),
    "n_critic": TuningAxis(1, ("objective.n_critic",), (1, 5)),
}


def axes(method: str) -> dict[str, TuningAxis]:
    """Name -> axis of what the search varies for a method: rates, momentum, schedule and batch, and what only some have."""
    own = METHODS.find(method).settings
    has = {
        "beta1": own.get("generator_optimizer.name") != "rmsprop",
        "weight": "penalty.name" in own,
        "clip": "objective.weight_clip" in own,
        "scale": "network.spectral_norm" in own,
        "n_critic": own.get("objective.name") in ("wasserstein", "hinge"),
    }
    return {name: axis for name, axis in AXES.items() if has.get(name, True)}


def changes(task: str, method: str, setting: Mapping[str, Value], seed: int, steps: int) -> dict[str, Any]:
    """Dotted field -> value of one run.

    Args:
        task, method: in TASKS and METHODS; they say all that the search does not vary.
        setting: name in AXES -> value; `batch` counts packs, as PacGAN does.
        seed: of weights, data order and latents.
        steps: of D.
    """
    own = TASKS.find(task).changes(method, seed)
    fields = {field: value for name, value in setting.items() for field in AXES[name].fields}
    batch = int(setting["batch"]) * own.get("remedies.packing", 1)
    return {**own, **fields, "training.batch_size": batch, "training.max_steps": steps, "training.ema_decay": EMA}


class Chosen(Section):
    """The best trial of a method on a task."""

    task: str
    method: str
    setting: dict[str, Value]
    """Name in AXES -> value."""
    mode_tv: float
    captured: float
    high_quality: float
    """Means over the search's seeds."""
    trials: tuple[float, ...]
    """Mode-TV of every trial, in their order."""
    cpu_s: float
    """Processor seconds of all trials."""


class TuningSearch(Section):
    """The content of docs/collapse_search.json."""

    command: str
    date: str
    num_trials: Annotated[int, Field(ge=1)]
    steps: Annotated[int, Field(ge=1)]
    """Of D, in each trial."""
    seeds: tuple[int, ...]
    """Of each trial."""
    chosen: tuple[Chosen, ...] = ()

    def of(self, task: str, method: str) -> Chosen:
        """What was chosen. Raises ValueError where that was not searched."""
        for chosen in self.chosen:
            if (chosen.task, chosen.method) == (task, method):
                return chosen
        raise ValueError(
            f"No setting of '{method}' was searched on '{task}'. Run `python -m benchmarks.collapse_search` first."
        )


def search(path: Path | None = None) -> TuningSearch | None:
    """The finished search; None where there is none yet.

    Raises:
        ValueError: if the file is damaged, or a seed of the table took part.
    """
    path = path or SEARCH
    if not path.exists():
        return None
    try:
        found = TypeAdapter(TuningSearch).validate_python(read_strictly(path))
    except (OSError, ValidationError, ValueError) as error:
        raise ValueError(
            f"The search '{path}' cannot be read ({error!s:.200}). Delete the file and search again."
        ) from error
    if shared := set(found.seeds) & set(TABLE_SEEDS):
        raise ValueError(
            f"The search '{path}' used seeds of the table ({sorted(shared)}). Delete the file and search again."
        )
    return found
