"""Sweeps: nothing yet, a form that says what is wrong, a sweep begun, done, stopped, gone on with and removed."""

from __future__ import annotations

import html
import platform
import re
import shutil
from pathlib import Path

import pytest
import streamlit as st
from helpers import MACHINE
from streamlit.testing.v1 import AppTest
from sweep_helpers import folder_of, small, worker

from gan_core import runs
from gan_core.config.numbers import significant
from gan_core.evaluation.metrics import METRICS
from gan_core.experiments.sweeps import figures
from gan_core.experiments.sweeps.figures import PICTURES
from gan_core.experiments.sweeps.folder import SweepFolder, list_folders
from gan_core.experiments.sweeps.plan import listed, ranged
from gan_core.experiments.sweeps.study import open_study
from gan_core.experiments.sweeps.table import best, rows_of
from gan_core.jobs import task
from gan_core.report import formats
from gan_core.training import supervisor
from pages.components.sweeps.results import names_of
from tests.pages.conftest import Visit, calm, labels, plain, words


@pytest.fixture(autouse=True)
def no_process(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whose process would have been started: nothing trains in these tests."""
    started: list[str] = []
    monkeypatch.setattr(task, "_launch", lambda place, actor: started.append(place.parent.name))
    return started


@pytest.fixture(scope="module")
def done_once(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Path:
    """A grid of four places, really trained: three done, one refused."""
    folder = tmp_path_factory.mktemp("sweep") / "runs"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        patch.setattr(supervisor, "machine", lambda chosen: MACHINE)
        sweep = small(listed("training.batch_size", [10, 20]), listed("remedies.packing", [1, 4]), name="*Mine*")
        worker(folder_of(folder, sweep)).work()
    return folder


@pytest.fixture
def done(done_once: Path, runs_dir: Path) -> SweepFolder:
    shutil.copytree(done_once, runs_dir)
    (folder,) = list_folders(runs_dir)
    return folder


def table(app: AppTest) -> list[dict[str, object]]:
    return app.dataframe[0].value.to_dict("records")


def test_the_form_says_what_a_sweep_is_and_offers_two(visit: Visit) -> None:
    app = visit("train", tab="many")
    text = words(app)
    assert "trains every combination of the values you list" in text
    assert "Batch size x epochs x learning rate (8 runs)" in text and "Search two learning rates" in text
    assert labels(app).count("Start it") == 2


def test_an_offer_without_its_evaluator_says_how_to_get_one(visit: Visit, runs_dir: Path) -> None:
    app = calm(visit("train", tab="many").button(key="sweeps_offer_r4").click().run())
    assert "train-evaluator faces" in app.error[0].value.replace("\\", "")
    assert list_folders(runs_dir) == []


def test_the_form_counts_the_trials_and_begins_them(visit: Visit, runs_dir: Path, no_process: list[str]) -> None:
    app = visit("train", tab="many")
    app = calm(app.selectbox(key="sweeps_aim_mnist-dcgan").set_value("loss/g").run())
    app = calm(app.text_input(key="sweeps_values_mnist-dcgan_training.batch_size").set_value("32, 64, 128").run())
    assert "6 trials, one after the other: about 2 min 3" in words(app)
    app = calm(app.text_input(key="sweeps_name").set_value("Mine").run())
    app = calm(app.button(key="sweeps_start").click().run())
    (folder,) = list_folders(runs_dir)
    assert (folder.sweep.name, folder.sweep.trials, folder.sweep.objective.metric) == ("Mine", 6, "loss/g")
    assert no_process == [folder.id] and folder.should_run
    assert app.query_params["id"] in (folder.id, [folder.id])
    assert [row["state"] for row in table(app)] == ["waiting"] * 6
    assert "0 of 6 trials have ended" in str(app.get("progress")[0].proto)


def test_a_range_makes_a_search(visit: Visit) -> None:
    app = visit("train", tab="many")
    app = calm(app.selectbox(key="sweeps_aim_mnist-dcgan").set_value("loss/g").run())
    app = calm(app.text_input(key="sweeps_values_mnist-dcgan_learning_rate").set_value("1e-4..1e-2").run())
    app = calm(app.number_input(key="sweeps_trials").set_value(7).run())
    assert "7 trials, one after the other" in words(app)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("1, 2", "greater than or equal to 2"),
        ("many", "valid integer"),
        ("", "Write what to vary as"),
        (", ".join(map(str, range(2, 300))), "596 trials, about 25 hours"),
    ],
)
def test_a_mistake_in_the_form_is_a_sentence(visit: Visit, typed: str, said: str) -> None:
    app = visit("train", tab="many")
    app = calm(app.selectbox(key="sweeps_aim_mnist-dcgan").set_value("loss/g").run())
    app = calm(app.text_input(key="sweeps_values_mnist-dcgan_training.batch_size").set_value(typed).run())
    assert said in words(app)
    assert app.button(key="sweeps_start").disabled


def test_a_finished_sweep_shows_values_reasons_pictures_and_the_best(visit: Visit, done: SweepFolder) -> None:
    app = visit("experiment")
    rows = rows_of(done.study())
    top = best(rows, done.sweep)
    assert top is not None
    shown = table(app)
    assert [row["state"].removeprefix("★ ") for row in shown] == ["done", "failed", "done", "done"]
    assert [row["state"].startswith("★") for row in shown] == [row is top for row in rows]
    assert "cannot be cut into packs of 4" in shown[1]["why it ended"]
    assert shown[0]["run"] == f"run?run={rows[0].run_id}"
    text = words(app)
    assert f"Best: trial {top.index + 1}" in text
    assert f"{METRICS['fd'].objective_title} {significant(top.value, 4)}" in text
    assert "What each run draws" in text and "Batch size 20, Packing (PacGAN) 4" in text
    assert "Optuna's charts" in text and len(app.get("plotly_chart")) == 1
    assert "Continue" not in labels(app)
    app = calm(app.button(key="sweeps_best").click().run())
    assert app.query_params["run"] in (top.run_id, [top.run_id])


def test_the_runs_of_a_sweep_are_reported_on_together(visit: Visit, done: SweepFolder, runs_dir: Path) -> None:
    ids = [row.run_id for row in rows_of(done.study()) if row.state == "done"]
    assert len(ids) == 3
    app = calm(visit("experiment").button(key="experiment_report").click().run())
    assert app.query_params["runs"] == ",".join(ids) and app.query_params["view"] == "report"
    members, place = [runs.find(runs_dir, run_id) for run_id in ids], runs_dir.parent / "sweep.html"
    formats.write(members, "plain", "html", place)
    assert [run.name for run in members if html.escape(run.name) not in place.read_text()] == []


def test_each_of_optunas_pictures_can_be_shown(visit: Visit, done: SweepFolder) -> None:
    app = visit("experiment")
    for key in ("history", "slice", "parallel"):
        app = calm(app.segmented_control(key="sweeps_plot").set_value(key).run())
        assert len(app.get("plotly_chart")) == 1


@pytest.mark.parametrize("key", PICTURES)
def test_optunas_pictures_speak_the_visitors_language(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANVAS_LANG", "zh_TW")
    sweep = small(ranged("learning_rate", 1e-4, 1e-2), listed("training.batch_size", [10, 20]), trials=9)
    study = open_study("one", str(tmp_path / "journal.log"), sweep)
    study.enqueue_missing()
    while claim := study.claim():
        study.complete(claim, 1.0 / (1 + claim.index))
    names = names_of(sweep)
    drawn = figures.figure(study, key, names).to_dict()
    axes = [axis for place, axis in drawn["layout"].items() if place[1:5] == "axis"]
    bars = [trace.get("marker", {}).get("colorbar", {}) for trace in drawn["data"]]
    shown = [place["title"]["text"] for place in (*axes, *bars) if "title" in place]
    shown += [words for axis in axes for words in axis.get("ticktext", ()) if not words[0].isdigit()]
    shown += [trace["name"] for trace in drawn["data"] if trace.get("name") and trace.get("showlegend") is not False]
    shown += [str(name) for trace in drawn["data"] if key == "importance" for name in trace["y"]]
    whole = set(names.values())
    assert shown and set(shown) <= whole | {words[:17] + "..." for words in whole}
    assert [words for words in shown if not re.search("[\u4e00-\u9fff]", words)] == []


def test_trials_bear_the_tables_numbers_in_optunas_pictures(tmp_path: Path) -> None:
    sweep = small(ranged("learning_rate", 1e-4, 1e-2), trials=3)
    study = open_study("one", str(tmp_path / "journal.log"), sweep)
    study.enqueue_missing()
    while claim := study.claim():
        study.complete(claim, 1.0 / (1 + claim.index))
    history, pieces = (figures.figure(study, key) for key in ("history", "slice"))
    assert [list(trace.x) for trace in history.data[:2]] == [[1, 2, 3], [1, 2, 3]]
    assert sorted(pieces.data[0].marker.color) == [1, 2, 3]
    assert history.layout.xaxis.dtick == 1


def test_two_settings_of_one_name_stay_two_in_optunas_pictures() -> None:
    sweep = small(listed("generator_optimizer.beta1", [0.1, 0.5]), listed("discriminator_optimizer.beta1", [0.1, 0.5]))
    names = names_of(sweep)
    assert len({names[axis.name] for axis in sweep.axes}) == 2


def test_an_unfinished_sweep_goes_on_and_stops(
    visit: Visit, runs_dir: Path, no_process: list[str], commands: dict[str, list[list[str]]]
) -> None:
    folder = folder_of(runs_dir, small())
    app = visit("experiment")
    assert commands["experiment_sweep"] == [["sweep", folder.id, "--queue"]]
    calm(app.button(key="sweeps_go_on").click().run())
    assert no_process == [folder.id] and folder.should_run
    assert commands["experiment_sweep"] == [["stop", folder.id]]
    calm(app.button(key="sweeps_stop").click().run())
    assert not folder.should_run


def test_what_ended_the_process_and_a_damaged_study_are_sentences(visit: Visit, runs_dir: Path) -> None:
    folder = folder_of(runs_dir, small())
    folder.order("stop", "The disk is full.")
    assert visit("experiment").error[0].value == "The disk is full\\."
    Path(folder.address).write_text("no journal\nat all\n")
    st.cache_resource.clear()  # as a server that has just been started
    assert "damaged, or not a sweep's journal" in plain(visit("experiment").error[0].value)


def test_a_link_to_no_sweep_shows_the_newest(visit: Visit, done: SweepFolder) -> None:
    app = visit("sweeps", sweep="[x](http://evil.example)")
    assert "](" not in app.warning[0].value
    assert app.selectbox(key="experiment_shown").value == done.id


def test_removing_a_sweep_keeps_its_runs(visit: Visit, done: SweepFolder, runs_dir: Path) -> None:
    app = visit("experiment", id=done.id)
    calm(app.button(key="sweeps_forget_yes").click().run())
    assert list_folders(runs_dir) == [] and len(runs.list_runs(runs_dir)) == 3


def test_a_trial_that_a_command_makes_is_seen_and_so_is_one_whose_process_died(visit: Visit, runs_dir: Path) -> None:
    folder = folder_of(runs_dir, small())
    study = folder.study()
    claim = study.claim()
    assert claim is not None
    app = visit("experiment")
    assert table(app)[0]["state"] == "training"
    assert "worked on elsewhere" in str(app.get("progress")[0].proto)
    study.set_attributes(claim, worker={"host": platform.node(), "pid": 2**22 + 1, "began": 0.0})  # no such process
    app = visit("experiment")
    assert table(app)[0]["state"] == "interrupted" and "Continue" in labels(app)
    assert "no process works on it now" in str(app.get("progress")[0].proto)


def test_experiments_are_listed_and_open(visit: Visit, done: SweepFolder) -> None:
    app = visit("runs", tab="experiments")
    assert done.name in words(app)
    calm(app.button(key=f"experiments_open_{done.id}").click().run())
    assert app.query_params["id"] == done.id and plain(app.title[0].value) == done.name
