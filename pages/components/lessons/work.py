"""What a lesson computes of finished runs, once for all viewers. Loads torch."""

from pathlib import Path

import streamlit as st

from gan_core.config.devices import use_one_thread
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.experiments.lessons import Lesson
from gan_core.experiments.lessons.measuring import measure
from gan_core.experiments.lessons.outcome import Outcome
from gan_core.experiments.lessons.replay import Replay, replay
from gan_core.runs import Run
from pages.components.lessons.state import Found, finished
from pages.components.shared import lab


def outcomes(lesson: Lesson, runs: Found) -> dict[str, Outcome]:
    """What the finished runs have shown.

    Raises:
        ValueError: one cannot be measured.
    """
    done = {key: run for key, run in runs.items() if run is not None and finished(run)}
    return {key: outcome(run, lesson.experiment.measures) for key, run in done.items()}


def outcome(run: Run, measures: tuple[str, ...]) -> Outcome:
    """What one run has shown."""
    return Outcome(lab.tail(str(run.path)).columns(), _readings(str(run.path), run.checkpoint_steps()[-1], measures))


@st.cache_resource(max_entries=128, show_spinner=False)
def _readings(path: str, step: int, measures: tuple[str, ...]) -> dict[str, Estimate]:
    use_one_thread()
    return measure(Run(Path(path)), measures)


@st.cache_resource(max_entries=48, show_spinner=False)
def step_again(path: str) -> Replay:
    """A step of a finished run, made once more."""
    use_one_thread()
    return replay(Run(Path(path)))
