"""VAE: nothing yet, copies with their error, samples, the map, a GAN beside it, and everything that can be wrong."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import tiny_run
from PIL import Image
from streamlit.testing.v1 import AppTest

from gan_core.datasets.held_out import held_out
from gan_core.jobs import task as background
from gan_core.jobs import task_worker
from gan_core.jobs.task import Progress, Task
from gan_core.latents.vae_map import LatentMap
from gan_core.runs import Run
from gan_core.runs.autoencoder import open_autoencoder
from gan_core.runs.sampler import latents
from gan_core.training import loop
from pages.components.shared import models
from pages.components.vae import beside_gan
from pages.components.vae import groups as vae_groups
from pages.components.widgets import _assets, vae_map
from tests.pages.conftest import Visit, calm, copy_of, plain, run_folders, words

NUM_IMAGES = 100  # of the test split; drawn in a moment
FACES = {"dataset__name": "faces", "dataset__image_size": 16, "dataset__channels": 3, "dataset__num_images": 64}
VAE = {**FACES, "network__name": "vae", "training__ema_decay": 0.0}


@pytest.fixture(scope="session")
def two_models(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> dict[str, Path]:
    """A VAE and a GAN that learned from the same 64 drawn faces with one seed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        place = tmp_path_factory.mktemp("vae")
        made = {"vae": tiny_run(place, "A VAE", **VAE), "gan": tiny_run(place, "A GAN", **FACES)}
        for run in made.values():
            assert loop.train(run).state == "finished"
    return {name: run.path for name, run in made.items()}


@pytest.fixture
def vae(two_models: dict[str, Path], runs_dir: Path) -> Run:
    return copy_of(two_models["vae"], runs_dir, "a-vae")


@pytest.fixture
def gan(two_models: dict[str, Path], runs_dir: Path) -> Run:
    return copy_of(two_models["gan"], runs_dir, "a-gan")


@pytest.fixture(autouse=True)
def few_images(tmp_path: Path, shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred images instead of 2,621, and no results that another test left."""
    monkeypatch.setattr(models, "MOST_IMAGES", NUM_IMAGES)
    monkeypatch.setattr(beside_gan, "NUM_SHARP", 40)
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("GANVAS_CACHE_DIR", str(tmp_path / "cache"))
    for prepared in shared_cache.glob("faces-*"):
        (tmp_path / "cache" / prepared.name).symlink_to(prepared)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in the background is done before the page goes on, in this process."""
    monkeypatch.setattr(background, "_launch", lambda place, actor: task_worker.work(place))


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Work in the background is begun and gets nowhere: the folders in which it would be."""
    begun: list[Path] = []
    monkeypatch.setattr(background, "_launch", lambda place, actor: begun.append(place))
    return begun


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def component(app: AppTest, key: str) -> dict[str, Any]:
    """What the page sent to one of our own components."""
    (element,) = [e for e in app.main if str(getattr(e, "key", "")) == key]
    return json.loads(element.proto.json)


def pixels(url: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB"))


def map_task(run: Run) -> Task:
    return map_wish(run).task


def measuring(run: Run) -> Task:
    return map_wish(run).measuring.task


def map_wish(run: Run) -> LatentMap:
    return LatentMap(str(run.path), 20, NUM_IMAGES, NUM_IMAGES, 30.0, 0)


def test_the_facts_say_what_the_kl_weight_comes_to(visit: Visit, vae: Run, never: list[Path]) -> None:
    """beta = lambda * values / 2 / latent_dim = 0.005 * 768 / 2 / 8."""
    app = visit("run", tab="measure", view="vae")
    shown = metrics(app)
    assert shown["Weight of the KL, λ"] == "0.005"
    assert shown["Equivalent β"] == "0.24"
    assert shown["Size of z"] == "8"
    lines = [json.loads(line) for line in vae.metrics_path.read_text().splitlines()][-4:]  # an epoch has 4 steps
    assert shown["Squared error (train)"] == f"{np.mean([line['loss/reconstruction'] for line in lines]):.4f}"
    assert shown["KL (train)"] == f"{np.mean([line['loss/kl'] for line in lines]):.4f}"
    assert "with the KL summed it would be 1.92" in words(app)


def test_a_vae_paid_by_cross_entropy_has_a_beta_too(visit: Visit, vae: Run, never: list[Path]) -> None:
    """beta = lambda * values / latent_dim = 0.005 * 768 / 8 (Higgins et al. 2017, equation 4)."""
    file = vae.path / "config.json"
    config = json.loads(file.read_text())
    config["vae"]["reconstruction"] = "bce"
    file.write_text(json.dumps(config))
    app = visit("run", tab="measure", view="vae")
    assert metrics(app)["Equivalent β"] == "0.48" and "the summed cross-entropy" in words(app)


def test_ten_pairs_stand_there_at_once_with_their_errors(visit: Visit, vae: Run, never: list[Path]) -> None:
    app = visit("run", tab="explore")
    cards = component(app, "vae_pairs")["cards"]
    originals = held_out(vae.config().dataset).images(10).images
    model = open_autoencoder(vae)
    _latents, errors = model.measure(originals)
    assert len(cards) == 10
    for index, (original, copy) in enumerate(cards):
        np.testing.assert_array_equal(pixels(original["image"]), originals[index].transpose(1, 2, 0))
        expected = model.reconstruct(originals[index : index + 1])[0].transpose(1, 2, 0)
        assert np.abs(pixels(copy["image"]).astype(int) - expected).max() <= 1
        assert copy["lines"][0]["text"] == f"MSE {errors[index]:.4f}"
    assert "a sample, 10 images of the test split, which it never saw" in words(app)
    assert never == []


def test_the_total_error_comes_with_count_and_interval(visit: Visit, vae: Run, at_once: None) -> None:
    app = visit("run", tab="measure", view="vae")
    errors = background.result(measuring(vae))["errors"]
    assert metrics(app)["Test MSE"] == f"{errors.mean():.4f}"
    assert metrics(app)["Report R5's test MSE"] == "0.0076"
    low = errors.mean() - 1.96 * errors.std(ddof=1) / 10
    assert f"95 % interval {low:.4f} to" in words(app)
    assert "100 images of the test split" in words(app)
    assert "Drawings are not photographs" in words(app)
    assert "A sample of 64 training images, measured in the same way" in words(app)


def test_work_in_the_background_shows_how_far_it_is_and_can_be_cancelled(
    visit: Visit, vae: Run, never: list[Path]
) -> None:
    task = measuring(vae)
    visit("run", tab="measure", view="vae")
    background.write_progress(background.folder(task), Progress("running", "images", 40, 100))
    app = visit("run", tab="measure", view="vae")
    assert "Preparing the images · 40 of 100" in [bar.proto.text for bar in app.get("progress")]
    assert len(never) == 1  # a second viewer starts nothing
    calm(app.button(key="vae_measure_cancel").click().run())
    assert (background.folder(task) / "cancel").exists()
    assert app.button(key="vae_measure_cancel").disabled
    background.write_progress(background.folder(task), Progress("cancelled"))
    app = visit("run", tab="measure", view="vae")
    assert "Cancelled." in words(app)
    assert len(never) == 1  # it does not begin again by itself
    calm(app.button(key="vae_measure_again").click().run())
    assert len(never) == 2
    assert not (background.folder(task) / "cancel").exists()


def test_work_that_failed_is_its_sentence(visit: Visit, vae: Run, never: list[Path]) -> None:
    visit("run", tab="measure", view="vae")
    place = background.folder(measuring(vae))
    background.write_progress(place, Progress("failed", error="The disk is [full](http://x)."))
    (error,) = visit("run", tab="measure", view="vae").error
    assert plain(error.value) == "The disk is [full](http://x)."
    assert "](" not in error.value


def test_samples_are_those_of_their_seed(visit: Visit, vae: Run) -> None:
    app = visit("run", tab="explore", view="samples")
    first = component(app, "vae_samples")["image"]
    model = open_autoencoder(vae)
    drawn = model.decode(latents(32, 8, 0))
    grid = pixels(first)
    assert grid.shape == (4 * 18 + 2, 8 * 18 + 2, 3)
    np.testing.assert_array_equal(grid[2:18, 2:18], drawn[0].transpose(1, 2, 0))
    calm(app.number_input(key="vae_seed").set_value(5).run())
    assert component(app, "vae_samples")["image"] != first
    assert [button.label for button in app.download_button] == ["Download this grid (PNG)"]


def test_the_map_is_pca_until_the_tsne_is_there(
    visit: Visit, vae: Run, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit("run", tab="measure", view="vae")  # measures
    monkeypatch.setattr(background, "_launch", lambda place, actor: None)
    app = visit("run", tab="explore", view="map")
    assert "A preview" in words(app)
    assert "Silhouette, on PCA" in metrics(app)
    assert app.button(key="vae_tsne_cancel")
    task_worker.work(background.folder(map_task(vae)))
    app = visit("run", tab="explore", view="map")
    text = words(app)
    assert "t-SNE of the posterior means of 100 images of the test split" in text
    assert "scikit-learn, perplexity 30, seed 0, KL divergence" in text
    assert "Wattenberg" in text
    assert "Silhouette, on the map" in metrics(app)


def test_beside_the_map_stand_probe_and_silhouettes_of_the_chosen_attribute(
    visit: Visit, vae: Run, at_once: None
) -> None:
    app = visit("run", tab="explore", view="map")
    box = app.selectbox(key="vae_by_a-vae")
    assert box.value == "Male"
    probe = metrics(app)["Linear probe, from the latents"]
    assert probe.endswith("%")
    assert "/100 classified correctly, 95 % interval" in words(app)
    assert "always naming the largest group gets" in words(app)
    before = component(app, "vae_map_a-vae")["figure"]
    calm(box.select("Smiling").run())
    traces = json.loads(component(app, "vae_map_a-vae")["figure"])["data"]
    assert component(app, "vae_map_a-vae")["figure"] != before
    assert sorted(trace["meta"] for trace in traces[:2]) == ["Smiling", "not Smiling"]
    measured = background.result(map_task(vae))
    smiling = int(measured["labels"][:, measured["label_names"].tolist().index("Smiling")].sum())
    assert f"Smiling ({smiling})" in [trace["name"] for trace in traces[:2]]


def test_an_attribute_that_hardly_anybody_has_is_a_sentence(visit: Visit, vae: Run, at_once: None) -> None:
    app = visit("run", tab="explore", view="map")
    measured = background.result(map_task(vae))
    counts = dict(zip(measured["label_names"].tolist(), measured["labels"].sum(axis=0), strict=True))
    rare = min(counts, key=lambda name: counts[name])
    assert counts[rare] < 5, counts
    calm(app.selectbox(key="vae_by_a-vae").select(rare).run())
    assert "Use more images or another attribute" in words(app) or "nothing to distinguish" in words(app)


def test_a_chosen_point_shows_its_image_and_what_its_latent_decodes_to(visit: Visit, vae: Run, at_once: None) -> None:
    app = visit("run", tab="explore", view="map")
    calm(app.number_input(key="vae_point_a-vae").set_value(7).run())
    both = pixels(component(app, "vae_chosen")["image"])
    original = held_out(vae.config().dataset).images(NUM_IMAGES).images[7]
    np.testing.assert_array_equal(both[2:18, 2:18], original.transpose(1, 2, 0))
    measured = background.result(map_task(vae))
    decoded = open_autoencoder(vae).decode(measured["latents"][7:8])[0].transpose(1, 2, 0)
    assert np.abs(both[20:36, 2:18].astype(int) - decoded).max() <= 1
    assert f"MSE {measured['errors'][7]:.4f}" in component(app, "vae_chosen")["caption"]
    sheet = component(app, f"vae_sheet_a-vae_{NUM_IMAGES}")
    assert (sheet["count"], sheet["columns"]) == (NUM_IMAGES, 10)


def test_a_perplexity_that_is_too_large_is_a_sentence_and_pca_stays(visit: Visit, vae: Run, at_once: None) -> None:
    app = visit("run", tab="explore", view="map")
    app.number_input(key="vae_perplexity").set_value(40)
    (draw,) = [button for button in app.button if button.label == "Draw this map"]
    calm(draw.click().run())
    assert "got 100 points and perplexity 40" in plain(app.error[0].value)
    assert "A preview" in words(app)


@pytest.mark.parametrize(
    "click", [None, "x", {}, {"point": "3"}, {"point": True}, {"point": -1}, {"point": 100}, {"point": 2.0}]
)
def test_senseless_clicks_choose_nothing(click: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_assets.st, "session_state", {"map": {"click": click}})
    assert vae_map.chosen_point("map", 100) is None


def test_a_click_chooses_its_point(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_assets.st, "session_state", {"map": {"click": {"point": 99, "number": 4}}})
    assert vae_map.chosen_point("map", 100) == 99


def test_classes_are_one_colouring_and_attributes_are_many() -> None:
    digits = tuple("0123456789")
    assert vae_groups.options(digits, exclusive=True) == [vae_groups.CLASSES]
    assert vae_groups.options(("Male", "Bald"), exclusive=False) == ["Male", "Bald"]
    assert vae_groups.options((), exclusive=True) == []
    measured = {"labels": np.eye(10, dtype=np.uint8)[[3, 0, 9]], "label_names": np.array(digits)}
    groups = vae_groups.grouped(measured, vae_groups.CLASSES, 2)
    assert (groups.names, groups.members.tolist()) == (digits, [3, 0])


def test_what_the_figures_say_follows_from_them() -> None:
    """Far corners; a direction among many; noise."""
    rng = np.random.default_rng(0)
    members = (np.arange(300) % 2).astype(np.int64)
    groups = vae_groups.Groups("Male", ("not Male", "Male"), members)

    def says(latents: np.ndarray) -> str:
        latents = latents.astype(np.float32)
        probe = vae_groups.linear_probe(latents, members)
        apart = vae_groups.silhouette(latents, members)
        return vae_groups.summary(groups, probe, apart, apart)

    noise = rng.normal(size=(300, 20))
    assert "clearly separated" in says(noise + 40 * members[:, None])
    assert "not clearly separated" not in says(noise + 40 * members[:, None])
    assert "not clearly separated" in says(noise + 3 * members[:, None] * (np.arange(20) == 0))
    assert "cannot be read from the latents" in says(noise)


def test_both_models_stand_side_by_side(visit: Visit, vae: Run, gan: Run) -> None:
    app = visit("run", tab="explore", view="rival")
    assert app.selectbox(key="vae_gan_a-vae").value == "a-gan"
    for key in ("vae_rival_vae", "vae_rival_gan", "vae_rival_copies", "vae_rival_real"):
        assert pixels(component(app, key)["image"]).shape == (4 * 18 + 2, 8 * 18 + 2, 3)
    shown = metrics(app)
    assert {"Real images", "GAN, samples", "VAE, samples", "VAE, reconstructions"} <= shown.keys()
    assert "40 images, 95 % interval" in words(app)
    table = app.dataframe[0].value
    assert table["model"].tolist() == ["VAE", "GAN"]
    assert table["images seen"].tolist() == ["320", "320"]
    assert table["steps"].tolist() == ["20", "20"]
    curves = [str(e.key) for e in app.main if str(getattr(e, "key", "")).startswith("vae_curve_")]
    assert [key.rsplit("_", 1)[1] for key in curves] == ["reconstruction", "kl", "losses"]


def test_gans_are_offered_the_most_comparable_first(
    visit: Visit, vae: Run, two_models: dict[str, Path], runs_dir: Path, change_config: Callable[..., None]
) -> None:
    for name in ("same", "seed", "fewer", "digits"):
        copy_of(two_models["gan"], runs_dir, name)
    change_config("seed", "training", seed=9)
    change_config("fewer", "dataset", num_images=32)
    change_config("digits", "dataset", name="mnist5k")
    app = visit("run", tab="explore", view="rival")
    offered = [option.split("(")[-1].rstrip(")") for option in app.selectbox(key="vae_gan_a-vae").options]
    assert offered == ["same", "seed", "fewer"]
    calm(app.selectbox(key="vae_gan_a-vae").select("seed").run())
    assert "The two seeds differ: 0 and 9." in words(app)


def test_what_does_not_compare_is_a_sentence_and_nothing_else(
    visit: Visit, vae: Run, two_models: dict[str, Path], runs_dir: Path, change_config: Callable[..., None]
) -> None:
    copy_of(two_models["gan"], runs_dir, "same")
    copy_of(two_models["gan"], runs_dir, "fewer")
    change_config("fewer", "dataset", num_images=32)
    app = visit("run", tab="explore", view="rival", gan="fewer")
    (warning,) = app.warning
    assert "num_images 64 here, 32 there" in plain(warning.value)
    assert not [e for e in app.main if str(getattr(e, "key", "")).startswith("vae_rival_")]


@pytest.fixture
def change_config(runs_dir: Path) -> Callable[..., None]:
    """Changes fields of a run's configuration on the disk."""

    def change(run_id: str, section: str, **fields: object) -> None:
        path = runs_dir / run_id / "config.json"
        data = json.loads(path.read_text())
        data[section] |= fields
        path.write_text(json.dumps(data))

    return change


def test_the_pair_and_a_family_have_commands(
    visit: Visit, vae: Run, never: list[Path], commands: dict[str, Any]
) -> None:
    visit("run", run=vae.id, tab="explore", view="rival")
    assert [words[:2] for words in commands["vae_pair"]] == [
        ["train", name] for name in (*beside_gan.PAIR, beside_gan.PAIR[1])
    ]
    visit("run", run=vae.id, tab="explore", view="dial")
    assert all(any("vae.kl_weight=" in word for word in words) for words in commands["family"])


def test_without_a_rival_one_button_starts_the_pair_with_one_seed(visit: Visit, vae: Run) -> None:
    app = visit("run", tab="explore", view="rival")
    assert "No GAN has learned from the same images yet" in words(app)
    calm(app.number_input(key="vae_pair_seed").set_value(11).run())
    calm(app.button(key="vae_pair").click().run())
    made = sorted((Run(path) for path in run_folders() if path.name != "a-vae"), key=lambda run: run.id)
    assert [run.config().preset for run in made] == ["r5-gan-lite", "r5-vae-lite"]
    assert [run.config().training.seed for run in made] == [11, 11]
    assert made[0].config().dataset == made[1].config().dataset
    assert {run.status().state for run in made} == {"queued"}


def test_another_button_starts_only_the_rival_on_the_same_images(visit: Visit, vae: Run) -> None:
    calm(visit("run", tab="explore", view="rival").button(key="vae_rival").click().run())
    (made,) = [Run(path) for path in run_folders() if path.name != "a-vae"]
    assert made.config().preset == "r5-gan-lite"
    assert made.config().dataset == vae.config().dataset
    assert beside_gan.comparable(vae.config(), made.config())


@pytest.mark.parametrize("query", [{"step": "7"}, {"view": "no"}, {"vae_seed": "-5"}, {"gan": "x"}])
def test_senseless_links_open_the_default(visit: Visit, vae: Run, never: list[Path], query: dict[str, str]) -> None:
    app = visit("run", tab="explore", run="a-vae", **query)
    assert app.selectbox(key="explore_step_a-vae").value == 20
    assert not app.error


def test_an_unknown_vae_in_a_link_is_a_sentence_and_stays_text(visit: Visit, vae: Run, gan: Run, never) -> None:
    warning = visit("run", tab="explore", run="[click](http://evil.example)").warning[0]
    assert "](" not in warning.value
    assert "[click](http://evil.example)" in plain(warning.value)


def test_a_damaged_checkpoint_is_one_sentence(visit: Visit, vae: Run) -> None:
    (model,) = (vae.checkpoints_dir / "step-00000020").glob("model.safetensors")
    model.write_bytes(model.read_bytes()[:100])
    app = visit("run", tab="explore")
    assert len(app.error) == 1
    assert "damaged" in plain(app.error[0].value)


def test_a_damaged_result_is_a_sentence_and_can_be_made_again(visit: Visit, vae: Run, at_once: None) -> None:
    visit("run", tab="measure", view="vae")
    (background.folder(measuring(vae)) / "result.npz").write_bytes(b"PK damaged")
    models.st.cache_resource.clear()
    app = visit("run", tab="measure", view="vae")
    assert "start it again" in plain(app.error[0].value)
    calm(app.button(key="vae_measure_again").click().run())
    assert "Test MSE" in metrics(calm(app.run()))
