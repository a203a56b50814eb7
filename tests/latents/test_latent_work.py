"""What the views of the latents compute in the background, with real tiny models and a real tiny evaluator."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluator_helpers import tiny_evaluator
from helpers import tiny_run
from PIL import Image

from gan_core.config import RunConfig, with_changes
from gan_core.config.settings import from_environment
from gan_core.datasets import prepare
from gan_core.datasets.held_out import held_out
from gan_core.experiments import vae_family
from gan_core.jobs.task import Task
from gan_core.latents import attribute_search, neighbours, picture_search
from gan_core.latents.inversion import Search
from gan_core.latents.picture_search import read_upload
from gan_core.runs import Run
from gan_core.runs.sampler import latents, open_sampler
from gan_core.training import loop

SEARCH = Search(steps=40, starts=2, candidates=32)
VAE = {"network__name": "vae", "training__ema_decay": 0.0}


def silent(stage: str, done: int = 0, total: int = 0, value: float | None = None) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> dict[str, Path]:
    """A GAN and two VAEs that differ in lambda, of 20 steps at 8 px, and a folder with an evaluator for them."""
    place = tmp_path_factory.mktemp("latents")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        wanted = {
            "gan": tiny_run(place),
            "vae": tiny_run(place, **VAE),
            "loose": tiny_run(place, **VAE, vae__kl_weight=0.0005),
        }
        for run in wanted.values():
            assert loop.train(run).state == "finished"
        tiny_evaluator(place / "evaluators")
    return {**{name: run.path for name, run in wanted.items()}, "evaluators": place / "evaluators"}


@pytest.fixture(autouse=True)
def judged(made: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The evaluator is there."""
    torch.set_num_threads(1)
    monkeypatch.setenv("GANVAS_EVALUATORS_DIR", str(made["evaluators"]))


@pytest.mark.parametrize(
    ("weight", "words"),
    [
        (5e-5, "0.00005"),
        (0.5, "0.5"),
        (3.0, "3"),
        (1e-6, "0.000001"),
        (0.1 + 0.2, "0.3"),
        (5e-5 / 1.024, "0.0000488281"),
    ],
)
def test_lambdas_are_written_in_full(weight: float, words: str) -> None:
    assert vae_family.lambda_words(weight) == words


# attributes


def test_a_gans_directions_come_from_what_the_evaluator_reads(made: dict[str, Path]) -> None:
    run = Run(made["gan"])
    task = attribute_search.task(run, 20, 300)
    found = attribute_search.search(task.values, silent)
    rows = attribute_search.directions(found)
    read = {row.name for row in rows} | set(map(str, found["refused_names"]))
    assert read == set("0123456789")
    assert len(rows) + len(found["refusals"]) == 10
    for row in rows:
        assert row.with_it + row.without == 300
        assert np.linalg.norm(row.vector) == pytest.approx(1, abs=1e-5)
    assert [row.right.ratio for row in rows] == sorted((row.right.ratio for row in rows), reverse=True)


def test_a_vaes_direction_is_the_difference_of_encoded_means(made: dict[str, Path], monkeypatch) -> None:
    monkeypatch.setattr("gan_core.latents.attribute_directions.FEWEST", 4)
    run = Run(made["vae"])
    found = attribute_search.search(attribute_search.task(run, 20, 60).values, silent)
    (row,) = [r for r in attribute_search.directions(found) if r.name == "1"]
    images = prepare(run.config().dataset)
    assert row.with_it == int(images.labels[:60, 1].sum())
    assert row.without == 60 - row.with_it
    assert found["vectors"].shape[1] == 8


def test_without_an_evaluator_nobody_can_say_what_a_gan_draws(made: dict[str, Path], tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("GANVAS_EVALUATORS_DIR", str(tmp_path / "none"))
    with pytest.raises(ValueError, match=r"no evaluator for the data set .mnist5k.\. Train one with: python"):
        attribute_search.task(Run(made["gan"]), 20)
    attribute_search.task(Run(made["vae"]), 20)  # its labels are the images' own


def test_an_exclusive_evaluator_sees_one_class_and_another_every_label_above_zero() -> None:
    logits = np.array([[-3.0, -1.0, -2.0], [1.0, 2.0, -1.0]])
    np.testing.assert_array_equal(attribute_search.present_labels(logits, True), [[False, True, False]] * 2)
    np.testing.assert_array_equal(attribute_search.present_labels(logits, False), [[False] * 3, [True, True, False]])


# a picture's latent


def test_the_latent_of_a_generated_picture_draws_it_again(made: dict[str, Path]) -> None:
    run = Run(made["gan"])
    model = open_sampler(run)
    picture = model.images(latents(1, 8, 5), np.zeros((1, 0), np.float32))[0]
    task = picture_search.task(run, 20, picture, [], SEARCH)
    found = picture_search.search_latent(task.values, silent)
    assert bool(found["uses_features"])
    assert float(found["error"]) < 0.2 * float(found["first_error"])
    assert found["image"].shape == picture.shape
    again = picture_search.search_latent(task.values, silent)
    np.testing.assert_array_equal(again["z"], found["z"])


def test_uploads_become_what_the_model_sees(made: dict[str, Path]) -> None:
    dataset = Run(made["gan"]).config().dataset
    file = io.BytesIO()
    Image.new("RGB", (40, 20), (250, 250, 250)).save(file, "JPEG")
    assert read_upload(file.getvalue(), dataset).shape == (1, 8, 8)
    assert read_upload(file.getvalue(), dataset.model_copy(update={"channels": 3})).shape == (3, 8, 8)
    assert read_upload(file.getvalue(), dataset).min() > 240


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "not a readable picture"), (b"GIF89a half", "not a readable picture"), (b"x" * 10_000_001, "at most 10 MB")],
)
def test_an_upload_that_is_no_picture_is_a_sentence(made: dict[str, Path], content: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_upload(content, Run(made["gan"]).config().dataset)


def test_a_model_of_points_has_no_pictures(made: dict[str, Path]) -> None:
    points = Run(made["gan"]).config().dataset.model_copy(update={"name": "ring8"})
    with pytest.raises(ValueError, match="points in the plane"):
        read_upload(b"", points)


# neighbours


def test_a_training_image_is_a_copy_and_noise_is_strange(made: dict[str, Path]) -> None:
    config = Run(made["gan"]).config()
    task = neighbours.task(config)
    found = neighbours.build(task.values, silent)
    training_images = neighbours.searched_images(task)
    assert str(found["held_kind"]) == "test"
    assert len(found["features"]) == len(training_images) == 60
    assert len(found["held_pixels"]) == len(found["held_features"]) == 500
    own = neighbours.find(training_images.images[17], training_images.images, found["held_pixels"], "pixels")
    assert own.places[0] == 17
    assert own.distances[0] == 0
    assert own.is_copy and not own.is_strange
    assert own.nearer.hits == 0
    noise = np.random.default_rng(0).integers(0, 256, (1, 8, 8), dtype=np.uint8)
    odd = neighbours.find(noise, training_images.images, found["held_pixels"], "pixels")
    assert odd.is_strange and not odd.is_copy
    assert list(odd.distances) == sorted(odd.distances)


def test_runs_on_the_same_data_share_one_index(made: dict[str, Path]) -> None:
    gan, vae = (Run(made[name]).config() for name in ("gan", "vae"))
    assert neighbours.task(gan) == neighbours.task(vae)
    assert neighbours.task(gan, 30) != neighbours.task(gan)
    assert neighbours.limited(gan.dataset, 30).num_images == 30
    assert neighbours.limited(gan.dataset, 0) == gan.dataset


def test_without_unseen_images_training_images_are_compared_with_each_other(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(20):
        Image.fromarray(rng.integers(0, 256, (8, 8), dtype=np.uint8)).save(tmp_path / f"{number:02d}.png")
    run = tiny_run(tmp_path / "runs", dataset__name="folder", dataset__root=str(tmp_path), dataset__num_images=0)
    task = neighbours.task(run.config())
    found = neighbours.build(task.values, silent)
    assert str(found["held_kind"]) == "training"
    assert len(found["held_pixels"]) == 20
    assert found["held_pixels"].min() > 0  # nobody is their own neighbour
    assert found["features"].shape == (20, 0)  # nobody trained an evaluator on this folder


# the dial


def test_a_family_is_the_vaes_of_equal_data_by_lambda(made: dict[str, Path]) -> None:
    vae, loose, gan = (Run(made[name]) for name in ("vae", "loose", "gan"))
    members = vae_family.family(vae, [gan, loose, vae])
    assert [member.run.id for member in members] == [loose.id, vae.id]
    assert [member.kl_weight for member in members] == [0.0005, 0.005]
    assert vae_family.confounders(members) == []
    assert vae_family.missing(members) == [5e-5, 5e-2, 5e-1]


def test_a_summed_kl_is_converted_to_the_lambda_of_a_mean(made: dict[str, Path]) -> None:
    ours = Run(made["vae"]).config()
    summed = with_changes(ours, {"vae.kl_reduction": "sum", "vae.kl_weight": 0.001})
    assert vae_family.converted(summed, ours) == pytest.approx(0.008)  # a mean over 8 dimensions
    assert vae_family.converted(ours, summed) == pytest.approx(0.005 / 8)
    assert vae_family.converted(ours, ours) == 0.005


def test_a_family_is_measured_with_counts_and_intervals(made: dict[str, Path], tmp_path, monkeypatch) -> None:
    members = vae_family.family(Run(made["vae"]), [Run(made["loose"])])
    begun: list[Task] = []
    measured = vae_family.cached

    def counted(task: Task, report: object) -> object:
        begun.append(task)
        return measured(task, report)

    monkeypatch.setattr(vae_family, "cached", counted)
    found = vae_family.measure_family(vae_family.measure_task(members, 40).values, silent)
    assert [task.function for task in begun] == ["gan_core.experiments.vae_family:measure_member"] * 2
    assert int(found["count"]) == 40
    assert found["kl"].shape == (2, 8)
    assert list(found["latent_dim"]) == [8, 8]
    for name in ("error", "sharpness", "prior"):
        value, low, high = found[name].T
        assert (low <= value).all() and (value <= high).all()
    assert np.isnan(found["distance"]).all()  # 40 images are too few
    images = held_out(members[0].run.config().dataset).images(40).images
    from gan_core.runs.autoencoder import open_autoencoder

    errors = open_autoencoder(members[0].run).measure(images)[1]
    assert found["error"][0, 0] == pytest.approx(errors.mean(), rel=1e-4)


def test_only_a_vae_has_a_dial(made: dict[str, Path]) -> None:
    with pytest.raises(ValueError, match="needs a VAE"):
        vae_family.begin(from_environment(), Run(made["gan"]).config(), [0.1], 1)
    with pytest.raises(ValueError, match="at least one λ"):
        vae_family.begin(from_environment(), Run(made["vae"]).config(), [], 1)


def test_without_labels_nobody_is_told_to_train_an_evaluator(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    flat = with_changes(RunConfig(), {"dataset.name": "folder", "dataset.root": str(tmp_path), "dataset.channels": 3})
    with pytest.raises(ValueError, match="have no labels to train one: sort them"):
        attribute_search.evaluator_of(flat, "x")
    gone = with_changes(flat, {"dataset.root": str(tmp_path / "gone")})
    with pytest.raises(ValueError, match="Train one with: python -m gan_core train-evaluator folder"):
        attribute_search.evaluator_of(gone, "x")
