"""Undo after a rename: the former name comes back, unless the name has changed again."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from gan_core.latents import saved_directions
from gan_core.runs import Run
from tests.pages.conftest import Visit, calm, labels, panel, plain, words
from tests.pages.test_latent_pages import SMILE
from tests.pages.test_runs_page import answer, tick


def renamed(visit: Visit, run: Run, name: str) -> AppTest:
    app = panel(visit("run", run=run.id), run, "edit")
    app.text_input(key=f"runs_{run.id}_name").set_value(name)
    return calm(next(button for button in app.button if button.label == "Save").click().run())


def test_undo_gives_a_run_its_former_name_back(visit: Visit, trained: Run) -> None:
    trained.describe(name="*first*", note="a note")
    app = renamed(visit, trained, "second")
    assert trained.name == "second" and "Renamed from “*first*” to “second”." in words(app)
    calm(app.button(key="lab_undo_yes").click().run())
    assert trained.name == "*first*" and trained.note == "a note"
    assert plain(app.title[0].value) == "*first*" and "Renamed" not in words(app)
    assert "Undo" not in labels(app)


def test_a_name_that_others_changed_meanwhile_stays(visit: Visit, trained: Run) -> None:
    trained.describe(name="first")
    app = renamed(visit, trained, "second")
    trained.describe(name="third")
    calm(app.button(key="lab_undo_yes").click().run())
    assert trained.name == "third" and "changed again in the meantime" in words(app)


def test_the_line_is_gone_when_closed_on_another_page_or_without_a_new_name(visit: Visit, trained: Run) -> None:
    trained.describe(name="first")
    assert "Undo" not in labels(renamed(visit, trained, "first"))
    app = renamed(visit, trained, "second")
    calm(app.button(key="lab_undo_close").click().run())
    assert "Undo" not in labels(app)
    app = renamed(visit, trained, "third")
    assert "Undo" in labels(app)
    calm(app.switch_page("pages/runs.py").run())
    calm(app.switch_page("pages/run.py").run())
    assert "Undo" not in labels(app) and trained.name == "third"


def test_a_saved_direction_gets_its_former_name_back(visit: Visit, trained: Run, runs_dir: Path) -> None:
    kept = saved_directions.save(runs_dir, SMILE)
    app = visit("run", run=trained.id, tab="explore", along="saved")
    app.text_input(key=f"explore_new_name_{kept.id}").set_value("another")
    calm(app.button(key=f"explore_rename_do_{kept.id}").click().run())
    assert saved_directions.find(runs_dir, kept.id).name == "another"
    calm(app.button(key="lab_undo_yes").click().run())
    assert saved_directions.find(runs_dir, kept.id).name == kept.name


def test_deleted_runs_and_directions_come_back(visit: Visit, trained: Run, runs_dir: Path) -> None:
    kept = saved_directions.save(runs_dir, SMILE)
    app = visit("run", run=trained.id, tab="explore", along="saved")
    calm(app.button(key=f"explore_delete_{kept.id}").click().run())
    assert saved_directions.list_directions(runs_dir) == [] and f"Deleted: “{SMILE.name}”." in words(app)
    calm(app.button(key="lab_undo_yes").click().run())
    assert [one.name for one in saved_directions.list_directions(runs_dir)] == [SMILE.name]

    app = visit("runs")
    tick(app, trained)
    answer(app, "yes")
    assert not trained.path.exists() and "Deleted: “" in words(app)
    calm(app.button(key="lab_undo_yes").click().run())
    assert trained.path.exists() and "Deleted: “" not in words(app) and trained.name in words(app)
