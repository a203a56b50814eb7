"""Present mode: what the button writes into the address, and what is left on the page."""

from __future__ import annotations

from gan_core.runs import Run
from tests.pages.conftest import Visit, calm, labels, plain, words


def test_the_button_on_watch_opens_the_same_run_in_present_mode(visit: Visit, trained: Run) -> None:
    app = visit("run", run=trained.id, tab="watch")
    calm(app.button(key="live_present").click().run())
    assert {name: app.query_params[name] for name in ("run", "tab", "present")} == {
        "run": trained.id, "tab": "watch", "present": "1",
    }  # fmt: skip
    assert plain(app.title[0].value) == trained.name and "finished" in words(app)
    assert "Losses of generator and discriminator" in words(app)


def test_present_mode_has_no_controls(visit: Visit, trained: Run) -> None:
    app = visit("run", run=trained.id, present="1")
    assert labels(app) == [] and not app.slider and not app.toggle and not app.get("button_group")
    assert not app.main.selectbox
    assert [plain(title.value) for title in app.title] == [trained.name]


def test_pages_without_a_present_mode_ignore_it(visit: Visit, trained: Run) -> None:
    home = visit("home", present="1")
    assert "Train on digits now" in labels(home)  # no class: no wall
    assert visit("runs", present="1").title[0].value == "All runs"


def test_a_run_that_is_not_there_is_said_in_present_mode_as_well(visit: Visit) -> None:
    assert "There is no run" in words(visit("run", run="nobody", present="1"))
