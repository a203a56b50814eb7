"""A lesson's steps in order, up to the first that is not done: the one renderer of all lessons."""

import streamlit as st

from gan_core.experiments.lessons import Lesson
from gan_core.experiments.lessons.entry import Check, Explain, Link, Predict, Read, Step, TakeAway, Train
from pages.components.lessons.pictures import real_data
from pages.components.lessons.run import show_run
from pages.components.lessons.state import Found, end, first_open, found, given_answers, has_ended, keep_answer
from pages.components.shared import lab, links
from pages.components.text import N_, Marked, _, titled

KINDS = Marked({
    Read: (N_("Read"), ":material/menu_book:"),
    Predict: (N_("Predict"), ":material/psychology_alt:"),
    Train: (N_("Run"), ":material/play_circle:"),
    Explain: (N_("Explain"), ":material/school:"),
    Check: (N_("Check"), ":material/fact_check:"),
    TakeAway: (N_("Take away"), ":material/luggage:"),
})  # fmt: skip


def show_steps(lesson: Lesson) -> None:
    """Every step up to the one to be done now; of those to come, only their names."""
    if lab.machine() is None:
        st.fragment(_wait_for_trainer, run_every=1.0)()
        return
    runs = found(lesson)
    now = first_open(lesson, runs)
    total = len(lesson.steps)
    st.progress(now / total, text=_("{n} of {total} steps done").format(n=now, total=total))
    for number, step in enumerate(lesson.steps[: now + 1]):
        show_step(lesson, number, step, runs)
    coming = lesson.steps[now + 1 :]
    if coming:
        names = " → ".join(KINDS[type(step)][0] for step in coming)
        st.caption(_("To come: {steps}.").format(steps=names))


def _wait_for_trainer() -> None:
    if lab.machine() is not None:
        st.rerun()
    st.caption(_("The trainer is starting; a few seconds on its first start…"))


def show_step(lesson: Lesson, number: int, step: Step, runs: Found) -> None:
    """One step under its heading."""
    kind, icon = KINDS[type(step)]
    title = getattr(step, "title", "")
    st.markdown(f"#### {icon} {number + 1}. " + (titled(kind, _(title)) if title else kind))
    if isinstance(step, Read):
        read(lesson, step)
    elif isinstance(step, Predict):
        predict(lesson, step)
    elif isinstance(step, Train):
        show_run(lesson, number, step, runs)
    elif isinstance(step, Check):
        with st.spinner(_("Measuring the runs…")):
            from pages.components.lessons.check import (
                show_check,  # brings torch, which the server does without until here
            )

            show_check(lesson, step, runs)
    elif isinstance(step, Explain):
        with st.spinner(_("Making a step of the run once more…")):
            from pages.components.lessons.explain import show_explain  # brings torch

            show_explain(lesson, step, runs)
    else:
        take_away(lesson, step, runs)


def read(lesson: Lesson, step: Read) -> None:
    """A few sentences, and some of the real data."""
    if not step.picture:
        st.markdown(_(step.text))
        return
    left, right = st.columns([3, 1], gap="medium")
    left.markdown(_(step.text))
    with right, st.spinner(_("Preparing the data…")):
        real_data(lesson.experiment.base.dataset, f"lessons_real_{lesson.name}")


def predict(lesson: Lesson, step: Predict) -> None:
    """The question with its choices; once chosen, the choice stands."""
    st.markdown(_(step.question))
    answer = given_answers(lesson).get(step.key)
    if answer is not None:
        st.markdown(f"**{_('You said:')}** {_(step.words(answer))}")
        return
    key = f"lessons_{lesson.name}_{step.key}"
    words = {choice.key: _(choice.words) for choice in step.choices}
    chosen = st.radio(
        _("What do you expect?"), list(words), index=None, format_func=words.__getitem__, key=key, label_visibility="collapsed"
    )  # fmt: skip
    if st.button(_("That is my prediction"), key=f"{key}_keep", type="primary", disabled=chosen is None) and chosen:
        keep_answer(lesson, step, chosen)
        st.rerun()


def take_away(lesson: Lesson, step: TakeAway, runs: Found) -> None:
    """The last question, its answer behind a click, and where to go on."""
    st.markdown(_(step.question))
    if not has_ended(lesson):
        st.button(_("Show the answer"), key=f"lessons_{lesson.name}_end", type="primary", on_click=end, args=(lesson,))
        return
    st.success(_(step.answer), icon=":material/lightbulb:")
    with st.container(horizontal=True):
        for link in () if links.only() else step.links:
            st.page_link(
                f"pages/{link.page}.py", label=_(link.words), query_params=address(link, runs), icon=":material/arrow_forward:"
            )  # fmt: skip


def address(link: Link, runs: Found) -> dict[str, str]:
    """The parameters of a link, with the lesson's runs that it opens."""
    opened = ",".join(run.id for arm in link.arms if (run := runs[arm]) is not None)
    name = "runs" if link.page == "compare" else "run"
    return {**link.query, name: opened} if opened else dict(link.query)
