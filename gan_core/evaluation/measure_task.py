"""Measuring as background work: a run's measurements, and its pinned samples with what they are nearest to."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gan_core.config import strict_object
from gan_core.datasets.held_out import held_out
from gan_core.evaluation import extractors
from gan_core.evaluation.evaluators.scale import STAGES
from gan_core.evaluation.measure import NUM_IMAGES, Measurement, keep, measure_sampler
from gan_core.evaluation.metrics.pairwise import distances
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.jobs import task as background
from gan_core.jobs.task import Arrays, Report, Task
from gan_core.runs import Run, evaluations
from gan_core.runs.evaluations import Evaluation

if TYPE_CHECKING:
    from gan_core.evaluation.extractors import Extractor
    from gan_core.runs.sampler import Sampler

NUM_PINNED = 20  # as many as report R3 shows
NUM_NEAREST = 500  # real images among which the nearest is searched


def task(run: Run, step: int, num_images: int = NUM_IMAGES, seed: int = 0) -> Task:
    """The background work that measures a run's checkpoint; `rows_of` reads its result."""
    return Task.of(
        "gan_core.evaluation.measure_task:work", run=str(run.path), step=step, num_images=num_images, seed=seed,
        stages=list(STAGES),
    )  # fmt: skip


def work(arguments: dict[str, Any], report: Report) -> Arrays:
    """Measures, and stores the measurements with the run if it is the user's own: see `task.Work`.

    Returns:
        rows: JSON of each measurement without its replicates, text (R,).
        again: the replicates, (R, repeats).
        pinned: the run's pinned samples, uint8 (NUM_PINNED, C, H, W).
        apart: the distance of each to its nearest held-out image in the extractor's features, (NUM_PINNED,).
        nearest: those images, uint8 (NUM_PINNED, C, H, W).
    """
    from gan_core.runs.sampler import open_sampler

    run = Run(Path(arguments["run"]))
    extractor = extractors.open_extractor(run.config())
    sampler = open_sampler(run, int(arguments["step"]))
    rows = measure_sampler(run, sampler, extractor, int(arguments["num_images"]), int(arguments["seed"]), report)
    pinned = _pinned(run, sampler, extractor)
    keep(run, rows)
    plain = [{key: value for key, value in asdict(row).items() if key != "replicates"} for row in rows]
    return {
        "rows": np.array([json.dumps(row) for row in plain]),
        "again": np.array([row.replicates for row in rows]),
        **pinned,
    }


def _pinned(run: Run, sampler: Sampler, extractor: Extractor) -> Arrays:
    images = sampler.pinned(NUM_PINNED)
    real = np.asarray(held_out(run.config().dataset).images(NUM_NEAREST).images)
    between = distances(extractor.features(images).features, extractor.features(real).features)
    return {"pinned": images, "apart": between.min(axis=1), "nearest": real[between.argmin(axis=1)]}


def evaluations_of(run: Run) -> list[Evaluation]:
    """The newest measurements of a run: those in its log and, of one that comes with the program and never changes, those that
    `work` made here of its newest checkpoint.

    Raises:
        ValueError: a line of the log is not JSON.
    """
    logged = evaluations.read(run)
    if not run.shipped or not run.checkpoint_steps():
        return evaluations.newest(logged)
    made = task(run, run.checkpoint_steps()[-1])
    if background.progress(made).state != "done":
        return evaluations.newest(logged)
    with suppress(ValueError):  # a result of another version; the page that shows the work offers to measure again
        logged += [row.evaluation() for row in rows_of(background.result(made))]
    return evaluations.newest(logged)


def same_extractor(first: list[Measurement], second: list[Measurement]) -> None:
    """Refuses measurements that do not compare. Raises ValueError if their features are not those of one extractor."""
    names = sorted({row.extractor for row in (*first, *second)})
    if len(names) > 1:
        raise ValueError(
            f"Values are comparable only with the same extractor; these are from {' and of '.join(names)}: measure again."
        )


def rows_of(arrays: Arrays) -> list[Measurement]:
    """The measurements in the result of `work`. Raises ValueError if it is not such a result."""
    rows = []
    try:
        for text, replicates in zip(arrays["rows"], arrays["again"], strict=True):
            data = strict_object(str(text))
            data["estimate"] = Estimate(**data["estimate"])
            rows.append(Measurement(**data, replicates=tuple(map(float, replicates))))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("This measurement was saved by another version of the program: measure again.") from error
    return rows
