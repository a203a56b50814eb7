"""Cartoon portraits: who they are, and the layers that make the picture, from the wall behind to the hat on top."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gan_core.datasets.sources.drawing.accessories import paint_glasses, paint_hat, sample_accessories
from gan_core.datasets.sources.drawing.background import paint_background, sample_background
from gan_core.datasets.sources.drawing.canvas import Canvas, take
from gan_core.datasets.sources.drawing.draws import Draws, FloatArray
from gan_core.datasets.sources.drawing.features import (  # fmt: skip
    Features,
    paint_brows,
    paint_eyes,
    paint_freckles,
    paint_mouth,
    paint_nose,
    paint_wrinkles,
    sample_features,
)
from gan_core.datasets.sources.drawing.figure import (
    Figure,
    head_outline,
    paint_body,
    paint_ears,
    paint_head,
    sample_figure,
)
from gan_core.datasets.sources.drawing.hair import (  # fmt: skip
    brow_colour,
    face_opening,
    paint_back_hair,
    paint_front_hair,
    paint_hair_shadow,
    sample_hair,
    shade_hair,
)
from gan_core.datasets.sources.drawing.people import People, View, sample_people, sample_view
from gan_core.datasets.sources.drawing.whiskers import paint_stubble, paint_whiskers

SUPERSAMPLING = 2
PARTS = ("people", "view", "background", "figure", "features", "hair", "accessories")


def people_of(seed: int, stream: int, indices: Sequence[int]) -> People:
    """The attributes of the portraits with these numbers."""
    return sample_people(Draws(seed, stream, 0, indices))


def draw_portraits(
    seed: int, stream: int, indices: Sequence[int], size: int, people: People | None = None
) -> npt.NDArray[np.uint8]:
    """Portraits as uint8 (N, 3, size, size).

    Args:
        seed, stream, indices: decide everything about each portrait.
        size: height and width in pixels.
        people: other attributes than those that belong to the numbers, all else being equal.
    """
    draws = {name: Draws(seed, stream, number, indices) for number, name in enumerate(PARTS)}
    people = people or sample_people(draws["people"])
    view = sample_view(draws["view"], people, size * SUPERSAMPLING)
    figure = sample_figure(draws["figure"], people)
    features = sample_features(draws["features"], people, figure)
    hair = sample_hair(draws["hair"], people)
    canvas = Canvas.blank(len(indices), size * SUPERSAMPLING)

    paint_background(canvas, sample_background(draws["background"]))
    shading = shade_hair(view, hair)
    paint_back_hair(canvas, view, hair, people, shading)
    paint_body(canvas, view, figure)
    outline = head_outline(view, figure)
    head = paint_head(canvas, view, figure, people, outline)
    paint_ears(canvas, view, figure, head)
    _paint_face(canvas, view, figure, features, people, head)
    opening = face_opening(view, hair)
    colour = brow_colour(hair, people)
    paint_hair_shadow(canvas, view, hair, opening, head, people)
    paint_brows(canvas, view, features, colour)
    with canvas.only(people.mustache) as (some, rows):
        paint_whiskers(some, take(view, rows), take(features, rows), colour[rows], outline[rows])
    paint_front_hair(canvas, view, hair, people, opening, shading)
    accessories = sample_accessories(draws["accessories"])
    with canvas.only(people.glasses) as (some, rows):
        paint_glasses(some, take(view, rows), take(accessories, rows), features.eye_x[rows])
    with canvas.only(people.hat) as (some, rows):
        paint_hat(some, take(view, rows), take(accessories, rows))
    return canvas.reduced(SUPERSAMPLING)


def _paint_face(
    canvas: Canvas, view: View, figure: Figure, features: Features, people: People, head: FloatArray
) -> None:
    paint_stubble(canvas, view, features, head)
    paint_wrinkles(canvas, view, features, people)
    paint_freckles(canvas, view, figure)
    paint_nose(canvas, view, figure)
    paint_mouth(canvas, view, features)
    paint_eyes(canvas, view, features, people)
