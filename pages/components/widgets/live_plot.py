"""A Plotly chart that changes in place, for curves that grow while one looks at them.

`st.plotly_chart` builds a new node at every change of data and so forgets zoom, hover and legend choices;
this component calls `Plotly.react` on one node. Figures are built elsewhere; charts that do not change stay
with Streamlit.
"""

import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import Literal

import plotly
import streamlit as st

from pages.components.text import _
from pages.components.widgets._assets import make_component

STATIC_DIR = Path(__file__).resolve().parents[3] / "static"  # Streamlit serves the `static` next to app.py

SMOOTHING = 0.9  # on every page, over the raw curve in a fainter colour
_LOGGER = logging.getLogger(__name__)
_UNAVAILABLE = "The chart could not be drawn: its drawing library did not load."
_component = make_component("live_plot", scripts=("plotly",))


def ensure_plotly_static() -> str:
    """URL of Plotly's script relative to the app's root, after copying it there from the installed wheel.

    The name carries the version, so that a browser never mixes an old script from its cache with new figures.
    The copy appears whole or not at all; any number of processes may call this at once.

    Raises:
        OSError: the static folder cannot be written and does not hold the script yet.
    """
    source = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    target = STATIC_DIR / f"plotly-{plotly.__version__}.min.js"
    if not target.is_file():
        STATIC_DIR.mkdir(parents=True, exist_ok=True)
        descriptor, aside = tempfile.mkstemp(dir=STATIC_DIR, prefix=".plotly-")
        try:
            with os.fdopen(descriptor, "wb") as out, source.open("rb") as script:
                shutil.copyfileobj(script, out)
            Path(aside).chmod(0o644)  # mkstemp gives 0600; another user may run the server
            Path(aside).replace(target)
        finally:
            Path(aside).unlink(missing_ok=True)
    return f"app/static/{target.name}"


def plotly_url() -> str:
    """Where the browser finds Plotly's script; empty, and a line in the log, when it could not be put there."""
    try:
        return ensure_plotly_static()
    except OSError:
        _LOGGER.exception("Plotly's script could not be copied to %s", STATIC_DIR)
        return ""


def smoothing_slider(key: str, width: int | Literal["stretch"] = "stretch") -> float:
    """How strongly curves are smoothed: 0 (as recorded) to 0.99."""
    return st.slider(
        _("Smoothing"), 0.0, 0.99, SMOOTHING, 0.01, key=key, persist_state="session", width=width,
        help=_("Averages each curve over its past, so that the trend shows through the noise; 0 shows every step "
               "unchanged."),
    )  # fmt: skip


def live_plot(figure_json: str, *, key: str, height_px: int = 320) -> None:
    """A chart that keeps zoom, pan, hover and legend choices while its data change.

    Colours and font follow Streamlit's theme through a Plotly template: what the figure's layout sets itself
    wins, its template, width and height do not. Width is that of the container. Call it at the same place
    with the same key in every rerun of a fragment; an unchanged figure costs no drawing.

    Args:
        figure_json: `plotly.io.to_json(figure)`; base64 typed arrays are welcome. A change of
            `layout.uirevision` (default: the key) lets go of the user's zoom.
        key: Streamlit's key, also the name of the downloaded PNG.
    """
    texts = {"unavailable": _UNAVAILABLE}
    data = {"figure": figure_json, "plotly": plotly_url(), "key": key, "height_px": height_px, "texts": texts}
    _component(key=key, data=data)
