"""A run's report: template, language, whose it is, format; made in the background, then its figures with what was seen in them."""

import base64
from collections.abc import Sequence

import streamlit as st

from gan_core.jobs.task import Arrays, Task
from gan_core.report import formats, templates
from gan_core.report.document import Person
from gan_core.report.formats import FORMATS
from gan_core.runs import Run
from pages.components.report.notes import observation
from pages.components.shared.as_command import as_command, line
from pages.components.shared.task_view import outcome
from pages.components.text import _, as_text, language, languages, titled
from pages.components.widgets.picture import picture

MIME = {"png": "image/png", "jpeg": "image/jpeg", "svg": "image/svg+xml"}
SHOWN_PX = 760


def report(runs: Sequence[Run]) -> None:
    """The report of a run, or of several: the card made at a single run's end, a form, and what it made."""
    key = "report_" + "_".join(run.id for run in runs)
    if len(runs) == 1:
        card(runs[0], key)
    wanted = form(runs, key)
    if wanted is not None:
        st.session_state[f"{key}_asked"] = wanted
    asked: tuple[Task, str] | None = st.session_state.get(f"{key}_asked")
    if asked is None:
        return
    work, form_name = asked
    made = outcome(
        work, f"{key}_work", lambda now: _("Part {n} of {all} …").format(n=now.done + 1, all=now.total or "?")
    )
    if made is not None:
        result(runs, made, form_name, key)


def card(run: Run, key: str) -> None:
    """The report that was made when the run ended."""
    try:
        content = run.report_path.open("rb")
    except OSError:
        if run.shipped:  # it ended elsewhere
            return
        st.caption(_("When a run ends, its report is made automatically and appears here."))
        return
    with content:
        st.download_button(
            _("Download the report made at the run's end"), content, file_name=f"{run.id}-report.html", mime="text/html",
            key=f"{key}_card", icon=":material/article:", on_click="ignore",
        )  # fmt: skip


def form(runs: Sequence[Run], key: str) -> tuple[Task, str] | None:
    """What the report is to be; the work and its format once the button is pressed."""
    with st.form(f"{key}_form"):
        left, middle, right = st.columns(3)
        template = left.selectbox(
            _("Template"), templates.names(), key=f"{key}_template",
            format_func=lambda name: titled(name, _(templates.find(name).title)),
        )  # fmt: skip
        form_name = middle.selectbox(
            _("Format"),
            list(FORMATS),
            key=f"{key}_format",
            format_func=lambda name: titled(name, _(FORMATS[name].title)),
        )
        known = list(languages())
        spoken = right.selectbox(
            _("Language"), known, index=known.index(language()) if language() in known else 0, key=f"{key}_language",
            format_func=languages().__getitem__,
        )  # fmt: skip
        left, middle, right = st.columns(3)
        name = left.text_input(_("Your name"), max_chars=80, key=f"{key}_name")
        number = middle.text_input(_("Student number"), max_chars=40, key=f"{key}_number")
        course = right.text_input(_("Course"), max_chars=80, key=f"{key}_course")
        st.caption(_("The template asks the questions; the discussion is yours to write."))
        pressed = st.form_submit_button(_("Make the report"), icon=":material/article:")
    file = f"{runs[0].id}-report{FORMATS[form_name].suffix}"
    command = line("report", *(run.id for run in runs), out=file, template=template, format=form_name, name=name,
                   number=number, course=course, language=spoken)  # fmt: skip
    as_command("report", command)
    if not pressed:
        return None
    person = Person(name, number, course)
    stamps = [formats.stamp_of(run) for run in runs]
    return formats.task(runs, template, form_name, person, spoken, stamps), form_name


def result(runs: Sequence[Run], made: Arrays, form_name: str, key: str) -> None:
    """The download, what is missing, and every figure with a place for what the student sees."""
    content = made["content"].tobytes()
    size = _("{n:,} kB").format(n=round(len(content) / 1000))
    st.download_button(
        _("Download ({size})").format(size=size), content, file_name=f"{runs[0].id}-report{formats.suffix(form_name)}",
        key=f"{key}_download", icon=":material/download:", on_click="ignore",
    )  # fmt: skip
    if len(made["missing"]):
        with st.expander(_("Missing from this report ({n})").format(n=len(made["missing"]))):
            st.markdown("\n".join(f"- {as_text(_(str(sentence)))}" for sentence in made["missing"]))
    if not all(run.shipped for run in runs):
        st.caption(_("Notes on a figure are kept with the run. Make the report again to include them."))
    for number, (name, caption, kind) in enumerate(zip(made["keys"], made["captions"], made["kinds"], strict=True)):
        url = f"data:{MIME[str(kind)]};base64,{base64.b64encode(made[f'figure_{number}'].tobytes()).decode('ascii')}"
        picture(url, key=f"{key}_{number}", alt=str(caption), caption=str(caption), pixelated=str(kind) != "svg",
                max_width_px=SHOWN_PX)  # fmt: skip
        if len(runs) == 1:
            observation(runs[0], str(name))
