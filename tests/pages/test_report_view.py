"""The view of a run's report: made with what was typed, shown with its figures, and what is seen in them kept."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from gan_core.jobs import task, task_worker
from gan_core.runs import Run, notes
from tests.pages.conftest import calm, words


def page() -> None:
    """What the test runs as a page."""
    from pathlib import Path

    import streamlit as st

    from gan_core.runs import Run
    from pages.components.report.form import report

    report([Run(Path(st.session_state["path"]))])


def test_a_report_is_made_with_my_name_and_its_figures_take_observations(
    trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "_launch", lambda place, actor: task_worker.work(place))  # here, at once
    app = AppTest.from_function(page, default_timeout=120)
    app.session_state["path"] = str(trained.path)
    calm(app.run())
    key = f"report_{trained.id}"
    assert "its report is made automatically" in words(app)
    app.selectbox(key=f"{key}_template").set_value("r1")
    app.text_input(key=f"{key}_name").set_value("Ada")
    calm(next(button for button in app.button if button.label == "Make the report").click().run())
    downloads = [button.label for button in app.get("download_button")]
    assert any(label.startswith("Download (") for label in downloads)
    assert "Missing from this report" in "".join(expander.label for expander in app.expander)
    app.session_state[f"live_seen_{trained.id}_samples_0"] = True
    calm(app.run())
    app.text_area(key=f"live_seen_{trained.id}_samples_words").set_value("a three")
    form = f"live_seen_{trained.id}_samples_form"
    calm(next(b for b in app.button if b.label == "Keep" and b.form_id == form).click().run())
    assert notes.read(trained).observations == {"samples": "a three"}


def test_a_template_that_the_run_cannot_give_is_a_sentence_on_the_page(
    trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "_launch", lambda place, actor: task_worker.work(place))
    trained.report_path.write_text("<!doctype html>")
    app = AppTest.from_function(page, default_timeout=120)
    app.session_state["path"] = str(trained.path)
    calm(app.run())
    assert "Download the report made at the run's end" in [button.label for button in app.get("download_button")]
    app.selectbox(key=f"report_{trained.id}_template").set_value("nycu-lab6")
    calm(next(button for button in app.button if button.label == "Make the report").click().run())
    assert "is for a model that is asked for the 24 objects" in words(app)
