"""What the component wrappers share: their scripts and styles, and the check of picture data.

Scripts and styles are constants, read once at import. Whatever a user chose or typed travels as data.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

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


def as_mapping(message: object) -> Mapping[str, Any]:
    """What a browser sent, if it is a mapping; else an empty one."""
    return message if isinstance(message, Mapping) else {}


def state_of(key: str, name: str) -> object:
    """The newest state `name` of the component with this key, known before it is drawn in this rerun; None before the first."""
    return as_mapping(st.session_state.get(key)).get(name)


def check_words(texts: Mapping[str, str], names: tuple[str, ...], component: str) -> None:
    """Raises ValueError if `texts` lacks one of the words `names`."""
    missing = [name for name in names if name not in texts]
    if missing:
        raise ValueError(f"{component} lacks words for: {', '.join(missing)}.")


def do_nothing() -> None:
    """The callback of a component whose state is read elsewhere: Streamlit hands out a state only if it has a callback."""
