"""The collapse benchmark: eight methods on points and stacked digits whose modes are known, trained and counted.

    python -m benchmarks.collapse_table [--tasks ring8,grid25] [--methods bce,pacgan2] [--seeds 10]
    python -m benchmarks.collapse_table --render

Trains what is missing, writes every result at once into gan_core/experiments/benchmark/data, and docs/collapse.md at the end:
stop it when you like, start it again to go on. `--render` only writes the page. One processor thread; two processes may
share the work by task. All of it takes some hours.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gan_core.experiments.benchmark import METHODS, REAL, TASKS, Result, results, storage
from gan_core.experiments.benchmark.page import PAGE, page
from gan_core.runs.files import write_atomically

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from gan_core.config import RunConfig
    from gan_core.datasets.base import Dataset
    from gan_core.evaluation.metrics.modes import Modes
    from gan_core.models.base import GenerativeModel

    Samples = npt.NDArray[np.floating]

STACK = 10
"""Seeds of points trained side by side; images gain nothing from it and are trained one at a time."""
CHUNK = 250


def missing(task: str, methods: Sequence[str], num_seeds: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """What is still to be made: (method or "real", seeds to make together), the first seed of every method before the second."""
    done = {(r.method, r.seed) for r in results(task).results}
    stack = STACK if TASKS[task].settings["network.name"] == "mlp" else 1
    for start in range(0, num_seeds, stack):
        for method in (REAL, *methods):
            seeds = tuple(s for s in range(start, min(start + stack, num_seeds)) if (method, s) not in done)
            if seeds:
                yield method, seeds


def keep(task: str, made: Sequence[Result]) -> None:
    """Adds results to the task's file, complete or not at all; one that another process made meanwhile stays as it is."""
    found = results(task)
    done = {(r.method, r.seed) for r in found.results}
    new = [result for result in made if (result.method, result.seed) not in done]
    content = found.model_copy(update={"results": (*found.results, *new)}).model_dump(mode="json")
    rows = ",\n  ".join(json.dumps(row) for row in content.pop("results"))
    head = json.dumps(content, indent=1).removesuffix("\n}")
    write_atomically(storage.DATA / f"{task}.json", f'{head},\n "results": [\n  {rows}\n ]\n}}\n'.encode())


def make(task: str, method: str, seeds: tuple[int, ...]) -> list[Result]:
    """Trains some seeds of a method on a task and counts the modes that each reaches; for "real", counts real samples."""
    count = TASKS[task].num_samples
    drawn = real_samples(task, seeds, count) if method == REAL else trained_samples(task, method, seeds, count)
    return [counted(task, method, seed, samples) for seed, samples in zip(seeds, drawn, strict=True)]


def counted(task: str, method: str, seed: int, samples: Samples) -> Result:
    """One generator's result, from its samples (N, ...); of samples that are not finite: nothing found."""
    import numpy as np

    entry = TASKS[task]
    if not np.isfinite(samples).all():
        kl = float(np.log(entry.num_modes))  # as bad as one mode alone
        return Result(method=method, seed=seed, mode_tv=1, captured=0, high_quality=0, reverse_kl=kl, num_samples=len(samples), diverged=True)  # fmt: skip
    found = modes_of(task, samples)
    return Result(
        method=method,
        seed=seed,
        mode_tv=round(found.mode_tv, 5),
        captured=found.captured,
        high_quality=round(found.high_quality, 5),
        reverse_kl=round(max(0.0, found.reverse_kl), 5),
        num_samples=found.num_samples,
    )


def modes_of(task: str, samples: Samples) -> Modes:
    """The modes that samples reach: points (N, 2), or stacked digits uint8 (N, 3, S, S)."""
    from gan_core.datasets.sources.toys import GRID25, RING8
    from gan_core.evaluation.metrics.modes import captured, class_modes

    if TASKS[task].settings["network.name"] == "mlp":
        mixture = {"ring8": RING8, "grid25": GRID25}[task]
        return captured(samples, mixture.centres, mixture.spread)
    return class_modes(digits_of(samples), TASKS[task].num_modes)


def digits_of(stacks: Samples) -> npt.NDArray[np.int64]:
    """Numbers 0-999 (N,) that the shipped digits evaluator reads in stacks uint8 (N, 3, S, S): red, green, blue."""
    import torch

    from gan_core.evaluation.evaluators import read_folder, shipped_dir
    from gan_core.evaluation.evaluators.evaluator import open_evaluator

    evaluator = open_evaluator(read_folder(shipped_dir() / "digits"))
    with torch.autocast("cpu", torch.bfloat16):  # twice as fast, and the same digit on all 500 held-out ones
        read = evaluator.logits(stacks.reshape(-1, 1, *stacks.shape[2:])).argmax(dim=1)
    red, green, blue = read.reshape(-1, 3).T.numpy()
    return 100 * red + 10 * green + blue


def real_samples(task: str, seeds: Sequence[int], count: int) -> list[Samples]:
    """For each seed as many real samples as a generator has to draw, chosen anew from the training data."""
    import numpy as np

    data = prepared(task)
    chosen = [np.random.default_rng([seed, 1]).choice(len(data), count, replace=len(data) < count) for seed in seeds]
    return [data.images[places] for places in chosen]


def trained_samples(task: str, method: str, seeds: tuple[int, ...], count: int) -> list[Samples]:
    """For each seed the samples of a generator trained from scratch; points float (N, 2), images uint8 (N, 3, S, S)."""
    import numpy as np
    import torch

    from benchmarks.stacked import Alone, build_stacked
    from gan_core.datasets.batches import Batches, to_uint8
    from gan_core.models.base import TrainingProgress
    from gan_core.models.building import build, stream
    from gan_core.training.loop import train_step

    configs = [configuration(task, method, seed) for seed in seeds]
    torch.set_num_threads(1)
    data = prepared(task)
    first = configs[0]
    points = first.network.name == "mlp"
    model: GenerativeModel = build_stacked(configs) if points else build(first, "cpu")
    feeds = [Batches(data, first.training.batch_size, seed) for seed in seeds]
    total, began = first.training.max_steps, time.monotonic()
    for step in range(total):
        images, labels = (torch.cat(parts) for parts in zip(*(feed.batch(step) for feed in feeds), strict=True))
        train_step(Alone(len(seeds)), model, images, labels, TrainingProgress(step, total))  # type: ignore[arg-type]
        if (step + 1) % 500 == 0:
            print(f"  {task} {method}: step {step + 1} of {total}, {time.monotonic() - began:.0f} s", flush=True)
    latents = [torch.randn(count, model.latent_dim, generator=stream(seed, "samples")) for seed in seeds]
    if points:
        return list(
            model.sample(torch.cat(latents), torch.zeros(count * len(seeds), 0)).numpy().reshape(len(seeds), count, 2)
        )
    parts = [to_uint8(model.sample(z, torch.zeros(len(z), 0))) for z in latents[0].split(CHUNK)]
    return [np.concatenate(parts)]


def configuration(task: str, method: str, seed: int) -> RunConfig:
    """One run's configuration, checked as every run's is."""
    from gan_core.config import RunConfig, with_changes
    from gan_core.training.plan import check

    config = with_changes(RunConfig(), TASKS[task].changes(method, seed))
    check(config)
    return config


def prepared(task: str) -> Dataset:
    """The task's training data, without labels."""
    from gan_core import datasets

    return datasets.prepare(configuration(task, "bce", 0).dataset).with_labels(())


def main() -> None:
    """Makes what is missing, then the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", default=",".join(TASKS), help="which, separated by commas")
    parser.add_argument("--methods", default=",".join(METHODS), help="which, separated by commas")
    parser.add_argument("--seeds", type=int, default=0, help="how many a method; 0: as each task says")
    parser.add_argument("--render", action="store_true", help="only write docs/collapse.md from what is there")
    args = parser.parse_args()
    tasks, methods = args.tasks.split(","), args.methods.split(",")
    for name in tasks:
        TASKS.find(name)
    for name in methods:
        METHODS.find(name)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for task in [] if args.render else tasks:
        for method, seeds in missing(task, methods, args.seeds or TASKS[task].num_seeds):
            began = time.monotonic()
            made = make(task, method, seeds)
            keep(task, made)
            found = ", ".join(str(result.captured) for result in made)
            print(
                f"{task} {method}: {found} of {TASKS[task].num_modes} modes, {time.monotonic() - began:.0f} s",
                flush=True,
            )
    write_atomically(PAGE, page().encode())
    print(f"Wrote {PAGE}.")


if __name__ == "__main__":
    main()
