"""Break & repair: breaking a model, its twin or a branch, both beside each other, and what measurements say of the two."""

from __future__ import annotations

import json

import numpy as np
import pytest
from helpers import tiny_run

from gan_core.evaluation import measure_task
from gan_core.evaluation.measure import REPEATS, Measurement
from gan_core.evaluation.metrics import METRICS
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.experiments import few_pictures
from gan_core.experiments.arms import Comparison
from gan_core.experiments.breakages import BREAKAGES
from gan_core.jobs import task
from gan_core.runs import Run
from gan_core.training import loop, queue
from tests.pages.conftest import Visit, copy_of, labels, words


@pytest.fixture(scope="module")
def broken_once(tmp_path_factory, shared_cache):
    """A model that was broken by twenty steps of D for each of G's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        run = tiny_run(tmp_path_factory.mktemp("broken"), "too strong", objective__n_critic=20, dataset__image_size=16)
        assert loop.train(run).state == "finished"
    return run.path


@pytest.fixture
def broken(broken_once, runs_dir) -> Run:
    return copy_of(broken_once, runs_dir, broken_once.name)


def twin_of(broken: Run) -> Run:
    """The same run with the setting put right, as far as its files tell."""
    twin = copy_of(broken.path, broken.path.parent, f"{broken.id[:40]}-twin", "mended")
    config = json.loads((twin.path / "config.json").read_bytes())
    config["objective"]["n_critic"] = 1
    (twin.path / "config.json").write_text(json.dumps(config))
    return twin


def test_the_empty_page_offers_four_ways_and_says_what_to_press(visit: Visit) -> None:
    app = visit("learn", tab="break")
    text = words(app)
    assert labels(app).count("Break it") == len(BREAKAGES)
    assert all(way.title in text for way in BREAKAGES.values())
    assert "Press one of the buttons below" in text


def test_the_pair_comes_first_then_the_ways_to_break_one_then_the_experiment(visit: Visit, broken: Run) -> None:
    twin_of(broken)
    shown = [
        str(getattr(part, "key", "")) + str(getattr(part, "value", "")) for part in visit("learn", tab="break").main
    ]
    places = [
        next(number for number, part in enumerate(shown) if words in part)
        for words in (
            "They differ in one setting",
            "collapse_measure",
            "collapse_break_clip",
            "Clipping against penalty",
        )
    ]
    assert places == sorted(places)


def test_the_study_of_few_pictures_is_shown_once_measured_and_queued_at_one_click(
    visit: Visit, runs_dir, monkeypatch
) -> None:
    monkeypatch.setattr(few_pictures, "committed", dict)
    assert "has not been measured yet" in words(visit("learn", tab="benchmark", view="pictures"))
    values = dict.fromkeys(few_pictures.MEASURES, 0.25)
    row = {"method": "ada", "count": 300, "seed": 0, "values": values}
    monkeypatch.setattr(few_pictures, "committed", lambda: {"rows": [row]})
    many = [
        {"method": method, "count": 1_000, "seed": seed, "values": values | {"recall": recall + seed / 1_000}}
        for method, recall in (("none", 0.1), ("ada", 0.3), ("diffaugment", 0.1))
        for seed in range(3)
    ]
    monkeypatch.setattr(few_pictures, "committed", lambda: {"rows": [*many, row]})
    app = visit("learn", tab="benchmark", view="pictures")
    assert "- Recall differs significantly from no augmentation: ADA on 1,000 (+0.2)." in words(app).splitlines()
    assert len(app.get("plotly_chart")) == 2
    monkeypatch.setattr(few_pictures, "committed", lambda: {"rows": [row]})
    two = few_pictures.COMPARISON.arms[:2]
    monkeypatch.setattr(few_pictures, "COMPARISON", Comparison(few_pictures.BASE, two))
    app = visit("learn", tab="benchmark", view="pictures")
    (table,) = [frame.value for frame in app.dataframe if "pictures" in frame.value]
    assert table.iloc[0]["method"] == "ADA" and table.iloc[0]["pictures"] == "300"
    app = app.button(key="few_pictures_queue").click().run()
    assert not app.exception and app.success[0].value == "2 runs were queued." and len(queue.queued_ids(runs_dir)) == 2


def test_one_click_queues_the_broken_model_and_shows_it(visit: Visit, runs_dir) -> None:
    app = visit("learn", tab="break")
    app = app.button(key="collapse_break_clip").click().run()
    (queued,) = queue.queued_ids(runs_dir)
    assert not app.exception and app.query_params["broken"] in (queued, [queued])
    text = words(app)
    assert "Clipping bound ten times too large" in text and "The first grid is on its way" in text
    assert "At this small size both runs may look varied" in text  # no more is promised than so small a pair shows
    assert "Train the repaired twin" in labels(app) and "wait for the first checkpoint" in text


def test_the_twin_and_the_branch_are_queued_beside_the_broken_one(visit: Visit, broken: Run, runs_dir) -> None:
    app = visit("learn", tab="break")
    assert "Too many discriminator updates" in words(app)
    app = app.button(key="collapse_twin").click().run()
    (queued,) = queue.queued_ids(runs_dir)
    twin = Run(runs_dir / queued)
    assert twin.config().objective.n_critic == 1
    told = next(line for line in words(app).splitlines() if line.startswith("They differ in"))
    assert told.startswith("They differ in one setting") and told.endswith("20 → 1."), told
    assert app.selectbox(key=f"collapse_sound_1_{broken.id}").value == queued
    app = app.selectbox(key=f"collapse_from_{broken.id}").set_value(10).run()
    app = app.button(key="collapse_branch").click().run()
    branched = next(run_id for run_id in queue.queued_ids(runs_dir) if run_id != queued)
    assert Run(runs_dir / branched).checkpoint_steps() == [10]
    assert app.selectbox(key=f"collapse_sound_2_{broken.id}").value == branched


def test_repair_and_measuring_have_commands(visit: Visit, broken: Run, commands: dict[str, list[list[str]]]) -> None:
    twin = twin_of(broken)
    visit("learn", tab="break", broken=broken.id, sound=twin.id)
    train, branch = commands["repair"]
    assert train[0] == "train" and "objective.n_critic=20" not in train
    assert branch[:2] == ["branch", broken.id] and "objective.n_critic=1" in branch
    assert [words[:2] for words in commands["measure_pair"]] == [["evaluate", broken.id], ["evaluate", twin.id]]


def test_both_show_the_same_step(visit: Visit, broken: Run) -> None:
    twin_of(broken)
    app = visit("learn", tab="break")
    app = app.toggle(key="collapse_follow").set_value(False).run()
    app = app.select_slider(key=f"collapse_step_{broken.id}").set_value(10).run()
    assert not app.exception


def test_runs_of_other_data_are_not_compared_and_a_sentence_says_why(visit: Visit, broken: Run, trained: Run) -> None:
    other = twin_of(broken)
    config = json.loads((other.path / "config.json").read_bytes())
    config["dataset"]["image_size"] = 32
    (other.path / "config.json").write_text(json.dumps(config))
    text = words(visit("learn", tab="break", broken=broken.id, sound=other.id))
    assert (
        "differ in size" in text and "Choose two runs of the same data" in text and "Images drawn from each" not in text
    )
    text = words(visit("learn", tab="break", broken=trained.id))
    assert "is not one of the runs of this page" in text


def row(metric: str, value: float, spread: float, seed: int) -> Measurement:
    again = tuple(value + spread * np.random.default_rng(seed).normal(size=REPEATS))
    reach = 1.96 * spread
    return Measurement(
        metric,
        Estimate(value, value - reach, value + reach, 2000, "half-samples"),
        1.0,
        500,
        "digits@abc, last layer",
        "held-out images",
        20,
        0,
        "bias",
        again,
    )


def finish(run: Run, rows: list[Measurement]) -> None:
    """Puts a result into the cache, as the background work does."""
    from dataclasses import asdict

    place = task.folder(measure_task.task(run, run.checkpoint_steps()[-1]))
    place.mkdir(parents=True, exist_ok=True)
    plain = [json.dumps({k: v for k, v in asdict(one).items() if k != "replicates"}) for one in rows]
    images = np.zeros((20, 1, 16, 16), np.uint8)
    apart = np.arange(20.0) + 1
    np.savez(place / task.RESULT, rows=np.array(plain), again=np.array([one.replicates for one in rows]),
             pinned=images, apart=apart, nearest=images)  # fmt: skip


def test_measurements_are_told_with_intervals_and_a_verdict_for_each(visit: Visit, broken: Run) -> None:
    twin = twin_of(broken)
    app = visit("learn", tab="break")
    assert "Measure now" in labels(app) and "At this small size" not in words(app)  # that is said of the critic's bound
    finish(broken, [row("fd", 100, 2, 1), row("recall", 0.1, 0.02, 2), row("precision", 0.5, 0.1, 3)])
    finish(twin, [row("fd", 40, 2, 4), row("recall", 0.6, 0.02, 5), row("precision", 0.52, 0.1, 6)])
    app = visit("learn", tab="break")
    text = words(app)
    assert "2 of 3 metrics differ significantly. The repaired model is better in: Fréchet distance, Recall." in text
    table = app.dataframe[0].value
    verdicts = dict(zip(table["metric"], table["result"], strict=True))
    assert verdicts == {METRICS["fd"].title: "repaired is better", METRICS["precision"].title: "no significant difference",
                        METRICS["recall"].title: "repaired is better"}  # fmt: skip
    assert "100 (96.1 to 104)" in set(table["broken"])
    assert "Best: number 1, 1.0 from its nearest real image; worst: number 20, 20.0" in text
    assert "2,000 generated against 500 real images" in text and "digits@abc, last layer" in text


def test_two_that_are_alike_are_not_told_apart(visit: Visit, broken: Run) -> None:
    twin = twin_of(broken)
    finish(broken, [row("fd", 40, 2, 1)])
    finish(twin, [row("fd", 41, 2, 2)])
    assert "None of 1 metrics differs significantly" in words(visit("learn", tab="break"))


def test_the_broken_model_is_named_before_its_repair_wherever_both_are(visit: Visit, broken: Run) -> None:
    twin = twin_of(broken)
    finish(broken, [row("fd", 100, 2, 1), row("recall", 0.9, 0.02, 2)])
    finish(twin, [row("fd", 40, 2, 4), row("recall", 0.6, 0.02, 5)])
    app = visit("learn", tab="break")
    text = words(app)
    assert "Above broken, below repaired" in text
    assert "The broken model is better in: Recall. The repaired model is better in: Fréchet distance." in text
    columns = list(app.dataframe[0].value.columns)
    assert columns.index("broken") < columns.index("repaired")
