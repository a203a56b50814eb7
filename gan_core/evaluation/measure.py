"""What is measured of a generator at a checkpoint: every metric with its interval, its counts, and the extractor's name.

    rows = measure(run, step=None, num_images=2000, seed=0)

Generated images stand against images that the run did not learn from, where there are some. All distances are computed
once; intervals come from half-samples (`gan_core.evaluation.statistics.half_samples`). Loads no torch until it measures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets import held_out
from gan_core.datasets.base import Dataset
from gan_core.datasets.held_out import Kind
from gan_core.evaluation import extractors
from gan_core.evaluation.features import ImageFeatures, in_batches
from gan_core.evaluation.metrics import METRICS, Material, Metric, silent
from gan_core.evaluation.metrics.base import Need
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.half_samples import half_sample_estimate
from gan_core.jobs.task import Report
from gan_core.runs import Run, evaluations
from gan_core.runs.evaluations import Evaluation

if TYPE_CHECKING:
    from gan_core.evaluation.extractors import Extractor
    from gan_core.runs.sampler import Sampler

NUM_IMAGES = 2000
FEWEST, MOST = 100, 20_000  # images
REPEATS = 200

REFERENCE: dict[Kind, str] = {
    "test": "held-out images of another split",
    "left_over": "images of the data set that the run was not trained on",
    "training": "the training images, as there are no others: a model that copies them looks perfect",
}


@dataclass(frozen=True)
class Measurement:
    """One metric, measured of one checkpoint.

    Attributes:
        metric: in METRICS.
        estimate: its value with its interval; its count are the generated images.
        real: the same of real images in the generated ones' place (training images); None where there are no others.
        num_real: real images that it was compared with.
        extractor: which network, weights and layer computed the features.
        reference: which real images, in words.
        step: of the checkpoint.
        seed: of the latents, labels and half-samples.
        note: bias, and what these counts do to it.
        replicates: the values of the half-samples.
    """

    metric: str
    estimate: Estimate
    real: float | None
    num_real: int
    extractor: str
    reference: str
    step: int
    seed: int
    note: str
    replicates: tuple[float, ...]

    @property
    def value(self) -> float:
        """The metric of all images."""
        return self.estimate.value

    def evaluation(self) -> Evaluation:
        """What is kept of it with the run, values with six digits."""
        return Evaluation(
            self.metric, _short(self.value), (_short(self.estimate.low), _short(self.estimate.high)), self.step,
            self.estimate.count, self.extractor,
            self.seed, num_real=self.num_real, real=None if self.real is None else _short(self.real),
            reference=self.reference, note=self.note,
        )  # fmt: skip


def measure(
    run: Run,
    step: int | None = None,
    num_images: int = NUM_IMAGES,
    seed: int = 0,
    report: Report = silent,
    *,
    metrics: Sequence[str] | None = None,
    extractor: str = "evaluator",
    inception_weights: Path | None = None,
) -> list[Measurement]:
    """Measures a run's generator at a checkpoint. Under a minute for 2,000 images on two cores, once the images are prepared.

    Args:
        run: of any model that draws pictures; it is not written to.
        step: of the checkpoint; the newest when None.
        num_images: generated, and real ones at most as many.
        seed: of latents, labels and half-samples.
        report: called with how far it is.
        metrics: names in METRICS; all that can be measured here when None. One that cannot be is left out.
        extractor: as `extractors.open_extractor`.
        inception_weights: as well.

    Raises ValueError if there are too few images, the data are points in the plane, nothing can look at such images, the checkpoint is
    missing or damaged, or a metric is unknown.
    """
    requested = [METRICS.find(name) for name in (METRICS if metrics is None else metrics)]
    check_count(num_images)
    network = extractors.open_extractor(run.config(), extractor, inception_weights)
    from gan_core.runs.sampler import open_sampler

    return measure_sampler(run, open_sampler(run, step), network, num_images, seed, report, requested)


def measure_sampler(
    run: Run,
    sampler: Sampler,
    extractor: Extractor,
    num_images: int = NUM_IMAGES,
    seed: int = 0,
    report: Report = silent,
    metrics: Sequence[Metric] = tuple(METRICS.values()),
) -> list[Measurement]:
    """The same with a sampler and an extractor that are open already.

    Raises ValueError if there are too few images, or the extractor does not take them.
    """
    check_count(num_images)
    needs = frozenset[Need]().union(*(metric.needs for metric in metrics))
    kind, material = material_of(run, sampler, extractor, num_images, seed, report, needs)
    rows = []
    with threadpool_limits(1):  # small matrices, a machine that trains: two threads took forty times as long
        for number, metric in enumerate(metric for metric in METRICS.values() if metric in metrics):
            weighted = metric.weighted(material, report)
            if weighted is None:
                continue
            report("resampling", number, len(metrics))
            replicates = weighted.replicates(REPEATS, seed)
            found = half_sample_estimate(
                weighted.value, replicates, weighted.num_fake, metric.lowest, min(metric.highest, weighted.highest)
            )
            rows.append(Measurement(
                metric.name, found, weighted.real, weighted.num_real, extractor.name,
                REFERENCE[kind], sampler.step, seed, metric.explanation + weighted.note, tuple(map(float, replicates)),
            ))  # fmt: skip
    return rows


def check_count(num_images: int) -> None:
    """Raises ValueError, with the rule, for a number of images that cannot be measured."""
    if not FEWEST <= num_images <= MOST:
        raise ValueError(
            f"These metrics need {FEWEST} to {MOST:,} generated images; got {num_images:,}. Fewer are not informative; "
            f"{NUM_IMAGES:,} is a good number."
        )


def keep(run: Run, rows: Sequence[Measurement]) -> bool:
    """Adds the rows to the run's log of evaluations. Returns whether it did: a run that comes with the program stays as it is."""
    return evaluations.add(run, [row.evaluation() for row in rows])


def conditions(rows: Sequence[Measurement]) -> str:
    """What the values of one measurement depend on, in a few sentences: the counts are those of the images compared, where some are."""
    row = next((row for row in rows if METRICS[row.metric].needs == {"features"}), rows[0])
    return (
        f"Step {row.step:,}, seed {row.seed}: {row.estimate.count:,} generated against {row.num_real:,} real images "
        f"({row.reference}), features of {row.extractor}. Intervals: 95 %, the value plus and minus 1.96 standard deviations "
        "over half-samples of the images. The column real has the same with training images in place of the generated ones: the "
        "best value to expect."
    )


def material_of(
    run: Run, sampler: Sampler, extractor: Extractor, num_images: int, seed: int, report: Report, needs: Set[Need]
) -> tuple[Kind, Material]:
    """Generated and real images with what metrics need of them, and which real images they are."""
    config = run.config().dataset
    report("images")
    found = held_out.held_out(config)
    real = found.images(num_images, lambda done, total: report("images", done, total))
    if len(real) < FEWEST:
        raise ValueError(
            f"Only {len(real)} real images are available to compare with; these metrics need at least {FEWEST}."
        )
    report("training images")
    training = None if found.kind == "training" else held_out.training_images(config, num_images)
    source = real if training is None else training
    fake = _draw(sampler, source, num_images, seed, lambda done: report("drawing", done, num_images))
    real_images = np.asarray(real.images)

    def compute_features(images: npt.NDArray[np.uint8], stage: str) -> ImageFeatures:
        return extractor.features(images, lambda done: report(stage, done, len(images)))

    seen = None
    if training is not None:
        seen = compute_features(np.asarray(training.images), "reading training images")
    learned = None if seen is None else seen.features
    all_there = (
        datasets.is_prepared(config) or datasets.DATASETS[config.name].preparation != "draw"
    )  # drawing takes minutes
    if learned is not None and all_there and "training images" in needs:
        learned = _all_features(extractor, config, report)
    return found.kind, Material(
        fake=compute_features(fake, "reading generated images"),
        real=compute_features(real_images, "reading real images"),
        fake_images=fake,
        real_images=real_images,
        training=seen,
        learned=learned,
        num_training=0 if all_there else datasets.count(config),
        training_kinds=_kinds(extractor, run, source) if "kinds" in needs else None,
        exclusive=extractor.exclusive,
        seed=seed,
    )


def _all_features(extractor: Extractor, config: DatasetConfig, report: Report) -> npt.NDArray[np.float64]:
    """The features (T, D) of all images of a data set, which may be more than the memory holds."""
    images = datasets.prepare(config, lambda done, total: report("training images", done, total)).images

    def compute(part: slice) -> npt.NDArray[np.float64]:
        return extractor.features(np.asarray(images[part])).features

    stage = "reading all training images"
    return np.concatenate(in_batches(len(images), compute, lambda done: report(stage, done, len(images))))


def _draw(
    sampler: Sampler, source: Dataset, count: int, seed: int, report: Callable[[int], None]
) -> npt.NDArray[np.uint8]:
    """Generated images (count, C, H, W); a conditional model is asked for the labels of real images, drawn at random."""
    from gan_core.runs.sampler import latents

    names = sampler.config.conditioning.labels
    labels = source.with_labels(names).labels if names else np.zeros((1, 0))
    chosen = np.random.default_rng([seed, 3]).integers(len(labels), size=count)
    requested = np.asarray(labels[chosen], np.float32)
    z = latents(count, sampler.latent_dim, seed)
    return np.concatenate(in_batches(count, lambda part: sampler.images(z[part], requested[part]), report))


def _kinds(extractor: Extractor, run: Run, source: Dataset) -> npt.NDArray[np.int64] | None:
    """The kinds of all training images (N,), by the data set's own labels; None where it has not the extractor's labels."""
    if not extractor.knows_kinds:
        return None
    try:
        return extractor.kinds_of(datasets.labels(run.config().dataset), source.label_names)
    except ValueError:
        return None


def _short(value: float) -> float:
    return float(f"{value:.6g}")
