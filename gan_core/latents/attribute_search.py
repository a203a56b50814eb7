"""Attribute directions of a model, found from labels: a kind of background work.

A VAE's come from the labels of its training images (encode them, subtract the means); a GAN's from an evaluator's
classification of its own samples (separate their latents).
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_core.config import RunConfig
from gan_core.datasets import held_out, label_names
from gan_core.evaluation import evaluators
from gan_core.evaluation.features import in_batches
from gan_core.evaluation.statistics.intervals import Count
from gan_core.jobs.task import Arrays, Report, Task
from gan_core.latents.attribute_directions import (
    AttributeDirection,
    Find,
    find_direction,
    mean_difference,
    separating_normal,
)
from gan_core.models.kinds import kind_of
from gan_core.runs import Run

NUM_IMAGES = 4000  # random latents, or training images to encode
BATCH = 250
SEED = 20_260_000  # of the latents; far from the small seeds that users choose

Labelled = tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_], tuple[str, ...]]
"""Latents (N, D), labels (N, L) and their names."""


def task(run: Run, step: int, num_images: int = NUM_IMAGES) -> Task:
    """The background work that finds a model's attribute directions; see `search` for the result.

    Raises ValueError if the images cannot be labelled: no labels, or no evaluator for the data set.
    """
    config = run.config()
    evaluator = "" if kind_of(config).encodes else evaluator_of(config, run.name).card.weights_sha256
    return Task.of(
        "gan_core.latents.attribute_search:search", run=str(run.path), step=step, num_images=num_images, judge=evaluator
    )


def evaluator_of(config: RunConfig, run_name: str) -> evaluators.EvaluatorFolder:
    """The evaluator that classifies a GAN's samples: one trained on the same data, whether the GAN takes labels or not.

    Raises ValueError if there is none; the message says how to train one.
    """
    there = evaluators.of_data(config)
    if not there:
        labelled = True
        with suppress(ValueError):  # the folder is gone
            labelled = bool(label_names(config.dataset))
        way_out = f"Train one with: {evaluators.how_to_train(config)}"
        raise ValueError(
            f"The images of “{run_name}” cannot be classified: there is no evaluator for the data set '{config.dataset.name}'. "
            + (way_out if labelled else "Its pictures have no labels to train one: sort them into one folder a class.")
        )
    return there[0]


def search(arguments: dict[str, Any], report: Report) -> Arrays:
    """Labels latents, and finds the direction of each attribute.

    Returns:
        names (K,) and vectors (K, D) of the directions found; hits, requested, with_it, without (K,): see
        `AttributeDirection`; refused_names and refusals: those that could not be found, and why; num_images ().
    """
    run = Run(Path(arguments["run"]))
    config, count = run.config(), int(arguments["num_images"])
    encodes = kind_of(config).encodes
    label, find = (_encoded, mean_difference) if encodes else (_classified, separating_normal)
    latents, labels, names = label(run, int(arguments["step"]), count, report)
    return _directions(latents, labels, names, find, report)


def directions(found: Arrays) -> list[AttributeDirection]:
    """What `search` found, as objects, the most accurate first."""
    columns = (found[key] for key in ("names", "vectors", "hits", "requested", "with_it", "without"))
    rows = [
        AttributeDirection(str(name), vector, Count(int(hits), int(requested)), int(with_it), int(without))
        for name, vector, hits, requested, with_it, without in zip(*columns, strict=True)
    ]
    return sorted(rows, key=lambda row: -row.right.ratio)


def _encoded(run: Run, step: int, count: int, report: Report) -> Labelled:
    """The posterior means of training images, with the images' own labels."""
    from gan_core.runs.autoencoder import open_autoencoder

    report("images")
    learned = held_out.training_images(run.config().dataset, count)
    if not learned.label_names:
        raise ValueError(
            f"The data set '{learned.name}' has no labels, so there are no attributes to find directions of. Use images in one "
            "subfolder per class, or CelebA."
        )
    model = open_autoencoder(run, step)
    parts = in_batches(
        len(learned), lambda part: model.encode(learned.images[part]),
        lambda done: report("Encoding training images", done, len(learned)), BATCH,
    )  # fmt: skip
    return np.concatenate(parts), np.asarray(learned.labels, np.bool_), learned.label_names


def _classified(run: Run, step: int, count: int, report: Report) -> Labelled:
    """Random latents, with the labels that the evaluator finds in their images."""
    from gan_core.evaluation.evaluators.evaluator import open_evaluator
    from gan_core.runs.sampler import latents, open_sampler

    folder = evaluator_of(run.config(), run.name)
    model, evaluator = open_sampler(run, step), open_evaluator(folder)
    z = latents(count, model.latent_dim, SEED)
    parts = in_batches(
        count, lambda part: evaluator.logits(model.images(z[part])).numpy(),
        lambda done: report("Drawing and classifying samples", done, count), BATCH,
    )  # fmt: skip
    return z, present_labels(np.concatenate(parts), folder.info.exclusive), folder.info.label_names


def present_labels(logits: npt.NDArray[np.floating], exclusive: bool) -> npt.NDArray[np.bool_]:
    """The labels (N, L) that an evaluator's outputs (N, L) give each image: its class, or every label with an output above 0."""
    if exclusive:
        return np.asarray(np.arange(logits.shape[1])[None] == logits.argmax(axis=1)[:, None])
    return np.asarray(logits > 0)


def _directions(
    latents: npt.NDArray[np.float32], labels: npt.NDArray[np.bool_], names: tuple[str, ...], find: Find, report: Report
) -> Arrays:
    found: list[AttributeDirection] = []
    refused: dict[str, str] = {}
    for number, name in enumerate(names):
        report("Finding directions", number, len(names))
        try:
            found.append(find_direction(name, latents, labels[:, number], find))
        except ValueError as refusal:
            refused[name] = str(refusal)
    return {
        "names": np.array([d.name for d in found], dtype=np.str_),
        "vectors": np.array([d.vector for d in found], np.float32).reshape(len(found), latents.shape[1]),
        "hits": np.array([d.right.hits for d in found], np.int64),
        "requested": np.array([d.right.requested for d in found], np.int64),
        "with_it": np.array([d.with_it for d in found], np.int64),
        "without": np.array([d.without for d in found], np.int64),
        "refused_names": np.array(list(refused), dtype=np.str_),
        "refusals": np.array(list(refused.values()), dtype=np.str_),
        "num_images": np.array(len(latents)),
    }
