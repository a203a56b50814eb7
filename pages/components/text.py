"""Words for people: every string of the pages goes through `_`, so that a translation is a file and no change of code.

Catalogues are gettext's, in `locales/<language>/LC_MESSAGES/ganvas.mo`; GANVAS_LANG chooses one (zh_TW, say).
English is the source language and needs none.
"""

import gettext
import os
import re
from pathlib import Path

_catalogue = gettext.translation(
    "ganvas",
    localedir=Path(__file__).resolve().parents[2] / "locales",
    languages=[os.environ.get("GANVAS_LANG", "en")],
    fallback=True,
)
_ = _catalogue.gettext
ngettext = _catalogue.ngettext

STATES = {
    "queued": (_("waiting"), "gray"),
    "running": (_("training"), "green"),
    "paused": (_("paused"), "orange"),
    "stopping": (_("stopping"), "orange"),
    "finished": (_("finished"), "blue"),
    "stopped": (_("stopped"), "gray"),
    "failed": (_("failed"), "red"),
    "interrupted": (_("interrupted"), "red"),
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
    """A time span in the two largest units that matter: "45 s", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return _("{s} s").format(s=whole)
    if whole < 3600:
        return _("{min} min {s} s").format(min=whole // 60, s=whole % 60)
    return _("{h} h {min} min").format(h=whole // 3600, min=whole % 3600 // 60)


def told_apart_means(count: int) -> str:
    """What "told apart" means on every page, for so many differences tested together; docs/metrics.md names the tests."""
    words = ngettext(
        "Told apart means: p is at most 0.05 in a two-sided test of the difference.",
        "Told apart means: p is at most 0.05 in a two-sided test of the difference, after Holm's correction for {n} of them.",
        count,
    )
    return words.format(n=count)
