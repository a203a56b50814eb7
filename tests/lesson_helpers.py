"""What tests of lessons share: an experiment that takes a moment."""

import dataclasses

from gan_core.experiments.lessons import Lesson
from gan_core.experiments.lessons.entry import Experiment
from gan_core.presets.entry import changed


def small(experiment: Experiment) -> Experiment:
    """The same experiment of eight steps, with a checkpoint after every second."""
    base = changed(
        experiment.base,
        dataset={"num_images": 64},
        network={"width": 4},
        training={"max_steps": 8, "batch_size": 16},
        recording={"checkpoint_every_steps": 2, "num_samples": 4, "probe_every_steps": 1},
    )
    return dataclasses.replace(experiment, base=base)


def small_lesson(lesson: Lesson) -> Lesson:
    """The same lesson with such runs."""
    return dataclasses.replace(lesson, experiment=small(lesson.experiment))
