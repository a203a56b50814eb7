"""The views of the latents: directions of every kind, saved ones, arithmetic, a picture's latent, neighbours, the dial."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluator_helpers import tiny_evaluator
from helpers import tiny_run
from PIL import Image
from streamlit.testing.v1 import AppTest

from gan_core.config import settings
from gan_core.experiments import vae_family
from gan_core.jobs import task as background
from gan_core.jobs import task_worker
from gan_core.latents import attribute_search, neighbours, saved_directions
from gan_core.latents.inversion import Search
from gan_core.latents.saved_directions import Direction
from gan_core.runs import Run
from gan_core.runs.sampler import latents
from gan_core.training import loop
from pages.components.explore import picture
from pages.components.explore.arithmetic import from_address
from pages.components.widgets.sample_picker import picked
from tests.pages.conftest import Visit, calm, copy_of, plain, words

VAE = {"network__name": "vae", "training__ema_decay": 0.0, "dataset__image_size": 16}
SMILE = Direction("smile *x*", "gone", "Another", 20, (1.0, *[0.0] * 7), "attribute", "Right about 9/10.")


@pytest.fixture(scope="session")
def vaes(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> dict[str, Path]:
    """Two VAEs of 20 steps that differ in lambda, and a folder with an evaluator for their data."""
    place = tmp_path_factory.mktemp("vaes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        made = {
            "vae": tiny_run(place, "A VAE", **VAE),
            "loose": tiny_run(place, "A loose VAE", **VAE, vae__kl_weight=0.0005),
        }
        for run in made.values():
            assert loop.train(run).state == "finished"
        tiny_evaluator(place / "evaluators")
    return {**{name: run.path for name, run in made.items()}, "evaluators": place / "evaluators"}


def read_from_z(run: Run, step: int, count: int, report: object) -> attribute_search.Labelled:
    """A label is decided by one number of z each; the images of 20 steps of training are too much alike to be read."""
    z = latents(count, run.config().network.latent_dim, 0)
    return z, z[:, :3] > [0.0, 1.0, 9.0], ("round", "thin", "never")


@pytest.fixture(autouse=True)
def quick(vaes: dict[str, Path], tmp_path: Path, shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An evaluator, few images, and work in the background that is done at once, in this process and a cache of its own."""
    monkeypatch.setenv("GANVAS_EVALUATORS_DIR", str(vaes["evaluators"]))
    monkeypatch.setattr(background, "_launch", lambda place, actor: task_worker.work(place))
    monkeypatch.setattr(attribute_search, "NUM_IMAGES", 200)
    monkeypatch.setattr(attribute_search.task, "__defaults__", (200,))
    monkeypatch.setattr("gan_core.latents.attribute_directions.FEWEST", 4)
    monkeypatch.setattr(attribute_search, "_classified", read_from_z)
    monkeypatch.setattr(neighbours, "NUM_HELD_OUT", 50)
    monkeypatch.setattr(picture, "LEVELS", dict.fromkeys(picture.LEVELS, Search(4, 2, 8)))
    (tmp_path / "cache").mkdir()
    for prepared in shared_cache.glob("mnist5k-*"):
        (tmp_path / "cache" / prepared.name).symlink_to(prepared)
    monkeypatch.setenv("GANVAS_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def vae(vaes: dict[str, Path], runs_dir: Path) -> Run:
    return copy_of(vaes["vae"], runs_dir, "a-vae", "A VAE")


def components(app: AppTest) -> list[str]:
    """The keys of the components on the page."""
    return [str(getattr(e, "key", "")) for e in app.main if getattr(e, "key", None)]


def sent(app: AppTest, key: str) -> dict[str, Any]:
    """What a component was sent."""
    (element,) = [e for e in app.main if getattr(e, "key", None) == key]
    found: dict[str, Any] = json.loads(element.proto.json)
    return found


def upload(app: AppTest, key: str, size: tuple[int, int] = (40, 30)) -> AppTest:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)).save(file, "PNG")
    return calm(app.file_uploader(key=key).upload("me.png", file.getvalue(), "image/png").run())


def test_directions_in_closed_form_are_sliders(visit: Visit, trained: Run) -> None:
    app = visit("run", tab="explore")
    calm(app.button_group(key="explore_kind").set_value("sefa").run())
    assert "explore_walk_sefa" in components(app)
    assert "eigenvectors of AᵀA" in words(app)


def test_a_link_opens_the_sliders_where_they_stood(visit: Visit, trained: Run) -> None:
    count = len(sent(visit("run", tab="explore"), "explore_walk_pca")["sliders"])
    app = visit("run", tab="explore", at="_".join(["0.5", "1", *["0"] * (count - 2)]))
    assert list(sent(app, "explore_walk_pca")["values"].values())[:3] == [0.5, 1, 0]
    app = visit("run", tab="explore", at="_".join(["x"] * count))
    assert next(iter(sent(app, "explore_walk_pca")["values"].values())) == 1.0


def test_attributes_are_found_once_and_say_how_sure_they_are(visit: Visit, trained: Run) -> None:
    app = visit("run", tab="explore")
    calm(app.button_group(key="explore_kind").set_value("attributes").run())
    assert "200 random latents were drawn, the evaluator read their pictures" in words(app)
    box = app.multiselect(key=f"explore_attributes_{trained.id}")
    task = attribute_search.task(trained, 20, 200)
    found = {d.name: d for d in attribute_search.directions(background.result(task))}
    assert set(box.options) == set(found) == {"round", "thin"}
    assert sorted(box.value) == ["round", "thin"]
    assert "Only 0 of 200 images have “never”" in words(app)
    (table,) = app.dataframe
    shares = dict(zip(table.value["Attribute"], table.value["Right, held out"], strict=True))
    assert shares == {name: str(d.right) for name, d in found.items()}
    labels = [slider["label"] for slider in sent(app, "explore_walk_attributes")["sliders"]]
    assert labels == ["Truncation", *box.value]
    calm(app.toggle(key="explore_hold").set_value(True).run())
    assert "explore_walk_attributes" in components(app)


def test_without_an_evaluator_the_page_says_how_to_train_one(visit: Visit, trained: Run, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("GANVAS_EVALUATORS_DIR", str(tmp_path / "none"))
    app = visit("run", tab="explore")
    calm(app.button_group(key="explore_kind").set_value("attributes").run())
    assert "python -m gan_core train-evaluator mnist5k" in words(app)
    (link,) = [link.proto for link in app.get("page_link") if link.proto.label == "Train an evaluator"]
    assert (link.page, link.query_string) == ("data", "data=mnist5k")


def test_a_direction_is_saved_comes_back_is_renamed_and_deleted(visit: Visit, trained: Run) -> None:
    app = visit("run", tab="explore")
    calm(app.text_input(key="explore_save_name").input("older").run())
    calm(app.button(key="explore_save_do").click().run())
    (kept,) = saved_directions.list_directions(settings.runs_dir())
    assert (kept.name, kept.run_id, kept.found_by, kept.latent_dim) == ("older", trained.id, "pca", 8)
    calm(app.button(key="explore_save_do").click().run())
    assert "has a direction “older” already" in words(app)

    other = visit("run", tab="explore")  # another session
    calm(other.button_group(key="explore_kind").set_value("saved").run())
    assert other.multiselect(key=f"explore_saved_{trained.id}").value == [kept.id]
    assert "explore_walk_saved" in components(other)
    calm(other.text_input(key=f"explore_new_name_{kept.id}").input("wiser").run())
    calm(other.button(key=f"explore_rename_do_{kept.id}").click().run())
    assert "wiser" in words(other)
    calm(other.button(key=f"explore_delete_{kept.id}").click().run())
    assert "Nobody saved a direction yet" in words(other)


def test_one_of_another_latent_size_is_refused_and_the_rest_still_works(visit: Visit, trained: Run) -> None:
    place = settings.runs_dir()
    small = saved_directions.save(place, replace(SMILE, name="short", vector=(1.0, 2.0)))
    saved_directions.save(place, SMILE)
    app = visit("run", tab="explore")
    calm(app.button_group(key="explore_kind").set_value("saved").run())
    assert not app.error
    calm(app.multiselect(key=f"explore_saved_{trained.id}").select(small.id).run())
    (error,) = app.error
    assert "moves latents of 2 numbers" in plain(error.value)
    assert "explore_walk_saved" in components(app)


def test_directions_travel_as_json(visit: Visit, trained: Run) -> None:
    app = visit("run", tab="explore")
    calm(app.button_group(key="explore_kind").set_value("saved").run())
    content = saved_directions.exported([SMILE, replace(SMILE, name="", vector=(1.0,))])
    calm(app.file_uploader(key="explore_import_0").upload("d.json", content, "application/json").run())
    calm(app.button(key="explore_import_do").click().run())
    assert "must not be empty" in words(app)
    content = saved_directions.exported([SMILE])
    calm(app.file_uploader(key="explore_import_0").upload("d.json", content, "application/json").run())
    calm(app.button(key="explore_import_do").click().run())
    assert [success.value for success in app.success] == ["Imported: 1\\."]
    assert [d.name for d in saved_directions.list_directions(settings.runs_dir())] == ["smile *x*"]
    assert "smile *x*" in words(app)


def test_arithmetic_opens_as_its_link_says(visit: Visit, trained: Run) -> None:
    app = visit("run", tab="explore", view="arithmetic", a="3.5.7", b="9", c="nonsense")
    assert [sent(app, f"explore_pick_{term}")["selected"] for term in "abc"] == [[3, 5, 7], [9], [2]]
    assert {"explore_result", "explore_between"} <= set(components(app))
    assert app.query_params["a"] in ("3.5.7", ["3.5.7"])


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("", ()), ("3", (3,)), ("3.5.7", (3, 5, 7)), ("1.2.3.4", ()), ("x", ()), ("-1", ()), ("3..4", ()), ("9" * 10, ()), ("5.5", (5,))],
)  # fmt: skip
def test_sample_numbers_in_an_address(text: str, numbers: tuple[int, ...]) -> None:
    assert from_address(text, 3) == numbers


@pytest.mark.parametrize("selected", [None, "3", [1, 2, 3, 4], [1, 1], [-1], [True], [2**40], [0.5], [[1]], {}])
def test_a_senseless_choice_is_none(selected: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamlit.session_state", {"key": {"choice": {"selected": selected}}})
    assert picked("key", (7,), 3) == (7,)
    monkeypatch.setattr("streamlit.session_state", {"key": {"choice": {"selected": [4, 5]}}})
    assert picked("key", (7,), 3) == (4, 5)


def test_a_picture_is_found_and_the_sliders_begin_with_it(visit: Visit, trained: Run) -> None:
    app = upload(visit("run", tab="explore", view="picture"), "explore_upload")
    assert "explore_wanted" in components(app)
    calm(app.button(key="explore_find").click().run())
    assert {"explore_answer_0", "explore_answer_1"} <= set(components(app))
    assert "The best of 8 random latents had an MSE of" in words(app)
    calm(app.button(key="explore_kind_check").click().run())
    assert "no picture of the kind" in words(app)  # it is noise
    assert "of 50 unseen images of its data" in words(app) and "nearer to a training image than yours does" in words(
        app
    )
    assert "From 99% on, in pixels or in features, it is called a picture of another kind" in words(app)
    calm(app.button(key="explore_edit").click().run())
    assert app.button_group(key="explore_begin").value == "found"
    assert "explore_walk_pca" in components(app)
    assert app.query_params["view"] in ("sliders", ["sliders"])


def views(app: AppTest):
    """The control that chooses the view."""
    return next(control for control in app.button_group if str(control.key).startswith("explore_view_"))


def elsewhere_and_back(app: AppTest, **query: str) -> AppTest:
    """The same visitor's page after a look at another one."""
    app.switch_page("pages/home.py")
    calm(app.run())
    app.switch_page("pages/run.py")
    app.query_params.update({"tab": "explore"} | query)
    return calm(app.run())


def test_a_found_picture_is_there_again_after_other_views_and_pages(visit: Visit, trained: Run) -> None:
    app = upload(visit("run", tab="explore", view="picture"), "explore_upload")
    calm(app.button_group(key="explore_level").set_value("thorough").run())
    calm(app.button(key="explore_find").click().run())
    found = sent(app, "explore_answer_1")["image"]
    calm(views(app).set_value("morph").run())
    assert "explore_answer_1" not in components(app)
    calm(views(app).set_value("picture").run())
    assert sent(app, "explore_answer_1")["image"] == found
    app = elsewhere_and_back(app, view="picture")
    assert sent(app, "explore_answer_1")["image"] == found
    assert "Your last picture is still here: me.png." in words(app)
    calm(app.button(key="explore_forget").click().run())
    assert not any(key.startswith("explore_answer") for key in components(app))
    assert "The middle is cut out" in words(app)


def test_a_picture_taken_out_of_its_uploader_is_forgotten(visit: Visit, trained: Run) -> None:
    app = upload(visit("run", tab="explore", view="picture"), "explore_upload")
    assert "explore_wanted" in components(app)
    calm(app.file_uploader(key="explore_upload").set_value([]).run())
    assert "explore_wanted" not in components(app)


def test_each_model_keeps_its_own_newest_search(visit: Visit, trained: Run, vae: Run) -> None:
    app = upload(visit("run", tab="explore", run=vae.id, view="picture"), "explore_upload")
    calm(app.button(key="explore_find").click().run())
    calm(app.selectbox(key="run_shown").select(trained.id).run())
    assert "explore_wanted" in components(app)
    calm(app.button(key="explore_find").click().run())
    calm(app.selectbox(key="run_shown").select(vae.id).run())
    assert "explore_answer_2" in components(app)


def test_an_unseen_picture_and_the_model_of_a_vae_are_kept(
    visit: Visit, trained: Run, vae: Run, vaes, runs_dir
) -> None:
    copy_of(vaes["loose"], runs_dir, "z-loose", "A loose VAE")
    app = visit("run", tab="explore", run=vae.id, view="edit")
    calm(app.button_group(key="vae_source").set_value("unseen").run())
    calm(app.number_input(key=f"vae_unseen_{vae.id}").set_value(7).run())
    app = elsewhere_and_back(app, view="edit")
    assert app.query_params["run"] in (vae.id, [vae.id])
    assert app.button_group(key="vae_source").value == "unseen"
    assert app.number_input(key=f"vae_unseen_{vae.id}").value == 7
    assert f"vae_shift_{vae.id}" in components(app)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n half"])
def test_a_file_that_is_no_picture_is_a_sentence(visit: Visit, trained: Run, content: bytes) -> None:
    app = visit("run", tab="explore", view="picture")
    calm(app.file_uploader(key="explore_upload").upload("me.png", content, "image/png").run())
    assert "not a readable picture" in words(app)


def test_neighbours_stand_beside_the_sample_of_the_link(visit: Visit, trained: Run) -> None:
    app = visit("run", tab="measure", view="neighbours", sample="5")
    assert sent(app, "explore_sample")["selected"] == [5]
    assert {"explore_neighbour_of", "explore_near_pixels", "explore_near_features"} <= set(components(app))
    assert "Of 64 training images" in words(app)


def test_a_vae_answers_at_once_beside_the_search(visit: Visit, vae: Run) -> None:
    app = upload(visit("run", tab="explore", run=vae.id, view="picture"), "explore_upload")
    calm(app.button(key="explore_find").click().run())
    assert "explore_answer_2" in components(app)
    calm(app.button(key="explore_edit_encoder").click().run())
    assert app.button_group(key="explore_begin").value == "found"


def test_a_vae_changes_an_uploaded_picture_by_attribute(visit: Visit, vae: Run) -> None:
    app = upload(visit("run", tab="explore", run=vae.id, view="edit"), "vae_upload")
    assert f"vae_shift_{vae.id}" in components(app)
    before = sent(app, f"vae_shift_{vae.id}")["image"]
    assert "Small changes may vanish" not in words(app)
    calm(app.toggle(key="vae_keep").set_value(True).run())
    assert "Small changes may vanish" in words(app)
    assert sent(app, f"vae_shift_{vae.id}")["image"] != before
    assert "From the labels of 60 training images" in words(app)


def test_one_vae_is_no_family_and_the_button_queues_the_others(visit: Visit, vae: Run, monkeypatch) -> None:
    app = visit("run", tab="explore", run=vae.id, view="dial")
    assert "There is only this one VAE so far" in words(app)
    assert "Or do lesson 6: in about 54 s it trains 3 VAEs" in words(app)
    (link,) = [link for link in app.get("page_link") if "VAE" in link.proto.label]
    assert link.proto.query_string == "lesson=vae"
    begun: list[object] = []
    monkeypatch.setattr(vae_family, "begin", lambda *arguments: begun.append(arguments))
    calm(app.button(key="vae_dial_begin").click().run())
    ((_settings, base, weights, epochs),) = begun  # type: ignore[misc]
    assert base == vae.config()
    assert list(weights) == [w for w in vae_family.LAMBDAS if w != vae.config().vae.kl_weight]
    assert epochs == 5


def test_a_family_has_a_dial_a_chart_and_a_table(
    visit: Visit, vae: Run, vaes: dict[str, Path], runs_dir: Path, monkeypatch
) -> None:
    monkeypatch.setattr(vae_family.measure_task, "__defaults__", (40,))
    copy_of(vaes["loose"], runs_dir, "a-loose", "A loose VAE")
    app = visit("run", tab="explore", run=vae.id, view="dial")
    knob = sent(app, "vae_dial_2")
    assert knob["sliders"][0]["minimum"] == pytest.approx(np.log10(0.0005))
    assert "vae_dial_chart" in components(app)
    table = app.dataframe[0].value
    assert list(table["λ"]) == ["0.0005", "0.005"]
    assert list(table["Active dimensions"]) == [
        f"{n} / 8"
        for n in background.result(vae_family.measure_task(vae_family.family(vae, [Run(runs_dir / "a-loose")]), 40))[
            "active"
        ]
    ]
    assert "Measured on 40 images of the test split" in words(app)
