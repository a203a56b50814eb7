"""The methods, the tasks and their settings. Protocol: Lin et al. 2018, "PacGAN", section 4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gan_core.config.registry import Registry

_ADAM_0 = {"generator_optimizer.beta1": 0.0, "discriminator_optimizer.beta1": 0.0,
           "generator_optimizer.beta2": 0.9, "discriminator_optimizer.beta2": 0.9}  # fmt: skip
_RMSPROP = {"generator_optimizer.name": "rmsprop", "discriminator_optimizer.name": "rmsprop",
            "generator_optimizer.beta2": 0.99, "discriminator_optimizer.beta2": 0.99}  # fmt: skip
_ONE_THREAD = {"training.device": "cpu", "training.precision": "fp32", "training.threads": 1,
               "training.epochs": 1_000_000, "network.discriminator_norm": "none"}  # fmt: skip


@dataclass(frozen=True)
class Method:
    """One of the methods compared.

    Attributes:
        settings: dotted field of RunConfig -> value: its differences from a task's own settings.
        note: its definition, in words.
    """

    title: str
    settings: Mapping[str, Any]
    note: str


@dataclass(frozen=True)
class BenchmarkTask:
    """Data on which the methods are trained.

    Attributes:
        num_modes: of the data.
        num_samples: drawn from each trained generator.
        num_seeds: runs of each method.
        settings: dotted field of RunConfig -> value, the same for all methods.
        by_method: method -> further settings of it on this task.
        assignment: how a sample is assigned to a mode, in words.
    """

    title: str
    num_modes: int
    num_samples: int
    num_seeds: int
    settings: Mapping[str, Any]
    assignment: str
    by_method: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def changes(self, method: str, seed: int) -> dict[str, Any]:
        """Dotted field -> value of one run."""
        own = METHODS.find(method).settings
        return {**self.settings, **own, **self.by_method.get(method, {}), "training.seed": seed}


METHODS: Registry[Method] = Registry(
    "method",
    {
        "bce": Method("GAN", {}, "cross-entropy, nothing added"),
        "pacgan2": Method("PacGAN2", {"remedies.packing": 2}, "the same, and D classifies 2 samples at a time"),
        "pacgan4": Method("PacGAN4", {"remedies.packing": 4}, "the same, and D classifies 4 samples at a time"),
        "lsgan": Method("LSGAN", {"objective.name": "least_squares"}, "least squares in place of cross-entropy"),
        "r1": Method("GAN + R1", {"penalty.name": "r1"}, "cross-entropy and a penalty on D's gradient at real samples"),
        "relativistic": Method(
            "Relativistic + R1 + R2",
            {"objective.name": "relativistic", "penalty.name": "r1_r2"},
            "relativistic loss on pairs of a real and a generated sample, and a penalty on D's gradient at both",
        ),
        "wgan-gp": Method(
            "WGAN-GP",
            {"objective.name": "wasserstein", "objective.n_critic": 5, "penalty.name": "gradient",
             "penalty.weight": 10.0, **_ADAM_0},
            "Wasserstein, gradient penalty 10, 5 D updates per G update, Adam (0, 0.9)",
        ),
        "sngan": Method(
            "SNGAN",
            {"objective.name": "hinge", "objective.n_critic": 5, "network.spectral_norm": True, **_ADAM_0},
            "hinge, spectral norm in D, 5 D updates per G update, Adam (0, 0.9)",
        ),
        "wgan": Method(
            "WGAN (clip)",
            {"objective.name": "wasserstein", "objective.n_critic": 5, "objective.weight_clip": 0.01, **_RMSPROP},
            "Wasserstein, D's weights clipped to ±0.01, 5 D updates per G update, RMSprop",
        ),
    },
)  # fmt: skip

_POINTS = {**_ONE_THREAD, "network.name": "mlp", "network.width": 128, "network.latent_dim": 2,
           "training.batch_size": 64}  # fmt: skip
_RING = {**_POINTS, "dataset.name": "ring8", "training.max_steps": 10_000,
         "generator_optimizer.learning_rate": 1e-3, "discriminator_optimizer.learning_rate": 1e-3}  # fmt: skip
_GRID = {**_POINTS, "dataset.name": "grid25", "training.max_steps": 12_000,
         "generator_optimizer.learning_rate": 2e-4,  # with 1e-3 G's own steps are as large as a mode
         "discriminator_optimizer.learning_rate": 2e-3}  # fmt: skip
_STACKED = {**_ONE_THREAD, "dataset.name": "stacked-mnist", "dataset.channels": 3, "dataset.image_size": 16,
            "network.name": "dcgan4", "network.width": 32, "training.batch_size": 64,
            "training.max_steps": 3_000}  # fmt: skip
_STACKED_32 = {**_STACKED, "dataset.image_size": 32}
_PACKS = {
    "pacgan2": {"training.batch_size": 128},
    "pacgan4": {"training.batch_size": 256},
}  # 64 packs, as PacGAN counts
_DIGITS = "the shipped digits evaluator reads each colour's digit"
_NEAREST = "nearest of the known middles; of high quality within 3 standard deviations of it"

TASKS: Registry[BenchmarkTask] = Registry(
    "task",
    {
        "ring8": BenchmarkTask("Ring of 8", 8, 2_500, 10, _RING, _NEAREST, _PACKS),
        "grid25": BenchmarkTask("Grid of 25", 25, 2_500, 10, _GRID, _NEAREST, _PACKS),
        "stacked-mnist": BenchmarkTask("Stacked MNIST", 1_000, 26_000, 3, _STACKED, _DIGITS, _PACKS),
        "stacked-mnist-32": BenchmarkTask("Stacked MNIST, 32 px", 1_000, 26_000, 3, _STACKED_32, _DIGITS, _PACKS),
    },
)


def recipe(task: str) -> dict[str, Any]:
    """All settings of a task, as stored with its results."""
    entry = TASKS.find(task)
    methods = {name: {**m.settings, **entry.by_method.get(name, {})} for name, m in METHODS.items()}
    return {"settings": dict(entry.settings), "num_samples": entry.num_samples, "methods": methods}
