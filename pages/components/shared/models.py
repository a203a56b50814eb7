"""Models ready to draw, once for all viewers: a run's generator, a VAE with its unseen images. Importing this loads torch."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from gan_core.analysis import marked
from gan_core.config.devices import use_one_thread
from gan_core.datasets import held_out
from gan_core.datasets.base import Dataset
from gan_core.datasets.conditions import Condition, condition_of, kind_of
from gan_core.datasets.held_out import HeldOut
from gan_core.evaluation import evaluators
from gan_core.evaluation.evaluators.evaluator import Evaluator, open_evaluator
from gan_core.evaluation.evaluators.scoring import surest_label
from gan_core.runs import Run
from gan_core.runs.autoencoder import Autoencoder, open_autoencoder
from gan_core.runs.sampler import Sampler, open_sampler
from pages.components.shared import lab
from pages.components.text import _

MOST_IMAGES = 2621  # report R5's number; more only if a larger map asks for it


def sampler(run: Run, step: int, raw: bool = False) -> Sampler:
    """A run's generator at a checkpoint; `raw`: without its running average.

    Raises:
        ValueError: a damaged checkpoint.
    """
    return _sampler(str(run.path), step, raw)


@st.cache_resource(max_entries=16, show_spinner=False)
def _sampler(path: str, step: int, raw: bool) -> Sampler:
    use_one_thread()
    return open_sampler(Run(Path(path)), step, raw=raw)


@dataclass(frozen=True)
class Shown:
    """A VAE at a checkpoint, loaded, with its run and images that it did not learn from."""

    run: Run
    model: Autoencoder
    held_out: HeldOut

    @property
    def num_images(self) -> int:
        """How many held-out images it is measured on."""
        return min(MOST_IMAGES, self.held_out.count)

    def which(self, count: int) -> str:
        """Which images these are, in words."""
        if self.held_out.kind == "test":
            return _("{n:,} images of the test split, which it never saw").format(n=count)
        if self.held_out.kind == "left_over":
            return _("{n:,} images of the data set that it was not trained on").format(n=count)
        return _("{n:,} of its **training images**: this data set has no others").format(n=count)


@st.cache_resource(max_entries=6, show_spinner=False)
def _model(path: str, step: int) -> Autoencoder:
    use_one_thread()
    return open_autoencoder(Run(Path(path)), step)


@st.cache_resource(max_entries=12, show_spinner=False)
def _held_out(path: str) -> HeldOut:
    return held_out.held_out(Run(Path(path)).config().dataset)


def shown(run: Run, step: int) -> Shown:
    """The run at a checkpoint.

    Raises:
        ValueError: a damaged checkpoint, or a data set that is not there any more.
    """
    return Shown(run, _model(str(run.path), step), _held_out(str(run.path)))


@st.cache_resource(max_entries=12, show_spinner=False)
def images(path: str, count: int) -> Dataset:
    """A sample of a run's held-out images; fewer are the first of more."""
    return _held_out(path).images(count)


def first_condition(model: Sampler) -> Condition:
    """What is asked for before anybody has chosen: of objects the one that the model draws most surely, else the labels of the
    data set's first picture."""
    surest = _surest_object(model) if kind_of(model.config.conditioning) == "objects" else ()
    return surest or condition_of(model.some_labels(1)[0], model.config.conditioning.labels)


def _surest_object(model: Sampler) -> Condition:
    """The object that the evaluator finds most surely in the run's newest sample grid; none where that cannot be read."""
    run, folder = lab.run_or_none(model.run_id), evaluators.folder_for(model.config)
    if run is None or folder is None or not run.sample_steps():
        return ()
    return _surest(str(run.path), run.sample_steps()[-1], folder.card.weights_sha256, run, model, folder)


@st.cache_data(max_entries=64, show_spinner=False)
def _surest(
    path: str, step: int, weights: str, _run: Run, _model: Sampler, _folder: evaluators.EvaluatorFolder
) -> Condition:
    pictures, names = marked.grid_tiles(_run, step), _model.config.conditioning.labels
    if pictures is None:
        return ()
    try:
        evaluator = opened(str(_folder.path), weights, _folder)
        logits = evaluator.logits(pictures[:, : evaluator.info.channels]).numpy()
        places = [evaluator.info.label_names.index(name) for name in names]
        return (names[surest_label(logits[:, places], _model.some_labels(len(pictures)))],)
    except ValueError:  # a damaged evaluator is told where its marks would stand
        return ()


@st.cache_resource(max_entries=4, show_spinner=False)
def opened(path: str, weights: str, _folder: evaluators.EvaluatorFolder) -> Evaluator:
    """An evaluator's network, opened once for all viewers."""
    return open_evaluator(_folder)
