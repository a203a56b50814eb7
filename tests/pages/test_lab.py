"""What every page does with a refusal, and the reader of a run that all its viewers share."""

import base64
import json
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from gan_core.config.settings import from_environment
from gan_core.figures import overview
from pages.components.shared import lab
from tests.helpers import tiny_run
from tests.pages.conftest import plain
from tests.runs.test_metrics import lines


def _page() -> None:
    import errno

    import streamlit as st

    from pages.components.shared import lab

    def fails(number: int) -> None:
        raise OSError(number, "No space left on device")

    lab.show_refusal()
    lab.attempt(lambda: fails(errno.ENOSPC))
    if st.button("press", key="press"):
        lab.press(lambda: fails(errno.ENOSPC))
    if st.button("unknown", key="unknown"):
        lab.attempt(lambda: fails(errno.ECHILD))


def test_a_full_disk_is_told_with_the_way_out_and_an_error_of_the_program_is_not_hidden() -> None:
    full = "The disk is full ([Errno 28] No space left on device). Free some space, then continue."
    app = AppTest.from_function(_page, default_timeout=120).run()
    assert [plain(box.value) for box in app.error] == [full] and not app.exception
    app.button(key="press").click().run()
    assert [plain(box.value) for box in app.error] == 2 * [full] and not app.exception
    app.button(key="unknown").click().run()
    assert len(app.exception) == 1


@pytest.mark.parametrize("most", [overview.MOST, 256])
def test_curves_are_drawn_anew_when_they_have_grown_by_what_the_eye_can_see_and_at_the_end(tmp_path, monkeypatch, most):
    monkeypatch.setattr(overview, "MOST", most)
    run = tiny_run(tmp_path)
    run.write_status(replace(run.status(), state="running"))
    shared = lab.SharedTail(run)

    def last_drawn(steps: int) -> int:
        run.metrics_path.write_bytes(lines(1, steps))
        figure = json.loads(shared.figure_jsons(0.0, False, ())["losses"])
        return int(np.frombuffer(base64.b64decode(figure["data"][0]["x"]["bdata"]), "i4")[-1])

    assert [last_drawn(steps) for steps in (5000, 5004, 5006, 5007)] == [5000, 5000, 5006, 5006]
    run.write_status(replace(run.status(), state="finished"))
    assert last_drawn(5007) == 5007
    assert last_drawn(100) == 100  # a log that was cut
    assert shared.figure_jsons(0.0, False, (), keys=["gradients"]) == {}
    assert [row["step"] for row in shared.last_rows(3)] == [98, 99, 100]


class Steady:
    """A pace that stays."""

    def __init__(self, stretch: float) -> None:
        self.stretch = lambda: stretch


def ticking() -> None:
    import streamlit as st

    from pages.components.shared import lab

    lab.set_pace()
    st.session_state["every"] = lab.refresh_every() if st.session_state["live"] else None
    st.session_state["runs"] += 1
    if st.session_state["runs"] == 1:
        lab.PACE = st.session_state["later"]  # the server's load changes while the page stands there
    lab.keep_pace()


@pytest.mark.parametrize(
    ("before", "later", "live", "place", "runs", "stretch"),
    [
        (1, 3, True, "process", 2, 3),  # drawn anew, with longer intervals
        (3, 1, True, "process", 2, 1),
        (1, 1.3, True, "process", 1, 1),  # too little to draw a page anew
        (1, 3, False, "process", 1, 1),  # nothing on it ticks
        (1, 3, True, "thread", 1, 1),  # the work of a training in this process is no sign of a class
    ],
)
def test_live_parts_tick_as_often_as_the_server_can_bear(
    monkeypatch, before: float, later: float, live: bool, place: str, runs: int, stretch: float
) -> None:
    monkeypatch.setattr(lab, "PACE", Steady(before))
    monkeypatch.setattr(lab, "_settings", lambda: replace(from_environment(), place=place))
    app = AppTest.from_function(ticking)
    for name, value in {"runs": 0, "live": live, "later": Steady(later), "lab_jitter": 0.5}.items():
        app.session_state[name] = value
    app.run()
    assert not app.exception and app.session_state["runs"] == runs
    assert app.session_state["every"] == (pytest.approx(1.5 * stretch) if live else None)
