"""The results of each seed: `data/TASK.json` with one setting for all methods, `data/tuned-TASK.json` with searched ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from gan_core.config import Section, read_strictly
from gan_core.experiments.benchmark.protocol import METHODS, recipe
from gan_core.experiments.benchmark.tuning import BATCH_METHODS, EVERY, STEPS, Value

DATA = Path(__file__).parent / "data"
REAL = "real"
"""Method name of real samples, the ceiling of every measure."""
MEASURES = ("mode_tv", "captured", "high_quality", "reverse_kl", "good_kl")
Weights = Literal["last", "ema"]
Stored = TypeVar("Stored", bound=Section)


class Result(Section):
    """The measures of one trained generator, or of as many real samples."""

    method: str
    """In METHODS, or `real`."""
    seed: Annotated[int, Field(ge=0)]
    """Of weights, data order and latents."""
    mode_tv: Annotated[float, Field(ge=0, le=1)] | None = None
    """Half the differences of the modes' shares, plus half the share on no mode; None of results made before it was measured."""
    captured: Annotated[int, Field(ge=0)]
    """Modes with at least one sample of high quality."""
    high_quality: Annotated[float, Field(ge=0, le=1)]
    """Share of samples of high quality."""
    reverse_kl: Annotated[float, Field(ge=-1e-6)]
    """KL(generated || real) over the modes, in nats."""
    good_kl: Annotated[float, Field(ge=-1e-6)] | None = None
    """The same over the samples of high quality alone, as PacGAN's code counts it; None where it was not measured."""
    num_samples: Annotated[int, Field(ge=1)]
    """Samples drawn."""
    diverged: bool = False
    """Whether training or its samples became infinite; it counts as no mode captured."""
    weights: Weights = "last"
    """Of the last step, or their running average."""
    batch: Annotated[int, Field(ge=1)] | None = None
    """Packs in a batch where it is not the setting's own."""
    steps: Annotated[int, Field(ge=1)] | None = None
    """Steps of G where it made more than the table's."""
    curve: tuple[tuple[int, float], ...] = ()
    """Modes captured and share of high quality of the last weights, every so many steps."""


class Results(Section):
    """The content of data/TASK.json."""

    task: str
    """In TASKS."""
    recipe: dict[str, Any]
    """Settings of the task and of each method with which the results were made."""
    results: tuple[Result, ...] = ()
    """One a method and seed, in the order in which they were made."""


class Tuned(Section):
    """The content of data/tuned-TASK.json: each method at its searched setting."""

    task: str
    """In TASKS."""
    steps: Annotated[int, Field(ge=1)] = STEPS
    """Of G."""
    every: Annotated[int, Field(ge=1)] = EVERY
    """Steps of G between two points of a curve."""
    settings: dict[str, dict[str, Value]]
    """Method -> its setting: name in tuning.AXES -> value."""
    results: tuple[Result, ...] = ()
    """One a method, seed, batch, number of steps and kind of weights."""

    def table(self, weights: Weights = "last") -> Results:
        """The results at the chosen settings, from one kind of weights, as a table of their own."""
        rows = tuple(
            r
            for r in self.results
            if r.batch is None and r.steps is None and (r.weights == weights or r.method == REAL)
        )
        return Results(task=self.task, recipe={"methods": self.settings}, results=rows)

    def by_batch(self, method: str) -> dict[int, tuple[Result, ...]]:
        """Packs in a batch -> the results of the method's last weights, smallest batch first."""
        mine = [r for r in self.results if r.method == method and r.weights == "last" and r.steps is None]
        own = int(self.settings[method]["batch"])
        sizes = sorted({r.batch or own for r in mine})
        return {size: tuple(r for r in mine if (r.batch or own) == size) for size in sizes}

    def longer(self, weights: Weights = "last") -> dict[int, Results]:
        """Steps of G above the table's -> what methods reached in them, each with all its seeds; the fewest steps first."""
        count = sum(r.method == REAL for r in self.results)
        made = [r for r in self.results if r.steps is not None and r.weights == weights]
        full = [r for r in made if sum((o.method, o.steps) == (r.method, r.steps) for o in made) == count]
        return {
            steps: Results(
                task=self.task, recipe={"methods": self.settings}, results=tuple(r for r in full if r.steps == steps)
            )
            for steps in sorted({r.steps for r in full if r.steps is not None})
        }

    def d_steps(self, method: str) -> int:
        """Steps of D for each of G's."""
        default = METHODS.find(method).settings.get("objective.n_critic", 1)
        return int(self.settings[method].get("n_critic", default))

    @property
    def is_complete(self) -> bool:
        """Whether every method has as many seeds as the real samples; before, it is no table to show."""
        rows = self.table().results
        count = {name: sum(r.method == name for r in rows) for name in (REAL, *METHODS)}
        return bool(count[REAL]) and len(set(count.values())) == 1

    def batches(self) -> dict[str, dict[int, tuple[Result, ...]]]:
        """`by_batch` of each method that was trained with several batches, with as many seeds for each; none before."""
        count = sum(r.method == REAL for r in self.results)
        known = {method: self.by_batch(method) for method in BATCH_METHODS if method in self.settings}
        full = {
            method: {size: made for size, made in sizes.items() if len(made) == count}
            for method, sizes in known.items()
        }
        return {method: sizes for method, sizes in full.items() if len(sizes) > 1}


def tuned(task: str) -> Tuned | None:
    """What was made at the searched settings; None where there is nothing yet.

    Raises:
        ValueError: if the file is damaged.
    """
    path = tuned_path(task)
    return _read(path, Tuned) if path.exists() else None


def tuned_path(task: str) -> Path:
    """Where a task's results at searched settings are stored."""
    return DATA / f"tuned-{task}.json"


def results(task: str) -> Results:
    """The results of a task with one setting for all methods; empty where there are none.

    Raises:
        ValueError: if the file is damaged, or was made with other settings.
    """
    empty = Results(task=task, recipe=recipe(task))
    path = DATA / f"{task}.json"
    if not path.exists():
        return empty
    found = _read(path, Results)
    made_with = {**found.recipe, "methods": {**empty.recipe["methods"], **found.recipe.get("methods", {})}}
    if found.task != task or made_with != empty.recipe:
        raise ValueError(f"The results '{path}' were made with other settings. Delete the file and train again.")
    return found.model_copy(update={"recipe": empty.recipe})  # methods that are new since take part from now on


def _read(path: Path, kind: type[Stored]) -> Stored:
    try:
        return TypeAdapter(kind).validate_python(read_strictly(path))
    except (OSError, ValidationError, ValueError) as error:
        raise ValueError(
            f"The results '{path}' cannot be read ({error!s:.200}). Delete the file and train again."
        ) from error
