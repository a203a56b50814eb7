"""Everybody who takes some images takes a sample of all classes: ten classes, sorted by name, reach each of them."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import tiny, tiny_run
from PIL import Image

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets import held_out
from gan_core.evaluation.evaluators.learning import split
from gan_core.latents import neighbours
from gan_core.training import loop, memory_probe

CLASSES, EACH, SOME = 10, 12, 20
PROJECT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """whole/CLASS: 120 pictures; split/train/CLASS and split/test/CLASS: as many each. Red tells the class."""
    root = tmp_path_factory.mktemp("sorted")
    for part in ("whole", "split/train", "split/test"):
        for number in range(CLASSES):
            (root / part / f"class {number}").mkdir(parents=True)
            for index in range(EACH):
                colour = (25 * number, index, 200 if part.endswith("test") else 0)
                Image.new("RGB", (8, 8), colour).save(root / part / f"class {number}" / f"{index:02d}.png")
    return root


def config(place: Path, part: str = "split", **fields: object) -> DatasetConfig:
    return DatasetConfig(name="folder", root=str(place / part), image_size=8, channels=3, **fields)


def seen(images: np.ndarray) -> list[int]:
    """The classes of pictures (N, C, H, W)."""
    return sorted(set((np.asarray(images)[:, 0, 0, 0] // 25).tolist()))


def conditional(data: DatasetConfig) -> dict[str, object]:
    """The settings, as `tiny` takes them, of a run that is told the classes."""
    return {"conditioning__name": "concat"} | {f"dataset__{name}": value for name, value in data.model_dump().items()}


def from_probe(data: DatasetConfig) -> list[list[int]]:
    probe = memory_probe.MemoryProbe(tiny(**conditional(data)), datasets.prepare(data), torch.device("cpu"))
    return [seen((images.numpy() + 1) * 127.5 + 0.5) for images, _labels in probe._both]


CONSUMERS = {
    "num_images": lambda p: [seen(datasets.prepare(config(p, num_images=SOME)).images)],
    "fewer of fewer": lambda p: [seen(held_out.training_images(config(p, num_images=60), SOME).images)],
    "test split": lambda p: [seen(held_out.held_out(config(p)).images(SOME).images)],
    "left over": lambda p: [seen(held_out.held_out(config(p, "whole", num_images=60)).images(SOME).images)],
    "training images": lambda p: [seen(held_out.training_images(config(p), SOME).images)],
    "preview": lambda p: [seen([np.asarray(after).transpose(2, 0, 1) for _, after in datasets.preview(config(p), SOME)])],
    "evaluator": lambda p: [seen(part.images) for part in (split(config(p, "whole"), print).train,
                                                           split(config(p, "whole"), print).held_out)],
    "neighbours": lambda p: [seen(datasets.prepare(neighbours.limited(config(p), SOME)).images)],
    "probe of a test split": lambda p: from_probe(config(p)),
    "probe of the left over": lambda p: from_probe(config(p, "whole", num_images=60)),
}  # fmt: skip


@pytest.mark.parametrize("who", CONSUMERS)
def test_ten_sorted_classes_reach(who: str, place: Path) -> None:
    for classes in CONSUMERS[who](place):
        assert classes == list(range(CLASSES))


def test_labels_do_not_depend_on_how_many_images_are_taken(place: Path) -> None:
    every = datasets.label_names(config(place))
    assert len(every) == CLASSES
    for count in (1, 3, 200):
        assert held_out.held_out(config(place)).images(count).label_names == every
        assert datasets.prepare(config(place, num_images=count)).label_names == every


def test_a_held_out_image_keeps_its_number_however_many_are_taken(place: Path) -> None:
    found = held_out.held_out(config(place, "whole", num_images=60))
    np.testing.assert_array_equal(found.images(15).images, found.images(40).images[:15])


def test_the_sample_grid_shows_every_class(place: Path, runs_dir: Path) -> None:
    changes = conditional(config(place)) | {"recording__num_samples": 12, "training__max_steps": 1}
    run = tiny_run(runs_dir, **changes)
    assert loop.train(run).state == "finished"
    labels = np.array(run.pinned_labels())
    assert labels.shape == (12, CLASSES) and (labels[:CLASSES].sum(axis=0) == 1).all()


FIXED = {  # modules whose images are drawn one by one or already in sampling order: their first ones are a sample
    "gan_core/datasets/cache.py", "gan_core/experiments/lessons/measuring.py", "gan_core/experiments/lessons/replay.py",
    "pages/components/lessons/pictures.py", "pages/components/vae/latents.py", "gan_core/report/drawn.py",
}  # fmt: skip


def test_nobody_takes_the_first_images_of_a_data_set() -> None:
    found = set()
    for folder in ("gan_core", "pages"):
        for path in (PROJECT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                sliced = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and node.slice.upper
                if sliced and isinstance(node.value, ast.Attribute) and node.value.attr in ("images", "labels"):
                    found.add(path.relative_to(PROJECT).as_posix())
    assert found <= FIXED
