"""Counting an evaluator's hits: pure functions of its outputs and of the labels requested. Free of torch.

Labels stand in the order of the evaluator's own outputs; `in_order` brings a run's labels there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.evaluators import EvaluatorInfo, Kind
from gan_core.evaluation.statistics.intervals import Count, wilson

if TYPE_CHECKING:
    from gan_core.evaluation.evaluators.evaluator import Evaluator

Hits = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

BASELINE: dict[Kind, str] = {
    "objects": "as many labels as the image has, drawn blindly",
    "classes": "a class drawn blindly",
    "attributes": "always the commoner answer",
}
"""Kind -> what a label's baseline is, in words."""


@dataclass(frozen=True)
class Score(Count):
    """Hits among all that was asked for, such as 38 of the 72 objects of 32 pictures."""

    @property
    def standard_error(self) -> float:
        """sqrt(p (1 - p) / n), as if every request were independent; those of one picture are not quite."""
        return math.sqrt(self.ratio * (1 - self.ratio) / self.requested)

    def __str__(self) -> str:
        low, high = wilson(self).interval
        return f"{self.hits}/{self.requested} = {self.ratio:.3f} (95 % interval {low:.3f} to {high:.3f})"


def own_score(info: EvaluatorInfo) -> Score | None:
    """An evaluator's accuracy on its held-out images; None where it was not measured."""
    return Score(info.held_out_hits, info.held_out_requested) if info.held_out_requested else None


def own_words(info: EvaluatorInfo) -> str:
    """An evaluator's accuracy with its interval and the images that it was measured on, or why it was not measured."""
    own = own_score(info)
    if own is None:
        return f"accuracy not measured: {info.held_out_note}"
    low, high = wilson(own).interval
    return f"accuracy {own.ratio:.3f} (95 % interval {low:.3f} to {high:.3f}) on {info.held_out_note}"


def top_k(logits: npt.ArrayLike, labels: npt.ArrayLike) -> Mask:
    """The labels present by i-CLEVR's rule: of each row the k highest outputs, k being how many were requested.

    From logits (N, L) and labels (N, L) of 0 and 1: bool (N, L) with k True a row; of equal outputs the first ones.
    """
    scores, wanted = np.asarray(logits, np.float64), np.asarray(labels) > 0.5
    rank = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1, kind="stable")
    present: Mask = rank < wanted.sum(axis=1, keepdims=True)
    return present


def top_k_hits(logits: npt.ArrayLike, labels: npt.ArrayLike) -> Hits:
    """How many of the labels asked for are among each row's k highest outputs: (N,).

    Source: the evaluator of the i-CLEVR assignment (presets R2): for a condition with k objects, the k highest outputs.
    With one label a row it is top-1 accuracy.
    """
    hits: Hits = (top_k(logits, labels) & (np.asarray(labels) > 0.5)).sum(axis=1)
    return hits


def surest_label(logits: npt.ArrayLike, labels: npt.ArrayLike) -> int:
    """The place of the label that is found most surely where it was requested, by `top_k`.

    Few pictures of a label say little, so its lower end of Wilson's interval counts; of equals the first one.

    Args:
        logits: (N, L), of N pictures.
        labels: (N, L) of 0 and 1, those requested.

    Raises:
        ValueError: no label was requested.
    """
    wanted = np.asarray(labels) > 0.5
    hits, requested = (top_k(logits, labels) & wanted).sum(axis=0), wanted.sum(axis=0)
    if not requested.any():
        raise ValueError("No label was requested of these pictures: choose pictures of a model with labels.")
    lower = [wilson(Count(int(h), int(n))).interval[0] if n else -1.0 for h, n in zip(hits, requested, strict=True)]
    return int(np.argmax(lower))


def sign_hits(logits: npt.ArrayLike, labels: npt.ArrayLike) -> Hits:
    """How many of each row's labels, 0 or 1, equal the sign of their outputs (above 0: present): (N,)."""
    hits: Hits = ((np.asarray(logits) > 0) == (np.asarray(labels) > 0.5)).sum(axis=1)
    return hits


def count_hits(kind: Kind, logits: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[Score, Hits]:
    """The score over all rows, and the hits of each row (N,).

    Args:
        kind: objects and classes: each label asked for counts once (top-k); attributes: each label counts once, present or
            absent.
        logits, labels: (N, L).

    Raises ValueError if there is no row, or no label is requested.
    """
    wanted = np.asarray(labels) > 0.5
    hits = sign_hits(logits, labels) if kind == "attributes" else top_k_hits(logits, labels)
    requested = wanted.size if kind == "attributes" else int(wanted.sum())
    if not requested:
        raise ValueError("There is nothing to score: no condition asks for anything.")
    return Score(int(hits.sum()), requested), hits


def chance_level(kind: Kind, labels: npt.ArrayLike) -> float:
    """The expected ratio of a model that ignores its condition.

    Objects and classes: k outputs drawn blindly from L hit k * k / L of the k asked for, so it is sum(k^2) / (L sum(k)).
    Attributes: one half, whatever the model always draws, when the list has each attribute in half of its rows; in
    general what always giving the commoner answer reaches.

    `labels` are those requested (N, L).
    """
    wanted = np.asarray(labels) > 0.5
    if kind == "attributes":
        share = wanted.mean(axis=0)
        return float(np.maximum(share, 1 - share).mean())
    k = wanted.sum(axis=1)
    return float((k**2).sum() / (wanted.shape[1] * k.sum()))


def columns(info: EvaluatorInfo, names: Sequence[str]) -> list[int]:
    """Where the labels of these names stand among the evaluator's outputs.

    Raises ValueError if the evaluator does not know one.
    """
    unknown = [name for name in names if name not in info.label_names]
    if unknown:
        known = ", ".join(info.label_names[:60])
        raise ValueError(f"The evaluator '{info.name}' does not know the label '{unknown[0]:.60}'. It knows: {known}.")
    return [info.label_names.index(name) for name in names]


def in_order(
    info: EvaluatorInfo, labels: npt.ArrayLike, names: Sequence[str]
) -> tuple[list[int], npt.NDArray[np.float32]]:
    """The outputs that count and the labels in their order, for labels (N, len(names)) of a run.

    For objects and classes all outputs compete, also those that the run has no label for; of attributes only the named.

    Returns:
        Columns of the logits, and labels (N, number of columns).

    Raises ValueError if the evaluator does not know a label, or there are not as many columns as names.
    """
    given = np.asarray(labels, np.float32)
    if given.ndim != 2 or given.shape[1] != len(names):
        raise ValueError(f"Labels must be (N, {len(names)}), a column for each name; got {given.shape}.")
    places = columns(info, names)
    if info.kind == "attributes":
        return places, given
    spread = np.zeros((len(given), len(info.label_names)), np.float32)
    spread[:, places] = given
    return list(range(len(info.label_names))), spread


def score_images(
    evaluator: Evaluator, images: npt.NDArray[np.uint8], labels: npt.ArrayLike, names: Sequence[str]
) -> tuple[Score, Hits]:
    """How well pictures show what was asked for.

    From images uint8 (N, C, H, W) and the labels requested (N, len(names)) in {0, 1}: the score over the list, and the hits
    of each condition (N,).

    Raises ValueError if the evaluator does not know a label, or the images have another number of channels.
    """
    places, wanted = in_order(evaluator.info, labels, names)
    return count_hits(evaluator.info.kind, evaluator.logits(images).numpy()[:, places], wanted)
