"""The scale of the features: the evaluator's own, the same for whatever is measured, and found again in its folder."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from evaluator_helpers import DIGITS, tiny_evaluator

from gan_core import datasets
from gan_core.evaluation import extractors
from gan_core.evaluation.evaluators import EvaluatorFolder, read_folder
from gan_core.evaluation.evaluators.evaluator import open_evaluator
from gan_core.evaluation.evaluators.scale import SCALE, scale_of


@pytest.fixture(scope="module")
def made(tmp_path_factory, shared_cache) -> EvaluatorFolder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        return tiny_evaluator(tmp_path_factory.mktemp("evaluators"))


@pytest.fixture
def folder(made: EvaluatorFolder, tmp_path, monkeypatch, shared_cache) -> EvaluatorFolder:
    monkeypatch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
    return read_folder(shutil.copytree(made.path, tmp_path / "tiny"))


def test_the_images_it_learned_from_have_mean_0_and_spread_1(folder: EvaluatorFolder):
    features = extractors.open_folder(folder).features(datasets.prepare(DIGITS).images).features
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-3)
    moving = features.std(axis=0)
    assert moving.max() < 1.001 and np.isclose(moving, 1, atol=1e-3).mean() > 0.5


def test_a_value_does_not_depend_on_what_else_is_measured(folder: EvaluatorFolder):
    images = np.random.default_rng(0).integers(0, 256, (12, 1, 8, 8), np.uint8)
    extractor = extractors.open_folder(folder)
    np.testing.assert_allclose(
        extractor.features(images).features[:3], extractor.features(images[:3]).features, rtol=1e-5, atol=1e-5
    )


def test_a_folder_of_before_gets_the_same_scale_once(folder: EvaluatorFolder):
    evaluator, written = open_evaluator(folder), (folder.path / SCALE).read_bytes()
    (folder.path / SCALE).unlink()
    again = scale_of(folder, evaluator)
    assert (folder.path / SCALE).read_bytes() == written
    assert scale_of(folder, evaluator) == again


def test_another_scale_has_another_name(folder: EvaluatorFolder):
    name, place = extractors.open_folder(folder).name, folder.path / SCALE
    scale = scale_of(folder, open_evaluator(folder))
    place.write_text(scale.model_copy(update={"mean": (scale.mean[0] + 0.1, *scale.mean[1:])}).model_dump_json())
    assert extractors.open_folder(folder).name != name


@pytest.mark.parametrize("content", ["{", "{}", None])
def test_a_damaged_scale_is_refused_with_the_way_out(folder: EvaluatorFolder, content: str | None):
    place = folder.path / SCALE
    of_others = place.read_text().replace(folder.card.weights_sha256, "0" * 64)
    place.write_text(of_others if content is None else content)
    with pytest.raises(ValueError, match="Delete it: it is rebuilt"):
        extractors.open_folder(folder)


def test_without_a_scale_and_without_images_it_is_a_sentence(folder: EvaluatorFolder, tmp_path):
    (folder.path / SCALE).unlink()
    gone = folder.card.training.dataset.model_copy(update={"name": "folder", "root": str(tmp_path / "gone")})
    training = folder.card.training.model_copy(update={"dataset": gone})
    card = folder.card.model_copy(update={"training": training})
    with pytest.raises(ValueError, match="or train the evaluator again"):
        extractors.open_folder(EvaluatorFolder(folder.path, card))
