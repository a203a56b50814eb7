"""Lessons: the list, one lesson from its first question to its last answer, and what goes wrong on the way."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from lesson_helpers import small_lesson
from streamlit.testing.v1 import AppTest

from gan_core import runs
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.experiments.lessons import LESSONS, Lesson, collapse
from gan_core.experiments.lessons.entry import Link, Predict, TakeAway
from gan_core.experiments.lessons.measures import MEASURES
from gan_core.experiments.lessons.outcome import Outcomes, PredictionResult, interval_words
from gan_core.experiments.lessons.over_seeds import holding
from gan_core.runs import Run
from gan_core.training import loop, queue, supervisor
from pages.components.lessons import pictures
from pages.components.lessons.check import words as written
from pages.components.lessons.steps import address
from pages.components.run.explore import VIEWS
from tests.pages.conftest import Visit, calm, labels, plain, words

FIRST = {"say-broken": "few", "say-curves": "draw"}
ALL = {**FIRST, "say-repair": "judge"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lesson on collapse, with runs of eight steps."""
    monkeypatch.setitem(LESSONS._entries, "collapse", small_lesson(collapse.LESSON))


def queued(runs_dir: Path) -> list[Run]:
    return [Run(runs_dir / run_id) for run_id in queue.queued_ids(runs_dir)]


def train(runs_dir: Path) -> list[Run]:
    """Trains what waits, as the queue would."""
    done = queued(runs_dir)
    for run in done:
        queue.withdraw(run)
        assert loop.train(run).state == "finished"
    return done


def answer(app: AppTest, key: str, choice: str) -> AppTest:
    place = f"lessons_collapse_{key}"
    assert app.button(key=f"{place}_keep").disabled
    calm(app.radio(key=place).set_value(choice).run())
    return calm(app.button(key=f"{place}_keep").click().run())


def test_the_list_names_every_lesson_and_opens_one(visit: Visit) -> None:
    app = visit("learn")
    text = words(app)
    for number, lesson in enumerate(LESSONS.values(), start=1):
        assert f"**{number}. {lesson.title}**" in text and lesson.goal in text
        assert f"about {lesson.minutes} min, with {len(lesson.experiment.arms)} run" in text
        assert lesson.needs in text
    assert labels(app).count("Start") == len(LESSONS)
    calm(app.button(key="lessons_open_balance").click().run())
    assert app.title[0].value == LESSONS["balance"].title and app.query_params["lesson"] == "balance"


def test_an_unknown_lesson_is_a_sentence_and_the_list(visit: Visit) -> None:
    app = visit("learn", lesson="[x](http://evil.example)")
    assert "There is no lesson" in plain(app.warning[0].value) and "](" not in app.warning[0].value
    assert app.title[0].value == "Lessons"


def test_a_lesson_from_its_first_question_to_its_last_answer(visit: Visit, runs_dir: Path) -> None:
    app = visit("learn", lesson="collapse")
    assert "1 of 11 steps done" in app.get("progress")[0].proto.text
    assert "Break it" not in words(app)  # first one predicts
    app = answer(answer(app, "broken", "rough"), "curves", "draw")
    assert "You said:** On all eight modes, but less exactly" in words(app)
    calm(app.button(key="lessons_collapse_3_begin").click().run())
    assert [run.name for run in queued(runs_dir)] == ["Collapse and repair: Broken: G five times faster"]
    assert "Stop it" in labels(app) and "Stop them" not in labels(app)
    assert "next in the queue" in words(app) and "Check" in words(app).split("To come:")[1]
    train(runs_dir)
    app = answer(calm(app.run()), "repair", "judge")
    assert "Check: The damage" in words(app) and "Modes reached (of 8)" in app.dataframe[0].value.columns
    assert "nothing is trained twice" in words(app)
    calm(app.button(key="lessons_collapse_7_begin").click().run())
    assert len(queued(runs_dir)) == 3  # the broken one is there
    assert "Stop them" in labels(app) and "Bold: the same, smoothed" in words(app)
    train(runs_dir)
    text = words(calm(app.run()))
    assert ", the same." in text and "gan_core/models/penalties.py" in text and "def r1_penalty" in text
    assert "10 of 11 steps done" in app.get("progress")[0].proto.text
    calm(app.button(key="lessons_collapse_end").click().run())
    assert "Measure variety" in app.success[-1].value
    app = calm(app.button(key="lessons_all").click().run())
    assert "Review" in labels(app)
    calm(app.button(key="lessons_open_collapse").click().run())
    calm(app.button(key="lessons_again_collapse").click().run())
    assert app.radio(key="lessons_collapse_broken").value is None and "say-broken" not in app.query_params
    assert len(runs.list_runs(runs_dir)) == 4


def test_a_link_keeps_what_was_said_and_nonsense_in_it_is_not_an_answer(visit: Visit) -> None:
    app = visit("learn", lesson="collapse", **FIRST)
    assert "lessons_collapse_3_begin" in {button.key for button in app.button}
    app = visit("learn", lesson="collapse", **{"say-broken": "<script>"})
    assert app.radio(key="lessons_collapse_broken").value is None


def test_another_browser_goes_on_where_this_one_stopped(visit: Visit, runs_dir: Path) -> None:
    app = visit("learn", lesson="collapse")
    answer(app, "broken", "rough")
    other = visit("learn", lesson="collapse")
    said = other.get("progress")[0].proto.text, other.query_params["say-broken"]
    assert said == ("2 of 11 steps done", "rough")
    assert "Continue" in labels(visit("learn"))
    calm(other.button(key="lessons_again_collapse").click().run())
    assert visit("learn", lesson="collapse").radio(key="lessons_collapse_broken").value is None
    visit("learn", lesson="collapse", **FIRST)  # looking at somebody's link keeps nothing of it
    assert visit("learn", lesson="collapse").radio(key="lessons_collapse_broken").value is None


def test_a_run_that_failed_or_was_deleted_is_a_sentence_and_a_way_to_begin_again(visit: Visit, runs_dir: Path) -> None:
    app = visit("learn", lesson="collapse", **FIRST)
    calm(app.button(key="lessons_collapse_3_begin").click().run())
    (run,) = queued(runs_dir)
    queue.withdraw(run)
    run.write_status(dataclasses.replace(run.status(), state="failed", error="loss/d became [nan](x)"))
    app = calm(app.run())
    assert "ended early (failed). loss/d became [nan](x)" in plain(app.warning[0].value)
    calm(app.button(key="lessons_collapse_3_begin").click().run())
    (other,) = train(runs_dir)
    assert other.id != run.id
    supervisor.delete(run)
    app = visit("learn", lesson="collapse", **ALL)
    calm(app.button(key="lessons_collapse_7_begin").click().run())
    supervisor.delete(train(runs_dir)[0])
    text = words(visit("learn", lesson="collapse", **ALL))
    assert "never begun, or deleted" in text and "Check: Which change repaired it" not in text


@pytest.mark.parametrize(
    ("choice", "said"), [("few", "holds here"), ("rough", "does not hold here"), ("", "None of the answers")]
)
def test_a_verdict_is_told_as_it_is(choice: str, said: str, visit: Visit, runs_dir: Path,
                                    monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    def verdict(outcomes: Outcomes) -> PredictionResult:
        values = {"n": str(len(outcomes)), "near": interval_words(Estimate(0.5, 0.4, 0.6, 100, "test"), ".2f")}
        return PredictionResult(choice, "Measured {n} times: {near}.", values)

    lesson = LESSONS["collapse"]
    steps = tuple(
        dataclasses.replace(step, result=verdict) if isinstance(step, Predict) and step.key == "broken" else step
        for step in lesson.steps
    )
    monkeypatch.setitem(LESSONS._entries, "collapse", dataclasses.replace(lesson, steps=steps))
    app = visit("learn", lesson="collapse", **FIRST)
    calm(app.button(key="lessons_collapse_3_begin").click().run())
    train(runs_dir)
    app = calm(app.run())
    shown = "\n".join(plain(str(element.value)) for kind in ("success", "info", "warning") for element in app.get(kind))
    assert said in shown and "Measured 1 times: 0.50 (0.40 to 0.60)." in words(app)
    assert ("Theory expects otherwise: All in one or two spots" in shown) == (choice != "few")
    held, count = holding(lesson, "broken")
    assert f"Seeds tried (docs/lessons.md): {count}. Theory's answer held in {held}: All in one or two spots." in words(
        app
    )
    app = visit("learn", lesson="collapse", lang="zh_TW", **FIRST)
    assert "Measured 1 times: 0.50（0.40 至 0.60）." in words(app)


def test_a_distance_of_thousands_is_written_without_an_exponent() -> None:
    assert (
        written(Estimate(4_132.0, 3_990.0, 25_300.0, 300, "test"), MEASURES["kd"].format) == "4,130 (3,990 to 25,300)"
    )
    assert written(Estimate(0.5, 0.4, 0.6, 300, "test"), MEASURES["near"].format) == "0.50 (0.40 to 0.60)"


@pytest.mark.parametrize("name", ["denoising", "steering"])
def test_points_of_every_kind_of_model_end_over_the_real_ones(
    name: str, visit: Visit, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[str, str]] = []
    monkeypatch.setattr(
        pictures, "picture", lambda _url, **options: shown.append((options["key"], options.get("caption", "")))
    )
    lesson = small_lesson(LESSONS[name])
    monkeypatch.setitem(LESSONS._entries, name, lesson)
    said = {f"say-{step.key}": step.choices[0].key for step in lesson.steps if isinstance(step, Predict)}
    app = visit("learn", lesson=name, **said)
    calm(app.button(key=f"lessons_{name}_4_begin").click().run())
    train(runs_dir)
    calm(app.run())
    ends = [caption for key, caption in shown if key.endswith("_points")]
    assert len(ends) == len(lesson.experiment.arms) and all("new points (orange) over real ones" in one for one in ends)


PLACES = sorted(
    {
        (link.page, tuple(sorted(link.query.items())))
        for lesson in LESSONS.values()
        for step in lesson.steps
        if isinstance(step, TakeAway)
        for link in step.links
    }
)


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=lambda lesson: lesson.name)
def test_the_links_of_a_lesson_stand_below_its_answer(
    lesson: Lesson, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.components.lessons.steps.first_open", lambda lesson, runs: len(lesson.steps))
    short = dataclasses.replace(lesson, steps=lesson.steps[-1:])
    monkeypatch.setitem(LESSONS._entries, lesson.name, short)
    app = visit("learn", lesson=lesson.name)
    calm(app.button(key=f"lessons_{lesson.name}_end").click().run())
    shown = {
        link.proto.label: link.proto for link in app.get("page_link") if link.proto.icon.endswith("arrow_forward:")
    }
    last = lesson.steps[-1]
    assert isinstance(last, TakeAway) and last.links
    assert set(shown) == {link.words for link in last.links}
    for link in last.links:
        assert (shown[link.words].page or "home") == link.page
        assert dict(parse_qsl(shown[link.words].query_string)) == link.query
        assert set(link.arms) <= {arm.name for arm in lesson.experiment.arms}


@pytest.mark.parametrize(("page", "query"), PLACES)
def test_a_link_of_a_lesson_opens_the_place_that_it_names(
    page: str, query: tuple[tuple[str, str], ...], visit: Visit, trained: Run
) -> None:
    given = dict(query)
    app = visit(page, **given)
    assert "tab" not in given or app.segmented_control(key=f"{page}_tab").value == given["tab"]
    assert "preset" not in given or app.selectbox(key="train_preset").value == given["preset"]
    assert "story" not in given or app.session_state["twin_story"] == given["story"]
    assert given.get("view", "sliders") in VIEWS


def test_a_link_to_the_runs_of_a_lesson_names_those_that_there_are(visit: Visit, runs_dir: Path) -> None:
    link = Link("compare", "Compare", arms=("broken", "pairs"))
    there = {"broken": Run(runs_dir / "a"), "pairs": None, "slope": Run(runs_dir / "b")}
    assert address(link, there) == {"runs": "a"}
    assert address(dataclasses.replace(link, arms=("broken", "slope")), there) == {"runs": "a,b"}
    explored = Link("run", "Explore", {"tab": "explore"}, ("broken",))
    assert address(explored, there) == {"tab": "explore", "run": "a"}
