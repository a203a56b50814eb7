"""How well a conditional model draws the labels requested, as an evaluator classifies its images.

The lists of conditions and the latents are fixed, so scores of one seed can be compared; the random numbers of training are not used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_core.config import RunConfig, with_changes
from gan_core.datasets.batches import to_uint8
from gan_core.datasets.sources.iclevr import conditions
from gan_core.datasets.sources.objects24 import LISTS
from gan_core.evaluation import evaluators
from gan_core.evaluation.evaluators import EvaluatorFolder
from gan_core.evaluation.evaluators.evaluator import Evaluator, open_evaluator
from gan_core.evaluation.evaluators.scoring import Score, chance_level, in_order, score_images
from gan_core.evaluation.features import in_batches
from gan_core.evaluation.statistics.intervals import wilson
from gan_core.models.building import sample_latents
from gan_core.runs import Run
from gan_core.runs.evaluations import Evaluation
from gan_core.runs.sampler import open_sampler

NUM_CONDITIONS = 200  # of the list "labels"; also the most pictures drawn at once
Labels = npt.NDArray[np.float32]
Sample = Callable[[Tensor, Tensor], Tensor]
"""(z (N, latent_dim), labels (N, L)), on the CPU -> images (N, C, H, W) in [-1, 1], on any device."""


def condition_lists(config: RunConfig, evaluator: Evaluator) -> dict[str, Labels]:
    """What the model is asked for: name of the list -> labels (N, L), in the order of the run's own.

    Objects: "test" and "new_test", 32 conditions each: those of the run's i-CLEVR folder, or of `blocks`; conditions with
    an object that the run has no label for are left out. Classes and attributes: "labels", 200 balanced conditions.

    Raises ValueError if the run's folder lacks a list, or the model has the labels of none of its conditions.
    """
    names = config.conditioning.labels
    kind = evaluator.info.kind
    if kind != "objects":
        return {"labels": balanced_labels(len(names), exclusive=kind == "classes")}
    lists: dict[str, Labels] = {}
    for which in LISTS:
        requested, _ = conditions(config.dataset.root or None, which)
        known = [condition for condition in requested if set(condition) <= set(names)]
        if not known:
            raise ValueError(f"No condition of the list '{which}' fits a model with the labels {', '.join(names)}.")
        lists[which] = np.array([[float(name in condition) for name in names] for condition in known], np.float32)
    return lists


def balanced_labels(num_labels: int, *, exclusive: bool, count: int = NUM_CONDITIONS) -> Labels:
    """A fixed list of conditions (count, num_labels).

    Classes come in turn. Attributes are each on in exactly half of the rows, independently of one another, so that chance
    is one half; so rare combinations, and some that no real picture shows, are asked for too.
    """
    if exclusive:
        return np.eye(num_labels, dtype=np.float32)[np.arange(count) % num_labels]
    rng = np.random.default_rng(0)
    half = np.arange(count) % 2
    return np.stack([half, *(rng.permutation(half) for _ in range(num_labels - 1))], axis=1).astype(np.float32)


def score_model(sample: Sample, config: RunConfig, evaluator: Evaluator, seed: int) -> dict[str, Score]:
    """The model's score on each list of conditions.

    Args:
        sample: draws pictures; see `Sample`.
        config: the run's, resolved.
        evaluator: classifies the pictures; it must know every label of the run.
        seed: of the latents: the first of the "samples" stream of this seed, as in the run's sample grids.

    Raises ValueError if the evaluator does not know a label, or as `condition_lists`.
    """
    names, scores = config.conditioning.labels, {}
    for name, labels in condition_lists(config, evaluator).items():
        z = sample_latents(with_changes(config, {"training.seed": seed}), len(labels))

        def images(part: slice, z: Tensor = z, labels: Labels = labels) -> npt.NDArray[np.uint8]:
            return to_uint8(sample(z[part], torch.from_numpy(labels[part])))

        drawn = np.concatenate(in_batches(len(labels), images, batch=NUM_CONDITIONS))
        scores[name], _ = score_images(evaluator, drawn, labels, names)
    return scores


@dataclass(frozen=True)
class ListScore:
    """One list's score at one checkpoint.

    Attributes:
        score: hits among the labels requested.
        chance: the expected ratio of a model that ignores its condition.
        num_pictures: how many were drawn.
    """

    score: Score
    chance: float
    num_pictures: int


@dataclass(frozen=True)
class ConditionalScores:
    """What `evaluate` found: the scores with everything that they depend on."""

    run: Run
    step: int
    seed: int
    folder: EvaluatorFolder
    lists: dict[str, ListScore]

    def evaluations(self) -> list[Evaluation]:
        """What is stored of it with the run, one a list of conditions, values with six digits."""
        card, rows = self.folder.card, []
        for name, found in self.lists.items():
            score, (low, high) = found.score, wilson(found.score).interval
            rows.append(Evaluation(
                f"accuracy/{name}", round(score.ratio, 6), (round(low, 6), round(high, 6)), self.step, found.num_pictures,
                f"{card.info.name}@{card.weights_sha256[:12]}", self.seed, hits=score.hits, requested=score.requested,
            ))  # fmt: skip
        return rows


def evaluate(run: Run, step: int | None = None, seed: int | None = None) -> ConditionalScores:
    """Scores a run's checkpoint with the evaluator that fits it.

    Args:
        run: a conditional run.
        step: which checkpoint; the newest when None.
        seed: of the latents; the run's own when None, as in its live curve.

    Raises ValueError if the run is unconditional, there is no evaluator for its data set or one of its labels, or the checkpoint is missing or damaged.
    """
    config = run.config()
    folder = evaluators.require(config, run.name)
    evaluator, sampler = open_evaluator(folder), open_sampler(run, step)
    seed = config.training.seed if seed is None else seed
    scores = score_model(sampler.forward, config, evaluator, seed)
    lists = {}
    for name, labels in condition_lists(config, evaluator).items():
        _, requested = in_order(evaluator.info, labels, config.conditioning.labels)
        lists[name] = ListScore(scores[name], chance_level(evaluator.info.kind, requested), len(labels))
    return ConditionalScores(run, sampler.step, seed, folder, lists)
