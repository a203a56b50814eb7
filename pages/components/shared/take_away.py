"""A run in files for other programs: written in the background, downloaded here."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from gan_core.exchange import formats
from gan_core.jobs import task
from gan_core.runs import Run
from pages.components.shared import lab
from pages.components.shared.as_command import as_command, line, out
from pages.components.shared.task_view import outcome
from pages.components.text import _


def files_form(run: Run, key: str) -> None:
    """The format among those that fit the run, then `take_away`."""
    config = lab.attempt(run.config)
    if config is None:
        return
    fitting = {name: entry for name, entry in formats.FORMATS.items() if entry.fits(config)}
    name = st.selectbox(
        _("Format"), list(fitting), key=f"{key}_format", format_func=lambda name: f"{name}: {_(fitting[name].title)}"
    )
    take_away(run, name, _("Make the file"), key)


def take_away(run: Run, name: str, words: str, key: str, **options: Any) -> None:
    """A button that begins the work on a file, then progress or the download.

    Args:
        run, name, options: as `formats.task` takes them.
        words: on the button.
        key: begins the keys of the widgets.
    """
    wanted = formats.task(run, name, **options)
    as_command(f"export_{key}", *export_lines(run, name, options))
    if task.progress(wanted).state != "done" and st.session_state.get(f"{key}_asked") != wanted:
        if not st.button(words, key=f"{key}_make", icon=":material/description:"):
            return
        st.session_state[f"{key}_asked"] = wanted
    made = outcome(wanted, f"{key}_work", lambda _now: _("Writes the file…"))
    if made is not None:
        content = made["content"].tobytes()
        size = _("{n:,} kB").format(n=round(len(content) / 1000))
        st.download_button(
            _("Download ({size})").format(size=size), content, file_name=f"{run.id}-{name}{formats.suffix(name)}",
            key=f"{key}_download", icon=":material/download:", on_click="ignore",
        )  # fmt: skip


def export_lines(run: Run, name: str, options: Mapping[str, Any]) -> list[str]:
    """The work as a command; none with labels, which the command line does not take."""
    labels = options.get("labels")
    if labels is not None and any(labels):
        return []
    entry = formats.FORMATS[name]
    given = {
        key: tuple(value) if isinstance(value, list) else value for key, value in options.items() if key != "labels"
    }
    return [line("export", run.id, as_=name, out=out(run, f"-{name}{(entry.suffixes or ('',))[0]}"), **given)]
