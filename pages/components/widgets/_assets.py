"""What the component wrappers share: their scripts and styles, and the check of picture data.

Scripts and styles are constants, read once at import. Whatever a user chose or typed travels as data.
"""

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

ASSETS = Path(__file__).parent / "assets"


def make_component(name: str, *styles: str, scripts: tuple[str, ...] = ()) -> ComponentRenderer:
    """Registered component `ganvas_<name>` made of `assets/<name>.js`, `.css` and what all components share.

    Mounted in the page itself (no shadow root): Plotly writes its styles into the document's head, and the
    rule that keeps a live element from fading sits on an element above the component.

    Args:
        name: stem of the script and of the style sheet.
        styles: stems of further style sheets.
        scripts: stems of further scripts, put in front of its own.
    """
    script = "\n".join((ASSETS / f"{stem}.js").read_text("utf-8") for stem in ("common", *scripts, name))
    style = "\n".join((ASSETS / f"{stem}.css").read_text("utf-8") for stem in ("common", *styles, name))
    return st.components.v2.component(f"ganvas_{name}", js=script, css=style, isolate_styles=False)


def check_picture(url: str, name: str) -> str:
    """The URL itself, if it carries its picture inside.

    Raises:
        ValueError: it names a picture elsewhere, which a fast refresh could answer with a 404.
    """
    if not url.startswith("data:image/"):
        raise ValueError(f"{name} needs a data URL that begins with 'data:image/'; got '{url[:40]}'.")
    return url


def do_nothing() -> None:
    """The callback of a component whose state is read elsewhere: Streamlit hands out a state only if it has a callback."""
