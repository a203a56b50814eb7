"""What a viewer notes on a run's page: beside a figure, of the whole run, and of single pictures."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from gan_core.runs import Run, notes
from tests.pages.conftest import Visit, calm, panel, plain, words


def test_an_observation_beside_a_figure_is_kept_with_the_run_and_shown(visit: Visit, trained: Run) -> None:
    app = visit("run", run=trained.id)
    key = f"live_seen_{trained.id}_losses"
    app.session_state[f"{key}_0"] = True
    calm(app.run())
    app.text_area(key=f"{key}_words").set_value("G settles *early*")
    calm(
        next(button for button in app.button if button.label == "Keep" and button.form_id == f"{key}_form")
        .click()
        .run()
    )
    assert notes.read(trained).observations == {"losses": "G settles *early*"}
    assert "G settles *early*" in words(app)


def test_rename_and_note(visit: Visit, trained: Run) -> None:
    app = panel(visit("run", run=trained.id), trained, "edit")
    save(app, trained, name="  My digits ", note="They look like *sevens*.")
    assert (trained.name, trained.note) == ("My digits", "They look like *sevens*.")
    assert app.title[0].value == "My digits"
    assert "They look like *sevens*." in [text.value for text in app.text]


def test_an_emptied_name_gives_the_title_back(visit: Visit, trained: Run) -> None:
    app = panel(visit("run", run=trained.id), trained, "edit")
    title = trained.title
    save(app, trained, name="My digits")
    assert (trained.name, app.title[0].value) == ("My digits", "My digits")
    app = panel(app, trained, "edit")
    save(app, trained, name="   ")
    assert (trained.name, trained.own_name) == (title, "")
    assert plain(app.title[0].value) == title and title != trained.id


def save(app: AppTest, run: Run, **fields: str) -> None:
    for name, value in fields.items():
        widget = app.text_input if name == "name" else app.text_area
        widget(key=f"runs_{run.id}_{name}").set_value(value)
    button = next(b for b in app.button if b.label == "Save" and b.proto.form_id == f"runs_{run.id}_form")
    calm(button.click().run())


def test_marked_pictures_are_shown_and_a_mark_can_be_removed(visit: Visit, trained: Run) -> None:
    notes.mark(trained, 20, 1, "best", "round")
    notes.mark(trained, 20, 3, "worst", "torn")
    app = visit("run", run=trained.id)
    app.session_state[f"live_marks_{trained.id}"] = True
    calm(app.run())
    assert "Download as PNG" in [button.label for button in app.download_button]
    calm(app.button(key=f"live_marks_{trained.id}_20_3").click().run())
    assert [mark.reason for mark in notes.read(trained).marks] == ["round"]


def test_real_stands_beside_generated_on_the_page_of_any_run(visit: Visit, trained: Run) -> None:
    app = visit("run", run=trained.id, tab="measure", view="beside")
    key = f"live_beside_{trained.id}"
    shown = [str(element.proto) for element in app.main if getattr(element, "key", "") == f"{key}_picture"]
    assert len(shown) == 1 and "Generated: 32 at step 20, seed 0" in shown[0]
