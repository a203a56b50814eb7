"""Study: how many pictures does a GAN need, without augmentation, with it, and with its adaptive share? Loads no torch.

One button queues every run; `python -m benchmarks.few_pictures` trains what is missing, measures it and writes docs/few-data.json and its picture.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gan_core.config import read_strictly, with_changes
from gan_core.config.registry import Registry
from gan_core.config.settings import APP_DIR, Settings
from gan_core.evaluation.metrics import METRICS
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.intervals import mean_over_seeds
from gan_core.evaluation.statistics.tests import Difference, of_seeds, together
from gan_core.experiments import arms
from gan_core.experiments.arms import Arm, Comparison
from gan_core.experiments.benchmark import Method
from gan_core.presets import preset_config
from gan_core.runs import Run

TITLE = "How many images?"
FILE = APP_DIR / "docs" / "few-data.json"
"""{"rows": [{"method", "count", "seed", "values": measure -> number}]}, one a run."""
PICTURE = FILE.with_suffix(".jpg")
"""Samples of the first seed: a row for each method, a column for each count."""
COUNTS = (100, 300, 1_000, 5_000)
SEEDS = (0, 1, 2)
GAP = "memory/gap"
MEASURES = ("fd", "recall", "copying", "augmentation_leak", GAP)
"""Metrics of the finished run, and how far D's logits of training and held-out images were apart in its last tenth."""
PLAIN = "none"
_ALL = {"augmentation.kinds": ("color", "translation", "cutout")}


METHODS: Registry[Method] = Registry(
    "method",
    {
        PLAIN: Method("No augmentation", {}, "D sees every image unchanged"),
        "diffaugment": Method("DiffAugment", _ALL, "D sees every image augmented"),
        # 160,000 images are seen: the paper's 500,000 from 0 to 1 would never reach 1
        "ada": Method(
            "ADA",
            {**_ALL, "augmentation.adaptive": True, "augmentation.ramp_images": 50_000},
            "D sees an adaptive share augmented",
        ),
    },
)

BASE = with_changes(
    preset_config("r1-dcgan-lite"),
    {
        "dataset.image_size": 32, "network.width": 16, "training.epochs": 1_000_000, "training.max_steps": 2_500,
        "training.ema_decay": 0.999, "training.device": "cpu", "training.precision": "fp32", "training.threads": 1,
        "recording.checkpoint_every_steps": 2_500, "recording.evaluate_every_epochs": 0,
    },
)  # fmt: skip
COMPARISON = Comparison(
    BASE,
    tuple(
        Arm(
            f"{method}-{count}-{seed}",
            f"{entry.title}, {count:,} images, seed {seed}",
            {**entry.settings, "dataset.num_images": count, "training.seed": seed},
        )
        for seed in SEEDS
        for count in COUNTS
        for method, entry in METHODS.items()
    ),
)
"""Faces of 32 px, the same 2,500 steps for all; the first seed of every method and count comes before the second."""


def queue(settings: Settings) -> list[Run]:
    """Queues every run that is missing or failed, and resumes those that were left. Returns them.

    Raises:
        ValueError: if a run is refused, or the runs folder cannot be written; the others stay queued.
    """
    return arms.queue_missing(settings, COMPARISON, [arm.name for arm in COMPARISON.arms], TITLE)


@dataclass(frozen=True)
class CountRow:
    """A method on so many pictures.

    Attributes:
        method, count: in METHODS, in COUNTS.
        values: measure -> its value of each seed.
    """

    method: str
    count: int
    values: dict[str, tuple[float, ...]]

    def estimate(self, measure: str) -> Estimate:
        """A measure's mean over seeds, its interval within the measure's bounds."""
        bounds = (METRICS[measure].lowest, METRICS[measure].highest) if measure in METRICS else (-math.inf, math.inf)
        return mean_over_seeds(self.values[measure], *bounds)


def rows(found: Mapping[str, Any]) -> list[CountRow]:
    """A row for each method and count that has results, by counts. `found` is the content of FILE."""
    made = []
    for count in COUNTS:
        for method in METHODS:
            mine = [row["values"] for row in found.get("rows", ()) if (row["method"], row["count"]) == (method, count)]
            if mine:
                made.append(
                    CountRow(method, count, {name: tuple(values[name] for values in mine) for name in MEASURES})
                )
    return made


def differences(lines: Sequence[CountRow], measure: str) -> list[tuple[int, Difference]]:
    """(count, method minus none on as many pictures) for all with two or more seeds, corrected for all of them together."""
    plain = {row.count: row.values[measure] for row in lines if row.method == PLAIN and len(row.values[measure]) > 1}
    tested = [
        (row.count, replace(of_seeds(row.values[measure], plain[row.count], 1e-6), first=row.method, second=PLAIN))
        for row in lines
        if row.method != PLAIN and row.count in plain and len(row.values[measure]) > 1
    ]
    counts, found = [count for count, _ in tested], together(one for _, one in tested)
    return list(zip(counts, found, strict=True))


@functools.cache
def committed() -> Mapping[str, Any]:
    """The content of FILE; empty where there is none."""
    return dict(read_strictly(FILE)) if FILE.exists() else {}
