"""Conditions of a conditional model: built, read from text, flipped, and an evaluator's outputs for them.

Pure functions of names and arrays, free of torch. A condition is a tuple of label names; a row of labels has a 1 for each
of them, in the order of the model's own names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from gan_core.config import ConditioningConfig, RunConfig
from gan_core.datasets.sources import iclevr
from gan_core.datasets.sources.objects24 import INDEX, LISTS, MAX_OBJECTS, Which, check_condition

__all__ = ["LISTS", "MAX_OBJECTS", "Flips", "Which"]

Kind = Literal["objects", "classes", "attributes"]
Rows = npt.NDArray[np.float32]
Condition = tuple[str, ...]


def kind_of(conditioning: ConditioningConfig) -> Kind | None:
    """What the labels of a resolved configuration are: objects of the 24, classes, or attributes; None without any.

    Objects may be named one to three at a time; of the classes an image has exactly one, of the attributes any number.
    """
    if not conditioning.labels:
        return None
    if all(name in INDEX for name in conditioning.labels):
        return "objects"
    return "classes" if conditioning.exclusive else "attributes"


def parse_objects(text: str, names: Sequence[str]) -> Condition:
    """The objects that a typed list names, such as "red sphere, blue cube".

    Args:
        text: names separated by commas, semicolons, "and" or new lines; capitals and spaces do not matter.
        names: the objects that the model knows.

    Raises:
        ValueError: if the text names no object, more than three, one twice, or one unknown to the 24 or to this model.
    """
    parts = (" ".join(part.lower().split()) for part in re.split(r"[,;\n]|\band\b", text, flags=re.IGNORECASE))
    asked = [re.sub(r"\bgrey\b", "gray", part) for part in parts if part]
    if not asked:
        raise ValueError(f"The list names no object. Name one to {MAX_OBJECTS}, for example: red sphere, blue cube.")
    check_condition(asked, "Your list")
    return checked(asked, names)


def checked(asked: Sequence[str], names: Sequence[str]) -> Condition:
    """The same labels in the model's order. Raises ValueError if the model does not know one of them."""
    for name in asked:
        if name not in names:
            raise ValueError(f"This model was not trained on '{name:.40}'. Its labels: {', '.join(names[:60])}.")
    return tuple(name for name in names if name in asked)


def rows_of(conditions: Sequence[Sequence[str]], names: Sequence[str]) -> Rows:
    """The labels (N, L) of N conditions. Raises ValueError as `checked` does."""
    rows = np.zeros((len(conditions), len(names)), np.float32)
    for row, condition in zip(rows, conditions, strict=True):
        for name in checked(condition, names):
            row[names.index(name)] = 1
    return rows


def condition_of(row: Rows, names: Sequence[str]) -> Condition:
    """The names whose label in this row (L,) is 1."""
    return tuple(name for name, on in zip(names, row, strict=True) if on)


def class_rows(num_classes: int, count: int) -> Rows:
    """Labels (num_classes * count, num_classes): every class `count` times, the first class first."""
    return np.repeat(np.eye(num_classes, dtype=np.float32), count, axis=0)


def flipped(rows: Rows, column: int) -> tuple[Rows, Rows]:
    """The rows (N, L) without and with one label, equal in all others."""
    without, with_it = rows.copy(), rows.copy()
    without[:, column], with_it[:, column] = 0, 1
    return without, with_it


def listed_conditions(config: RunConfig, which: Which) -> list[Condition]:
    """The conditions of a test list all of whose objects the model knows: 32 for a model of all 24 objects.

    i-CLEVR's own lists for a run on `iclevr`, those of `blocks` for any other.

    Raises:
        ValueError: if the i-CLEVR folder of the run is missing or damaged.
    """
    root = config.dataset.root if config.dataset.name == "iclevr" else None
    listed, _labels = iclevr.conditions(root, which)
    names = config.conditioning.labels
    return [checked(condition, names) for condition in listed if set(condition) <= set(names)]


def strongest(logits: npt.NDArray[np.floating], names: Sequence[str], counts: Sequence[int]) -> list[Condition]:
    """The labels of an evaluator's k highest outputs, highest first, k being the number of requested labels.

    Source: i-CLEVR's rule of evaluation (report R2).

    Args:
        logits: (N, L).
        names: L names.
        counts: N numbers k.
    """
    order = np.argsort(-logits, axis=1, kind="stable")
    return [tuple(names[place] for place in row[:count]) for row, count in zip(order, counts, strict=True)]


@dataclass(frozen=True)
class Flips:
    """An evaluator's outputs for pairs of images that differ in one attribute.

    Attributes:
        pairs: how many.
        without: of those, pairs whose image without the attribute has a negative logit.
        with_it: pairs whose image with the attribute has a positive logit.
        both: pairs for which both hold.
    """

    pairs: int
    without: int
    with_it: int
    both: int


def seen_flips(without: npt.NDArray[np.floating], with_it: npt.NDArray[np.floating]) -> Flips:
    """Counts over the evaluator's logits (N,) for one attribute, of the images without and with it."""
    absent, present = without < 0, with_it > 0
    return Flips(len(without), int(absent.sum()), int(present.sum()), int((absent & present).sum()))
