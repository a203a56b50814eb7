"""Replay: a recording, where the visitor stands, branching, filming, and runs with too little to play."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import plotly.io
import pytest
from helpers import tiny_run

from gan_core.analysis import film
from gan_core.exchange import formats
from gan_core.figures import charts
from gan_core.jobs import task, task_worker
from gan_core.runs import Run
from gan_core.training import queue
from pages.components.replay.view import without_legend
from pages.components.widgets.replay_player import Recording, read_view, replay_player
from tests.pages.conftest import Visit, calm, copy_of, labels, panel, words


def played(app) -> bool:
    return any(str(getattr(element, "key", "")).startswith("replay_player_") for element in app.main)


def test_without_runs_it_leads_to_training(visit: Visit) -> None:
    app = visit("run", tab="replay")
    assert "There is no run yet that can be shown here" in words(app)
    assert "Train a model" in labels(app)


def test_a_run_is_played_with_its_curves(visit: Visit, trained: Run) -> None:
    app = visit("run", tab="replay", run=trained.id)
    assert played(app)
    assert app.multiselect[0].value == ["losses", "judgement"]
    assert "The recording is at step 20" in words(app)
    assert not app.error


def test_a_link_with_a_step_stands_there_and_branches_from_the_checkpoint_before(
    visit: Visit, trained: Run, runs_dir: Path
) -> None:
    app = visit("run", tab="replay", run=trained.id, step="13")
    assert "The recording is at step 13. The nearest checkpoint at or before it is at step 10." in words(app)
    calm(app.number_input(key=f"replay_{trained.id}_training.epochs").set_value(9).run())
    calm(app.text_input(key=f"replay_name_{trained.id}").set_value("*Branch*").run())
    app.button(key=f"replay_branch_{trained.id}").click().run()
    (made,) = queue.queued_ids(runs_dir)
    assert Run(runs_dir / made).name == "*Branch*"
    assert Run(runs_dir / made).config().training.epochs == 9
    assert app.query_params["run"] == made


def test_a_branch_that_is_refused_is_a_sentence(visit: Visit, trained: Run, runs_dir: Path) -> None:
    app = visit("run", tab="replay", run=trained.id, step="20")
    app = calm(app.button(key=f"replay_branch_{trained.id}").click().run())
    assert "nothing remains to train after step 20" in words(app)
    assert queue.queued_ids(runs_dir) == []


def test_another_run_begins_at_its_end(visit: Visit, trained: Run, runs_dir: Path) -> None:
    other = copy_of(trained.path, runs_dir, "other", "Other")
    app = visit("run", tab="replay", run=trained.id, step="13")
    app = calm(app.selectbox(key="run_shown").set_value(other.id).run())
    assert app.query_params["run"] == other.id
    assert "step" not in app.query_params
    assert "The recording is at step 20" in words(app)
    assert "The recording is at step 7." in words(visit("run", tab="replay", run=other.id, step="7"))


def test_curves_of_few_points_have_dots_and_no_legend() -> None:
    columns = {"step": np.arange(60.0), "prob/real": np.full(60, 0.5), "prob/fake_after_g": np.full(60, np.nan)}
    columns["prob/fake_after_g"][::20] = 0.7
    chart = next(chart for chart in charts.CHARTS if chart.key == "judgement")
    made = json.loads(
        without_legend(plotly.io.to_json(charts.figure(chart, columns, 0.5)), {"prob/fake_after_g"}, [0, 59])
    )
    named = {trace["name"]: trace["mode"] for trace in made["data"] if trace.get("name")}
    assert named == {"D(x): real images": "lines", "D(G(z)) after G's update": "lines+markers"}
    assert made["layout"]["showlegend"] is False


@pytest.mark.parametrize("step", ["soon", "9" * 40])
def test_a_senseless_step_is_brought_into_the_recording(visit: Visit, trained: Run, step: str) -> None:
    assert played(visit("run", tab="replay", run=trained.id, step=step))


def test_a_run_for_looking_at_plays_and_says_why_it_cannot_branch(visit: Visit, trained: Run) -> None:
    for file in trained.checkpoints_dir.glob("*/optimizer.safetensors"):
        file.unlink()
    app = visit("run", tab="replay", run=trained.id)
    assert played(app)
    assert "are view-only" in words(app)


def test_a_half_written_run_without_pictures_plays_its_curves_and_cannot_be_filmed(
    visit: Visit, runs_dir: Path
) -> None:
    run = tiny_run(runs_dir, "Half")
    run.metrics_path.write_text('{"step": 1, "epoch": 1, "loss/g": 2.0, "loss/d": 1.0}\n{"step": 2, "lo')
    app = visit("run", tab="replay", run=run.id)
    assert played(app)
    assert "its curves are played alone" in words(app)
    assert "A film needs at least two sample grids" in words(panel(app, run, "film"))


def test_a_damaged_log_is_a_sentence(visit: Visit, trained: Run) -> None:
    trained.metrics_path.write_text("no json\n")
    app = visit("run", tab="replay", run=trained.id)
    (warning,) = app.warning
    assert "1 damaged line" in warning.value
    assert played(app)  # the pictures are there


def test_an_unknown_run_is_said_and_the_newest_is_played(visit: Visit, trained: Run) -> None:
    app = visit("run", tab="replay", run="[x](http://evil.example)")
    assert "](" not in app.warning[0].value
    assert played(app)


def test_the_film_is_made_in_the_background_and_kept_for_the_next_visitor(
    visit: Visit, trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANVAS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(task, "_launch", lambda place, actor: task_worker.work(place))  # here, at once
    app = panel(visit("run", run=trained.id), trained, "film")
    app = calm(app.segmented_control(key="replay_format").set_value("gif").run())
    assert "5 pictures with their step" in words(app)
    app = calm(app.button(key="replay_film").click().run())
    content = task.result(film.task(trained, "gif", 8))["film"].tobytes()
    assert content.startswith(b"GIF8")
    app = panel(visit("run", run=trained.id), trained, "film")
    app = calm(app.segmented_control(key="replay_format").set_value("gif").run())
    assert "replay_film" not in {button.key for button in app.button}
    assert any("Download the film" in str(element.proto) for element in app.get("download_button"))


def test_a_run_is_taken_away_in_files_that_fit_it(
    visit: Visit, trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANVAS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(task, "_launch", lambda place, actor: task_worker.work(place))  # here, at once
    app = panel(visit("run", run=trained.id), trained, "files")
    formats_shown = app.selectbox(key="run_file_format").options
    assert any(option.startswith("zip:") for option in formats_shown)
    assert not any(option.startswith("plane:") for option in formats_shown)  # of a VAE
    for name, begins in (("csv", b"step,epoch,time"), ("tensorboard", b"PK")):
        app = calm(app.selectbox(key="run_file_format").set_value(name).run())
        app = calm(app.button(key="run_file_make").click().run())
        assert task.result(formats.task(trained, name))["content"].tobytes().startswith(begins)
        assert any("Download (" in str(element.proto) for element in app.get("download_button"))


def test_the_menu_of_a_run_and_ticks_lead_to_compare(visit: Visit, trained: Run, runs_dir: Path) -> None:
    other = copy_of(trained.path, runs_dir, "another")
    app = visit("run", run=trained.id)
    assert "Twin in the 2-D lab" in app.menu_button(key="run_menu").options
    calm(app.menu_button(key="run_menu").click("compare").run())
    assert app.query_params["runs"] == trained.id
    app = visit("runs")
    for run in (trained, other):
        app.checkbox(key=f"runs_tick_{run.id}").set_value(True)
    calm(app.run())
    calm(app.button(key="runs_compare").click().run())
    assert set(app.query_params["runs"].split(",")) == {trained.id, other.id}


@pytest.mark.parametrize(
    ("message", "view"),
    [
        (None, (None, [])),
        ({"step": 5, "need": [0, 5, 7, "5", True, -1, [5]]}, (5, [0, 5])),
        ({"step": True, "need": "all"}, (None, [])),
        ({"step": -1, "need": None}, (None, [])),
        ({"step": 2**60}, (None, [])),
        ({"step": 1.5, "need": [10] * 99}, (None, [10] * 12)),
    ],
)
def test_what_a_browser_sends_is_checked(message: object, view: tuple[int | None, list[int]]) -> None:
    assert read_view([0, 5, 10], message) == view


def test_a_player_refuses_what_it_cannot_play() -> None:
    nothing = Recording([], [], [], [], [], [])
    with pytest.raises(ValueError, match="at least one recorded moment"):
        replay_player(nothing, frames={}, step=0, texts={}, key="k")
    one = Recording([0], ["step 0"], [0], [], [], [])
    with pytest.raises(ValueError, match="lacks words for: play"):
        replay_player(one, frames={}, step=0, texts={}, key="k")
