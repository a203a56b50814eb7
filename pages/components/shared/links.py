"""Choices that the address carries, so that a link opens the same view for somebody else.

Streamlit's own `bind="query-params"` writes the words that are shown, which change with the language; here the
address carries the option itself.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import streamlit as st

from pages.components.text import _

Option = TypeVar("Option", str, int)
WRITTEN = "linked"
"""In the session: widget key -> (what the address said after it, the option chosen), of the page on show."""
ONLY = "only"
ABOUT = "about"
"""In an address: which of several forms of a page a link for the class is about."""
TO = "to"
"""In an address: the page of ours that signing in leads back to."""
FOLLOWED = "class_link"
"""In the session: (page, query parameters) of the link for the class that brought this visitor, until they want everything."""


def only() -> bool:
    """Whether the address is a link for the class (`only=1`): the page shows what the link is about and hides the rest."""
    return st.query_params.get(ONLY) == "1"


def mark() -> str:
    """Of the address, for the keys of its widgets."""
    others = {name: value for name, value in st.query_params.to_dict().items() if name not in ("lang", ONLY)}
    return hashlib.sha256(repr(sorted(others.items())).encode()).hexdigest()[:8]


def linked_number(param: str, low: int, high: int, usual: int, refusals: list[str]) -> int:
    """A whole number from `low` to `high` in the address; the `usual` one where there is none, or, with a sentence more among the
    `refusals`, another."""
    asked = st.query_params.get(param)
    if asked is None:
        return usual
    if asked.isascii() and asked.isdigit() and len(asked) < 12 and low <= int(asked) <= high:
        return int(asked)
    words = _("'{name}' must be a whole number from {low:,} to {high:,}; got '{value}'.")
    refusals.append(words.format(name=param, low=low, high=high, value=asked[:40]))
    return usual


def linked_choice(
    param: str,
    options: Sequence[Option],
    default: Option,
    draw: Callable[[Sequence[Option], Option], Option | None],
    *,
    key: str,
    keep: Sequence[str] | None = None,
) -> Option:
    """One of `options`, begun with what the address says and kept in it.

    An address that changed since the last run, by Back or by a link, wins over the widget's own state; so does the address that
    opened the page.

    Args:
        param: name in the address.
        options: what may be chosen; text or whole numbers.
        default: chosen when the address says nothing that is an option; not written to the address.
        draw: (options, initial) -> the widget's value.
        key: the widget's key.
        keep: the only other parameters, beside the language, that stay in the address when another option is chosen; None keeps all.
    """
    written = st.session_state.setdefault(WRITTEN, {})
    asked = st.query_params.get(param)
    initial = next((option for option in options if str(option) == asked), default)
    before, chosen_before = written.get(key, (None, st.session_state.get(key)))
    if asked != before and key in st.session_state and st.session_state[key] == chosen_before:
        st.session_state[key] = initial
    value = draw(options, initial)
    chosen = initial if value is None else value
    if asked != str(chosen) and (chosen != default or asked is not None):
        others: dict[str, str] = st.query_params.to_dict()
        kept = {param, "lang"}.union(keep) if keep is not None and chosen != initial else {param, *others}
        if others.keys() <= kept:
            st.query_params[param] = str(chosen)
        else:  # at once: each change is an entry of the browser's history
            left = {name: value for name, value in others.items() if name in kept}
            st.query_params.from_dict(left | {param: str(chosen)})
    written[key] = st.query_params.get(param), chosen
    return chosen


def renew(key: str) -> None:
    """Lets a choice be drawn anew with the option of the address: its words have changed."""
    st.session_state[WRITTEN][key] = "", st.session_state.get(key)


def linked_view(
    views: Mapping[str, str], *, key: str, param: str = "view", keep: Sequence[str] | None = None, first: str = ""
) -> str:
    """One of a page's ways of looking (name -> words), at first `first` or the first of them; kept in the address as `?view=`."""

    def draw(names: Sequence[str], initial: str) -> str:
        return st.segmented_control(
            _("Show"), names, default=initial, required=True, key=key, format_func=views.__getitem__,
            label_visibility="collapsed",
        )  # fmt: skip

    return linked_choice(param, list(views), first or next(iter(views)), draw, key=key, keep=keep)


def linked_tab(tabs: Mapping[str, str], *, key: str, keep: Sequence[str] = (), first: str = "") -> str:
    """One of a page's tabs, kept as `?tab=`; what else the address says belongs to a tab, except for `keep`.

    A link for the class has no tabs to choose from.
    """
    if only():
        asked = st.query_params.get("tab", "")
        return asked if asked in tabs else first or next(iter(tabs))
    return linked_view(tabs, key=key, param="tab", keep=keep, first=first)
