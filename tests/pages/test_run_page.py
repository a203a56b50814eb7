"""The page of a run: which run and which tab it opens on, and what a ready-made run shows and offers."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_run

from gan_core.config import settings
from gan_core.evaluation import measure_task
from gan_core.evaluation.measure import REPEATS, Measurement
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.jobs import task
from gan_core.runs import Run
from tests.pages.conftest import Visit, calm, copy_of, labels, words

MEASURE = "Measure step 20"


@pytest.fixture
def ready_made(trained_once: Path) -> Run:
    """A run that comes with the program."""
    return copy_of(trained_once, settings.pretrained_dir(), "ready-made")


def measured(run: Run, value: float) -> None:
    """Puts a result into the cache, as the background work does."""
    again = tuple(np.random.default_rng(0).normal(value, 1, REPEATS))
    estimate = Estimate(value, value - 2, value + 2, 2000, "half-samples")
    row = Measurement("fd", estimate, 1.0, 500, "digits@abc, last layer", "held-out images", 20, 0, "bias", again)
    place = task.folder(measure_task.task(run, run.checkpoint_steps()[-1]))
    place.mkdir(parents=True, exist_ok=True)
    plain = json.dumps({name: part for name, part in asdict(row).items() if name != "replicates"})
    images = np.zeros((20, 1, 16, 16), np.uint8)
    np.savez(place / task.RESULT, rows=np.array([plain]), again=np.array([again]), pinned=images,
             apart=np.ones(20), nearest=images)  # fmt: skip


def test_what_is_measured_of_a_ready_made_run_is_shown(visit: Visit, ready_made: Run, trained: Run) -> None:
    app = visit("run", run=ready_made.id, tab="measure")
    assert MEASURE in labels(app) and "Nothing was measured" in words(app)
    measured(ready_made, 41.0)
    app = visit("run", run=ready_made.id, tab="measure")
    assert app.dataframe[0].value["value"].tolist() == ["41"]
    assert MEASURE not in labels(app) and "Nothing was measured" not in words(app)
    assert not ready_made.evaluations_path.exists()  # it stays as it came
    app = visit("compare", runs=f"{ready_made.id},{trained.id}", view="numbers")
    assert app.dataframe[0].value["value"].tolist() == ["41"]


@pytest.mark.parametrize("network", ["dcgan4", "vae"])
def test_every_model_of_pictures_can_be_measured(
    visit: Visit, runs_dir: Path, trained: Run, network: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if network == "vae":
        trained = tiny_run(runs_dir, network__name="vae", training__ema_decay=0.0, dataset__image_size=16)
        monkeypatch.setattr(Run, "checkpoint_steps", lambda run: [20])
    assert MEASURE in labels(visit("run", run=trained.id, tab="measure"))


@pytest.mark.parametrize("tab", ["watch", "replay", "explore", "measure", "report", "settings"])
def test_no_tab_of_a_ready_made_run_offers_what_only_an_own_run_has(visit: Visit, ready_made: Run, tab: str) -> None:
    app = visit("run", run=ready_made.id, tab=tab)
    assert not {"Rename, write a note", "Delete", "Resume", "Continue", "Keep", "Mark"} & set(labels(app))
    assert "stands here" not in words(app) and "kept with the run" not in words(app)


def test_a_ready_made_run_opens_on_explore_and_any_other_on_watch(
    visit: Visit, ready_made: Run, trained: Run, runs_dir: Path
) -> None:
    queued = tiny_run(runs_dir)
    tabs = {
        run.id: visit("run", run=run.id).segmented_control(key="run_tab").value for run in (ready_made, trained, queued)
    }
    assert tabs == {ready_made.id: "explore", trained.id: "watch", queued.id: "watch"}


def test_a_tab_that_was_chosen_stays_and_is_in_the_address(visit: Visit, ready_made: Run) -> None:
    app = visit("run", run=ready_made.id)
    calm(app.segmented_control(key="run_tab").set_value("watch").run())
    assert app.query_params["tab"] == "watch"
    assert calm(app.run()).segmented_control(key="run_tab").value == "watch"


def test_without_a_run_in_the_address_one_is_shown_that_has_the_tab_and_the_view(
    visit: Visit, ready_made: Run, trained: Run, runs_dir: Path
) -> None:
    newest = tiny_run(runs_dir, "waits")
    shown = {
        where: visit("run", **dict(where)).selectbox(key="run_shown").value
        for where in ((), (("tab", "explore"),), (("tab", "measure"), ("view", "neighbours")))
    }
    assert shown == {
        (): newest.id,
        (("tab", "explore"),): trained.id,
        (("tab", "measure"), ("view", "neighbours")): trained.id,
    }
