"""What happened in runs that their settings do not say: changes while they trained, early ends."""

from collections.abc import Sequence

import streamlit as st

from gan_core.analysis import comparing
from gan_core.analysis.comparing import Departure
from gan_core.runs import Run
from pages.components.shared.config_form import setting_name
from pages.components.text import _, as_text, called, listed

MOST_DEPARTURES = 6


def show_departures(runs: Sequence[Run]) -> bool:
    """Says which settings were changed while these runs trained, and which ended early. Returns whether there are any."""
    found = [f"- **{as_text(called(run))}**: {in_words(one)}" for run in runs for one in comparing.departures(run)]
    if found:
        more = [_("- and {n} more").format(n=len(found) - MOST_DEPARTURES)] if len(found) > MOST_DEPARTURES else []
        heading = _("Not in their settings, and counts as a difference:")
        st.markdown("\n".join([heading, "", *found[:MOST_DEPARTURES], *more]))
    return bool(found)


def in_words(departure: Departure) -> str:
    """A live change or an early end, as a sentence."""
    if not departure.changes:
        return _("ended early, at step {n:,}").format(n=departure.step)
    changes = listed(f"{setting_name(name)} {value:g}" for name, value in departure.changes.items())
    return _("changed at step {n:,}: {changes}").format(n=departure.step, changes=changes)
