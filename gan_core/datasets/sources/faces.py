"""`faces`: cartoon portraits, drawn here; 13 attributes with the names of CelebA's.

They are drawings, not photographs: no conclusions about people can be drawn from them. The labels are what the
drawing was told to show, so they are never wrong. Probabilities: `gan_core.datasets.sources.drawing.people`.

| attribute | share | what it means in the drawing |
|---|---|---|
| Male | 45 % | square jaw, thick low brows, wide neck, often stubble; else arched brows, lashes, a rounder face |
| Smiling | 50 % | corners of the mouth up, cheeks raised, three times in four showing teeth |
| Eyeglasses | 16 % | a frame around both eyes; one pair in eight is dark |
| Young | 76 % | no lines on forehead and beside nose and eyes, larger eyes; the others have them, half of them gray hair |
| Black_Hair, Blond_Hair, Brown_Hair, Gray_Hair | 33, 18, 27, 12 % | colour of the hair; at most one. Red-haired and bald people have none |
| Bald | 5 % | bare skull, sometimes hair beside the ears; men only, more often when not young |
| Mustache | 8 % | hair on the upper lip, two times in five with a full beard; men only |
| Wearing_Hat | 10 % | knitted cap, cap with a peak or hat with a brim; never on a bald head; hair shows below it |
| Wearing_Lipstick | 40 % | lips of a strong red or pink; about 70 % of women |
| Pale_Skin | 11 % | skin nearly white; the three other tones are fair, tan and dark |
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gan_core.datasets.base import Uint8Array
from gan_core.datasets.sources.drawing.people import ATTRIBUTES
from gan_core.datasets.sources.drawing.portrait import draw_portraits, people_of
from gan_core.datasets.sources.drawn import Drawn, Split

SEED = 0


def draw(stream: int, indices: Sequence[int], size: int) -> tuple[Uint8Array, Uint8Array]:
    """Portraits uint8 (N, 3, size, size) and labels (N, 13); stream 0 is train, 1 is test."""
    people = people_of(SEED, stream, indices)
    return draw_portraits(SEED, stream, indices, size, people), people.labels().astype(np.uint8)


def label(stream: int, indices: Sequence[int]) -> Uint8Array:
    """The labels (N, 13) of the portraits with these numbers."""
    return people_of(SEED, stream, indices).labels().astype(np.uint8)


SOURCE = Drawn(
    name="faces",
    version=1,
    splits={
        "train": Split(stream=0, standard=40_000, largest=202_599),  # R5's share of CelebA, and all of it
        "test": Split(stream=1, standard=2_621, largest=2_621),
    },
    names=ATTRIBUTES,
    draw=draw,
    label=label,
)
