"""The first screen of the teacher of a class: who trains and who waits, and a wall of everybody's newest samples."""

import math
from collections.abc import Sequence

import streamlit as st

from gan_core.access import classroom
from gan_core.runs import Run
from gan_core.runs.status import OPEN_STATES
from gan_core.training import queue, supervisor
from pages.components.shared import lab, present
from pages.components.shared.doctor_panel import BADGES, diagnosed
from pages.components.shared.run_card import state_badge
from pages.components.text import _, as_text, called, ngettext
from pages.components.widgets.picture import picture

IN_A_ROW = 4
SHOWN = 40  # students on the wall
LISTED = 12  # runs of the queue
SHORTEST = 3.0  # seconds between two refreshes, beside those of every live part


def class_view() -> None:
    """The queue, then the wall with the button that opens it for a projector."""
    every = SHORTEST + lab.refresh_every()
    st.title(_("Your class"), anchor=False)
    st.fragment(waiting, run_every=every)()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(_("Newest samples of each student"), anchor=False)
        present.offer("home_present")
    st.fragment(wall, run_every=every)()


def class_on_screen() -> None:
    """The wall in present mode."""
    with st.container(key="present_wall"):
        st.title(_("Your class"), anchor=False)
        st.fragment(wall, run_every=SHORTEST + lab.refresh_every())(projected=True)


def waiting() -> None:
    """What trains and what waits, in this order, each with the way to stop it."""
    runs_dir = lab.start().runs_dir
    order = {run_id: place for place, run_id in enumerate(queue.queued_ids(runs_dir))}
    found = [run for run in lab.own_runs() if run.status().state in OPEN_STATES]
    found.sort(key=lambda run: (run.id in order, order.get(run.id, 0)))
    if not found:
        st.caption(_("Nothing trains or waits now."))
        return
    names = students()
    for run in found[:LISTED]:
        row(run, names)
    if len(found) > LISTED:
        st.caption(_("{n} further runs wait.").format(n=len(found) - LISTED))


def row(run: Run, names: dict[str, str]) -> None:
    """Whose run, which, how far, and its button."""
    status = run.status()
    with st.container(horizontal=True, vertical_alignment="center", key=f"class_row_{run.id}"):
        state_badge(status.state)
        st.markdown(f"**{as_text(name_of(run, names))}**", width="content")
        st.page_link("pages/run.py", label=as_text(called(run)), query_params={"run": run.id})
        if status.total_steps and status.step:
            st.caption(
                _("step {step:,} of {total:,}").format(step=status.step, total=status.total_steps), width="content"
            )
        busy = status.state == "stopping" or run.control().command != "run"
        if st.button(_("Stop"), key=f"class_stop_{run.id}", icon=":material/stop:", disabled=busy, type="tertiary"):
            lab.press(lambda: supervisor.leave(run, "stop"))


def wall(projected: bool = False) -> None:
    """A card of each student who has a run: in the order of their names, so that none changes its place."""
    names = students()
    newest: dict[str, list[Run]] = {}
    for run in lab.own_runs():
        newest.setdefault(run.owner, []).append(run)
    if not newest:
        st.caption(_("Nobody has trained yet."))
        return
    chosen = sorted((shown_of(runs) for runs in newest.values()), key=lambda run: name_of(run, names).casefold())
    shown = chosen[:SHOWN]
    in_a_row = IN_A_ROW
    if projected:  # a wide screen, which the rows share
        in_a_row = max(2, round((1.8 * len(shown)) ** 0.5))
        st.html(f"<style>:root {{--ganvas-wall-rows: {math.ceil(len(shown) / in_a_row)}}}</style>")
    for first in range(0, len(shown), in_a_row):
        for column, run in zip(st.columns(in_a_row), shown[first : first + in_a_row], strict=False):
            with column, st.container(border=True, height="stretch", key=f"class_card_{run.owner}", gap="xsmall"):
                card(run, names, projected)
    if len(chosen) > SHOWN:
        left = len(chosen) - SHOWN
        st.caption(ngettext("{n} student is not shown.", "{n} students are not shown.", left).format(n=left))


def shown_of(runs: Sequence[Run]) -> Run:
    """Of somebody's runs, newest first, the one on the wall: what trains, else the newest with samples, else the newest."""
    return next(
        (run for run in runs if run.status().state in ("running", "stopping")),
        next((run for run in runs if run.sample_steps()), runs[0]),
    )


def card(run: Run, names: dict[str, str], projected: bool) -> None:
    """A student's samples; whose, which run, how far; what the automatic check finds."""
    status = run.status()
    url = lab.sample_url(run)
    if url:
        alt = _("Newest samples of {name}").format(name=called(run))
        picture(url, key=f"class_picture_{run.owner}", alt=alt)
    else:
        st.caption(_("The first grid is on its way."))
    st.markdown(f"**{as_text(name_of(run, names))}**" + (f" · {as_text(called(run))}" if projected else ""))
    if not projected:
        st.page_link("pages/run.py", label=as_text(called(run)), query_params={"run": run.id})
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(status.state)
        st.caption(_("step {n:,}").format(n=status.step), width="content")
        for finding in diagnosed(run)[:1]:
            _word, color, icon = BADGES[finding.severity]
            st.badge(_(finding.title), color=color, icon=icon)  # type: ignore[arg-type]


def students() -> dict[str, str]:
    """Id -> name of the class; nobody where the list cannot be read."""
    try:
        return classroom.students()
    except ValueError:
        return {}


def name_of(run: Run, names: dict[str, str]) -> str:
    """The name of the student whose run it is."""
    if run.owner in ("", "teacher"):
        return _("Teacher")
    return names.get(run.owner, run.owner)
