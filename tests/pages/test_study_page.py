"""Study: nothing yet, one button that queues five runs, what it shows while they wait, train and are done."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers import MACHINE
from streamlit.testing.v1 import AppTest
from study_helpers import IMAGES, blocks_evaluator, here, train_all

from gan_core.config import settings
from gan_core.evaluation.evaluators.scoring import Score
from gan_core.evaluation.statistics.tests import compare
from gan_core.experiments import studies
from gan_core.experiments.studies import PLANS, Study
from gan_core.runs import Run, Status
from gan_core.training import queue, supervisor
from pages.components.text import duration
from tests.pages.conftest import Visit, calm, labels, plain, words

RATIOS = PLANS["r2-ratios"]


@pytest.fixture
def judged() -> None:
    """There is an evaluator for the drawn blocks."""
    blocks_evaluator(settings.evaluators_dir())


@pytest.fixture(scope="module")
def done_once(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> tuple[Path, Study]:
    """A whole study, really trained: five runs of two steps, with two counts each."""
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_RUNS_DIR", str(folder))
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        patch.setenv("GANVAS_EVALUATORS_DIR", str(folder / "evaluators"))
        patch.setattr(supervisor, "machine", lambda chosen: MACHINE)
        blocks_evaluator(settings.evaluators_dir())
        study = studies.begin(here(), RATIOS, "All done", epochs=2, num_images=IMAGES)
        train_all(here(), study)
    shutil.rmtree(folder / ".queue")
    return folder, study


@pytest.fixture
def done(done_once: tuple[Path, Study], runs_dir: Path) -> Study:
    shutil.copytree(done_once[0], runs_dir)
    return done_once[1]


def count(run: Run, *hits: int, requested: int = 72) -> None:
    """Writes the run's counts anew: an epoch each."""
    lines = [json.loads(line) for line in run.metrics_path.read_text().splitlines()][: len(hits)]
    for line, hit in zip(lines, hits, strict=True):
        line |= {"hits/test": hit, "requested/test": requested, "accuracy/test": hit / requested}
    run.metrics_path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def runs_of(study: Study) -> dict[str, Run]:
    return {member.arm: Run(here().runs_dir / member.run_id) for member in study.members}


def table(app: AppTest) -> list[dict[str, Any]]:
    return app.dataframe[0].value.to_dict("records")


def chart(app: AppTest) -> bool:
    return any(str(getattr(element, "key", "")).startswith("study_plot") for element in app.main)


def test_without_an_evaluator_it_says_how_to_train_one(visit: Visit) -> None:
    app = visit("train", tab="many")
    warning = app.warning[-1]
    assert "There is no evaluator for this data set" in warning.value
    (link,) = [link.proto for link in app.get("page_link") if link.proto.label == "Train an evaluator"]
    assert (link.page, link.query_string) == ("data", "data=blocks")
    assert app.button(key="study_start").disabled


def test_one_button_queues_the_five_runs(visit: Visit, judged: None) -> None:
    app = visit("train", tab="many")
    calm(app.number_input(key="study_epochs").set_value(4).run())
    calm(app.number_input(key="study_images").set_value(500).run())
    calm(app.text_input(key="study_name").set_value("*Mine*").run())
    expected = duration(60 * studies.minutes(RATIOS, 4, 500, 1))
    assert f"5 runs, one after the other: about {expected}" in words(app)
    calm(app.button(key="study_start").click().run())
    (study,) = studies.STORE.all(here().runs_dir)
    assert (study.name, study.changes) == ("*Mine*", {"training.epochs": 4, "dataset.num_images": 500})
    assert queue.queued_ids(here().runs_dir) == [member.run_id for member in study.members]
    assert app.query_params["id"] == study.id
    assert app.selectbox(key="experiment_shown").options[0].startswith("*Mine* · ")
    text = words(app)
    assert [text.count(f"**{arm}** seed 0") for arm in ("1:1", "3:7", "0:1", "7:3", "1:0")] == [1] * 5
    assert text.count("waiting") == 5
    assert "The curves begin with the end of the first epoch." in text
    assert "38/72 = 0.528" in text


def test_seeds_multiply_runs_and_time(visit: Visit, judged: None) -> None:
    app = visit("train", tab="many")
    calm(app.number_input(key="study_seeds").set_value(3).run())
    usual = RATIOS.base
    expected = duration(3 * 60 * studies.minutes(RATIOS, usual.training.epochs, usual.dataset.num_images, 1))
    assert f"15 runs, one after the other: about {expected}" in words(app)


def test_a_runs_folder_that_cannot_be_written_is_a_sentence(visit: Visit, judged: None, runs_dir: Path) -> None:
    runs_dir.write_text("not a folder")
    app = visit("train", tab="many")
    app = calm(app.button(key="study_start").click().run())
    assert "cannot be written" in plain(app.error[0].value)
    assert not studies.STORE.all(runs_dir)


def test_a_finished_study_shows_chart_table_and_sentence(visit: Visit, done: Study) -> None:
    app = visit("experiment")
    assert chart(app)
    rows = table(app)
    assert [row["real : generated"] for row in rows] == ["1:1", "3:7", "0:1", "7:3", "1:0"]
    assert {row["epoch"] for row in rows} == {2}
    for row, run in zip(rows, runs_of(done).values(), strict=True):
        last = json.loads(run.metrics_path.read_text().splitlines()[-1])
        assert row["hits / requested"] == f"{last['hits/test']:.0f}/{last['requested/test']:.0f}"
        assert row["hits / requested"].endswith("/72")
    text = words(app)
    assert text.count("finished") == 5
    counts = {row["real : generated"]: Score(*map(int, row["hits / requested"].split("/"))) for row in rows}
    different = sum(pair.differs for pair in compare(counts))
    assert ("**No significant differences**" in text) == (different == 0)
    assert ("**Significantly different: " in text) == (different > 0)
    for part in ("Fisher's exact test for each of 10 pairs", "Holm's correction", "2 epochs of 32 rendered scenes, 1 run of",
                 "So it is optimistic", "repeat with 3 seeds"):  # fmt: skip
        assert part in text
    assert "Stop its runs" not in labels(app)


def test_a_dead_arm_is_told_apart_and_the_best_two_are_not(visit: Visit, done: Study) -> None:
    for (_arm, run), hits in zip(runs_of(done).items(), (38, 36, 7, 41, 6), strict=True):
        count(run, 5, hits)
    text = words(visit("experiment"))
    assert "**Significantly different: 6 of 10 pairs.**" in text
    assert "7:3 above 1:0 (41/72 against 6/72, p < 0.0001)" in text
    assert "The best two, 7:3 and 1:1, do not differ significantly (41/72 against 38/72, p = 1)." in text
    assert "reaches down to it: 0:1, 1:0." in text


def test_equal_arms_are_not_told_apart(visit: Visit, done: Study) -> None:
    for run in runs_of(done).values():
        count(run, 5, 38)
    app = visit("experiment")
    assert "**No significant differences**" in words(app)
    assert "smallest p = 1" in words(app)
    assert {row["95 % interval"] for row in table(app)} == {"0.414 to 0.639"}


def test_runs_that_are_still_going_are_compared_where_all_have_been(visit: Visit, done: Study) -> None:
    runs = runs_of(done)
    runs["1:0"].write_status(Status(state="queued"))
    count(runs["1:0"], 9)
    queue.enqueue(runs["1:0"])
    app = visit("experiment")
    assert {row["epoch"] for row in table(app)} == {1}
    assert "Provisional: 4 of 5 runs are complete. All weightings are compared at the same epoch" in words(app)
    calm(app.button(key="study_stop").click().run())
    assert runs["1:0"].status().state == "stopped"
    assert queue.queued_ids(here().runs_dir) == []
    text = words(calm(app.run()))
    assert "The weightings are compared at different epochs" in text
    assert "can be resumed on its page" in text


def test_a_weighting_with_fewer_seeds_shows_those_it_has(visit: Visit, done: Study) -> None:
    place = here().runs_dir
    twice = replace(done, members=(*done.members, replace(done.members[0], seed=1)))  # 1:1 once more; its run stands in
    studies.STORE.save(place, twice)
    app = visit("experiment")
    seeds = {row["real : generated"]: row["each seed"] for row in table(app)}
    assert seeds["1:1"].count("/72") == 2
    assert all(seeds[arm].count("/72") == 1 for arm in ("3:7", "0:1", "7:3", "1:0"))
    assert "2 runs of each weighting" in words(app)


def test_a_deleted_run_is_missed_and_can_be_queued_again(visit: Visit, done: Study, judged: None) -> None:
    supervisor.delete(runs_of(done)["3:7"])
    app = visit("experiment")
    assert "missing" in words(app)
    assert [row["real : generated"] for row in table(app)] == ["1:1", "0:1", "7:3", "1:0"]
    calm(app.button(key="study_missing").click().run())
    (run_id,) = queue.queued_ids(here().runs_dir)
    assert "r2-ratio-3-7-lite" in run_id
    assert "study_missing" not in {button.key for button in app.button}


def test_a_run_that_was_never_measured_says_so(visit: Visit, done: Study) -> None:
    run = runs_of(done)["1:1"]
    lines = [json.loads(line) for line in run.metrics_path.read_text().splitlines()]
    kept = [{k: v for k, v in line.items() if "/test" not in k and "/new_test" not in k} for line in lines]
    run.metrics_path.write_text("".join(json.dumps(line) + "\n" for line in kept))
    assert "no evaluator fitted it" in words(visit("experiment"))


def test_a_link_opens_its_study_and_a_wrong_one_the_newest(visit: Visit, judged: None) -> None:
    first, second = [studies.begin(here(), RATIOS, name, epochs=1, num_images=64) for name in ("first", "second")]
    assert visit("study", study=first.id).selectbox(key="experiment_shown").value == first.id
    app = visit("study", study="[x](http://evil.example)")
    assert app.selectbox(key="experiment_shown").value == second.id
    assert "](" not in app.warning[0].value


def test_removing_a_study_keeps_its_runs(visit: Visit, done: Study) -> None:
    app = visit("experiment", id=done.id)
    calm(app.button(key="study_forget_yes").click().run())
    assert studies.STORE.all(here().runs_dir) == []
    assert all(run.path.is_dir() for run in runs_of(done).values())
    assert "experiment_shown" not in {box.key for box in app.selectbox}
