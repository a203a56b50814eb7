"""Train, before the start: every knob, what reaches the run, and bad input as one sentence that leaves nothing behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from gan_core import runs
from gan_core.config import RunConfig
from gan_core.config import run_config as schema
from gan_core.models.kinds import KINDS
from gan_core.presets import PRESETS
from gan_core.training import queue
from pages.components.shared.config_form import LABELS
from tests.pages.conftest import Visit, calm, labels, plain, run_folders, words

PREFIX = "train_mnist-dcgan"
WIDGETS = ("text_input", "number_input", "selectbox", "toggle", "multiselect")
NO_KNOB = {"schema_version", "preset"}  # fixed, and chosen above
ELSEWHERE = {"dataset.root"}  # asked for when the data set needs a folder


def knobs(app: AppTest) -> dict[str, Any]:
    return {widget.key: widget for kind in WIDGETS for widget in app.get(kind)}


def knob(app: AppTest, name: str, preset: str = "mnist-dcgan") -> Any:
    return knobs(app)[f"train_{preset}_{name}"]


def start(app: AppTest) -> AppTest:
    return calm(app.button(key="train_start").click().run())


@pytest.mark.parametrize(("preset", "kind"), [("mnist-dcgan", "gan"), ("r5-vae-lite", "vae")])
def test_every_field_of_a_kind_of_model_has_a_knob_with_meaning_and_unit(visit: Visit, preset: str, kind: str) -> None:
    shown = knobs(visit("train", preset=preset))
    fields = {name: info for name, info in schema.field_names().items() if name not in NO_KNOB | ELSEWHERE}
    applying = {name for name in fields if KINDS[kind].applies(name)}
    assert {name for name in fields if f"train_{preset}_{name}" in shown} == applying
    for name in applying:
        info, widget = fields[name], shown[f"train_{preset}_{name}"]
        assert widget.help == info.description
        assert widget.help
        unit = info.json_schema_extra.get("unit", "") if info.json_schema_extra else ""
        assert not unit or f"({unit})" in widget.label or unit in widget.label.lower().split()


def test_every_field_applies_to_some_kind_of_model() -> None:
    assert not [name for name in schema.field_names() if not any(kind.applies(name) for kind in KINDS.values())]


def test_another_kind_of_model_begins_with_the_defaults_of_what_it_does_not_heed(visit: Visit, runs_dir: Path) -> None:
    app = visit("train")
    knob(app, "objective.name").select("hinge")
    knob(app, "network.name").select("vae")
    calm(app.run())
    assert f"{PREFIX}_vae.kl_weight" in knobs(app) and f"{PREFIX}_objective.name" not in knobs(app)
    start(app)
    (run,) = runs.list_runs(runs_dir)
    assert (run.config().network.name, run.config().objective.name) == ("vae", RunConfig().objective.name)


def test_every_knob_has_a_name_for_people() -> None:
    assert set(schema.field_names()) - NO_KNOB == set(LABELS)


def test_the_knobs_begin_with_the_presets_values(visit: Visit) -> None:
    app, config = visit("train"), PRESETS["mnist-dcgan"].config
    for name in ("training.epochs", "network.width", "dataset.image_size", "dataset.channels", "training.precision"):
        assert knob(app, name).value == schema.get(config, name)
    assert knob(app, "generator_optimizer.learning_rate").value == f"{config.generator_optimizer.learning_rate:g}"


def test_changed_values_reach_the_run_and_the_rest_stays(visit: Visit, runs_dir: Path) -> None:
    app = visit("train")
    knob(app, "training.epochs").set_value(3)
    knob(app, "network.width").set_value(8)
    knob(app, "training.seed").set_value(7)
    knob(app, "training.precision").set_value("fp32")
    knob(app, "generator_optimizer.learning_rate").set_value("1e-3")
    knob(app, "dataset.num_images").set_value(640)
    knobs(app)[f"{PREFIX}_name"].set_value("narrow and quick")
    start(app)
    (run,) = runs.list_runs(runs_dir)
    config = run.config()
    assert run.name == "narrow and quick"
    assert queue.position(run) == 1
    assert app.query_params["run"] == run.id
    assert (config.training.epochs, config.network.width, config.training.seed) == (3, 8, 7)
    assert config.generator_optimizer.learning_rate == 1e-3
    assert config.discriminator_optimizer == PRESETS["mnist-dcgan"].config.discriminator_optimizer
    assert config.dataset.num_images == 640
    assert json.loads((run.path / "config.json").read_text())["training"]["precision"] == "fp32"


def test_a_preset_in_the_address_is_chosen_and_started(visit: Visit, runs_dir: Path) -> None:
    app = visit("train", preset="r1-dcgan-lite")
    assert app.selectbox(key="train_preset").value == "r1-dcgan-lite"
    assert knob(app, "training.epochs", "r1-dcgan-lite").value == 20
    start(app)
    (run,) = runs.list_runs(runs_dir)
    assert run.config().preset == "r1-dcgan-lite"


@pytest.mark.parametrize("preset", ["no-such-preset", "", "[x](http://a.b)"])
def test_an_unknown_preset_in_the_address_is_the_default(visit: Visit, preset: str) -> None:
    assert visit("train", preset=preset).selectbox(key="train_preset").value == "mnist-dcgan"


def test_choosing_another_preset_changes_form_and_address(visit: Visit) -> None:
    app = visit("train")
    options = app.selectbox(key="train_preset").options
    assert "Faces · DCGAN on rendered faces (R1, small)" in options and not [w for w in options if "CelebA" in w]
    calm(app.toggle(key="train_preset_own").set_value(True).run())
    calm(app.selectbox(key="train_preset").select("r1-dcgan").run())
    assert app.query_params["preset"] == "r1-dcgan"
    assert knob(app, "dataset.image_size", "r1-dcgan").value == 64
    assert "Name the folder above" in words(app)


def test_the_batch_count_follows_the_batch_size_and_the_number_of_images(visit: Visit) -> None:
    app = visit("train")
    assert "4,500 images; in batches of 64 that is 71 steps per epoch" in words(app)
    knob(app, "training.batch_size").set_value(100)
    knob(app, "dataset.num_images").set_value(250)
    assert "250 images; in batches of 100 that is 3 steps per epoch" in words(calm(app.run()))


def test_the_values_survive_a_visit_to_another_page(visit: Visit) -> None:
    app = visit("train")
    knob(app, "training.epochs").set_value(12).run()
    calm(app.switch_page("pages/home.py").run())
    assert knob(calm(app.switch_page("pages/train.py").run()), "training.epochs").value == 12


@pytest.mark.parametrize("run_id", ["gone", "../../etc", "[click](http://evil.example)", "x" * 500])
def test_an_unknown_run_in_an_earlier_address_is_a_sentence(visit: Visit, run_id: str) -> None:
    app = visit("train", run=run_id)
    (warning,) = app.warning
    assert "it may have been deleted" in warning.value
    assert "](" not in warning.value  # no link of somebody else's making
    assert run_id[:64] in plain(warning.value)
    assert "Train a model" in labels(app)


def test_a_folder_of_pictures_is_shown_before_and_after(visit: Visit, tmp_path: Path, runs_dir: Path) -> None:
    app = with_folder(visit, pictures(tmp_path / "mine", 4))
    assert "4 images" in words(app)
    assert not app.error
    assert len(app.image) == 8
    knob(app, "training.batch_size").set_value(2)
    start(app)
    (run,) = runs.list_runs(runs_dir)
    assert run.config().dataset.root == str(tmp_path / "mine")


# ---- bad input


def pictures(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        Image.new("L", (40, 50), 60 * number).save(folder / f"{number}.png")
    return folder


def with_folder(visit: Visit, folder: Path) -> AppTest:
    app = visit("train")
    calm(knob(app, "dataset.name").select("folder").run())
    knob(app, "dataset.root").set_value(str(folder))
    return calm(app.run())


def refused(app: AppTest, *parts: str) -> None:
    """Starts; expects one sentence with these parts (the form may have said it already) and no run."""
    start(app)
    sentences = {plain(error.value) for error in app.error}
    assert len(sentences) == 1, sentences
    (sentence,) = sentences
    assert not [part for part in parts if part not in sentence], sentence
    assert sentence.endswith(".")
    assert "Traceback" not in sentence
    assert "run" not in app.query_params
    assert run_folders() == []


@pytest.mark.parametrize(
    ("name", "value", "parts"),
    [
        ("dataset.image_size", 48, ["image size", "48", "power of two"]),
        ("dataset.num_images", 30, ["30 images", "one batch of 64", "training.batch_size"]),
        ("generator_optimizer.learning_rate", "abc", ["learning_rate", "number", "abc"]),
        ("generator_optimizer.learning_rate", "-1", ["learning_rate", "greater than 0", "-1"]),
        ("discriminator_optimizer.learning_rate", "nan", ["learning_rate", "finite", "nan"]),
        ("generator_optimizer.beta1", "1", ["beta1", "less than 1"]),
        ("recording.checkpoint_every_s", "", ["checkpoint_every_s", "number"]),
    ],
)
def test_a_value_that_cannot_be_is_one_sentence(visit: Visit, name: str, value: Any, parts: list[str]) -> None:
    app = visit("train")
    knob(app, name).set_value(value)
    refused(app, *parts)


def test_a_missing_folder_is_one_sentence(visit: Visit, tmp_path: Path) -> None:
    refused(with_folder(visit, tmp_path / "not*here*"), "There is no folder", "not*here*")


def test_no_folder_at_all_is_one_sentence(visit: Visit) -> None:
    app = visit("train", preset="r1-dcgan")
    refused(app, "needs a folder")


def test_an_empty_folder_is_one_sentence(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(with_folder(visit, tmp_path / "empty"), "holds no pictures", ".png")


def test_fewer_pictures_than_a_batch_is_one_sentence(visit: Visit, tmp_path: Path) -> None:
    refused(with_folder(visit, pictures(tmp_path / "few", 3)), "3 images", "one batch of 64")


def test_a_name_that_is_too_long_cannot_be_typed(visit: Visit) -> None:
    assert knobs(visit("train"))[f"{PREFIX}_name"].proto.max_chars == 80


@pytest.mark.parametrize("page", ["home", "train"])
def test_a_runs_folder_that_cannot_be_written_is_one_sentence(
    visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("GANVAS_RUNS_DIR", str(tmp_path / "file" / "runs"))
    app = visit(page)
    calm(app.button(key=f"{page}_{'train' if page == 'home' else 'start'}").click().run())
    (error,) = app.error
    assert "cannot be written" in error.value
    assert "GANVAS_RUNS_DIR" in plain(error.value)
    assert (tmp_path / "file").read_text() == "not a folder"


def test_the_default_config_is_what_the_form_describes() -> None:
    assert {name for name in schema.field_names() if "." not in name} == NO_KNOB
    assert RunConfig().preset == "mnist-dcgan"


def test_on_data_of_ones_own_the_preset_s_words_about_its_data_are_not_shown(visit: Visit, tmp_path: Path) -> None:
    story = PRESETS["mnist-dcgan"].description
    assert story in [info.value for info in visit("train", preset="mnist-dcgan").info]
    pictures = tmp_path / "my cats"
    pictures.mkdir()
    Image.new("L", (32, 32)).save(pictures / "a.png")
    told = [
        info.value
        for info in visit(
            "train", preset="mnist-dcgan", **{"dataset.name": "folder", "dataset.root": str(pictures)}
        ).info
    ]
    assert not any(story in words for words in told) and any("my cats" in words for words in told)


def test_preset_and_values_survive_a_look_at_the_other_tab(visit: Visit) -> None:
    app = visit("train", preset="r1-dcgan-lite", **{"training.epochs": "7"})
    (key,) = [key for key in knobs(app) if key.endswith("_training.batch_size")]
    knobs(app)[key].set_value(24)
    name = key.replace("training.batch_size", "name")
    knobs(app)[name].set_value("mine")
    calm(app.run())
    calm(app.segmented_control(key="train_tab").set_value("many").run())
    knobs(app)["sweeps_name"].set_value("a sweep")
    calm(app.run())
    calm(app.segmented_control(key="train_tab").set_value("one").run())
    assert app.selectbox(key="train_preset").value == "r1-dcgan-lite" == app.query_params["preset"]
    assert (knobs(app)[key].value, knobs(app)[name].value) == (24, "mine")
    assert knobs(app)[key.replace("batch_size", "epochs")].value == 7
    calm(app.segmented_control(key="train_tab").set_value("many").run())
    assert knobs(app)["sweeps_name"].value == "a sweep"


def test_a_link_to_a_preset_wins_over_the_one_that_was_chosen_before(visit: Visit) -> None:
    app = visit("train")
    calm(app.selectbox(key="train_preset").select("r1-dcgan-lite").run())
    calm(app.switch_page("pages/home.py").run())
    app.switch_page("pages/train.py")
    app.query_params["preset"] = "r3-wgan-gp-lite"
    assert calm(app.run()).selectbox(key="train_preset").value == "r3-wgan-gp-lite"
    calm(app.switch_page("pages/home.py").run())
    assert calm(app.switch_page("pages/train.py").run()).selectbox(key="train_preset").value == "r3-wgan-gp-lite"
