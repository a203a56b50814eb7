"""The 24 objects of i-CLEVR (8 colours x cube, sphere, cylinder), their multi-hot labels, and lists of conditions.

Also the two lists of 32 conditions that come with the drawn `blocks`: `test`, whose 72 objects are spread as in
i-CLEVR's own (6 single objects, 12 pairs, 14 triples), and `new_test` (4, 10, 18), none of whose pairs and triples
occurs in a training picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Literal

import numpy as np

from gan_core.datasets.base import Uint8Array

COLOURS = ("gray", "red", "blue", "green", "brown", "purple", "cyan", "yellow")
SHAPES = ("cube", "sphere", "cylinder")
OBJECTS = tuple(f"{colour} {shape}" for shape in SHAPES for colour in COLOURS)
INDEX: Mapping[str, int] = {name: index for index, name in enumerate(OBJECTS)}
MAX_OBJECTS = 3

Which = Literal["test", "new_test"]
LISTS: tuple[Which, ...] = ("test", "new_test")
_SIZES = {"test": (6, 12, 14), "new_test": (4, 10, 18)}


def check_condition(names: object, where: str, index: Mapping[str, int] = INDEX, *, quote: bool = True) -> list[str]:
    """The names, once they are found to be one to three different objects of the 24.

    Args:
        names: what was read or asked for.
        where: begins the message ("train.json, a.png").
        index: the known names.
        quote: whether messages show the names; those of a file that a visitor named are shown to nobody.

    Raises:
        ValueError: if it is no list of names, or has none, more than three, one twice or an unknown one.
    """

    def got(words: str) -> str:
        return words if quote else ""

    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        rule = 'a condition is a list of object names such as ["red sphere"]'
        raise ValueError(f"{where}: {rule}{got(f'; got {names!r:.60}')}.")
    for name in names:
        if name not in index:
            unknown = f" '{name:.40}'"
            raise ValueError(
                f"{where}: unknown object{got(unknown)}. Name a colour ({', '.join(COLOURS)}) "
                f"and a shape ({', '.join(SHAPES)}), for example 'red sphere'."
            )
    if not 1 <= len(names) <= MAX_OBJECTS:
        raise ValueError(f"{where}: a scene has 1 to {MAX_OBJECTS} objects; got {len(names)}. Take some away.")
    if len(set(names)) < len(names):
        twice = "; got " + ", ".join(names)
        raise ValueError(f"{where}: each object may be named once{got(twice)}.")
    return list(names)


def multi_hot(conditions: Sequence[Sequence[str]], index: Mapping[str, int] = INDEX) -> Uint8Array:
    """Lists of object names as multi-hot uint8 (N, 24). Raises ValueError as `check_condition` does."""
    labels = np.zeros((len(conditions), len(index)), np.uint8)
    for row, names in enumerate(conditions):
        for name in check_condition(list(names), f"Condition {row + 1}", index):
            labels[row, index[name]] = 1
    return labels


@cache
def drawn_conditions(which: Which) -> tuple[tuple[str, ...], ...]:
    """One of the two lists of `blocks`: 32 different conditions, the same on every machine."""
    rng = np.random.default_rng(24)
    chosen: dict[Which, list[frozenset[int]]] = {"test": [], "new_test": []}
    for name in LISTS:
        for size, wanted in enumerate(_SIZES[name], start=1):
            target = len(chosen[name]) + wanted
            while len(chosen[name]) < target:
                condition = frozenset(int(kind) for kind in rng.permutation(len(OBJECTS))[:size])
                if not any(condition in taken for taken in chosen.values()):
                    chosen[name].append(condition)
    return tuple(tuple(OBJECTS[kind] for kind in sorted(condition)) for condition in chosen[which])


@cache
def held_out() -> frozenset[frozenset[int]]:
    """The pairs and triples of `new_test`, which no training picture shows."""
    sets = (frozenset(INDEX[name] for name in names) for names in drawn_conditions("new_test"))
    return frozenset(kinds for kinds in sets if len(kinds) > 1)
