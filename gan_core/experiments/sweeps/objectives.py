"""The objective of a sweep: one number for each finished run, and its direction."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gan_core import datasets
from gan_core.config import RunConfig, with_changes
from gan_core.datasets.held_out import held_out
from gan_core.evaluation import evaluators, extractors, metrics
from gan_core.evaluation.metrics import METRICS
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.intervals import Count, mean_of, wilson
from gan_core.figures.charts import CHARTS
from gan_core.models.conditioning import CONDITIONINGS
from gan_core.models.kinds import KINDS, Kind, kind_of
from gan_core.models.networks import NETWORKS
from gan_core.runs import Run
from gan_core.runs.metrics import MetricsTail

RECONSTRUCTION = "reconstruction"
MAX_IMAGES, MIN_IMAGES = 5000, 100
LAST_SHARE, LEAST_STEPS = 0.1, 10  # of a curve, its last tenth is averaged
REPEATS = 20  # half-samples behind an interval
MEASURED = tuple(name for name, metric in METRICS.items() if metric.direction != "real")


@dataclass(frozen=True)
class SweepObjective:
    """What is measured of a finished run.

    Attributes:
        metric: one of MEASURED, "reconstruction" (a VAE's mean squared error on images it did not learn from), "accuracy/LIST"
            (the last count of a conditional run), or any other recorded curve ("loss/g": the mean of its last tenth).
        direction: "minimize" or "maximize".
        num_images: real and generated images behind a metric; images behind a reconstruction error.
    """

    metric: str
    direction: str
    num_images: int = 1000


@dataclass(frozen=True)
class ObjectiveValue:
    """The value of an objective for one run.

    Attributes:
        estimate: the number, with its 95 % interval where there is one (a curve's mean has none).
        words: from how many samples, and how.
    """

    estimate: Estimate
    words: str


def extractor_in(words: str) -> str:
    """The extractor that an `ObjectiveValue.words` names; "" where the value rests on no network's features."""
    return words.partition("; ")[2]


def objective_for(metric: str, direction: str = "", num_images: int = 1000) -> SweepObjective:
    """An objective, with the direction that its metric implies unless one is given.

    Raises:
        ValueError: if nothing records the metric, the direction is unknown or missing, or there are too few or many images.
    """
    implied = _implied_direction(metric)
    if direction not in ("", "minimize", "maximize"):
        raise ValueError(f"The direction must be minimize or maximize; got '{direction:.40}'.")
    if not direction and not implied:
        raise ValueError(f"Whether a large or small '{metric:.60}' is better must be stated: minimize or maximize.")
    if not MIN_IMAGES <= num_images <= MAX_IMAGES:
        raise ValueError(f"A metric is measured on {MIN_IMAGES} to {MAX_IMAGES:,} images; got {num_images:,}.")
    if metric not in known_metrics():
        raise ValueError(f"Unknown metric '{metric:.60}'. Choose one of: {', '.join(known_metrics())}.")
    return SweepObjective(metric, direction or implied, num_images)


def known_metrics() -> list[str]:
    """Every metric that can be an objective, whatever the model."""
    curves = dict.fromkeys(trace.column for chart in CHARTS for trace in chart.traces)
    return [*MEASURED, RECONSTRUCTION, *curves]


def fitting_metrics(config: RunConfig) -> list[str]:
    """The metrics that the runs of a configuration record or can be measured with."""
    fitting = []
    for metric in known_metrics():
        try:
            check_objective(config, SweepObjective(metric, "minimize"))
        except ValueError:
            continue
        fitting.append(metric)
    return fitting


def _implied_direction(metric: str) -> str:
    if metric in MEASURED:
        return "maximize" if METRICS[metric].direction == "higher" else "minimize"
    if metric.startswith("accuracy/"):
        return "maximize"
    return "minimize" if metric == RECONSTRUCTION or metric.startswith("loss/") else ""


def check_objective(config: RunConfig, objective: SweepObjective) -> None:
    """Checks that the runs of this configuration have an objective.

    Raises:
        ValueError: if they do not; with what to choose instead.
    """
    entry, metric = NETWORKS.find(config.network.name), objective.metric
    _check_kind(kind_of(config), metric)
    if metric == "loss/penalty" and config.penalty.name == "none":
        raise ValueError("These runs have no penalty. Choose another metric, for example fd.")
    if metric.startswith("augmentation/") and not config.augmentation.adaptive:
        raise ValueError("These runs have no adaptive augmentation. Choose another metric, for example fd.")
    if metric == "clip/saturation" and not config.objective.weight_clip:
        raise ValueError("These runs clip no weights. Choose another metric, for example fd.")
    if metric.startswith("loss/label_") and config.conditioning.name != "acgan":
        raise ValueError(f"Only ACGANs record '{metric}'. Choose another metric, for example fd.")
    if metric.startswith("accuracy/"):
        _check_accuracy(config, metric)
    if metric in MEASURED and entry.domain == "images":
        extractors.find(config)
    elif metric in MEASURED and not METRICS[metric].of_points:
        raise ValueError(f"'{metric}' needs images, and these runs generate points. Choose fd, for example.")


def _check_kind(kind: Kind, metric: str) -> None:
    if metric == RECONSTRUCTION and not kind.encodes:
        able = " or a ".join(other.short for other in KINDS.values() if other.encodes)
        raise ValueError(f"Only a {able} reconstructs images; choose another metric, for example fd.")
    if metric not in (*MEASURED, RECONSTRUCTION, *kind.columns):
        choices = [*([RECONSTRUCTION] if kind.encodes else []), "fd", *kind.columns]
        raise ValueError(f"A {kind.short} does not record '{metric}'. Choose one of: {', '.join(choices)}.")


def _check_accuracy(config: RunConfig, metric: str) -> None:
    if not CONDITIONINGS.find(config.conditioning.name).uses_labels:
        raise ValueError(f"'{metric}' needs a conditional model; these runs have no labels. Choose fd, for example.")
    labelled = with_changes(
        config, {"conditioning.labels": config.conditioning.labels or datasets.label_names(config.dataset)}
    )
    evaluator = evaluators.require(labelled, config.preset)
    lists = ("test", "new_test") if evaluator.info.kind == "objects" else ("labels",)
    if metric.partition("/")[2] not in lists:
        raise ValueError(f"These runs do not record '{metric}'. Choose {' or '.join(f'accuracy/{n}' for n in lists)}.")
    if not config.recording.evaluate_every_epochs:
        raise ValueError("These runs never measure their accuracy: set recording.evaluate_every_epochs to 1.")


def measure(run: Run, objective: SweepObjective) -> ObjectiveValue:
    """The objective's value for a finished run; a metric is also kept in its log of evaluations.

    Raises:
        ValueError: if the run lacks what is to be measured, or the value is not finite.
    """
    if objective.metric in MEASURED:
        value = _by_metric(run, objective)
    elif objective.metric == RECONSTRUCTION:
        value = _by_reconstruction(run, objective)
    elif objective.metric.startswith("accuracy/"):
        value = _by_count(run, objective)
    else:
        value = _by_curve(run, objective)
    if not math.isfinite(value.estimate.value):
        raise ValueError(f"'{objective.metric}' is not a number at the end of this run ({value.estimate.value}).")
    return value


def _by_metric(run: Run, objective: SweepObjective) -> ObjectiveValue:
    config = run.config()
    if NETWORKS.find(config.network.name).domain == "points":
        return _of_points(run, objective)
    from gan_core.evaluation import measure as measuring

    rows = measuring.measure(run, None, objective.num_images, config.training.seed, metrics=[objective.metric])
    if not rows:
        raise ValueError(
            f"'{objective.metric}' cannot be measured for this run: its evaluator has no classes of these images."
        )
    measuring.keep(run, rows)
    row = rows[0]
    words = f"{row.estimate.count:,} generated against {row.num_real:,} real images ({row.reference}); {row.extractor}"
    return ObjectiveValue(row.estimate, words)


def _of_points(run: Run, objective: SweepObjective) -> ObjectiveValue:
    """A metric on points in the plane, which are their own features."""
    from gan_core.runs.sampler import latents, open_sampler

    sampler = open_sampler(run)
    points = datasets.prepare(sampler.config.dataset)
    real = np.asarray(points.images[points.order[: objective.num_images]], dtype=np.float64)
    drawn = sampler.samples(latents(len(real), sampler.latent_dim, sampler.config.training.seed))
    fake = np.asarray(drawn, dtype=np.float64)
    found = metrics.estimate(objective.metric, real, fake, repeats=REPEATS)
    return ObjectiveValue(found, f"{len(fake):,} generated against {len(real):,} real points, in the plane itself")


def _by_reconstruction(run: Run, objective: SweepObjective) -> ObjectiveValue:
    from gan_core.runs.autoencoder import open_autoencoder

    model = open_autoencoder(run)
    unseen = held_out(model.config.dataset)
    _latents, errors = model.measure(np.asarray(unseen.images(objective.num_images).images))
    kind = {"test": "of another split", "left_over": "not trained on", "training": "the training images"}
    return ObjectiveValue(mean_of(errors), f"mean squared error of {len(errors):,} images ({kind[unseen.kind]})")


def _by_count(run: Run, objective: SweepObjective) -> ObjectiveValue:
    which = objective.metric.partition("/")[2]
    hits, requested = (_measured(run, f"{name}/{which}") for name in ("hits", "requested"))
    count = Count(round(hits[-1]), round(requested[-1]))
    return ObjectiveValue(wilson(count), f"{count} of what was requested, at the last epoch measured")


def _by_curve(run: Run, objective: SweepObjective) -> ObjectiveValue:
    values = _measured(run, objective.metric)
    last = values[-max(LEAST_STEPS, math.ceil(LAST_SHARE * len(values))) :]
    return ObjectiveValue(
        Estimate.bare(float(last.mean()), len(last)), f"mean of the last {len(last):,} recorded values"
    )


def _measured(run: Run, column: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    tail = MetricsTail(run.metrics_path)
    tail.catch_up()
    values = tail.column(column)
    values = values[np.isfinite(values)]
    if not len(values):
        recorded = ", ".join(sorted(name for name in tail.names() if "/" in name))
        raise ValueError(f"The run '{run.name}' did not record '{column}'. It recorded: {recorded or 'nothing'}.")
    return values
