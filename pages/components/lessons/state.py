"""How far somebody is in a lesson: predictions (in the address and the session) and the runs that there are. No torch."""

from collections.abc import Mapping

import streamlit as st

from gan_core.experiments import arms
from gan_core.experiments.lessons import Lesson
from gan_core.experiments.lessons.entry import Predict, TakeAway, Train
from gan_core.runs import Run
from pages.components.shared import lab, links

ANSWERS, ENDED = "lessons_said", "lessons_ended"
Found = Mapping[str, Run | None]


def given_answers(lesson: Lesson) -> dict[str, str]:
    """Prediction's key -> the choice made. What the address says comes first, so that a reload or a link keeps it."""
    kept: dict[str, dict[str, str]] = st.session_state.setdefault(ANSWERS, {})
    mine = kept.setdefault(lesson.name, {})
    if st.query_params.get("lesson") == lesson.name:
        for prediction in lesson.predictions:
            choice = st.query_params.get(f"say-{prediction.key}", "")
            if prediction.words(choice):
                mine[prediction.key] = choice
            elif prediction.key in mine:
                st.query_params[f"say-{prediction.key}"] = mine[prediction.key]
    return mine


def keep_answer(lesson: Lesson, prediction: Predict, choice: str) -> None:
    """Keeps a choice."""
    given_answers(lesson)[prediction.key] = choice
    st.query_params[f"say-{prediction.key}"] = choice


def begin_again(lesson: Lesson) -> None:
    """Forgets what was predicted in a lesson."""
    st.session_state.get(ANSWERS, {}).pop(lesson.name, None)
    st.session_state.get(ENDED, set()).discard(lesson.name)
    open_lesson(lesson)


def open_lesson(lesson: Lesson) -> None:
    """Makes the address name a lesson, and nothing else but the language, and that it is a link for the class if it is one."""
    kept = {name: value for name, value in st.query_params.to_dict().items() if name in ("lang", links.ONLY)}
    st.query_params.from_dict(kept | {"lesson": lesson.name})


def end(lesson: Lesson) -> None:
    """Marks a lesson's last question as answered."""
    st.session_state.setdefault(ENDED, set()).add(lesson.name)


def found(lesson: Lesson) -> Found:
    """Arm's name -> its run, None where there is none (or the trainer is not ready yet)."""
    machine, names = lab.machine(), [arm.name for arm in lesson.experiment.arms]
    if machine is None:
        return dict.fromkeys(names)
    return arms.find(lesson.experiment, names, lab.own_runs(), machine)


def finished(run: Run | None) -> bool:
    """Whether a run is there and done."""
    return run is not None and run.status().state == "finished"


def first_open(lesson: Lesson, runs: Found) -> int:
    """The number of the first step that is not done yet, from 0; the number of steps when all are."""
    answers = given_answers(lesson)
    for number, step in enumerate(lesson.steps):
        is_open = (
            (isinstance(step, Predict) and step.key not in answers)
            or (isinstance(step, Train) and not all(finished(runs[key]) for key in step.arms))
            or (isinstance(step, TakeAway) and lesson.name not in st.session_state.get(ENDED, set()))
        )
        if is_open:
            return number
    return len(lesson.steps)


def done_steps(lesson: Lesson) -> tuple[int, int]:
    """How many of its steps are done, and how many there are."""
    return first_open(lesson, found(lesson)), len(lesson.steps)
