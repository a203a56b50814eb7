"""Choices that the address carries, so that a link opens the same view for somebody else.

Streamlit's own `bind="query-params"` writes the words that are shown, which change with the language; here the
address carries the option itself.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import streamlit as st

from pages.components.text import _

Option = TypeVar("Option", str, int)


def linked_choice(
    param: str, options: Sequence[Option], default: Option, draw: Callable[[Sequence[Option], Option], Option | None]
) -> Option:
    """One of `options`, begun with what the address says and kept in it.

    Args:
        param: name in the address.
        options: what may be chosen; text or whole numbers.
        default: chosen when the address says nothing that is an option; not written to the address.
        draw: (options, initial) -> the widget's value.
    """
    asked = st.query_params.get(param)
    initial = next((option for option in options if str(option) == asked), default)
    value = draw(options, initial)
    chosen = initial if value is None else value
    if chosen != default or asked is not None:
        st.query_params[param] = str(chosen)
    return chosen


def linked_view(views: Mapping[str, str], *, key: str, param: str = "view") -> str:
    """One of a page's ways of looking (name -> words), the first to begin with; kept in the address as `?view=`."""

    def draw(names: Sequence[str], first: str) -> str:
        return st.segmented_control(
            _("Show"), names, default=first, required=True, key=key, format_func=views.__getitem__,
            label_visibility="collapsed",
        )  # fmt: skip

    return linked_choice(param, list(views), next(iter(views)), draw)
