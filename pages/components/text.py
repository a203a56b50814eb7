"""Words for people: every string of the pages goes through `_`, and so does what gan_core says.

Catalogues are gettext's, in `locales/LANGUAGE/LC_MESSAGES/ganvas.mo` (`tools/messages.py` makes them). Each visitor has a language of
their own: the one in the address, else the one they chose, else their browser's, else GANVAS_LANG. English needs no catalogue.
A string that is written where no visitor is yet, at the top of a module, is marked with `N_` and goes through `_` where it is shown.
"""

import gettext
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TypeVar, cast

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from gan_core.config.numbers import significant
from gan_core.config.sentences import LANGUAGES, Catalogue
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.runs import Run

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")
LOCALES = Path(__file__).resolve().parents[2] / "locales"
_SESSION = "lab_language"


def _(message: str) -> str:
    """A string of the pages in the visitor's language; also a sentence of gan_core's, with names and numbers filled in."""
    return _catalogue(LOCALES, language()).text(message)


def ngettext(one: str, many: str, count: int) -> str:
    """As `_`, for a number of things."""
    return _catalogue(LOCALES, language()).ngettext(one, many, count)


def titled(title: str, words: str) -> str:
    """Words after what they are about, with the colon of the visitor's language."""
    return _("{title}: {words}").format(title=title, words=words)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """Marks a string for translation that goes through `_` later."""
    return message


class Marked(Mapping[K, V]):
    """A table of words for people, marked with `N_`: each is translated where it is taken out, in tuples, lists and tables within as well."""

    def __init__(self, marked: Mapping[K, V]) -> None:
        self._marked = marked

    def __getitem__(self, key: K) -> V:
        return _translated(self._marked[key])

    def __iter__(self) -> Iterator[K]:
        return iter(self._marked)

    def __len__(self) -> int:
        return len(self._marked)


def _translated(value: T) -> T:
    """A value with every string in it translated."""
    if isinstance(value, str):
        return cast(T, _(value))
    if isinstance(value, Mapping):
        return cast(T, {key: _translated(part) for key, part in value.items()})
    return cast(T, type(value)(map(_translated, value))) if isinstance(value, tuple | list) else value


def language() -> str:
    """The visitor's language, a key of LANGUAGES or GANVAS_LANG."""
    standard = os.environ.get("GANVAS_LANG", "en")
    if get_script_run_ctx(suppress_warning=True) is None:
        return standard
    return str(st.session_state.get(_SESSION, standard))


def settle_language() -> None:
    """At the start of a visitor's page: the language in the address counts, else what was chosen before, else the browser's."""
    asked = st.query_params.get("lang", "")
    if spoken(asked) or _SESSION not in st.session_state:
        st.session_state[_SESSION] = wanted_language(asked, st.context.locale or "")


def wanted_language(asked: str, locale: str) -> str:
    """The language of somebody whose address asks for one, or for none, and whose browser has this locale."""
    return spoken(asked) or os.environ.get("GANVAS_LANG") or spoken(locale) or "en"


def in_language(name: str) -> Callable[[str], str]:
    """As `_`, in a given language, for what is shown outside of a visitor's script."""
    return _catalogue(LOCALES, name).text


def languages() -> dict[str, str]:
    """The languages that there are, each by its own name, in the order in which every list shows them."""
    return {name: own for name, own in LANGUAGES.items() if name == "en" or gettext.find("ganvas", LOCALES, [name])}


def choose_language() -> None:
    """The switch, where there is a catalogue; it writes the language into the address."""
    known = languages()
    if len(known) == 1:
        return
    st.session_state["lab_language_choice"] = language() if language() in known else "en"
    names = "Language", "語言"  # in both, for whoever cannot read the one that is shown
    st.selectbox(
        " / ".join(names), known, format_func=known.__getitem__, key="lab_language_choice",
        on_change=_chosen, label_visibility="collapsed",
    )  # fmt: skip


def _chosen() -> None:
    st.session_state[_SESSION] = st.query_params["lang"] = st.session_state["lab_language_choice"]


def spoken(locale: str) -> str:
    """The language for a browser's locale ("zh-Hant-TW", "zh-HK", "en-GB"), a key of LANGUAGES; empty for any other.

    Simplified Chinese is a language of its own, and there is no catalogue for it.
    """
    tags = locale.replace("_", "-").lower().split("-")
    if tags[0] == "zh" and {"tw", "hk", "mo", "hant"} & set(tags[1:]):
        return "zh_TW"
    return "en" if tags[0] == "en" else ""


@cache
def _catalogue(locales: Path, name: str) -> Catalogue:
    return Catalogue(locales, name)


def called(run: Run) -> str:
    """A run's name for the visitor: as somebody gave it, or its title in the visitor's language."""
    return run.called(_)


STATES = {
    "queued": (N_("waiting"), "gray"),
    "running": (N_("training"), "green"),
    "paused": (N_("paused"), "orange"),
    "stopping": (N_("stopping"), "orange"),
    "finished": (N_("finished"), "blue"),
    "stopped": (N_("stopped"), "gray"),
    "failed": (N_("failed"), "red"),
    "interrupted": (N_("interrupted"), "red"),
}
"""State of a run -> (word for people, colour of its badge)."""


_FOUND_LATER = re.compile(r":(?=[\w/+-]+:)|https?:(?=//)|www(?=\.)|@(?=[\w-])", re.IGNORECASE)


def as_text(words: str) -> str:
    """Words that somebody typed, for a place that reads Markdown: shown as they are, no link, no picture, no colour.

    What would be an icon or an emoji (`:material/home:`, `:smile:`), or an address or e-mail without brackets, gets an
    invisible word joiner, because Streamlit looks for those after Markdown's own backslashes are gone.
    """
    return re.sub(r"([!-/;-@\[-`{-~])", r"\\\1", _FOUND_LATER.sub("\\g<0>\u2060", words))


def dangerous(words: str) -> str:
    """Words for a button that cannot be undone, in red."""
    return f":red[{words}]"


def duration(seconds: float) -> str:
    """A time span in the units that matter: "45 s", "3 min 20 s", "20 min", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return _("{s} s").format(s=whole)
    if whole < 600 and whole % 60:
        return _("{min} min {s} s").format(min=whole // 60, s=whole % 60)
    minutes = whole // 60
    if minutes < 60:
        return _("{min} min").format(min=minutes)
    return _("{h} h {min} min").format(h=minutes // 60, min=minutes % 60)


def listed(parts: Iterable[str]) -> str:
    """Words one after the other, with the visitor's language's mark between them."""
    return _(", ").join(parts)


NETWORKS = (N_("encoder"), N_("decoder"))
"""Parts of a model that gan_core names in one word; the generator and the discriminator are in the catalogue anyway."""


def estimate_words(found: Estimate, digits: int = 3) -> str:
    """A value in so many significant digits, with its interval where it has one."""
    value, low, high = (significant(number, digits) for number in (found.value, found.low, found.high))
    return _("{value} ({low} to {high})").format(value=value, low=low, high=high) if found.has_interval else value


def told_apart_means(count: int) -> str:
    """What "told apart" means on every page, for so many differences tested together; docs/metrics.md names the tests."""
    if count == 1:
        return _("Significant means: p is at most 0.05 in a two-sided test of the difference.")
    words = _(
        "Significant means: p is at most 0.05 in a two-sided test of the difference, after Holm's correction for {n} tests."
    )
    return words.format(n=count)
