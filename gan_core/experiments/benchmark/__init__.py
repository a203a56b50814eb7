"""The collapse benchmark: which methods were trained on what, what each seed reached, and what papers report.

`make collapse-table` (benchmarks/collapse_table.py) trains and writes `data/TASK.json` here, one result as it is done;
pages and docs/collapse.md read it. Protocol: Lin et al. 2018, "PacGAN", section 4. Loads no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from gan_core.config import Section, strict_json
from gan_core.config.registry import Registry

DATA = Path(__file__).parent / "data"
REAL = "real"
"""In a method's place: points or pictures of the data itself, the ceiling that no generator can pass."""
MEASURES = ("captured", "high_quality", "reverse_kl")

_ADAM_0 = {"generator_optimizer.beta1": 0.0, "discriminator_optimizer.beta1": 0.0,
           "generator_optimizer.beta2": 0.9, "discriminator_optimizer.beta2": 0.9}  # fmt: skip
_RMSPROP = {"generator_optimizer.name": "rmsprop", "discriminator_optimizer.name": "rmsprop",
            "generator_optimizer.beta2": 0.99, "discriminator_optimizer.beta2": 0.99}  # fmt: skip
_ONE_THREAD = {"training.device": "cpu", "training.precision": "fp32", "training.threads": 1,
               "training.epochs": 1_000_000, "network.discriminator_norm": "none"}  # fmt: skip


@dataclass(frozen=True)
class Method:
    """What is compared.

    Attributes:
        title: its name for people.
        settings: dotted field of RunConfig -> value: all in which it differs from a task's own settings.
        note: what makes it, in words.
    """

    title: str
    settings: Mapping[str, Any]
    note: str


@dataclass(frozen=True)
class Task:
    """What the methods are trained on.

    Attributes:
        title: its name for people.
        num_modes: how many modes there are to find.
        num_samples: drawn from each trained generator.
        num_seeds: runs of each method.
        settings: dotted field of RunConfig -> value, the same for all methods.
        by_method: method -> what it needs beside its own settings, here.
        judge: how a sample's mode is known, in words.
    """

    title: str
    num_modes: int
    num_samples: int
    num_seeds: int
    settings: Mapping[str, Any]
    judge: str
    by_method: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def changes(self, method: str, seed: int) -> dict[str, Any]:
        """Dotted field -> value of one run."""
        own = METHODS.find(method).settings
        return {**self.settings, **own, **self.by_method.get(method, {}), "training.seed": seed}


METHODS: Registry[Method] = Registry(
    "method",
    {
        "bce": Method("GAN", {}, "cross-entropy, nothing added"),
        "pacgan2": Method("PacGAN2", {"remedies.packing": 2}, "the same, and D judges 2 samples at a time"),
        "pacgan4": Method("PacGAN4", {"remedies.packing": 4}, "the same, and D judges 4 samples at a time"),
        "lsgan": Method("LSGAN", {"objective.name": "least_squares"}, "least squares in place of cross-entropy"),
        "r1": Method("GAN + R1", {"penalty.name": "r1"}, "cross-entropy and a price on D's gradient at real samples"),
        "wgan-gp": Method(
            "WGAN-GP",
            {"objective.name": "wasserstein", "objective.n_critic": 5, "penalty.name": "gradient",
             "penalty.weight": 10.0, **_ADAM_0},
            "Wasserstein, gradient penalty 10, 5 D steps for each of G's, Adam (0, 0.9)",
        ),
        "sngan": Method(
            "SNGAN",
            {"objective.name": "hinge", "objective.n_critic": 5, "network.spectral_norm": True, **_ADAM_0},
            "hinge, spectral norm in D, 5 D steps for each of G's, Adam (0, 0.9)",
        ),
        "wgan": Method(
            "WGAN (clip)",
            {"objective.name": "wasserstein", "objective.n_critic": 5, "objective.weight_clip": 0.01, **_RMSPROP},
            "Wasserstein, D's weights cut to ±0.01, 5 D steps for each of G's, RMSprop",
        ),
    },
)  # fmt: skip

_POINTS = {
    **_ONE_THREAD,
    "network.name": "mlp",
    "network.width": 128,
    "network.latent_dim": 2,
    "training.batch_size": 64,
}
_RING = {
    **_POINTS,
    "dataset.name": "ring8",
    "training.max_steps": 10_000,
    "generator_optimizer.learning_rate": 1e-3,
    "discriminator_optimizer.learning_rate": 1e-3,
}
_GRID = {
    **_POINTS,
    "dataset.name": "grid25",
    "training.max_steps": 12_000,
    "generator_optimizer.learning_rate": 2e-4,  # with 1e-3 G's own steps are as large as a mode
    "discriminator_optimizer.learning_rate": 2e-3,
}
_PACKS = {
    "pacgan2": {"training.batch_size": 128},
    "pacgan4": {"training.batch_size": 256},
}  # 64 packs, as PacGAN counts
_NEAREST = "nearest of the known middles; of high quality within 3 standard deviations of it"

TASKS: Registry[Task] = Registry(
    "task",
    {
        "ring8": Task("Ring of 8", 8, 2_500, 10, _RING, _NEAREST, _PACKS),
        "grid25": Task("Grid of 25", 25, 2_500, 10, _GRID, _NEAREST, _PACKS),
        "stacked-mnist": Task(
            "Stacked MNIST",
            1_000,
            26_000,
            3,
            {
                **_ONE_THREAD,
                "dataset.name": "stacked-mnist",
                "dataset.channels": 3,
                "dataset.image_size": 16,
                "network.name": "dcgan4",
                "network.width": 32,
                "training.batch_size": 64,
                "training.max_steps": 3_000,
            },
            "the shipped digits evaluator reads each colour's digit",
            _PACKS,
        ),
    },
)


@dataclass(frozen=True)
class Published:
    """What a paper reports for a method on a task; None where it reports nothing.

    Attributes:
        captured, spread: modes found, mean and the paper's "+-" over its runs.
        high_quality: share of high-quality samples.
        reverse_kl: in nats.
        source: the paper.
    """

    captured: float
    source: str
    spread: float | None = None
    high_quality: float | None = None
    reverse_kl: float | None = None


_PACGAN = "Lin et al. 2018, PacGAN, 10 runs"
PUBLISHED: dict[tuple[str, str], tuple[Published, ...]] = {
    ("ring8", "bce"): (Published(6.3, _PACGAN, 0.5, 0.982),),
    ("ring8", "pacgan2"): (Published(7.9, _PACGAN, 0.1, 0.956),),
    ("ring8", "pacgan4"): (Published(7.8, _PACGAN, 0.1, 0.959),),
    ("grid25", "bce"): (Published(17.3, _PACGAN, 0.8, 0.948),),
    ("grid25", "pacgan2"): (Published(23.8, _PACGAN, 0.7, 0.913),),
    ("grid25", "pacgan4"): (Published(24.8, _PACGAN, 0.2, 0.936),),
    ("stacked-mnist", "bce"): (
        Published(99.0, "Srivastava et al. 2017, VEEGAN, of DCGAN"),
        Published(78.9, "Lin et al. 2018, PacGAN, of DCGAN"),
    ),
    ("stacked-mnist", "pacgan2"): (Published(1000.0, "Lin et al. 2018, PacGAN, of PacDCGAN2", reverse_kl=0.06),),
}  # fmt: skip
TARGETS = {("ring8", "pacgan2"): 7.8, ("grid25", "pacgan2"): 23.8}
"""Modes that PacGAN2 is to reach here, on average."""


class Result(Section):
    """What one trained generator reached, or as many real samples."""

    method: str
    """In METHODS, or `real`."""
    seed: Annotated[int, Field(ge=0)]
    """Of weights, data order and latents."""
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


def recipe(task: str) -> dict[str, Any]:
    """All settings of a task, as they are kept with its results."""
    entry = TASKS.find(task)
    methods = {name: {**m.settings, **entry.by_method.get(name, {})} for name, m in METHODS.items()}
    return {"settings": dict(entry.settings), "num_samples": entry.num_samples, "methods": methods}


def results(task: str) -> Results:
    """What was found on a task so far; empty when nothing was.

    Raises:
        ValueError: the file is damaged, or was made with other settings.
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
