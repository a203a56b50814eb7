"""What the doctor finds in a run, each finding with its evidence and with remedies as buttons."""

from collections.abc import Sequence

import streamlit as st

from gan_core.analysis import doctor
from gan_core.analysis.doctor import Finding, Remedy
from gan_core.experiments import follow_up
from gan_core.runs import Run
from pages.components.shared import lab
from pages.components.shared.as_command import as_command, line
from pages.components.shared.run_card import start_and_watch
from pages.components.text import N_, _, as_text

BADGES = {
    "failure": (N_("failing"), "red", ":material/emergency:"),
    "warning": (N_("warning"), "orange", ":material/warning:"),
    "note": (N_("note"), "blue", ":material/info:"),
}
SHOWN = 3


def diagnosed(run: Run) -> list[Finding]:
    """What the doctor finds; nothing when the run cannot be read (the page says so elsewhere)."""
    try:
        return lab.tail(str(run.path)).findings(run)
    except ValueError:
        return []


def no_findings(run: Run) -> str:
    """What it means that nothing was found: too early to say, or no problem in the curves."""
    needed = doctor.steps_needed(run.config())
    if run.status().step < needed:
        return _("Too early to say: most checks need {n:,} steps.").format(n=needed)
    return _("No problems detected in the curves.")


def doctor_panel(run: Run) -> None:
    """The gravest findings, or a line that there are none."""
    found = diagnosed(run)
    if not found:
        if run.status().step:
            st.caption(no_findings(run))
            as_command("diagnose", line("diagnose", run.id))
        return
    for finding in found[:SHOWN]:
        marked, color, icon = BADGES[finding.severity]
        word = _(marked)
        with st.container(border=True, key=f"doctor_{run.id}_{finding.name}"):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.badge(word, color=color, icon=icon)  # type: ignore[arg-type]
                st.markdown(f"**{_(finding.title)}**")
                when = _("since step {n:,}") if finding.lasting else _("from step {n:,}, over by now")
                st.caption(when.format(n=finding.since))
            st.markdown(as_text(_(finding.evidence)))
            with st.expander(_("Why, and what helps")):
                st.markdown(_(finding.explanation))
                for number, remedy in enumerate(finding.remedies):
                    offer(run, finding, remedy, f"doctor_{run.id}_{finding.name}_{number}")
    as_command("diagnose", line("diagnose", run.id), *_lines(run, found[:SHOWN]))
    if len(found) > SHOWN:
        st.caption(_("{n} lesser findings are not shown.").format(n=len(found) - SHOWN))


def _lines(run: Run, found: Sequence[Finding]) -> list[str]:
    """The commands of the remedies' buttons."""
    return [
        line("treat", run.id, finding.name, remedy=number)
        for finding in found
        for number, remedy in enumerate(finding.remedies, 1)
        if follow_up.treatment(run, finding, remedy) is not None
    ]


def offer(run: Run, finding: Finding, remedy: Remedy, key: str) -> None:
    """A remedy: what, why, and a button that does it."""
    how = follow_up.treatment(run, finding, remedy)
    words, button = st.columns([3, 1], vertical_alignment="center")
    words.markdown(f"**{_(remedy.title)}.** {_(remedy.why)}")
    if how is None:
        return
    titles = {
        "live": _("Change it now"),
        "branch": _("Branch from step {n:,}").format(n=how.step),
        "rerun": _("Train a repaired twin"),
    }
    if button.button(titles[how.kind], key=key, icon=":material/healing:"):
        start_and_watch(lambda: follow_up.treat(lab.start(), run, finding, remedy))
