"""One run of the collapse benchmark: data, training, and the modes that the samples reach. Search and table share it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from benchmarks.stacked import Alone, build_stacked
from gan_core.config import RunConfig, with_changes
from gan_core.datasets.batches import Batches, to_uint8
from gan_core.evaluation.metrics.modes import Modes, captured, class_modes
from gan_core.experiments.benchmark import REAL, TASKS, Result
from gan_core.models.base import TrainingProgress
from gan_core.models.building import build, stream
from gan_core.training.loop import train_step
from gan_core.training.plan import check
from gan_core.training.step import TrainingFailed

if TYPE_CHECKING:
    from gan_core.datasets.base import Dataset
    from gan_core.models.base import GenerativeModel

    Samples = npt.NDArray[np.floating]

CHUNK = 250


@dataclass(frozen=True)
class Trained:
    """What a generator draws, in the data's own units; NaN where its training failed.

    Attributes:
        last: samples of its last weights, (N, ...).
        ema: of their running average; None where none was kept.
        curve: (modes captured, share of high quality) of the last weights, every so many steps.
    """

    last: Samples
    ema: Samples | None = None
    curve: tuple[tuple[int, float], ...] = ()


def configuration(changes: dict[str, Any]) -> RunConfig:
    """One run's configuration, checked as every run's is. Dotted field -> value."""
    config = with_changes(RunConfig(), changes)
    check(config)
    return config


def is_points(task: str) -> bool:
    """Whether the data are points in the plane."""
    return bool(TASKS.find(task).settings["network.name"] == "mlp")


def prepared(task: str) -> Dataset:
    """The task's training data, without labels."""
    from gan_core import datasets

    return datasets.prepare(configuration(TASKS.find(task).changes("bce", 0)).dataset).with_labels(())


def train(task: str, configs: Sequence[RunConfig], *, every: int = 0, unit_spread: bool = False) -> list[Trained]:
    """Trains runs that differ in their seed alone side by side, from scratch.

    Where a loss becomes infinite the seeds are trained once more, each alone, to tell which.

    Args:
        task: in TASKS; images are trained one run at a time.
        configs: one for each seed.
        every: steps of D between two points of the curves; 0 for none.
        unit_spread: divide points by their standard deviation (ring 0.71, grid 2.83), as the toy code of Gulrajani et al.
            2017 does, so that one range of learning rates suits every task. Samples come back in the old units.
    """
    torch.set_num_threads(1)
    data, first, points = prepared(task), configs[0], is_points(task)
    unit = float(data.images.std()) if unit_spread else 1.0
    data = replace(data, images=data.images / np.float32(unit)) if unit_spread else data
    model: GenerativeModel = build_stacked(configs) if points else build(first, "cpu")
    feeds = [Batches(data, first.training.batch_size, config.training.seed) for config in configs]
    count, total = TASKS[task].num_samples, first.training.max_steps
    latents = [torch.randn(count, model.latent_dim, generator=stream(c.training.seed, "samples")) for c in configs]

    @torch.no_grad()
    def drawn(generator: torch.nn.Module) -> list[Samples]:
        made: npt.NDArray[np.float32] = generator(torch.cat(latents)).numpy()
        return list(unit * made.reshape(len(configs), count, -1))

    curves: list[list[tuple[int, float]]] = [[] for _ in configs]
    try:
        for step in range(total):
            images, labels = (torch.cat(parts) for parts in zip(*(feed.batch(step) for feed in feeds), strict=True))
            train_step(Alone(len(configs)), model, images, labels, TrainingProgress(step, total))  # type: ignore[arg-type]
            if every and (step + 1) % every == 0:
                for curve, samples in zip(curves, drawn(model.networks["generator"]), strict=True):
                    at = counted(task, "", 0, samples)
                    curve.append((at.captured, round(at.high_quality, 4)))
    except TrainingFailed:
        if len(configs) > 1:
            return [one for c in configs for one in train(task, [c], every=every, unit_spread=unit_spread)]
        nothing = np.full((count, 2), np.nan)
        return [Trained(nothing, nothing if model.averages else None, tuple(curves[0]))]
    if not points:
        return [
            Trained(
                np.concatenate([to_uint8(model.sample(z, torch.zeros(len(z), 0))) for z in latents[0].split(CHUNK)])
            )
        ]
    last = drawn(model.networks["generator"])
    ema = drawn(model.averages["generator"]) if model.averages else [None] * len(configs)
    return [Trained(*parts) for parts in zip(last, ema, map(tuple, curves), strict=True)]


def real_samples(task: str, seed: int) -> Samples:
    """As many real samples as a generator has to draw, chosen anew for each seed."""
    data, count = prepared(task), TASKS[task].num_samples
    chosen: Samples = data.images[np.random.default_rng([seed, 1]).choice(len(data), count, replace=len(data) < count)]
    return chosen


def counted(task: str, method: str, seed: int, samples: Samples) -> Result:
    """One generator's result, from its samples (N, ...); of samples that are not finite: nothing found."""
    entry = TASKS[task]
    worst = float(np.log(entry.num_modes))  # as bad as one mode alone
    if not np.isfinite(samples).all():
        return Result(method=method, seed=seed, mode_tv=1, captured=0, high_quality=0, reverse_kl=worst, good_kl=worst,
                      num_samples=len(samples), diverged=True)  # fmt: skip
    found = modes_of(task, samples)
    good = replace(found, counts=found.good).reverse_kl if found.captured else worst
    return Result(
        method=method,
        seed=seed,
        mode_tv=round(found.mode_tv, 5),
        captured=found.captured,
        high_quality=round(found.high_quality, 5),
        reverse_kl=round(max(0.0, found.reverse_kl), 5),
        good_kl=round(max(0.0, good), 5),
        num_samples=found.num_samples,
    )


def modes_of(task: str, samples: Samples) -> Modes:
    """The modes that samples reach: points (N, 2), or stacked digits uint8 (N, 3, S, S)."""
    from gan_core.datasets.sources.toys import GRID25, RING8

    if is_points(task):
        mixture = {"ring8": RING8, "grid25": GRID25}[task]
        return captured(samples, mixture.centres, mixture.spread)
    return class_modes(digits_of(samples), TASKS[task].num_modes)


def digits_of(stacks: Samples) -> npt.NDArray[np.int64]:
    """Numbers 0-999 (N,) that the shipped digits evaluator reads in stacks uint8 (N, 3, S, S): red, green, blue."""
    from gan_core.evaluation.evaluators import read_folder, shipped_dir
    from gan_core.evaluation.evaluators.evaluator import open_evaluator

    evaluator = open_evaluator(read_folder(shipped_dir() / "digits"))
    with torch.autocast("cpu", torch.bfloat16):  # twice as fast, and the same digit on all 500 held-out ones
        read = evaluator.logits(stacks.reshape(-1, 1, *stacks.shape[2:])).argmax(dim=1)
    red, green, blue = read.reshape(-1, 3).T.numpy()
    return 100 * red + 10 * green + blue


def count_real(task: str, seeds: Sequence[int]) -> list[Result]:
    """The results of real samples, the ceiling of every measure."""
    return [counted(task, REAL, seed, real_samples(task, seed)) for seed in seeds]
