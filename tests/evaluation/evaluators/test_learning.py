"""Training an evaluator: repeatable, honest about what it saw, and true to labels however pictures are changed."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluator_helpers import DIGITS, no_progress, tiny_evaluator
from PIL import Image

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets.batches import to_signed
from gan_core.evaluation.evaluators import WEIGHTS, kind_of
from gan_core.evaluation.evaluators.augmentation import augment
from gan_core.evaluation.evaluators.evaluator import open_evaluator
from gan_core.evaluation.evaluators.learning import Recipe, label_loss, split, train_evaluator
from gan_core.evaluation.evaluators.network import build_network
from gan_core.evaluation.evaluators.scoring import count_hits


@pytest.fixture
def two_colours(tmp_path: Path) -> DatasetConfig:
    """A folder of 100 red and 100 blue noisy squares: a task that any classifier must learn."""
    rng = np.random.default_rng(0)
    for name, channel in (("blue", 2), ("red", 0)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for index in range(100):
            picture = rng.integers(0, 90, (16, 16, 3))
            picture[..., channel] += 120
            Image.fromarray(picture.astype(np.uint8)).save(tmp_path / "pictures" / name / f"{index}.png")
    return DatasetConfig(name="folder", root=str(tmp_path / "pictures"), image_size=16, channels=3)


def digests(dataset: datasets.Dataset) -> set[bytes]:
    return {hashlib.sha256(image.tobytes()).digest() for image in dataset.images}


def test_a_task_that_can_be_learned_is_learned(two_colours: DatasetConfig, tmp_path: Path):
    torch.set_num_threads(1)
    recipe = Recipe(two_colours, "colours", epochs=6, batch_size=16, width=4, learning_rate=1e-2)
    made = train_evaluator(recipe, tmp_path / "out", no_progress)
    assert (made.info.held_out_hits, made.info.held_out_requested) == (20, 20)
    assert made.card.training.num_train == 180
    assert "a tenth of 'pictures', a sample of all its classes, not trained on" in made.info.held_out_note
    red = np.zeros((1, 3, 16, 16), np.uint8)
    red[:, 0] = 200
    assert open_evaluator(made).logits(red).argmax().item() == made.info.label_names.index("red")


def test_one_seed_gives_one_evaluator_whatever_torchs_global_generator_does(tmp_path: Path):
    torch.manual_seed(1)
    first = tiny_evaluator(tmp_path / "first")
    torch.manual_seed(2)
    state = torch.get_rng_state()
    second = tiny_evaluator(tmp_path / "second")
    assert torch.equal(torch.get_rng_state(), state)
    assert first.card == second.card
    other = tiny_evaluator(tmp_path / "other", seed=1)
    assert other.card.weights_sha256 != first.card.weights_sha256


def test_its_accuracy_is_that_of_the_weights_in_the_file(tmp_path: Path):
    made = tiny_evaluator(tmp_path)
    held_out = split(DIGITS, no_progress).held_out
    score, _ = count_hits("classes", open_evaluator(made).logits(held_out.images).numpy(), held_out.labels)
    assert (score.hits, score.requested) == (made.info.held_out_hits, made.info.held_out_requested)
    scores = made.card.label_scores
    assert [s.name for s in scores] == list("0123456789")
    assert (sum(s.hits for s in scores), sum(s.requested for s in scores)) == (score.hits, score.requested)
    assert {s.baseline for s in scores if s.requested} == {0.1}
    assert made.info.held_out_note.startswith(f"{len(held_out):,} images")


@pytest.mark.parametrize(
    "config",
    [DIGITS, DatasetConfig(name="blocks", image_size=8, channels=3, num_images=30)],
    ids=lambda config: config.name,
)
def test_no_held_out_image_is_trained_on(config: DatasetConfig):
    parts = split(config, no_progress)
    assert digests(parts.train).isdisjoint(digests(parts.held_out))
    assert len(parts.held_out) >= 10
    assert parts.train.label_names == parts.held_out.label_names
    assert f"{len(parts.held_out):,} images" in parts.note


def test_a_data_sets_own_test_split_is_the_held_out_part():
    parts = split(DatasetConfig(name="blocks", image_size=8, channels=3, num_images=30), no_progress)
    assert (len(parts.train), len(parts.held_out)) == (30, 3000)
    assert parts.note == "3,000 images: the test split of 'blocks'"


def test_a_test_split_that_holds_the_training_images_is_not_believed(monkeypatch):
    """A data set that ignores `split` must not be measured on what was learnt."""
    prepare = datasets.prepare
    monkeypatch.setattr(
        datasets,
        "prepare",
        lambda config, progress=None: prepare(config.model_copy(update={"split": "train"}), progress),
    )
    parts = split(DIGITS, no_progress)
    assert (len(parts.train), len(parts.held_out)) == (90, 10)
    assert digests(parts.train).isdisjoint(digests(parts.held_out))


def in_folders(root: Path, counts: dict[str, int]) -> DatasetConfig:
    for number, (name, count) in enumerate(counts.items()):
        (root / name).mkdir(parents=True)
        for index in range(count):
            Image.new("RGB", (8, 8), (40 * number, index, 0)).save(root / name / f"{index}.png")
    return DatasetConfig(name="folder", root=str(root), image_size=8, channels=3)


def test_a_test_split_without_labels_is_none(tmp_path: Path):
    parts = split(in_folders(tmp_path, {"train/cat": 30, "train/dog": 10, "test": 5}), no_progress)
    assert (len(parts.train), len(parts.held_out)) == (36, 4) and "a tenth" in parts.note


def test_a_tenth_is_kept_back_of_every_class(tmp_path: Path):
    parts = split(in_folders(tmp_path, {"a": 60, "b": 20, "c": 3}), no_progress)
    assert parts.held_out.labels.sum(axis=0).tolist() == [5, 2, 1]
    assert (parts.train.labels.sum(axis=0) + parts.held_out.labels.sum(axis=0)).tolist() == [60, 20, 3]
    assert digests(parts.train).isdisjoint(digests(parts.held_out))


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"train/cat": 9, "train/dog": 9, "train/owl": 9, "test/cat": 3, "test/dog": 3}, "to be measured on of: owl"),
        ({"train/cat": 9, "train/dog": 9, "test/cat": 3, "test/Wolf": 3}, "to learn from of: Wolf"),
        ({"train/cat": 9, "train/dog": 9, "test/cat": 3, "test/dog": 3, "test/owl": 3}, "to learn from of: owl"),
        ({"cat": 30, "dog": 1}, "to learn from of: dog"),
    ],
)
def test_a_class_that_is_in_one_part_only_is_refused_before_training(tmp_path: Path, counts, words):
    with pytest.raises(ValueError, match=f"has none {words}"):
        train_evaluator(Recipe(in_folders(tmp_path / "d", counts), "x", width=2), tmp_path / "out", no_progress)


def test_the_labels_of_a_test_split_are_matched_by_name(monkeypatch):
    """A source that lists its test classes in another order must not be measured on the wrong names."""
    prepare = datasets.prepare

    def turned(config, progress=None):
        data = prepare(config, progress)
        return data if config.split == "train" else data.with_labels(data.label_names[::-1])

    right = split(DIGITS, no_progress).held_out
    monkeypatch.setattr(datasets, "prepare", turned)
    np.testing.assert_array_equal(split(DIGITS, no_progress).held_out.labels, right.labels)


def test_the_command_that_is_kept_asks_for_the_same(tmp_path: Path):
    words = shlex.split(tiny_evaluator(tmp_path).card.training.command)
    assert words[:5] == ["python", "-m", "gan_core", "train-evaluator", "mnist5k"]
    options = dict(zip(words[5::2], words[6::2], strict=True))
    assert options["--image-size"] == "8" and options["--num-images"] == "100" and options["--threads"] == "1"
    spaced = Recipe(DatasetConfig(name="folder", root="/my pictures; rm"), "x", flips=True)
    assert shlex.split(spaced.command())[-3:] == ["--root", "/my pictures; rm", "--flips"]


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (Recipe(DatasetConfig(name="ring8"), "x"), "'ring8' holds points"),
        (Recipe(DIGITS, "../x"), r"small letters.*got '\.\./x'"),
        (Recipe(DIGITS, "x", epochs=0), "epochs must be 1 to 10000; got 0"),
        (Recipe(DIGITS, "x", width=10**6), "width must be 1 to 256; got 1000000"),
        (Recipe(DIGITS, "x", batch_size=256), "at least one batch of 256 images; got"),
        (Recipe(DatasetConfig(name="nothing"), "x"), "Unknown data set 'nothing'"),
    ],
)
def test_what_cannot_be_trained_is_refused(recipe: Recipe, words: str, tmp_path: Path):
    with pytest.raises(ValueError, match=words):
        train_evaluator(recipe, tmp_path, no_progress)
    assert list(tmp_path.glob("*/evaluator.json")) == []


def test_pictures_without_labels_teach_nothing(tmp_path: Path):
    for index in range(20):
        Image.new("RGB", (8, 8), (index, 0, 0)).save(tmp_path / f"{index}.png")
    config = DatasetConfig(name="folder", root=str(tmp_path), image_size=8, channels=3)
    with pytest.raises(ValueError, match="has no labels, so there is nothing to distinguish"):
        split(config, no_progress)


def test_changed_pictures_keep_their_shape_and_range_and_follow_the_seed():
    images = to_signed(
        torch.randint(0, 256, (40, 3, 16, 16), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    )
    kept = images.clone()
    first, second = (augment(images, torch.Generator().manual_seed(7), flips=True) for _ in range(2))
    assert first.shape == images.shape and first.abs().max() <= 1
    assert torch.equal(first, second) and torch.equal(images, kept)
    assert not torch.equal(first, augment(images, torch.Generator().manual_seed(8), flips=True))


@pytest.mark.parametrize(("flips", "expected"), [(False, 0.0), (True, 0.5)])
def test_only_where_it_is_allowed_are_pictures_mirrored(flips: bool, expected: float):
    images = torch.full((400, 1, 16, 16), -0.8)
    images[..., :5] = 0.8  # bright on the left
    changed = augment(images, torch.Generator().manual_seed(0), flips=flips)
    mirrored = (changed[..., 11:].mean(dim=(1, 2, 3)) > changed[..., :5].mean(dim=(1, 2, 3))).float().mean()
    assert float(mirrored) == pytest.approx(expected, abs=0.1)


def test_a_change_never_moves_a_picture_far():
    """The middle of a spot moves by at most its shift of 5 % and a turn of 6 degrees; it stays in the picture."""
    images = torch.full((300, 1, 40, 40), -1.0)
    images[:, :, 8:12, 8:12] = 1.0
    light = (augment(images, torch.Generator().manual_seed(3), flips=False) + 1).clamp_min(0) ** 4
    line = torch.arange(40.0)
    total = light.sum(dim=(1, 2, 3))
    rows = (light.sum(dim=(1, 3)) * line).sum(dim=1) / total
    assert float((rows - 9.5).abs().median()) < 4


def test_the_network_has_the_layout_of_resnet_18():
    """He et al. 2016, table 1: 17 convolutions and a linear layer, besides 3 shortcuts; 11.2 million weights at width 64."""
    network = build_network(3, 32, 10, 64, None)
    count = {kind: sum(isinstance(m, kind) for m in network.modules()) for kind in (torch.nn.Conv2d, torch.nn.Linear)}
    assert count == {torch.nn.Conv2d: 17 + 3, torch.nn.Linear: 1}
    assert sum(p.numel() for p in network.parameters()) == 11_173_962  # as torch's own, but for stem and classes
    assert network(torch.zeros(2, 3, 32, 32, device="meta")).shape == (2, 10)
    assert build_network(1, 64, 3, 4, None)(torch.zeros(1, 1, 64, 64, device="meta")).shape == (1, 3)


def test_losses_are_the_textbooks():
    logits, one_hot = torch.tensor([[2.0, 0.0]]), torch.tensor([[1.0, 0.0]])
    expected = torch.log1p(torch.exp(torch.tensor(-2.0)))  # -log softmax
    torch.testing.assert_close(label_loss(logits, one_hot, exclusive=True), expected)
    halves = (expected + torch.log(torch.tensor(2.0))) / 2  # -log sigmoid(2), -log(1 - sigmoid(0))
    torch.testing.assert_close(label_loss(logits, one_hot, exclusive=False), halves)


def test_kinds_follow_from_names():
    from gan_core.datasets.sources.objects24 import OBJECTS

    assert kind_of(OBJECTS, False) == kind_of(tuple(reversed(OBJECTS)), False) == "objects"
    assert kind_of(("Male",), False) == "attributes" and kind_of(("0", "1"), True) == "classes"


def test_a_small_one_is_small(tmp_path: Path):
    network = build_network(3, 64, 24, 16, torch.Generator().manual_seed(0))
    from gan_core.evaluation.evaluators.evaluator import weights_bytes

    assert len(weights_bytes(network)) < 2_000_000
    assert (tiny_evaluator(tmp_path).path / WEIGHTS).stat().st_size < 100_000


def test_the_shortcut_equals_a_strided_convolution():
    rng = torch.Generator().manual_seed(0)
    network = build_network(3, 16, 4, 2, rng)
    shortcut = network.stages[1][0].downsample[0]
    images = torch.randn(5, 2, 7, 8, generator=rng)
    strided = torch.nn.functional.conv2d(images, shortcut.weight, stride=2)
    torch.testing.assert_close(shortcut(images), strided, rtol=0, atol=1e-6)
