"""Data: counts, pictures by label, preparation step by step, long work in the background, data of one's own, bad input."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluator_helpers import tiny_evaluator
from helpers import eventually
from PIL import Image
from streamlit.testing.v1 import AppTest

from gan_core import datasets, runs
from gan_core.config import DatasetConfig, RunConfig, get, settings, with_changes
from gan_core.datasets import DATASETS, downloads, uploads
from gan_core.datasets.sources import folder
from gan_core.evaluation import evaluators
from gan_core.evaluation.evaluators import training_task
from gan_core.figures import imaging
from gan_core.jobs import data, task, task_worker
from gan_core.jobs.task import progress
from gan_core.presets import own_data
from gan_core.training.plan import check
from pages.components.widgets.point_canvas import MAX_DRAWN, read_points
from tests.pages.conftest import Visit, calm, labels, plain, words

CIRCLE = [[2 * float(np.cos(a)), 2 * float(np.sin(a))] for a in np.linspace(0, 6, 40)]


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def picture_captions(app: AppTest) -> list[str]:
    """Captions of the pictures on the page: they are components of our own, which AppTest shows as raw messages."""
    found = []
    for element in app.main:
        content = str(getattr(element, "proto", ""))
        if "ganvas_picture" in content:
            found.append(content)
    return found


def a_zip(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/") + ".png", content)
    return buffer.getvalue()


def png(grey: int) -> bytes:
    return imaging.png_bytes(Image.new("L", (40, 30), grey))


def own_pictures() -> uploads.Own:
    return uploads.add_zip(io.BytesIO(a_zip(cat__1=png(10), cat__2=png(20), dog__3=png(30))), "Cats *and* dogs")


def test_the_default_shows_true_counts(visit: Visit) -> None:
    app = visit("data")
    assert metrics(app) == {"Images": "4,500", "Classes": "10", "One sample": "32×32×1", "Steps per epoch": "71"}
    assert "5,000 real handwritten digits" in words(app)
    assert len(app.get("plotly_chart")) == 1
    assert not app.error and not app.warning


@pytest.mark.parametrize("name", [name for name, entry in DATASETS.items() if not entry.needs_root])
@pytest.mark.parametrize("view", ["look", "steps"])
def test_every_data_set_that_comes_along_can_be_looked_at_without_preparing(visit: Visit, name: str, view: str) -> None:
    app = visit("data", data=name, view=view)
    assert not app.error, [error.value for error in app.error]
    assert app.selectbox(key="data_name").value == name
    assert metrics(app)[next(iter(metrics(app)))].replace(",", "").isdigit()


@pytest.mark.parametrize("name", [name for name, entry in DATASETS.items() if entry.needs_root])
def test_a_data_set_of_ones_own_asks_for_its_place(visit: Visit, name: str) -> None:
    app = visit("data", data=name)
    assert "full path on the computer that Ganvas runs on" in words(app)
    assert not app.error and not app.metric
    assert ("Download" in labels(app)) == (name in ("celeba", "mnist", "fashion-mnist", "cifar10"))


def test_first_images_and_batch_size_change_the_counts(visit: Visit) -> None:
    app = visit("data")
    app.toggle(key="data_few_mnist5k").set_value(True)
    app.number_input(key="data_batch_mnist5k").set_value(100)
    calm(app.run())
    assert metrics(app)["Images"] == "1,000" and metrics(app)["Steps per epoch"] == "10"
    assert "R1 saw this with 1,000 images" in words(app)
    app.number_input(key="data_first_mnist5k").set_value(30)
    assert "fewer samples (30) than one batch of 100" in plain(words(calm(app.run())))


def test_pictures_by_label(visit: Visit) -> None:
    app = visit("data")
    calm(app.selectbox(key="data_label_mnist5k").select("7").run())
    seven = int((datasets.labels(DatasetConfig())[:, 7] == 1).sum())
    assert any(f"of {seven:,} images with" in text for text in picture_captions(app))
    calm(app.button_group(key="data_present_mnist5k").set_value("lack").run())
    assert any(f"of {4_500 - seven:,} images without" in text for text in picture_captions(app))


def test_steps_of_preparation_with_reasons(visit: Visit) -> None:
    own = own_pictures()
    app = visit("data", data=own.id, view="steps")
    shown = words(app)
    for title in ("1. As it is", "2. Resized", "3. Cut to the square", "4. Scaled to -1"):
        assert title in shown
    assert len(picture_captions(app)) == 3 * 4
    app.toggle(key=f"data_dataset.flip_{own.id}").set_value(True)
    app.text_input(key=f"data_dataset.rotation_degrees_{own.id}").set_value("8")
    shown = words(calm(app.run()))
    assert "4. Mirrored" in shown and "5. Turned" in shown and "up to 8 degrees" in shown


def test_mirrored_digits_are_warned_of_and_mirrored_faces_are_not(visit: Visit) -> None:
    app = visit("data")
    calm(app.toggle(key="data_dataset.flip_mnist5k").set_value(True).run())
    assert "a false example that the model will learn" in words(app)
    app = visit("data", data="faces")
    calm(app.toggle(key="data_dataset.flip_faces").set_value(True).run())
    assert not app.warning


def test_preparing_goes_on_in_the_background_and_can_be_followed(visit: Visit) -> None:
    app = visit("data", data="blocks")
    app.number_input(key="data_dataset.image_size_blocks").set_value(8)
    calm(app.toggle(key="data_few_blocks").set_value(True).run())
    app.number_input(key="data_first_blocks").set_value(70)
    calm(app.run())
    calm(app.button(key="data_prepare").click().run())
    config = DatasetConfig(name="blocks", image_size=8, channels=3, num_images=70)
    task = data.preparation(config)
    eventually(lambda: progress(task).state != "running", "the end of the task", timeout_s=120)
    assert progress(task).state == "done", progress(task).error
    assert "Ready: training with these settings starts at once" in words(calm(app.run()))


def test_a_download_that_fails_is_a_sentence(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_DATA_DIR", "/dev/null/nowhere")  # fails at once, without asking the network
    app = visit("data", data="mnist")
    calm(app.button(key="data_download").click().run())
    task = data.download("mnist", downloads.default_root("mnist"))
    eventually(lambda: progress(task).state == "failed", "its failure", timeout_s=120)
    assert "cannot be made" in plain(calm(app.run()).error[0].value)
    assert not visit("data", data="mnist").error, "who comes later did not ask for it"


# ---- data of one's own


def test_an_uploaded_zip_becomes_a_data_set_to_look_at_and_train_on(visit: Visit) -> None:
    app = visit("data", view="add")
    app.file_uploader(key="data_zip_0").upload(
        "mine.zip", a_zip(cat__1=png(10), dog__2=png(20), dog__3=png(30)), "application/zip"
    )
    app.text_input(key="data_zip_name_0").set_value("Cats & [dogs](http://evil.example)")
    calm(app.run())
    calm(app.button(key="data_zip_go").click().run())
    (own,) = uploads.list_own()
    assert (own.count, own.classes) == (3, ("cat", "dog"))
    shown = words(app)
    assert "3 pictures, 2 classes" in shown
    assert "](http" not in "".join(str(element.value) for element in [*app.markdown, *app.success])
    app = visit("data", data=own.id)
    assert metrics(app)["Images"] == "3" and metrics(app)["Classes"] == "2"
    app.number_input(key=f"data_batch_{own.id}").set_value(2)
    calm(app.run())
    calm(app.button(key="data_train").click().run())
    config = with_changes(
        RunConfig(), {k: v for k, v in app.query_params.items() if "." in k} if app.query_params else {}
    )
    assert config.dataset.root == own.root and config.training.batch_size == 2


def test_a_zip_whose_names_can_be_read_in_two_ways_is_asked_about(visit: Visit) -> None:
    raw = a_zip(xxxx__1=png(10), dog__2=png(20)).replace(b"xxxx", "小狗".encode("gb18030"))
    app = visit("data", view="add")
    app.file_uploader(key="data_zip_0").upload("mine.zip", raw, "application/zip")
    calm(app.run())
    calm(app.button(key="data_zip_go").click().run())
    (error,) = app.error
    assert "GBK '小狗/1.png'" in plain(error.value)
    calm(app.selectbox(key="data_zip_encoding").select("GBK").run())
    calm(app.button(key="data_zip_go").click().run())
    (own,) = uploads.list_own()
    assert own.classes == ("dog", "小狗")
    assert "they were read as GBK" in words(visit("data", data=own.id))


def test_the_files_of_a_folder_that_are_not_used_are_counted_and_named(visit: Visit, tmp_path: Path) -> None:
    for name in ("cat/1.png", "dog/2.png", "cover.png", "scan.tif", "__MACOSX/._1.png"):
        (tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / name).write_bytes(png(10))
    app = visit("data", data="folder")
    calm(app.text_input(key="data_dataset.root_folder").set_value(str(tmp_path / "mine")).run())
    (found,) = [expander for expander in app.expander if "not used" in expander.label]
    assert found.label == "2 files of the folder are not used" and metrics(app)["Images"] == "2"
    assert set(found.dataframe[0].value["file"]) == {"cover.png", "scan.tif"}


def test_a_zip_of_other_things_is_one_sentence(visit: Visit) -> None:
    app = visit("data", view="add")
    app.file_uploader(key="data_zip_0").upload("mine.zip", b"not a zip", "application/zip")
    calm(app.run())
    calm(app.button(key="data_zip_go").click().run())
    (error,) = app.error
    assert "not a zip" in plain(error.value)
    assert uploads.list_own() == []


def test_points_from_a_file_are_kept_and_shown(visit: Visit) -> None:
    app = visit("data", view="add")
    app.file_uploader(key="data_points_0").upload(
        "ring.csv", "\n".join(f"{x},{y}" for x, y in CIRCLE).encode(), "text/csv"
    )
    app.text_input(key="data_points_name_0").set_value("ring")
    calm(app.run())
    calm(app.button(key="data_points_go").click().run())
    (own,) = uploads.list_own()
    assert (own.kind, own.count) == ("points", 40)
    app = visit("data", data=own.id)
    assert metrics(app) == {"Points": "40", "Classes": "none", "One sample": "2", "Steps per epoch": "1"}


def test_too_few_points_are_one_sentence(visit: Visit) -> None:
    app = visit("data", view="add")
    calm(app.button(key="data_points_go").click().run())
    assert "name" in plain(app.error[0].value)
    app.text_input(key="data_points_name_0").set_value("none")
    calm(app.button(key="data_points_go").click().run())
    assert "has 0 points; between 10 and" in plain(app.error[0].value)


def test_a_deleted_set_is_gone_from_list_and_address(visit: Visit) -> None:
    own = own_pictures()
    app = visit("data", view="add")
    calm(app.button(key=f"data_delete_{own.id}").click().run())
    assert uploads.list_own() == [own]  # it asks first
    app.button(key=f"data_delete_{own.id}").click()  # AppTest reruns the whole script, so both are pressed in one rerun
    calm(app.button(key=f"data_delete_sure_{own.id}").click().run())
    assert uploads.list_own() == []
    app = visit("data", data=own.id)
    assert "it may have been deleted" in words(app)
    assert app.selectbox(key="data_name").value == "mnist5k"


@pytest.mark.parametrize("data", ["", "no-such", "[x](http://a.b)", "../../etc", "pictures-x"])
def test_senseless_addresses_show_the_default(visit: Visit, data: str) -> None:
    app = visit("data", data=data, view="nonsense")
    assert app.selectbox(key="data_name").value == "mnist5k"
    assert "](http" not in "".join(str(warning.value) for warning in app.warning)


@pytest.mark.parametrize(
    ("root", "sentence"), [("/no/where", "There is no folder"), ("~nobody-at-all", "There is no folder")]
)
def test_a_folder_that_is_not_there_is_one_sentence(visit: Visit, root: str, sentence: str) -> None:
    app = visit("data", data="folder")
    calm(app.text_input(key="data_dataset.root_folder").set_value(root).run())
    (error,) = app.error
    assert sentence in plain(error.value)


@pytest.mark.parametrize("content", ["x,y\n1,2\n", json.dumps({"x": [1, 2], "y": [1]})])
def test_a_bad_file_of_points_is_one_sentence(visit: Visit, tmp_path: Path, content: str) -> None:
    (tmp_path / "bad.txt").write_text(content)
    app = visit("data", data="points")
    calm(app.text_input(key="data_dataset.root_points").set_value(str(tmp_path / "bad.txt")).run())
    (error,) = app.error
    assert "bad.txt" in plain(error.value)


# ---- the way to Train


@pytest.mark.parametrize("name", ["mnist5k", "faces", "ring8"])
def test_train_on_this_data_opens_train_with_settings_that_can_start(visit: Visit, runs_dir: Path, name: str) -> None:
    app = visit("data", data=name)
    calm(app.toggle(key=f"data_few_{name}").set_value(True).run())
    app.number_input(key=f"data_first_{name}").set_value(200)
    calm(app.run())
    calm(app.button(key="data_train").click().run())
    assert "Train a model" in words(app)
    app = visit("train", **{key: value for key, value in app.query_params.items() if key != "data"})
    assert "From the link" in words(app)
    calm(app.button(key="train_start").click().run())
    (run,) = runs.list_runs(runs_dir)
    config = run.config()
    assert (config.dataset.name, config.dataset.num_images) == (name, 200)
    check(config)
    assert set(app.query_params) == {"run"}


def test_settings_of_a_link_can_be_forgotten_and_senseless_ones_are_a_sentence(visit: Visit) -> None:
    app = visit("train", **{"training.epochs": "7"})
    assert "Epochs: 7" in plain(words(app))
    calm(app.button(key="train_forget").click().run())
    assert "From the link" not in words(app)
    assert app.number_input(key="train_mnist-dcgan_training.epochs").value == 30
    app = visit("train", **{"training.epochs": "-3"})
    assert "must be greater than or equal to 1" in plain(app.warning[0].value)
    assert "Start training" in labels(app)


def test_what_users_brought_is_offered_on_train(visit: Visit) -> None:
    own = own_pictures()
    app = visit("train")
    calm(app.selectbox(key="train_mnist-dcgan_dataset.name").select("folder").run())
    calm(app.selectbox(key="train_mnist-dcgan_own_folder").select(own.root).run())
    assert app.text_input(key="train_mnist-dcgan_dataset.root").value == own.root
    assert "3 images; in batches of" in words(app)


# ---- the canvas


def test_only_sensible_points_of_this_drawing_are_read() -> None:
    good = [[0.5, -4], [1, 2.25]]
    assert read_points({"points": good, "revision": 3}, 3) == [(0.5, -4.0), (1.0, 2.25)]
    assert read_points({"points": good, "revision": 2}, 3) == []
    bad = [[1], [1, 2, 3], [1, "2"], [True, 1], [5, 0], [float("nan"), 0], [10**400, 0], None, "ab", {"x": 1}]
    assert read_points({"points": [*bad, [1, 1]], "revision": 0}, 0) == [(1.0, 1.0)]
    assert len(read_points({"points": [[0, 0]] * (MAX_DRAWN + 5), "revision": 0}, 0)) == MAX_DRAWN
    for message in (None, [], "x", {"points": "x", "revision": 0}, {"revision": 0}):
        assert read_points(message, 0) == []


def test_pictures_of_ones_own_come_to_train_with_a_proposal_that_is_told(visit: Visit, runs_dir: Path) -> None:
    own = own_pictures()
    app = visit("data", data=own.id)
    assert f"Proposed for {own.count:,} pictures" in plain(words(app)) and "32 px" in plain(words(app))
    calm(app.button(key="data_train").click().run())
    app = visit("train", **{key: value for key, value in app.query_params.items() if key != "data"})
    calm(app.button(key="train_start").click().run())
    (run,) = runs.list_runs(runs_dir)
    wanted = own_data.proposed(own.count, run.config().dataset.channels, "cpu")
    assert {name: get(run.config(), name) for name in wanted} == dict(wanted)


def test_an_evaluator_is_trained_on_the_page_with_its_accuracy_by_label(visit: Visit, monkeypatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(task, "_launch", lambda place, actor: task_worker.work(place))
    monkeypatch.setattr(training_task, "LEAST_STEPS", 1)
    monkeypatch.setattr(training_task, "LEAST_EPOCHS", 1)
    pictures = {f"{name}__{n}": png(grey + n) for name, grey in (("dark", 10), ("light", 200)) for n in range(16)}
    own = uploads.add_zip(io.BytesIO(a_zip(**pictures)), "Two greys")
    app = visit("data", data=own.id)
    assert "There is no evaluator for these pictures yet" in words(app)
    app.selectbox(key=f"data_evaluator_size_{own.id}").set_value(16)
    app.number_input(key=f"data_evaluator_width_{own.id}").set_value(2)
    calm(app.button(key="data_evaluator_train").click().run())
    (made,) = evaluators.available()
    assert (made.info.image_size, made.card.width) == (16, 2) and made.info.name == "two-greys"
    shown = words(app)
    assert f"Right in {made.info.held_out_hits} of 3" in shown and "95 % interval" in shown and "a tenth of" in shown
    assert "is trained" in app.success[0].value and "This one is used." in shown
    (table,) = (found.value for found in app.dataframe if "baseline" in found.value)
    assert table["label"].tolist() == ["dark", "light"]
    calm(app.button(key=f"data_evaluator_delete_{made.info.name}").click().run())
    assert evaluators.available() == [] and "Deleted (1)" in [expander.label for expander in app.expander]


def test_an_evaluator_calls_its_data_by_title(visit: Visit) -> None:
    tiny_evaluator(settings.evaluators_dir())
    said = words(visit("data", data="mnist5k"))
    assert "10 classes of 'Handwritten digits (MNIST, 5,000)'" in said
    assert "images: the test split of 'Handwritten digits (MNIST, 5,000)'" in said and "'mnist5k'" not in said


def test_pictures_without_labels_get_a_sentence_instead_of_an_evaluator(visit: Visit) -> None:
    own = uploads.add_zip(io.BytesIO(a_zip(one=png(10), two=png(20))), "Flat")
    app = visit("data", data=own.id)
    assert "have no labels, so an evaluator has nothing to distinguish" in words(app)
    assert "Train an evaluator" not in labels(app)


def test_a_folder_is_listed_once_in_a_rerun(visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "mine"
    for name in ("cats", "dogs"):
        (root / name).mkdir(parents=True)
        for number in range(3):
            Image.new("L", (20, 20), 40 * number).save(root / name / f"{number}.png")
    listed: list[Path] = []
    real = folder._files
    monkeypatch.setattr(folder, "_files", lambda place, refused: listed.append(place) or real(place, refused))
    app = visit("data", data="folder")
    app.text_input(key="data_dataset.root_folder").set_value(str(root))
    calm(app.run())
    assert "Evaluator" in words(app) and listed == [root]
    Image.new("L", (20, 20)).save(root / "cats" / "new.png")
    calm(app.run())
    assert listed == [root, root] and "7" in [metric.value for metric in app.metric]
