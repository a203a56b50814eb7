"""One picture that changes in place without ever being blank, and the button that saves one as a PNG."""

from collections.abc import Callable

import streamlit as st

from pages.components.widgets._assets import check_picture, make_component

_component = make_component("picture")


def picture(
    data_url: str, *, key: str, alt: str, caption: str = "", pixelated: bool = True, max_width_px: int | None = None
) -> None:
    """A picture swapped only once its successor is decoded; a click, or Enter, shows it large.

    It fills the width of its container, small pictures enlarged, up to `max_width_px`.

    Args:
        data_url: `data:image/...`, the whole picture.
        key: same place and same key keep the node.
        alt: what the picture shows, for those who do not see it.
        caption: line below the picture.
        pixelated: enlarge without smoothing, each pixel a square.
        max_width_px: widest it may become; None for no bound.

    Raises:
        ValueError: the URL names a picture elsewhere.
    """
    data = {
        "image": check_picture(data_url, "A picture"),
        "key": key,
        "alt": alt,
        "caption": caption,
        "pixelated": pixelated,
        "max_width_px": max_width_px,
    }
    _component(key=key, data=data)


def download_png(words: str, content: Callable[[], bytes], name: str, key: str) -> None:
    """A button that saves a PNG as `name`.png; `content` is called at the click only."""
    st.download_button(
        words, content, file_name=f"{name}.png", mime="image/png", key=key, on_click="ignore", icon=":material/download:"
    )  # fmt: skip
