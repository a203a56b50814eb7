"""Lessons: guided experiments. `?lesson=NAME` opens one; `say-KEY=CHOICE` keeps what was predicted."""

import streamlit as st

from gan_core.experiments.lessons import LESSONS, Lesson
from pages.components.lessons.state import begin_again, done_steps, given_answers, open_lesson
from pages.components.lessons.steps import show_steps
from pages.components.shared import links
from pages.components.shared.class_link import class_link
from pages.components.text import _, as_text, ngettext


def lessons() -> None:
    """The list, or the lesson that the address names."""
    wanted = st.query_params.get("lesson", "")
    if wanted in LESSONS:
        one(LESSONS[wanted])
        return
    st.title(_("Lessons"))
    if wanted:
        st.warning(_("There is no lesson “{name}” here; these are all.").format(name=as_text(wanted[:64])))
    words = _(
        "{n} guided experiments. In each you **predict** what will happen, **run** it for real on this machine, see it "
        "**explained** with the formula, the code and numbers from your own run, and **check** your prediction against what was measured. "
        "They build on each other, but each can be done on its own."
    )
    st.markdown(words.format(n=len(LESSONS)))
    for number, lesson in enumerate(LESSONS.values(), start=1):
        card(number, lesson)


def card(number: int, lesson: Lesson) -> None:
    """A lesson in the list: what it is for, how long it takes, how far one is."""
    done, total = done_steps(lesson)
    with st.container(border=True, key=f"lessons_card_{lesson.name}"):
        left, right = st.columns([4, 1], vertical_alignment="center")
        with left:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{number}. {_(lesson.title)}**", width="content")
                if done == total:
                    st.badge(_("done"), color="green", icon=":material/check:")
                elif given_answers(lesson):
                    st.badge(_("step {n} of {total}").format(n=done + 1, total=total), color="blue")
            st.markdown(_(lesson.goal))
            runs = len(lesson.experiment.arms)
            words = ngettext("about {min} min, with {n} run", "about {min} min, with {n} runs", runs)
            st.caption(words.format(min=lesson.minutes, n=runs) + " · " + _(lesson.needs))
        begun = (
            _("Continue") if given_answers(lesson) and done < total else _("Review") if done == total else _("Start")
        )
        if right.button(begun, key=f"lessons_open_{lesson.name}", width="stretch"):
            open_lesson(lesson)
            st.rerun()


def one(lesson: Lesson) -> None:
    """A lesson, from its goal to its last question."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(_(lesson.title), width="content")
        if not links.only() and st.button(
            _("All lessons"), key="lessons_all", icon=":material/arrow_back:", type="tertiary"
        ):
            st.query_params.pop("lesson", None)
            st.rerun()
        class_link("learn", "lessons_link", lambda: {"lesson": lesson.name})
    st.markdown(f"**{_('Goal:')}** {_(lesson.goal)}")
    st.caption(_("about {min} minutes on two processor cores").format(min=lesson.minutes) + " · " + _(lesson.needs))
    show_steps(lesson)
    if given_answers(lesson):
        st.divider()
        st.button(
            _("Start this lesson again"), key=f"lessons_again_{lesson.name}", icon=":material/restart_alt:",
            help=_("Forgets your predictions. The runs stay, and are used again."), on_click=begin_again, args=(lesson,),
        )  # fmt: skip
