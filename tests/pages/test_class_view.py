"""The first screen of a class's teacher: the queue and the wall; a student's Home is as it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from access_helpers import CODE, PIN, TEACHER
from helpers import tiny_run

from gan_core.access import Actor, Role, classroom
from gan_core.runs import Run
from gan_core.training import queue
from pages.components.home import class_view
from pages.components.shared import visitor
from tests.pages.conftest import Visit, calm, copy_of, labels, words

WELCOME = "Watch a neural network learn to draw"


@pytest.fixture
def students(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Name -> id of a class of two; its teacher is the visitor."""
    classroom.make(PIN, CODE)
    for name in ("Zoe", "*Anna*"):
        classroom.sign_in(CODE, name, "a-code-of-my-own")
    monkeypatch.setattr(visitor, "actor", lambda: TEACHER)
    return {name: key for key, name in classroom.students().items()}


def give(run: Run, owner: str) -> Run:
    """The run, as that student's."""
    about = run.path / "about.json"
    about.write_text(json.dumps(json.loads(about.read_text()) | {"owner": owner}))
    return run


def test_a_teacher_sees_one_card_of_each_student_in_the_order_of_their_names(
    visit: Visit, students: dict[str, str], trained_once: Path, runs_dir: Path
) -> None:
    for name, owner in students.items():
        give(copy_of(trained_once, runs_dir, f"old-{owner}", f"old of {name}"), owner)
    trains = give(copy_of(trained_once, runs_dir, "new-zoe", "Zoe trains"), students["Zoe"])
    trains.write_status(replace(trains.status(), state="running", step=7))
    app = visit("home")
    text = words(app)
    assert app.title[0].value == "Your class" and WELCOME not in text
    assert text.index("**" + "*Anna*" + "**") < text.rindex("**Zoe**")
    links = [link.proto.label for link in app.main.get("page_link")]
    assert "Zoe trains" in links and "old of Zoe" not in links
    assert "step 7" in text and "Nothing trains" not in text


def test_a_teacher_stops_what_waits(visit: Visit, students: dict[str, str], runs_dir: Path) -> None:
    first, second = (give(tiny_run(runs_dir, name), owner) for name, owner in students.items())
    for run in (first, second):
        queue.enqueue(run)
    app = visit("home")
    order = [button.key for button in app.button if button.label == "Stop"]
    assert order == [f"class_stop_{first.id}", f"class_stop_{second.id}"]
    calm(app.button(key=f"class_stop_{first.id}").click().run())
    assert first.status().state == "stopped" and queue.queued_ids(runs_dir) == [second.id]


def test_an_empty_class_is_said(visit: Visit, students: dict[str, str]) -> None:
    text = words(visit("home"))
    assert "Nothing trains or waits now." in text and "Nobody has trained yet." in text


def test_the_wall_in_present_mode_has_no_controls(
    visit: Visit, students: dict[str, str], trained_once: Path, runs_dir: Path
) -> None:
    give(copy_of(trained_once, runs_dir, "run-zoe", "of Zoe"), students["Zoe"])
    app = visit("home")
    calm(app.button(key="home_present").click().run())
    assert app.query_params["present"] == "1"
    assert labels(app) == [] and not app.main.get("page_link")
    assert "**Zoe** · of Zoe" in words(app)


@pytest.mark.parametrize("who", [Actor("zoe", "Zoe", Role.STUDENT), None], ids=["student", "alone"])
def test_others_see_home_as_it_is(
    visit: Visit, students: dict[str, str], monkeypatch: pytest.MonkeyPatch, who: Actor | None
) -> None:
    monkeypatch.setattr(visitor, "actor", lambda: who)
    assert visit("home", present="1").title[0].value == WELCOME


def test_what_trains_is_on_the_wall_before_what_is_newest(runs_dir: Path, trained_once: Path) -> None:
    old = copy_of(trained_once, runs_dir, "old")
    new, blank = copy_of(trained_once, runs_dir, "new"), tiny_run(runs_dir, "blank")
    assert class_view.shown_of([blank, new, old]).id == "new"
    old.write_status(replace(old.status(), state="running"))
    assert class_view.shown_of([blank, new, old]).id == "old"
    assert class_view.shown_of([blank]).id == blank.id
