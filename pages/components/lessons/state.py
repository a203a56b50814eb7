"""How far somebody is in a lesson: predictions (in the address, the session and `.lessons/`) and the runs that there are. No torch."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from gan_core.experiments import arms
from gan_core.experiments.lessons import Lesson, progress
from gan_core.experiments.lessons.entry import Predict, TakeAway, Train
from gan_core.experiments.lessons.progress import LessonProgress
from gan_core.runs import Run
from pages.components.shared import lab, links

SAID = "lessons_said"
Found = Mapping[str, Run | None]


def _mine(lesson: Lesson) -> LessonProgress:
    """What this visitor did in a lesson: of this session, at first what is kept of them."""
    said: dict[str, LessonProgress] = st.session_state.setdefault(SAID, {})
    if lesson.name not in said:
        said[lesson.name] = progress.kept(lab.start().runs_dir, lesson)
    return said[lesson.name]


def _keep(lesson: Lesson, now: LessonProgress) -> None:
    st.session_state[SAID][lesson.name] = now
    progress.keep(lab.start().runs_dir, lesson, now)


def given_answers(lesson: Lesson) -> Mapping[str, str]:
    """Prediction's key -> the choice made. What the address says comes first; it is kept once an answer is given here."""
    mine = _mine(lesson)
    if st.query_params.get("lesson") != lesson.name:
        return mine.answers
    answers = dict(mine.answers)
    for prediction in lesson.predictions:
        choice = st.query_params.get(f"say-{prediction.key}", "")
        if prediction.words(choice):
            answers[prediction.key] = choice
        elif prediction.key in answers:
            st.query_params[f"say-{prediction.key}"] = answers[prediction.key]
    st.session_state[SAID][lesson.name] = replace(mine, answers=answers)
    return answers


def keep_answer(lesson: Lesson, prediction: Predict, choice: str) -> None:
    """Keeps a choice, and those before it."""
    answers = {**given_answers(lesson), prediction.key: choice}
    _keep(lesson, replace(_mine(lesson), answers=answers))
    st.query_params[f"say-{prediction.key}"] = choice


def begin_again(lesson: Lesson) -> None:
    """Forgets what was predicted in a lesson."""
    _mine(lesson)
    _keep(lesson, LessonProgress())
    open_lesson(lesson)


def open_lesson(lesson: Lesson) -> None:
    """Makes the address name a lesson, and nothing else but the language, and that it is a link for the class if it is one."""
    kept = {name: value for name, value in st.query_params.to_dict().items() if name in ("lang", links.ONLY)}
    st.query_params.from_dict(kept | {"lesson": lesson.name})


def end(lesson: Lesson) -> None:
    """Marks a lesson's last question as answered."""
    _keep(lesson, replace(_mine(lesson), ended=True))


def has_ended(lesson: Lesson) -> bool:
    """Whether its last question was answered."""
    return _mine(lesson).ended


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
            or (isinstance(step, TakeAway) and not has_ended(lesson))
        )
        if is_open:
            return number
    return len(lesson.steps)


def done_steps(lesson: Lesson) -> tuple[int, int]:
    """How many of its steps are done, and how many there are."""
    return first_open(lesson, found(lesson)), len(lesson.steps)
