"""Which weights of a run are on show: the visitor's choice comes back with them, for each run, and Back undoes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from helpers import tiny_run
from streamlit.testing.v1 import AppTest

from gan_core.runs import Run
from gan_core.runs.sampler import latents, open_sampler
from gan_core.training import loop
from tests.pages.conftest import Visit, calm, copy_of


def box(app: AppTest, what: str, run: Run, page: str = "explore"):
    return app.selectbox(key=f"{page}_{what}_{run.id}")


def tab(app: AppTest, name: str) -> AppTest:
    app.query_params.clear()
    app.query_params["run"], app.query_params["tab"] = app.session_state["run_kept"], name
    return calm(app.run())


def test_raw_weights_are_those_of_the_step_and_not_their_average(trained: Run) -> None:
    z = latents(2, 8, 0)
    average, raw = open_sampler(trained, 10), open_sampler(trained, 10, raw=True)
    assert not np.array_equal(average.samples(z), raw.samples(z))
    assert not average.raw and raw.raw and average.weights_id != raw.weights_id


def test_the_checkpoint_and_the_weights_come_back_on_other_tabs_and_pages(visit: Visit, trained: Run) -> None:
    app = visit("run", run=trained.id, tab="explore", view="sheet")
    assert box(app, "step", trained).value == 20 and box(app, "weights", trained).value == "average"
    calm(box(app, "step", trained).set_value(10).run())
    calm(box(app, "weights", trained).set_value("raw").run())
    assert app.query_params["step"] == "10" and app.query_params["weights"] == "raw"
    tab(app, "settings")
    tab(app, "explore")
    assert box(app, "step", trained).value == 10 and box(app, "weights", trained).value == "raw"
    calm(app.switch_page("pages/runs.py").run())
    calm(app.switch_page("pages/run.py").run())
    tab(app, "explore")
    assert box(app, "step", trained).value == 10 and box(app, "weights", trained).value == "raw"


def test_back_undoes_a_choice(visit: Visit, trained: Run) -> None:
    app = visit("run", run=trained.id, tab="explore", view="sheet")
    calm(box(app, "step", trained).set_value(10).run())
    del app.query_params["step"]  # as Back does
    calm(app.run())
    assert box(app, "step", trained).value == 20
    tab(app, "settings")
    tab(app, "explore")
    assert box(app, "step", trained).value == 20


def test_a_link_wins_and_each_run_has_a_choice_of_its_own(
    visit: Visit, trained: Run, trained_once: Path, runs_dir: Path
) -> None:
    other = copy_of(trained_once, runs_dir, "another")
    app = visit("run", run=trained.id, tab="explore", view="sheet")
    calm(box(app, "step", trained).set_value(10).run())
    app.query_params["run"] = other.id
    del app.query_params["step"]
    calm(app.run())
    assert box(app, "step", other).value == 20
    linked = visit("run", run=trained.id, tab="explore", view="sheet", step="15")
    assert box(linked, "step", trained).value == 15


def test_the_newest_is_no_choice_so_a_newer_one_takes_its_place(visit: Visit, trained: Run) -> None:
    app = visit("run", run=trained.id, tab="explore", view="sheet")
    calm(box(app, "step", trained).set_value(10).run())
    calm(box(app, "step", trained).set_value(20).run())
    assert app.session_state["run_weights"][trained.id] == {}


def test_weights_are_asked_only_where_there_are_both_and_the_view_takes_either(
    visit: Visit, trained: Run, runs_dir: Path
) -> None:
    alone = tiny_run(runs_dir, "no average", dataset__image_size=16, dataset__num_images=64, training__ema_decay=0.0)
    assert loop.train(alone).state == "finished"
    for run, view in ((alone, "sheet"), (trained, "picture")):
        app = visit("run", run=run.id, tab="explore", view=view, weights="raw")
        assert f"explore_weights_{run.id}" not in [one.key for one in app.selectbox]


def test_a_newer_checkpoint_makes_no_choice_of_the_one_on_show(visit: Visit, trained: Run) -> None:
    newest, aside = trained.checkpoint_dir(20), trained.path / "aside"
    newest.rename(aside)
    app = visit("run", run=trained.id, tab="explore", view="sheet")
    assert box(app, "step", trained).value == 15
    aside.rename(newest)
    calm(app.run())
    assert app.session_state["run_weights"][trained.id] == {}
    tab(app, "settings")
    tab(app, "explore")
    assert box(app, "step", trained).value == 20
