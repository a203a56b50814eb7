"""The course's ResNet-18 as a judge: its outputs to the last bit, its own accuracy only where it was measured, and what is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from access_helpers import ANNA
from PIL import Image
from safetensors.torch import save
from torch import nn
from torchvision.models import resnet18

from gan_core import datasets
from gan_core.config import DatasetConfig, RunConfig, read_bounded, with_changes
from gan_core.datasets.sources.objects24 import OBJECTS
from gan_core.evaluation import evaluators, extractors
from gan_core.evaluation.evaluators import CONVERT, TORCHVISION, available, read_folder
from gan_core.evaluation.evaluators.evaluator import open_evaluator
from gan_core.evaluation.evaluators.importing import import_evaluator, labels_of
from gan_core.evaluation.evaluators.scoring import own_score, own_words, top_k_hits

NOWHERE = DatasetConfig(name="iclevr")


@pytest.fixture(scope="module")
def course() -> nn.Module:
    """The assignment's network with weights at random: a ResNet-18, then 24 outputs with a sigmoid."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = resnet18(weights=None)
    network.fc = nn.Sequential(nn.Linear(512, 24), nn.Sigmoid())
    return network.eval()


def content_of(network: nn.Module, prefix: str = "") -> bytes:
    return save({f"{prefix}{key}": tensor.contiguous() for key, tensor in network.state_dict().items()})


@pytest.fixture
def scenes(tmp_path: Path) -> DatasetConfig:
    """Twelve pictures with one object each, laid out as i-CLEVR is."""
    import json

    (tmp_path / "images").mkdir()
    names = {f"{n}.png": [OBJECTS[2 * n]] for n in range(12)}
    for n, name in enumerate(names):
        Image.new("RGB", (64, 64), (20 * n, 255 - 20 * n, 90)).save(tmp_path / "images" / name)
    for file, told in (
        ("train", names),
        ("objects", {name: n for n, name in enumerate(OBJECTS)}),
        ("test", [["red cube"]]),
    ):
        (tmp_path / f"{file}.json").write_text(json.dumps(told))
    (tmp_path / "new_test.json").write_text('[["red cube"]]')
    return DatasetConfig(name="iclevr", root=str(tmp_path), image_size=64, channels=3)


def test_it_says_what_the_course_network_says_and_is_found_for_its_data_set(course: nn.Module) -> None:
    made = import_evaluator(content_of(course, "model."), "course", NOWHERE)
    assert read_folder(made.path) == made and made.card.architecture == TORCHVISION and made.info.kind == "objects"
    images = np.random.default_rng(0).integers(0, 256, (3, 3, 64, 64), np.uint8)
    with torch.inference_mode():
        theirs = course(torch.tensor(images).float() / 127.5 - 1)
    ours = open_evaluator(made).logits(images)
    torch.testing.assert_close(ours.sigmoid(), theirs, rtol=1e-4, atol=1e-5)
    labels = np.eye(24)[[0, 8, 16]]
    assert np.array_equal(top_k_hits(ours, labels), top_k_hits(theirs, labels))
    changes = {"dataset.name": "iclevr", "dataset.root": "/x", "dataset.channels": 3, "conditioning.labels": OBJECTS}
    config = with_changes(RunConfig(), changes)
    assert evaluators.require(config, "run") == made


def test_without_images_nothing_is_claimed_and_features_come_from_elsewhere(course: nn.Module) -> None:
    made = import_evaluator(content_of(course), "course", NOWHERE)
    assert own_score(made.info) is None and made.card.label_scores == ()
    assert own_words(made.info) == "accuracy not measured: no images of 'iclevr' with these labels were there"
    with pytest.raises(ValueError, match=r"have no scale: it was imported without images.*--root"):
        extractors.open_folder(made)
    config = with_changes(RunConfig(), {"dataset.name": "iclevr", "dataset.root": "/x", "dataset.channels": 3})
    with pytest.raises(ValueError, match="is missing"):  # the general-purpose one; nothing is shipped in this test
        extractors.find(config)


def test_with_images_its_accuracy_is_that_of_its_own_verdicts(course: nn.Module, scenes: DatasetConfig) -> None:
    made = import_evaluator(content_of(course), "course", scenes.model_copy(update={"image_size": 32}))
    data = datasets.prepare(scenes)
    hits = top_k_hits(open_evaluator(made).logits(np.asarray(data.images)), data.with_labels(OBJECTS).labels)
    assert (made.info.held_out_hits, made.info.held_out_requested) == (hits.sum(), 12)
    assert made.info.held_out_note == "12 images of 'iclevr', which it may have learned from"
    assert sum(score.hits for score in made.card.label_scores) == hits.sum()
    seen = extractors.open_folder(made).features(np.asarray(data.images))
    assert seen.features.shape == (12, 128 + 256)
    np.testing.assert_allclose(seen.features.mean(axis=0), 0, atol=1e-2)


def test_the_labels_of_a_file_set_the_order_of_its_outputs(course: nn.Module) -> None:
    backwards = OBJECTS[::-1]
    assert labels_of(b'["b", "a"]') == ("b", "a") and labels_of(b'{"a": 1, "b": 0}') == ("b", "a")
    made = import_evaluator(content_of(course), "course", NOWHERE, backwards)
    assert made.info.label_names == backwards and made.info.kind == "objects"
    for text in (b'["a", "a"]', b'{"a": 1, "b": 2}', b"[1, 2]", b'"ab"', b"[]"):
        with pytest.raises(ValueError, match="must name each output once"):
            labels_of(text)


def test_what_is_no_such_network_is_refused_and_nothing_is_kept(course: nn.Module) -> None:
    good = course.state_dict()
    for tensors, words in (
        ({k: v for k, v in good.items() if k != "bn1.bias"}, r"lacks a tensor: 'bn1\.bias' \(1 differ\)"),
        (good | {"evil": torch.zeros(1)}, "'evil'"),
        (good | {"bn1.bias": torch.full((64,), torch.inf)}, r"'bn1\.bias' holds numbers that are not finite"),
        (good | {"conv1.weight": torch.zeros(64, 1, 7, 7)}, r"'conv1\.weight' has shape \(64, 1, 7, 7\)"),
        (good | {"bn1.bias": torch.zeros(64).half()}, "type torch.float16"),
        (good | {"fc.0.weight": torch.zeros(10, 512), "fc.0.bias": torch.zeros(10)}, "10 outputs, and 24 labels"),
    ):
        with pytest.raises(ValueError, match=words):
            import_evaluator(save({k: v.contiguous() for k, v in tensors.items()}), "course", NOWHERE)
    for content, words in ((b"nothing", "no safetensors file"), (bytes(60_000_000), "60,000,000 bytes")):
        with pytest.raises(ValueError, match=words):
            import_evaluator(content, "course", NOWHERE)
    with pytest.raises(ValueError, match="small letters"):
        import_evaluator(content_of(course), "../course", NOWHERE)
    assert available() == []


def test_a_file_that_begins_like_a_pickle_and_is_none_is_read(course: nn.Module) -> None:
    tensors = {key: tensor.contiguous() for key, tensor in course.state_dict().items()}
    content = next(  # its first byte is the last of its header's length
        made for n in range(256) if (made := save(tensors, {"note": "x" * n}))[:1] == b"\x80"
    )
    assert import_evaluator(content, "course", NOWHERE).info.kind == "objects"


def test_a_pickle_is_not_opened_and_the_command_that_is_named_converts_it(course, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"model": course.state_dict()}, "checkpoint.pth")
    with pytest.raises(ValueError, match=r"is a pickle.*python -c .*weights_only=True"):
        import_evaluator(read_bounded(tmp_path / "checkpoint.pth", 60_000_000), "course", NOWHERE)
    exec(CONVERT.removeprefix('python -c "').removesuffix('"'), {})
    made = import_evaluator(read_bounded(tmp_path / "evaluator.safetensors", 60_000_000), "course", NOWHERE, actor=ANNA)
    weights = (made.path / evaluators.WEIGHTS).read_bytes()
    assert made.card.weights_sha256 == hashlib.sha256(weights).hexdigest()
