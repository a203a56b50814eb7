"""A square to draw points on: a click sprays a few, a drag sprays a trail. The browser holds them and sends them after each stroke."""

from gan_core.datasets.sources.points import REACH
from pages.components.text import N_, Marked
from pages.components.widgets._assets import as_mapping, do_nothing, make_component, state_of

MAX_DRAWN = 5_000  # what one message to the server carries easily

TEXTS = Marked({
    "label": N_("Square to draw points on, from -4 to 4"), "undo": N_("Undo"), "clear": N_("Clear"),
    "spray": N_("Points per spray"), "spread": N_("Spread"), "count": N_("{n} points"), "full": N_("No room for more points."),
})  # fmt: skip

Point = tuple[float, float]

_component = make_component("point_canvas")


def read_points(message: object, revision: int) -> list[Point]:
    """Trustworthy points out of what a browser sent: pairs of finite numbers on the square, at most MAX_DRAWN.

    What was drawn before the canvas was last emptied (another revision), or makes no sense, is no point.
    """
    content = as_mapping(message)
    sent = content.get("points")
    if content.get("revision") != revision or not isinstance(sent, list):
        return []
    return [(float(point[0]), float(point[1])) for point in sent[:MAX_DRAWN] if _is_point(point)]


def drawn_points(revision: int, *, key: str) -> list[Point]:
    """The points on the canvas with this key, known before it is drawn in this rerun."""
    return read_points(state_of(key, "drawing"), revision)


def point_canvas(revision: int, *, key: str) -> None:
    """Draws the canvas, both axes from -4 to 4; a revision raised by one empties it."""
    data = {"revision": revision, "reach": REACH, "limit": MAX_DRAWN, "texts": dict(TEXTS), "key": key}
    _component(key=key, data=data, on_drawing_change=do_nothing)


def _is_point(point: object) -> bool:
    if not isinstance(point, list | tuple) or len(point) != 2:
        return False
    numbers = [value for value in point if isinstance(value, int | float) and not isinstance(value, bool)]
    return len(numbers) == 2 and all(abs(value) <= REACH for value in numbers)  # nan is not
