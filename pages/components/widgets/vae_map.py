"""A map of points that each stand for a picture: hover shows it, a click chooses it."""

from collections.abc import Callable

from gan_core.figures.sheets import Sheet
from pages.components.text import _
from pages.components.widgets._assets import as_mapping, make_component, state_of
from pages.components.widgets.live_plot import plotly_url

_map = make_component("vae_map", "live_plot", scripts=("plotly",))
_sheet = make_component("vae_sheet")

HOVER_PX = 96


def send_sheet(sheet: Sheet, *, key: str) -> None:
    """Sends the browser the pictures that `picture_map` shows on hover, picture i for point i; the map finds them by `key`."""
    data = {
        "image": sheet.data_url(), "columns": sheet.columns, "rows": sheet.rows, "count": sheet.count,
        "side_px": HOVER_PX, "key": key,
    }  # fmt: skip
    _sheet(key=key, data=data)


def picture_map(
    figure_json: str, *, sheet_key: str, key: str, height_px: int, on_choice: Callable[[], None], description: str
) -> None:
    """The map, drawn in place. `chosen_point` says which point was clicked.

    Args:
        figure_json: of `gan_core.figures.latent_map.map_figure`.
        sheet_key: of `send_sheet`.
        on_choice: called when a point was clicked, before the page is drawn again.
        description: what it shows, for those who do not see it.
    """
    data = {
        "figure": figure_json,
        "plotly": plotly_url(),
        "key": key,
        "sheet": sheet_key,
        "height_px": height_px,
        "description": description,
        "texts": {
            "unavailable": _("The map could not be drawn: its drawing library did not load."),
            "image": _("Image {n}"),
        },
    }
    _map(key=key, data=data, on_click_change=on_choice)


def chosen_point(key: str, num_points: int) -> int | None:
    """The point that was clicked last on the map with this key; None before, or if it is none of the map's."""
    point = as_mapping(state_of(key, "click")).get("point")
    if isinstance(point, bool) or not isinstance(point, int) or not 0 <= point < num_points:
        return None
    return point
