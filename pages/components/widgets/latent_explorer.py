"""Sliders over directions of the latent space that answer while they are dragged.

The browser draws the sliders and sends their values as they move, one update at a time; the page decodes
what it is sent and draws the component again. Use it inside a fragment, so that only that part runs:

    @st.fragment
    def explorer() -> None:
        values, sequence = latent_state(sliders, key="explore_latent")
        image, neighbours = decode(values)
        pictures = {"image": image, "neighbours": neighbours}
        latent_explorer(sliders, **pictures, sequence=sequence, texts=..., key="explore_latent")
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import streamlit as st

from pages.components.widgets._assets import as_mapping, check_picture, do_nothing, make_component, state_of

_MAX_SEQUENCE = 2**53 - 1  # the largest whole number a browser counts exactly

_component = make_component("latent_explorer")


@dataclass(frozen=True)
class Slider:
    """One direction to move along.

    Attributes:
        id: name in the values; unique among the sliders.
        label: the visible name.
        help: one sentence on what the direction does, shown on hover and focus; may be empty.
        minimum, maximum, step: range of the values.
        value: where it starts, and where a reset brings it back.
    """

    id: str
    label: str
    help: str
    minimum: float
    maximum: float
    step: float
    value: float

    def __post_init__(self) -> None:
        numbers = (self.minimum, self.maximum, self.step, self.value)
        if not all(math.isfinite(number) for number in numbers) or self.step <= 0:
            raise ValueError(f"Slider '{self.id}' needs finite numbers and a step above 0; got {numbers}.")
        if not self.minimum <= self.value <= self.maximum or self.minimum == self.maximum:
            raise ValueError(
                f"Slider '{self.id}' needs minimum < maximum and a value between them; "
                f"got {self.minimum}, {self.maximum} and {self.value}."
            )


class LatentState(NamedTuple):
    """Where the sliders stand.

    Attributes:
        values: slider id -> value, for every slider.
        sequence: number of the browser's update that brought them; 0 before the first.
    """

    values: dict[str, float]
    sequence: int


def read_state(sliders: Sequence[Slider], message: object) -> LatentState:
    """Trustworthy values out of what a browser sent: finite, clamped to each slider's range.

    Ids that no slider has are ignored; a missing or senseless value is the slider's own.
    """
    content = as_mapping(message)
    sent_values = as_mapping(content.get("values"))
    values = {slider.id: _clamp(slider, sent_values.get(slider.id)) for slider in sliders}
    sequence = content.get("sequence")
    if isinstance(sequence, bool) or not isinstance(sequence, int) or not 0 <= sequence <= _MAX_SEQUENCE:
        sequence = 0
    return LatentState(values, sequence)


def latent_state(sliders: Sequence[Slider], *, key: str, param: str = "") -> LatentState:
    """The newest values of the explorer with this key, known before it is drawn in this rerun; before the browser sent any,
    those of the address as `?param=`."""
    message = state_of(key, "values")
    linked = st.query_params.get(param, "").split("_") if param else []
    if not message and len(linked) == len(sliders):
        message = {"values": {slider.id: _number(words) for slider, words in zip(sliders, linked, strict=True)}}
    return read_state(sliders, message)


def latent_explorer(
    sliders: Sequence[Slider], *, image: str, neighbours: str, sequence: int, texts: Mapping[str, str], key: str,
    param: str = "",
) -> LatentState:  # fmt: skip
    """Sliders beside the picture they make and its neighbours; a drag streams values to Python.

    One update is under way at a time: the browser sends its newest values when the pictures of the last
    `sequence` have been shown, or after 2 s. A slider in the user's hand is never moved by an update.

    Args:
        sliders: drawn in this order; other definitions rebuild them, values of kept ids stay.
        image, neighbours: data URLs of the large picture and of the grid of neighbours; "" leaves the grid out.
        sequence: that of the `latent_state` which both pictures were made from.
        texts: `reset` names the button; `image` and `neighbours`, if given, are captions and descriptions.
        param: where the browser keeps the values in the address, without a step of its history; "" for nowhere.

    Returns:
        The same state that `latent_state` gives, which is the one to decode: it is known before drawing.

    Raises:
        ValueError: two sliders of one id, a missing word, or a picture that is not a data URL.
    """
    if len({slider.id for slider in sliders}) != len(sliders):
        raise ValueError(f"Slider ids must differ; got: {', '.join(slider.id for slider in sliders)}.")
    if "reset" not in texts:
        raise ValueError("The latent explorer needs texts['reset'], the name of its button.")
    data = {
        "sliders": [asdict(slider) for slider in sliders],
        "values": latent_state(sliders, key=key, param=param).values,
        "param": param,
        "image": check_picture(image, "The explorer's image"),
        "neighbours": check_picture(neighbours, "The explorer's neighbours") if neighbours else "",
        "sequence": sequence,
        "texts": dict(texts),
        "key": key,
    }
    result = _component(key=key, data=data, on_values_change=do_nothing)
    return read_state(sliders, result.get("values"))


def _number(words: str) -> float:
    try:
        return float(words)
    except ValueError:
        return math.nan


def _clamp(slider: Slider, value: object) -> float:
    try:
        number = math.nan if isinstance(value, bool) or not isinstance(value, int | float) else float(value)
    except OverflowError:  # a whole number too long for a float
        number = math.nan
    if not math.isfinite(number):
        return float(slider.value)
    return float(min(max(number, slider.minimum), slider.maximum))  # the bounds may be whole numbers
