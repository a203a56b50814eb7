"""VAEs that differ in the weight of the KL term (lambda), measured with the same images and settings.

A family is not stored: every VAE trained on the same images is a member. `begin` queues missing ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from gan_core.config import RunConfig
from gan_core.config.settings import Settings
from gan_core.datasets import held_out
from gan_core.datasets.base import Uint8Array
from gan_core.evaluation import evaluators, extractors
from gan_core.evaluation.evaluators.scale import STAGES
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.intervals import mean_of
from gan_core.experiments.arms import Arm, Comparison, other_differences, submit
from gan_core.jobs.task import Arrays, Report, Task
from gan_core.jobs.task_worker import cached
from gan_core.latents.posterior import active_units, kl_per_dimension, prior_distance_interval
from gan_core.models.kinds import kind_of
from gan_core.runs import Run

LAMBDAS = (5e-5, 5e-4, 5e-3, 5e-2, 5e-1)  # report R5's 5e-3 in the middle
NUM_IMAGES = 500
NUM_FEATURES = 200  # fewest images for a distance between clouds of features
IGNORED = (
    "preset",
    "vae.kl_weight",
    "vae.kl_reduction",
    "recording.",
    "training.device",
    "training.threads",
    "training.deterministic",
)
SEED = 20_261_000  # of the samples whose quality is measured


@dataclass(frozen=True)
class FamilyMember:
    """A run of a family.

    Attributes:
        run, step: its newest checkpoint.
        kl_weight: its lambda, in the units of the family's first run: converted where the KL is reduced in another way.
    """

    run: Run
    step: int
    kl_weight: float


def family(run: Run, others: Sequence[Run]) -> list[FamilyMember]:
    """The VAEs with a checkpoint that were trained on the same images as `run`, by lambda; of equal lambdas the first given.

    One without a KL term (lambda 0) is an autoencoder and has no place on a logarithmic axis; it is left out.
    """
    config = run.config()
    members: dict[float, FamilyMember] = {}
    for other in [run, *others]:
        try:
            theirs = other.config()
        except ValueError:
            continue
        steps = other.checkpoint_steps()
        same_task = (theirs.dataset, theirs.vae.reconstruction) == (config.dataset, config.vae.reconstruction)
        if steps and same_task and kind_of(theirs).applies("vae.kl_weight"):
            weight = converted(theirs, config)
            if weight > 0:
                members.setdefault(round(weight, 12), FamilyMember(other, steps[-1], weight))
    return [members[weight] for weight in sorted(members)]


def converted(theirs: RunConfig, ours: RunConfig) -> float:
    """A run's lambda as it would be with another run's reduction of the KL: a sum is a mean times the number of dimensions."""
    weight = theirs.vae.kl_weight
    if theirs.vae.kl_reduction == "mean":
        weight /= theirs.network.latent_dim
    return weight * ours.network.latent_dim if ours.vae.kl_reduction == "mean" else weight


def confounders(members: Sequence[FamilyMember]) -> list[str]:
    """Fields other than lambda and the device in which members differ; their effect cannot be separated from lambda's."""
    first = members[0].run.config()
    others = [member.run.config() for member in members[1:]]
    return sorted({name for other in others for name in other_differences(first, other, IGNORED)})


def missing(members: Sequence[FamilyMember], lambdas: Sequence[float] = LAMBDAS) -> list[float]:
    """The usual lambdas that no member has."""
    have = [member.kl_weight for member in members]
    return [weight for weight in lambdas if not any(abs(weight - other) < 1e-6 * weight for other in have)]


def begin(settings: Settings, base: RunConfig, lambdas: Sequence[float], epochs: int) -> list[Run]:
    """Queues a run for each lambda, equal to `base` in all else but the number of epochs.

    Raises:
        ValueError: if `base` is no VAE, there is no lambda, or a run is refused; the others stay queued.
    """
    if not kind_of(base).applies("vae.kl_weight"):
        raise ValueError(f"Varying λ needs a VAE; '{base.network.name}' has no KL term. Choose a VAE.")
    if not lambdas:
        raise ValueError("Choose at least one λ to train.")
    arms = [Arm(f"{w:g}", f"VAE, λ = {lambda_words(w)}", {"vae.kl_weight": w}) for w in lambdas]
    comparison = Comparison(base, tuple(arms))
    return [submit(settings, comparison.config(arm, {"training.epochs": epochs}), arm.title) for arm in arms]


def lambda_words(weight: float) -> str:
    """A lambda in positional notation with six significant digits: 0.00005, not 5e-05."""
    return f"{Decimal(f'{weight:g}'):f}"


def measure_task(members: Sequence[FamilyMember], num_images: int = NUM_IMAGES) -> Task:
    """The background work that measures a family; see `measure_family` for the result."""
    found = evaluators.of_data(members[0].run.config())
    return Task.of(
        "gan_core.experiments.vae_family:measure_family", runs=[str(member.run.path) for member in members],
        steps=[member.step for member in members], num_images=num_images, judge=found[0].card.weights_sha256 if found else "",
    )  # fmt: skip


def measure_family(arguments: dict[str, Any], report: Report) -> Arrays:
    """Measures each member, those measured before from the cache.

    Returns:
        One row a member, in the order of the runs: error, sharpness, prior, distance (K, 3) as value, low, high; kl (K, longest
        latent_dim), padded with NaN; active, latent_dim (K,); and for all: images_sharpness (3,), count (), held_kind (),
        evaluator (). `distance` is NaN without an evaluator, or with too few images.
    """
    rows = []
    for number, (path, step) in enumerate(zip(arguments["runs"], arguments["steps"], strict=True)):
        report("Measuring the family", number, len(arguments["runs"]))
        one = {"num_images": arguments["num_images"], "judge": arguments["judge"], "stages": list(STAGES)}
        member = Task.of("gan_core.experiments.vae_family:measure_member", run=path, step=step, **one)
        rows.append(cached(member, report))
    longest = max(len(row["kl"]) for row in rows)
    padded = [np.pad(row["kl"], (0, longest - len(row["kl"])), constant_values=np.nan) for row in rows]
    stacked = {
        name: np.stack([row[name] for row in rows]) for name in ("error", "sharpness", "prior", "distance", "active")
    }
    shared = {name: rows[0][name] for name in ("images_sharpness", "count", "held_kind", "evaluator")}
    return {**stacked, **shared, "kl": np.stack(padded), "latent_dim": np.array([len(row["kl"]) for row in rows])}


def measure_member(arguments: dict[str, Any], report: Report) -> Arrays:
    """Measures one VAE on images that it was not trained on, and on as many samples."""
    from gan_core.evaluation.metrics.sharpness import laplacian_variance
    from gan_core.runs.autoencoder import open_autoencoder
    from gan_core.runs.sampler import latents

    run, count = Run(Path(arguments["run"])), int(arguments["num_images"])
    report("images")
    unseen = held_out.held_out(run.config().dataset)
    images = unseen.images(count, lambda done, total: report("images", done, total)).images
    model = open_autoencoder(run, int(arguments["step"]))
    report("encoding")
    means, log_variances = model.posteriors(images)
    report("encoding", 1, 3)
    _means, errors = model.measure(images)
    samples = model.decode(latents(len(images), run.config().network.latent_dim, SEED))
    report("encoding", 2, 3)
    distance, name = _distance(arguments["judge"], images, samples)
    return {
        "error": _triple(errors), "sharpness": _triple(laplacian_variance(samples)),
        "images_sharpness": _triple(laplacian_variance(images)), "prior": _row(prior_distance_interval(means, log_variances)),
        "kl": kl_per_dimension(means, log_variances), "active": np.array(active_units(means)), "distance": distance,
        "count": np.array(len(images)), "held_kind": np.array(unseen.kind), "evaluator": np.array(name),
    }  # fmt: skip


def _triple(values: np.ndarray[Any, np.dtype[np.floating[Any]]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return _row(mean_of(values))


def _row(estimate: Estimate) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([estimate.value, *estimate.interval])


def _distance(sha: str, images: Uint8Array, samples: Uint8Array) -> tuple[Any, str]:
    """The kernel distance between samples and images in an evaluator's features, (3,), and the evaluator's name.

    Kernel, not Fréchet: it has no bias at some hundreds of images, so that values of unequal counts compare.
    """
    folder = next((f for f in evaluators.available() if sha and f.card.weights_sha256 == sha), None)
    if folder is None or len(images) < NUM_FEATURES:
        return np.full(3, np.nan), ""
    from gan_core.evaluation.metrics import estimate

    extractor = extractors.open_folder(folder)
    real, fake = (extractor.features(pictures).features for pictures in (images, samples))
    return _row(estimate("kd", real, fake)), folder.info.name
