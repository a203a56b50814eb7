"""Twenty-four objects to click: 8 colours in each of 3 shapes, up to three at a time; below them a list to type instead.

The browser holds the choice and refuses a fourth object at once; Python may replace it (what a typed list means) by
raising the revision, and then ignores what the browser chose before. Clicks and typed words come in one message: a text box
of Streamlit's own would send the words of an earlier click with a later one, as if they had been typed.
"""

from collections.abc import Sequence
from typing import NamedTuple

from gan_core.datasets.sources.objects24 import COLOURS, MAX_OBJECTS, SHAPES
from pages.components.text import N_, Marked
from pages.components.widgets._assets import as_mapping, do_nothing, make_component, state_of

TEXTS = Marked({
    "label": N_("Objects to draw"), "chosen": N_("Asked for:"), "none": N_("Click one to three objects."),
    "type": N_("Or type a list"), "example": N_("red sphere, blue cube"),
    "help": N_("One to three of 24 objects: a colour (gray, red, blue, green, brown, purple, cyan, yellow) and a shape (cube, "
              "sphere, cylinder), apart by commas."),
    "clear": N_("Clear"), "limit": N_("A scene has at most three objects: click a chosen one to take it away."),
})  # fmt: skip

LONGEST = 200  # characters of a typed list

_component = make_component("condition_palette", "choice", scripts=("choice",))


class Choice(NamedTuple):
    """Chosen objects, and how often Python has replaced what the browser chose."""

    selected: tuple[str, ...]
    revision: int


class Typed(NamedTuple):
    """A list as it was typed, and how often one was by then."""

    words: str
    times: int


def read_choice(message: object, python: Choice, known: Sequence[str]) -> Choice:
    """What holds: the browser's choice if it was made upon Python's newest one, else Python's.

    A choice that names what the model does not know, one object twice or more than three is no choice.
    """
    content = as_mapping(message)
    selected, revision = content.get("selected"), content.get("revision")
    if revision != python.revision or not isinstance(selected, list) or len(selected) > MAX_OBJECTS:
        return python
    if not all(isinstance(name, str) and name in known for name in selected) or len(set(selected)) < len(selected):
        return python
    return Choice(tuple(selected), python.revision)


def palette_choice(python: Choice, known: Sequence[str], *, key: str) -> Choice:
    """The choice in the palette with this key, known before it is drawn in this rerun."""
    return read_choice(state_of(key, "choice"), python, known)


def read_typed(message: object, times: int) -> Typed | None:
    """What was typed after the list number `times`; None if nothing was."""
    content = as_mapping(message)
    words, number = content.get("typed"), content.get("times")
    if not isinstance(words, str) or not isinstance(number, int) or number <= times:
        return None
    return Typed(words[:LONGEST], number)


def typed_list(times: int, *, key: str) -> Typed | None:
    """What was typed below the palette with this key after the list number `times`, known before it is drawn."""
    return read_typed(state_of(key, "choice"), times)


def condition_palette(choice: Choice, known: Sequence[str], times: int, *, key: str) -> None:
    """Draws the palette: arrow keys move in it, Enter and Space choose. Objects that are not `known` cannot be chosen.

    Args:
        choice: what is chosen.
        known: the objects of the model, of 24.
        times: how often a list has been typed.
        key: which palette.
    """
    rows = [
        [{"id": f"{c} {shape}", "colour": c, "shape": shape, "known": f"{c} {shape}" in known} for c in COLOURS]
        for shape in SHAPES
    ]
    data = {
        "rows": rows, "selected": list(choice.selected), "revision": choice.revision, "limit": MAX_OBJECTS,
        "times": times, "longest": LONGEST, "texts": dict(TEXTS), "key": key,
    }  # fmt: skip
    _component(key=key, data=data, on_choice_change=do_nothing)
