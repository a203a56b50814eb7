"""A square to draw points on: a click sprays a few, a drag sprays a trail. The browser holds them and sends them after each stroke."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from gan_core.datasets.sources.points import REACH
from pages.components.widgets._assets import do_nothing, make_component

MAX_DRAWN = 5_000  # what one message to the server carries easily

Point = tuple[float, float]

_component = make_component("point_canvas")


def read_points(message: object, revision: int) -> list[Point]:
    """Trustworthy points out of what a browser sent: pairs of finite numbers on the square, at most MAX_DRAWN.

    What was drawn before the canvas was last emptied (another revision), or makes no sense, is no point.
    """
    content: Mapping[str, Any] = message if isinstance(message, Mapping) else {}
    sent = content.get("points")
    if content.get("revision") != revision or not isinstance(sent, list):
        return []
    return [(float(point[0]), float(point[1])) for point in sent[:MAX_DRAWN] if _is_point(point)]


def drawn_points(revision: int, *, key: str) -> list[Point]:
    """The points on the canvas with this key, known before it is drawn in this rerun."""
    state = st.session_state.get(key)
    return read_points(state.get("drawing") if isinstance(state, Mapping) else None, revision)


def point_canvas(revision: int, *, texts: Mapping[str, str], key: str) -> None:
    """Draws the canvas, both axes from -4 to 4.

    Args:
        revision: raised by one to empty it.
        texts: `label` describes it, `undo` and `clear` name its buttons, `spray` and `spread` its sliders, `count` has
            "{n}" where the number of points belongs, `full` is the sentence when there is no room for more.
        key: Streamlit's key.

    Raises:
        ValueError: a missing word.
    """
    missing = [name for name in ("label", "undo", "clear", "spray", "spread", "count", "full") if name not in texts]
    if missing:
        raise ValueError(f"The canvas lacks words for: {', '.join(missing)}.")
    data = {"revision": revision, "reach": REACH, "limit": MAX_DRAWN, "texts": dict(texts), "key": key}
    _component(key=key, data=data, on_drawing_change=do_nothing)


def _is_point(point: object) -> bool:
    if not isinstance(point, list | tuple) or len(point) != 2:
        return False
    numbers = [value for value in point if isinstance(value, int | float) and not isinstance(value, bool)]
    return len(numbers) == 2 and all(abs(value) <= REACH for value in numbers)  # nan is not
