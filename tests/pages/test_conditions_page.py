"""Conditions: nothing yet, objects, classes and attributes, with an evaluator and without, and what is typed wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import tiny_run
from streamlit.testing.v1 import AppTest
from study_helpers import blocks_evaluator, untrained_evaluator

from gan_core.analysis.marked import grid_tiles
from gan_core.config import settings
from gan_core.datasets.conditions import condition_of
from gan_core.datasets.sources.objects24 import OBJECTS, drawn_conditions
from gan_core.evaluation.evaluators import folder_for
from gan_core.evaluation.evaluators.evaluator import open_evaluator
from gan_core.evaluation.statistics.intervals import Count, wilson
from gan_core.runs import Run
from gan_core.training import loop
from pages.components.widgets.condition_palette import LONGEST, Choice, Typed, read_choice, read_typed
from tests.pages.conftest import Visit, calm, plain, words

COLOUR = {"dataset__channels": 3, "dataset__image_size": 16, "training__epochs": 2}
MODELS: dict[str, dict[str, Any]] = {
    "objects": {"dataset__name": "blocks", "conditioning__name": "concat", **COLOUR},
    "attributes": {
        "dataset__name": "faces", "conditioning__name": "acgan", "conditioning__labels": ("Male", "Smiling", "Eyeglasses"),
        "dataset__num_images": 40, **COLOUR,
    },
    "one": {
        "dataset__name": "faces", "conditioning__name": "acgan", "conditioning__labels": ("Male",),
        "dataset__num_images": 40, **COLOUR,
    },
    "classes": {"conditioning__name": "projection", "training__epochs": 2},
    "plain": {"training__epochs": 1},
}  # fmt: skip
DIGITS = tuple("0123456789")


def judges(parent: Path) -> None:
    """An evaluator for each of the data sets."""
    blocks_evaluator(parent, size=16)
    untrained_evaluator(parent, "faces", ("Smiling", "Male", "Young", "Eyeglasses"), size=16)
    untrained_evaluator(parent, "mnist5k", DIGITS, exclusive=True, channels=1)


@pytest.fixture(scope="module")
def models_once(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Path:
    """One small trained run of every kind; the one of objects was measured while it trained."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        patch.setenv("GANVAS_EVALUATORS_DIR", str(folder / "evaluators"))
        judges(settings.evaluators_dir())
        for name, changes in MODELS.items():
            run = tiny_run(folder / "runs", name, **changes)
            assert loop.train(run).state == "finished"
            run.path.rename(folder / "runs" / name)
    return folder / "runs"


@pytest.fixture
def model(models_once: Path, runs_dir: Path, request: pytest.FixtureRequest) -> Run:
    """A copy of the run that the test's parameter names."""
    shutil.copytree(models_once / request.param, runs_dir / request.param)
    return Run(runs_dir / request.param)


@pytest.fixture
def judged() -> None:
    judges(settings.evaluators_dir())


def of(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("model", [kind], indirect=True)


def component(app: AppTest, key: str) -> dict[str, Any] | None:
    """The data that a component of ours was given; None when it is not on the page."""
    found = [element for element in app.main if getattr(element, "key", None) == key]
    return json.loads(found[0].proto.json) if found else None


def typed_list(app: AppTest, words: str, times: int) -> AppTest:
    """The page after the browser sent a list typed below the palette, the `times`-th."""
    app.session_state["conditions_palette_objects"] = {"choice": {"typed": words, "times": times}}
    return app.run()


def cards(app: AppTest, name: str) -> list[list[dict[str, Any]]]:
    data = component(app, f"conditions_{name}")
    assert data is not None
    return data["cards"]


def lines(part: dict[str, Any]) -> list[tuple[str, bool | None]]:
    return [(line["text"], line["mark"]) for line in part["lines"]]


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


# nothing, and the wrong thing


@of("objects")
def test_an_unknown_model_in_a_link_is_a_sentence_and_stays_text(visit: Visit, model: Run) -> None:
    (warning,) = visit("run", tab="explore", run="[click](http://evil.example)").warning
    assert "](" not in warning.value
    assert "[click](http://evil.example)" in plain(warning.value)


@of("objects")
def test_a_damaged_checkpoint_is_one_sentence(visit: Visit, model: Run) -> None:
    for file in (model.checkpoints_dir / f"step-{model.checkpoint_steps()[-1]:08d}").glob("*.safetensors"):
        file.write_bytes(b"")
    (error,) = visit("run", tab="explore").error
    assert plain(error.value).endswith(".")


# objects


@of("objects")
def test_the_palette_opens_on_the_object_that_the_evaluator_finds_most_surely(
    visit: Visit, model: Run, judged: None
) -> None:
    pinned, pictures = model.pinned_labels(), grid_tiles(model, model.sample_steps()[-1])
    folder = folder_for(model.config())
    assert folder is not None and pinned is not None and pictures is not None
    assert model.config().conditioning.labels == folder.info.label_names
    found: dict[str, list[bool]] = {}
    for row, logits in zip(pinned, open_evaluator(folder).logits(pictures).tolist(), strict=True):
        surest = sorted(OBJECTS, key=lambda name, logits=logits: -logits[OBJECTS.index(name)])[: sum(row)]
        for name in condition_of(np.array(row), OBJECTS):
            found.setdefault(name, []).append(name in surest)
    best = max(sorted(found, key=OBJECTS.index), key=lambda name: wilson(Count(sum(found[name]), len(found[name]))).low)
    palette = component(visit("run", tab="explore"), "conditions_palette_objects")
    assert palette is not None and palette["selected"] == [best]


@of("objects")
def test_without_an_evaluator_the_palette_opens_on_the_labels_of_the_first_picture(visit: Visit, model: Run) -> None:
    palette = component(visit("run", tab="explore"), "conditions_palette_objects")
    assert palette is not None and tuple(palette["selected"]) == condition_of(
        np.array(model.pinned_labels())[0], model.config().conditioning.labels
    )


@of("objects")
def test_one_condition_is_drawn_from_eight_z(visit: Visit, model: Run) -> None:
    app = visit("run", tab="explore")
    calm(typed_list(app, "Red sphere and blue cube", 1))
    shown = cards(app, "row")
    assert [lines(part) for (part,) in shown] == [[("blue cube", None), ("red sphere", None)]] * 8
    assert len({part["image"] for (part,) in shown}) == 8
    palette = component(app, "conditions_palette_objects")
    assert palette is not None
    assert palette["selected"] == ["blue cube", "red sphere"]
    first = shown[0][0]["image"]
    calm(app.button(key="conditions_new_z").click().run())
    assert app.number_input(key="conditions_seed").value == 1
    assert cards(app, "row")[0][0]["image"] != first
    assert "there is no **evaluator** for this data set yet" in words(app)
    (link,) = [link.proto for link in app.get("page_link") if link.proto.label == "Train an evaluator"]
    assert (link.page, link.query_string) == ("data", "data=blocks")
    assert not app.metric


@of("objects")
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("pink sphere", "unknown object 'pink sphere'"),
        ("red cube, blue cube, gray cube, red sphere", "a scene has 1 to 3 objects; got 4"),
        ("red cube, red cube", "each object may be named once"),
        ("<b>*x*</b>", "unknown object '<b>*x*</b>'"),
        ("", "names no object"),
    ],
)
def test_a_list_that_cannot_be_drawn_is_a_sentence_and_the_choice_stays(
    visit: Visit, model: Run, typed: str, sentence: str
) -> None:
    app = visit("run", tab="explore")
    calm(typed_list(app, "cyan cube", 1))
    calm(typed_list(app, typed, 2))
    (error,) = app.error
    assert sentence in plain(error.value)
    assert [lines(part) for (part,) in cards(app, "row")] == [[("cyan cube", None)]] * 8
    calm(typed_list(app, "red cube", 3))
    assert not app.error


@of("objects")
def test_the_32_conditions_are_scored_as_while_it_trained(visit: Visit, model: Run, judged: None) -> None:
    app = visit("run", tab="measure", view="test")
    shown = cards(app, "test")
    asked = [[text for text, mark in lines(part) if mark is not None] for (part,) in shown]
    assert [set(names) for names in asked] == [set(condition) for condition in drawn_conditions("test")]
    hits = sum(mark is True for (part,) in shown for _text, mark in lines(part))
    last = json.loads(model.metrics_path.read_text().splitlines()[-1])
    assert metrics(app)["Objects found"] == f"{hits}/72" == f"{last['hits/test']:.0f}/72"
    assert metrics(app)["Chance"] == "0.104"
    for (part,) in shown:  # the k surest: what is not a hit was seen instead
        misses = sum(mark is False for _text, mark in lines(part))
        seen = [text.removeprefix("saw ").split(", ") for text, mark in lines(part) if mark is None]
        assert sum(map(len, seen)) == misses
    for words_of_it in (
        "list “test”, seed 0",
        "Untrained, blocks",
        "accuracy 0.750 (95 % interval 0.301 to 0.954)",
        "made for a test",
    ):
        assert words_of_it in words(app)
    assert [button.label for button in app.download_button] == ["Download the grid (PNG)"]


@of("objects")
def test_the_other_list_and_another_seed_draw_other_pictures(visit: Visit, model: Run, judged: None) -> None:
    app = visit("run", tab="measure", view="test")
    before = [part["image"] for (part,) in cards(app, "test")]
    calm(app.number_input(key="conditions_seed").set_value(7).run())
    assert not set(before) & {part["image"] for (part,) in cards(app, "test")}
    calm(app.button_group(key="conditions_list").set_value("new_test").run())
    asked = [{text for text, mark in lines(part) if mark is not None} for (part,) in cards(app, "test")]
    assert asked == [set(condition) for condition in drawn_conditions("new_test")]
    assert metrics(app)["Objects found"].endswith("/78")


@of("objects")
def test_the_test_grid_needs_no_evaluator(visit: Visit, model: Run, commands: dict[str, Any]) -> None:
    app = visit("run", tab="measure", view="test")
    assert len(cards(app, "test")) == 32
    assert not app.metric
    assert "No score" in words(app)
    assert commands["conditions"] == [["evaluate", model.id, "--step", str(model.checkpoint_steps()[-1])]]


@of("objects")
def test_a_damaged_evaluator_costs_the_score_only(visit: Visit, model: Run, judged: None) -> None:
    for file in (settings.evaluators_dir() / "blocks").glob("*.safetensors"):
        file.write_bytes(file.read_bytes()[:-1])
    app = visit("run", tab="measure", view="test")
    assert len(cards(app, "test")) == 32
    assert "damaged" in plain(app.warning[0].value)
    assert not app.metric


@of("objects")
@pytest.mark.parametrize("query", [{"view": "pairs"}, {"view": "x"}, {"step": "7"}, {"conditions_seed": "-1"}])
def test_senseless_links_open_the_default(visit: Visit, model: Run, query: dict[str, str]) -> None:
    app = visit("run", tab="explore", **query)
    assert cards(app, "row")
    assert not app.error


# classes


@of("classes")
def test_a_row_for_each_class_from_the_same_z(visit: Visit, model: Run, judged: None) -> None:
    app = visit("run", tab="explore", view="classes")
    rows = cards(app, "classes")
    names = [lines(part)[0][0] for (part,) in rows]
    assert names == list(DIGITS)
    right = [lines(part)[1][0] for (part,) in rows]
    assert metrics(app)["Right class"] == f"{sum(int(text.split()[0]) for text in right)}/80"
    assert metrics(app)["Chance"] == "0.100"


@of("classes")
def test_one_class_is_chosen_by_name(visit: Visit, model: Run, judged: None) -> None:
    app = visit("run", tab="explore")
    calm(app.selectbox(key="conditions_class_classes").select("7").run())
    shown = cards(app, "row")
    assert len(shown) == 16
    assert {lines(part)[0][0] for (part,) in shown} == {"7"}
    assert metrics(app)["Found by the evaluator"].endswith("/16")


# attributes


@of("attributes")
def test_ten_pairs_stand_above_each_other_and_a_hundred_are_counted(visit: Visit, model: Run, judged: None) -> None:
    app = visit("run", tab="explore", view="pairs")
    pairs = cards(app, "pairs")
    assert [[lines(part)[0][0] for part in pair] for pair in pairs] == [["Female", "Male"]] * 10
    assert metrics(app)["Flips seen"].endswith("/100")
    assert "100 pairs, seed 0" in words(app)
    before = [part["image"] for pair in pairs for part in pair]
    calm(app.selectbox(key="conditions_flip_attributes").select("Smiling").run())
    pairs = cards(app, "pairs")
    assert [lines(part)[0][0] for part in pairs[0]] == ["not Smiling", "Smiling"]
    assert before != [part["image"] for pair in pairs for part in pair]


@of("attributes")
def test_the_other_attributes_of_a_pair_can_be_chosen(visit: Visit, model: Run) -> None:
    app = visit("run", tab="explore", view="pairs")
    calm(app.radio(key="conditions_others_attributes").set_value("chosen").run())
    before = cards(app, "pairs")
    toggles = [toggle for toggle in app.toggle if toggle.label == "Eyeglasses"]
    calm(toggles[0].set_value(not toggles[0].value).run())
    assert cards(app, "pairs") != before


@of("one")
def test_a_single_attribute_has_nothing_else_to_choose(visit: Visit, model: Run) -> None:
    app = visit("run", tab="explore", view="pairs")
    assert not app.radio
    assert len(cards(app, "pairs")) == 10


@of("attributes")
def test_toggles_ask_for_attributes_and_none_is_a_wish_too(visit: Visit, model: Run, judged: None) -> None:
    app = visit("run", tab="explore")
    for toggle in app.toggle:
        toggle.set_value(toggle.label == "Smiling")
    calm(app.run())
    assert [text for text, _mark in lines(cards(app, "row")[0][0])] == ["not Male", "Smiling", "not Eyeglasses"]
    for toggle in app.toggle:
        toggle.set_value(False)
    calm(app.run())
    assert [text for text, _mark in lines(cards(app, "row")[0][0])] == ["not Male", "not Smiling", "not Eyeglasses"]
    assert metrics(app)["Found by the evaluator"].endswith("/24")
    assert metrics(app)["Chance"] == "–"  # one answer suits all eight


# the palette's message


@pytest.mark.parametrize(
    ("message", "selected"),
    [
        (None, ("red cube",)),
        ("x", ("red cube",)),
        ({"selected": ["blue cube", "gray sphere"], "revision": 2}, ("blue cube", "gray sphere")),
        ({"selected": [], "revision": 2}, ()),
        ({"selected": ["blue cube"], "revision": 1}, ("red cube",)),  # made before the list was typed
        ({"selected": ["blue cube"]}, ("red cube",)),
        ({"selected": list(OBJECTS[:4]), "revision": 2}, ("red cube",)),
        ({"selected": ["pink cube"], "revision": 2}, ("red cube",)),
        ({"selected": ["blue cube", "blue cube"], "revision": 2}, ("red cube",)),
        ({"selected": [["blue cube"]], "revision": 2}, ("red cube",)),
        ({"selected": "blue cube", "revision": 2}, ("red cube",)),
    ],
)
def test_only_a_sound_choice_made_upon_the_newest_one_counts(message: object, selected: tuple[str, ...]) -> None:
    assert read_choice(message, Choice(("red cube",), 2), OBJECTS) == Choice(selected, 2)


@pytest.mark.parametrize(
    ("message", "typed"),
    [
        (None, None),
        ({"typed": "red cube", "times": 3}, Typed("red cube", 3)),
        ({"typed": "red cube", "times": 2}, None),  # sent again with a click
        ({"typed": "red cube"}, None),
        ({"typed": "red cube", "times": "3"}, None),
        ({"typed": ["red cube"], "times": 3}, None),
        ({"typed": "x" * (LONGEST + 1), "times": 3}, Typed("x" * LONGEST, 3)),
    ],
)
def test_words_count_as_typed_once(message: object, typed: Typed | None) -> None:
    assert read_typed(message, 2) == typed
