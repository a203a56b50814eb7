"""What looks at images: the right evaluator for each data set, the kinds it sees, and the sentence when there is none."""

from __future__ import annotations

import hashlib
import pickle
import urllib.error
import urllib.request

import numpy as np
import pytest
import torch
from evaluator_helpers import tiny_evaluator
from helpers import tiny, tiny_run
from PIL import Image

from gan_core import datasets
from gan_core.config import RunConfig, settings, with_changes
from gan_core.evaluation import extractors
from gan_core.evaluation.evaluators import shipped_dir
from gan_core.evaluation.extractors import inception
from gan_core.evaluation.measure import measure
from gan_core.training import loop


@pytest.fixture(scope="module")
def digits_evaluator(tmp_path_factory, shared_cache):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        return tiny_evaluator(tmp_path_factory.mktemp("evaluators"), "digits")


@pytest.fixture
def shipped_digits(digits_evaluator):
    shipped_dir().parent.mkdir(parents=True, exist_ok=True)
    shipped_dir().symlink_to(digits_evaluator.path.parent)


def config_of(name: str, **changes) -> RunConfig:
    return with_changes(RunConfig(), {"dataset.name": name, **{k.replace("__", "."): v for k, v in changes.items()}})


def test_digits_are_seen_as_features_verdicts_and_classes(shipped_digits):
    config = tiny()
    looking = extractors.open_extractor(config)
    data = datasets.prepare(config.dataset)
    told = []
    seen = looking.features(data.images, told.append)
    assert seen.features.shape == (60, 12) and seen.probabilities.shape == (60, 10) and told == [60]
    assert np.allclose(seen.probabilities.sum(axis=1), 1)
    assert np.array_equal(seen.kinds, seen.probabilities.argmax(axis=1))
    assert np.array_equal(looking.kinds_of(data.labels, data.label_names), data.labels.argmax(axis=1))
    assert looking.name.startswith("digits@")


def test_a_stack_of_digits_is_looked_at_plane_by_plane(shipped_digits):
    config = config_of("stacked-mnist", dataset__channels=3, dataset__num_images=30, dataset__image_size=8)
    looking = extractors.open_extractor(config)
    data = datasets.prepare(config.dataset)
    seen = looking.features(data.images)
    assert seen.features.shape == (30, 36) and seen.probabilities.shape == (30, 1000)
    plain = extractors.open_extractor(tiny())
    red = plain.features(np.ascontiguousarray(data.images[:, :1]))
    assert np.array_equal(seen.kinds // 100, red.kinds)
    assert np.allclose(seen.probabilities.sum(axis=1), 1)
    from gan_core.datasets.sources.stacked_mnist import modes

    assert np.array_equal(looking.kinds_of(data.labels, data.label_names), modes(data.labels))


def test_the_users_own_copy_of_mnist_is_seen_by_the_digits_evaluator(shipped_digits):
    assert extractors.find(config_of("mnist", dataset__root="/somewhere")).info.name == "digits"


@pytest.fixture
def all_shipped():
    """The evaluators that come with the program."""
    shipped_dir().parent.mkdir(parents=True, exist_ok=True)
    shipped_dir().symlink_to(settings.PROJECT_DIR / "checkpoints/pretrained/evaluators")


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_without_labels_are_seen_by_a_general_purpose_network(all_shipped, channels, tmp_path):
    for index in range(3):
        Image.new("RGB", (16, 16), (80 * index, 40, 0)).save(tmp_path / f"{index}.png")
    config = config_of("folder", dataset__root=str(tmp_path), dataset__image_size=16, dataset__channels=channels)
    assert extractors.find(config).info.name == "faces"
    looking = extractors.open_extractor(config)
    assert looking.name.startswith("general-purpose features of faces@") and not looking.knows_kinds
    seen = looking.features(datasets.prepare(config.dataset).images)
    assert seen.features.shape == (3, 96) and seen.probabilities.shape == (3, 0)
    of_faces = extractors.open_extractor(config_of("faces", dataset__channels=3))
    assert of_faces.name == looking.name.removeprefix("general-purpose features of ")


def test_a_run_on_them_is_measured_by_what_needs_no_verdicts(all_shipped, runs_dir, tmp_path):
    for index in range(100):
        Image.new("RGB", (8, 8), (2 * index, index, 0)).save(tmp_path / f"{index}.png")
    changes = {
        "dataset__name": "folder",
        "dataset__root": str(tmp_path),
        "dataset__channels": 3,
        "dataset__num_images": 0,
    }
    run = tiny_run(runs_dir, "mine", **changes)
    loop.train(run)
    rows = measure(run, num_images=100, metrics=["kd", "precision", "inception_score", "mode_tv", "modes"])
    assert {row.metric for row in rows} == {"kd", "precision"}
    assert {row.extractor.split("@")[0] for row in rows} == {"general-purpose features of faces"}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (config_of("ring8"), "points in the plane"),
        (config_of("mnist5k", dataset__channels=3), "3 colour channels.*'faces', which serves all others, is missing"),
    ],
)
def test_what_nobody_here_can_look_at_is_a_sentence(shipped_digits, config, words):
    with pytest.raises(ValueError, match=words):
        extractors.find(config)


def test_an_unknown_extractor_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="evaluator, inception"):
        extractors.open_extractor(tiny(), "vgg")


def test_inceptions_weights_that_cannot_be_had_or_are_damaged_are_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("GANVAS_CACHE_DIR", str(tmp_path))

    def no_network(*arguments, **options):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", no_network)
    with pytest.raises(ValueError, match="cannot be fetched \\(no route to host\\)"):
        extractors.open_extractor(tiny(), "inception")
    place = settings.cache_dir() / "inception" / inception.FILE
    place.parent.mkdir(parents=True)
    place.write_bytes(b"no weights")
    with pytest.raises(ValueError, match="damaged"):
        inception.weights()


def test_a_file_of_inceptions_weights_that_is_named_is_checked_and_nothing_is_fetched(monkeypatch, tmp_path):
    file = tmp_path / "mine.pth"
    with pytest.raises(ValueError, match=r"mine\.pth cannot be read.*Name a copy"):
        extractors.open_extractor(tiny(), "inception", file)
    file.write_bytes(b"no weights")
    monkeypatch.setenv("GANVAS_INCEPTION_WEIGHTS", str(file))
    with pytest.raises(ValueError, match=r"mine\.pth is damaged, or another.*Name an undamaged copy"):
        extractors.open_extractor(tiny(), "inception")
    torch.save({"weights": torch.zeros(2)}, file)
    monkeypatch.setattr(inception, "HASH_BEGINS", hashlib.sha256(file.read_bytes()).hexdigest()[:8])
    assert inception.weights() == file


def test_a_file_of_weights_that_would_run_code_is_refused_before_anything_else_reads_it(monkeypatch, tmp_path):
    monkeypatch.setenv("GANVAS_CACHE_DIR", str(tmp_path))
    content = pickle.dumps({"weights": print}, protocol=2)
    place = tmp_path / "inception" / inception.FILE
    place.parent.mkdir()
    place.write_bytes(content)
    monkeypatch.setattr(inception, "HASH_BEGINS", hashlib.sha256(content).hexdigest()[:8])
    with pytest.raises(ValueError, match="does not contain weights"):
        inception.weights()
