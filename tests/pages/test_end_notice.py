"""The switch "Tell me when it ends": drawn while a run trains, and told its end."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from gan_core.runs import Run
from tests.pages.conftest import Visit, calm


def notice(app: AppTest) -> dict[str, Any] | None:
    """What the component was told; None if it is not there."""
    found = [element.proto for element in app.get("bidi_component")]
    told = [json.loads(proto.json) for proto in found if proto.component_name.endswith("end_notice")]
    return told[0] if told else None


def put(run: Run, state: str, error: str = "") -> None:
    run.write_status(replace(run.status(), state=state, error=error, step=7))


@pytest.mark.parametrize(
    ("state", "error", "body"),
    [("finished", "", "step 7 of 20"), ("failed", "loss/g became nan at step 7.", "loss/g became nan")],
)
def test_the_end_reaches_the_page_that_saw_the_run_train(
    visit: Visit, trained: Run, state: str, error: str, body: str
) -> None:
    trained.describe(name="A long run")
    put(trained, "running")
    app = visit("run", run=trained.id)
    told = notice(app)
    assert told is not None and told["trains"] and not told["ended"]
    put(trained, state, error)
    told = notice(calm(app.run()))
    assert told is not None and told["ended"] and not told["trains"]
    assert told["title"] == f"A long run: {state}" and body in told["body"]


def test_a_pause_is_no_end(visit: Visit, trained: Run) -> None:
    put(trained, "running")
    app = visit("run", run=trained.id)
    put(trained, "paused")
    told = notice(calm(app.run()))
    assert told is not None and not told["ended"] and not told["trains"]


def test_a_run_that_had_ended_before_has_no_switch(visit: Visit, trained: Run) -> None:
    assert notice(visit("run", run=trained.id)) is None
