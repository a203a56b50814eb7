"""R2's question of five families: how many of the 24 objects asked for are there, at equal budget? Loads no torch.

`python -m benchmarks.conditional_table` trains what is missing, measures it and writes docs/conditional.json.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gan_core.config import differences, read_strictly, with_changes
from gan_core.config.registry import Registry
from gan_core.config.settings import APP_DIR
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.intervals import mean_over_seeds
from gan_core.experiments.arms import Arm, Comparison
from gan_core.experiments.benchmark import Method
from gan_core.presets import preset_config

FILE = APP_DIR / "docs" / "conditional.json"
"""{"rows": [{"method", "seed", "seconds", "values": list -> share of objects that are there}]}, one a run."""
SEEDS = (0, 1, 2)
LISTS = ("test", "new_test")
PUBLISHED = "DCGAN 0.47, cGAN 0.53, WGAN-GP 0.83, DDPM 0.82 to 0.95"
"""With the evaluator of the course that R2 came from, on i-CLEVR: its objects, pictures and budgets are others."""

BASE = with_changes(
    preset_config("r2-cgan-lite"),
    {
        "training.batch_size": 64, "training.epochs": 20, "training.device": "cpu", "training.precision": "fp32", "training.threads": 1,
        "recording.evaluate_every_epochs": 0,
    },
)  # fmt: skip
_CRITIC = {
    f"{part}_optimizer.{name}": value
    for part in ("generator", "discriminator")
    for name, value in {"learning_rate": 5e-4, "beta1": 0.0, "beta2": 0.9, "schedule": "constant"}.items()
}
_DIFFUSION = {
    field: value
    for field, (_, value) in differences(BASE, preset_config("blocks-ddpm")).items()
    if not field.startswith(("training.", "recording.", "preset"))
}


METHODS: Registry[Method] = Registry(
    "method",
    {
        "cgan": Method("cGAN", {}, "labels as inputs of G and D"),
        "acgan": Method(
            "ACGAN", {"conditioning.name": "acgan", "conditioning.label_weight": 20.0}, "D also names the objects"
        ),
        "projection": Method(
            "Projection", {"conditioning.name": "projection"}, "labels multiplied with D's features"
        ),
        "wgan-gp": Method(
            "WGAN-GP",
            {
                "objective.name": "wasserstein", "objective.n_critic": 5, "penalty.name": "gradient", "network.discriminator_norm": "none",
                **_CRITIC,
            },
            "labels as inputs, a critic with a penalty on its slope",
        ),
        "diffusion": Method(
            "Diffusion", {**_DIFFUSION, "training.ema_decay": 0.995}, "labels with the time, guidance 2, 50 steps of DDIM"
        ),
    },
)  # fmt: skip
COMPARISON = Comparison(
    BASE,
    tuple(
        Arm(f"{name}-{seed}", f"{method.title}, seed {seed}", {**method.settings, "training.seed": seed})
        for seed in SEEDS
        for name, method in METHODS.items()
    ),
)
"""Every method sees as many pictures; the first seed of all comes before the second."""


@dataclass(frozen=True)
class MethodRow:
    """A method's results, one a seed.

    Attributes:
        method: in METHODS.
        values: list of conditions -> the share of the objects asked for that the evaluator found.
        seconds: that the quickest of its trainings took: the others had less of the machine.
    """

    method: str
    values: dict[str, tuple[float, ...]]
    seconds: float

    def estimate(self, name: str) -> Estimate:
        """The mean over seeds on a list, with its 95 % t interval."""
        return mean_over_seeds(self.values[name], 0.0, 1.0)


def rows(found: Mapping[str, Any]) -> list[MethodRow]:
    """A row for each method that has results. `found` is the content of FILE."""
    made = []
    for method in METHODS:
        if mine := [row for row in found.get("rows", ()) if row["method"] == method]:
            values = {name: tuple(row["values"][name] for row in mine) for name in LISTS}
            made.append(MethodRow(method, values, min(row["seconds"] for row in mine)))
    return made


@functools.cache
def committed() -> Mapping[str, Any]:
    """The content of FILE; empty where there is none."""
    return dict(read_strictly(FILE)) if FILE.exists() else {}
