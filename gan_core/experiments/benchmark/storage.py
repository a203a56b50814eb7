"""The results of each seed, stored in `data/TASK.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from gan_core.config import Section, strict_json
from gan_core.experiments.benchmark.protocol import recipe

DATA = Path(__file__).parent / "data"
REAL = "real"
"""Method name of real samples, the ceiling of every measure."""
MEASURES = ("mode_tv", "captured", "high_quality", "reverse_kl")


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
    num_samples: Annotated[int, Field(ge=1)]
    """Samples drawn."""
    diverged: bool = False
    """Whether its samples were no longer finite; it counts as no mode captured."""


class Results(Section):
    """The content of data/TASK.json."""

    task: str
    """In TASKS."""
    recipe: dict[str, Any]
    """Settings of the task and of each method with which the results were made."""
    results: tuple[Result, ...] = ()
    """One a method and seed, in the order in which they were made."""


def results(task: str) -> Results:
    """The stored results of a task; empty where there are none.

    Raises:
        ValueError: if the file is damaged, or was made with other settings.
    """
    empty = Results(task=task, recipe=recipe(task))
    path = DATA / f"{task}.json"
    if not path.exists():
        return empty
    try:
        found = TypeAdapter(Results).validate_python(strict_json(path.read_bytes()))
    except (OSError, ValidationError, ValueError) as error:
        raise ValueError(
            f"The results '{path}' cannot be read ({error!s:.200}). Delete the file and train again."
        ) from error
    if found.task != task or found.recipe != empty.recipe:
        raise ValueError(f"The results '{path}' were made with other settings. Delete the file and train again.")
    return found
