"""What is measured of a generator at a checkpoint: every metric with its interval, its counts, and the network that looked.

    rows = measure(run, step=None, num_images=2000, seed=0)

Generated images stand against images that the run did not learn from, where there are some. All distances are computed
once; intervals come from drawing images again (`gan_core.evaluation.statistics.bootstrap`). Loads no torch until it measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gan_core import datasets
from gan_core.datasets import held_out
from gan_core.datasets.base import Dataset
from gan_core.datasets.held_out import Kind
from gan_core.evaluation import extractors
from gan_core.evaluation.compute import Material, measure_all
from gan_core.evaluation.metrics.measures import MEASURES
from gan_core.evaluation.statistics.bootstrap import interval
from gan_core.jobs.task import Report
from gan_core.runs import Run

if TYPE_CHECKING:
    from gan_core.evaluation.extractors import Extractor
    from gan_core.runs.sampler import Sampler

NUM_IMAGES = 2000
FEWEST, MOST = 100, 20_000  # images
REPEATS = 200  # a wide extractor's features are drawn again less often, see measured_metrics
DRAWN_AT_ONCE = 200

REFERENCE: dict[Kind, str] = {
    "test": "held-out images of another split",
    "left_over": "images of the data set that the run was not given",
    "training": "the training images themselves, for want of others: a model that copied them would look perfect",
}


@dataclass(frozen=True)
class Row:
    """One metric, measured.

    Attributes:
        metric: in MEASURES.
        value, low, high: with its 95 % interval.
        real: the same of real images in the generated ones' place (training images); None where there are no others.
        num_real, num_fake: images behind it.
        extractor: which network, weights and layer looked.
        reference: which real images, in words.
        step: of the checkpoint.
        seed: of the latents, labels and resampling.
        note: bias, and what these counts do to it.
        again: the resampled values.
    """

    metric: str
    value: float
    low: float
    high: float
    real: float | None
    num_real: int
    num_fake: int
    extractor: str
    reference: str
    step: int
    seed: int
    note: str
    again: tuple[float, ...]

    def record(self) -> dict[str, Any]:
        """The line for the run's log of evaluations."""
        return {
            "metric": self.metric,
            "value": _short(self.value),
            "interval": [_short(self.low), _short(self.high)],
            "step": self.step,
            "num_samples": self.num_fake,
            "num_real": self.num_real,
            "extractor": self.extractor,
            "seed": self.seed,
            "real": None if self.real is None else _short(self.real),
            "reference": self.reference,
            "note": self.note,
        }


def measure(
    run: Run,
    step: int | None = None,
    num_images: int = NUM_IMAGES,
    seed: int = 0,
    report: Report | None = None,
    *,
    metrics: Sequence[str] | None = None,
    extractor: str = "evaluator",
) -> list[Row]:
    """Measures a run's generator at a checkpoint. Under a minute for 2,000 images on two cores, once the images are prepared.

    Args:
        run: of any model that draws pictures; it is not written to.
        step: of the checkpoint; the newest when None.
        num_images: generated, and real ones at most as many.
        seed: of latents, labels and resampling.
        report: told how far it is.
        metrics: names in MEASURES; all that can be measured here when None. One that cannot be is left out.
        extractor: in `extractors.CHOICES`.

    Raises:
        ValueError: too few images, points in the plane, no network that knows such pictures, no checkpoint, a damaged one,
            or an unknown metric.
    """
    wanted = list(MEASURES) if metrics is None else list(metrics)
    for name in wanted:
        MEASURES.find(name)
    check_count(num_images)
    tell = report or _silent
    looking = extractors.open_extractor(run.config(), extractor)
    from gan_core.runs.sampler import open_sampler

    sampler = open_sampler(run, step)
    kind, material = material_of(run, sampler, looking, num_images, seed, tell)
    rows = []
    for name, one in measure_all(material, wanted, REPEATS, seed, tell).items():
        entry = MEASURES[name]
        low, high = interval(one.value, one.again, entry.lowest, entry.highest)
        rows.append(
            Row(
                name, one.value, low, high, one.real, one.num_real, one.num_fake, looking.name, REFERENCE[kind],
                sampler.step, seed, entry.explanation + one.note, tuple(map(float, one.again)),
            )
        )  # fmt: skip
    return rows


def check_count(num_images: int) -> None:
    """Nothing for a number of images that can be measured; ValueError with the rule otherwise."""
    if not FEWEST <= num_images <= MOST:
        raise ValueError(
            f"These metrics need {FEWEST} to {MOST:,} generated images; got {num_images:,}. Fewer tell nothing, and "
            f"{NUM_IMAGES:,} are a good number."
        )


def keep(run: Run, rows: Sequence[Row]) -> bool:
    """Adds the rows to the run's log of evaluations. Returns whether it did: a run that comes with the program stays as it is."""
    if run.shipped:
        return False
    run.add_evaluations([row.record() for row in rows])
    return True


def conditions(row: Row) -> str:
    """What a measurement's values depend on, in a few sentences."""
    return (
        f"Step {row.step:,}, seed {row.seed}: {row.num_fake:,} generated against {row.num_real:,} real images ({row.reference}), "
        f"as seen by {row.extractor}. Intervals: 95 %, the value plus and minus 1.96 standard deviations over resampled images "
        "(bootstrap). The column real has the same of training images in the generated ones' place: no model can be asked for more."
    )


def material_of(
    run: Run, sampler: Sampler, looking: Extractor, num_images: int, seed: int, tell: Report
) -> tuple[Kind, Material]:
    """Images drawn, real ones fetched, and what the extractor sees in them; and which real ones they are."""
    config = run.config().dataset
    tell("images")
    found = held_out.held_out(config)
    real = found.images(num_images, lambda done, total: tell("images", done, total))
    if len(real) < FEWEST:
        raise ValueError(
            f"Only {len(real)} real images are there to compare with, and these metrics need at least {FEWEST}."
        )
    learned = None if found.kind == "training" else _learned(run, num_images, tell)
    source = real if learned is None else learned
    fake, real_images = _draw(sampler, source, num_images, seed, tell), np.asarray(real.images)

    def look(images: npt.NDArray[np.uint8], stage: str) -> extractors.Seen:
        return looking.look(images, lambda done: tell(stage, done, len(images)))

    return found.kind, Material(
        fake_images=fake,
        real_images=real_images,
        fake=look(fake, "looking at generated images"),
        real=look(real_images, "looking at real images"),
        learned=None if learned is None else look(np.asarray(learned.images), "looking at training images"),
        kinds=_kinds(looking, run, source),
        exclusive=looking.exclusive,
    )


def _learned(run: Run, num_images: int, tell: Report) -> Dataset:
    """Training images, at most so many; the whole set is in the cache of whoever trained the run here."""
    config = run.config().dataset
    tell("training images")
    if datasets.is_prepared(config):
        return _first(datasets.prepare(config), num_images)
    return held_out.training_images(config, num_images)


def _first(dataset: Dataset, count: int) -> Dataset:
    return replace(dataset, images=dataset.images[:count], labels=dataset.labels[:count])


def _draw(sampler: Sampler, source: Dataset, count: int, seed: int, tell: Report) -> npt.NDArray[np.uint8]:
    """Generated images; a conditional model is asked for the labels of real images, drawn at random."""
    import torch

    from gan_core.runs.sampler import latents

    names = sampler.config.conditioning.labels
    labels = source.with_labels(names).labels if names else np.zeros((1, 0))
    chosen = np.random.default_rng([seed, 3]).integers(len(labels), size=count)
    asked = torch.tensor(labels[chosen], dtype=torch.float32)
    z = latents(count, sampler.latent_dim, seed)
    parts = []
    for start in range(0, count, DRAWN_AT_ONCE):
        tell("drawing", start, count)
        part = slice(start, start + DRAWN_AT_ONCE)
        parts.append(sampler.images(z[part], asked[part]))
    return np.concatenate(parts)


def _kinds(looking: Extractor, run: Run, source: Dataset) -> npt.NDArray[np.int64] | None:
    """The kinds of all training images (N,), by the data set's own labels; None where it has not the extractor's labels."""
    if not looking.knows_kinds:
        return None
    try:
        labels = datasets.labels(run.config().dataset)
        return looking.kinds_of(labels, source.label_names)
    except ValueError:
        return None


def _silent(stage: str, done: int = 0, total: int = 0, value: float | None = None) -> None:
    """Nobody watches."""


def _short(value: float) -> float:
    return float(f"{value:.6g}")
