"""What a viewer notes on a run's page: beside a figure, of the whole run, and of single pictures."""

from __future__ import annotations

from gan_core.runs import Run, notes
from tests.pages.conftest import Visit, calm, words


def test_an_observation_beside_a_figure_is_kept_with_the_run_and_shown(visit: Visit, trained: Run) -> None:
    app = visit("train", run=trained.id)
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


def test_the_runs_own_observation_is_its_note(visit: Visit, trained: Run) -> None:
    app = visit("train", run=trained.id)
    app.text_area(key=f"live_note_words_{trained.id}").set_value("digits after two minutes")
    form = f"live_note_{trained.id}"
    calm(next(button for button in app.button if button.form_id == form).click().run())
    assert trained.note == "digits after two minutes"


def test_marked_pictures_are_shown_and_a_mark_can_be_removed(visit: Visit, trained: Run) -> None:
    notes.mark(trained, 20, 1, "best", "round")
    notes.mark(trained, 20, 3, "worst", "torn")
    app = visit("train", run=trained.id)
    app.session_state[f"live_marks_{trained.id}"] = True
    calm(app.run())
    assert "Download as PNG" in [button.label for button in app.download_button]
    calm(app.button(key=f"live_marks_{trained.id}_20_3").click().run())
    assert [mark.reason for mark in notes.read(trained).marks] == ["round"]


def test_real_stands_beside_generated_on_the_page_of_any_run(visit: Visit, trained: Run) -> None:
    app = visit("train", run=trained.id)
    key = f"live_beside_{trained.id}"
    app.session_state[key] = True
    calm(app.run())
    shown = [str(element.proto) for element in app.main if getattr(element, "key", "") == f"{key}_picture"]
    assert len(shown) == 1 and "Generated: 32 at step 20, seed 0" in shown[0]
