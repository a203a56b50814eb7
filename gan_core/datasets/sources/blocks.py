"""`blocks`: drawn in the manner of i-CLEVR. One to three different objects of the 24 on a lit floor; multi-hot labels.

As in i-CLEVR pictures come in threes: a scene with one object, the same with a second, the same with a third.
18,009 training pictures are 6,003 scenes; the test split has 1,000 scenes of its own. `write_folder` writes the set in
i-CLEVR's own layout, which the `iclevr` loader reads.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from gan_core.config import DatasetConfig
from gan_core.datasets.base import Progress, Uint8Array
from gan_core.datasets.sources.drawing.scene import draw_scene, sample_scene
from gan_core.datasets.sources.drawn import Drawn, Split
from gan_core.datasets.sources.objects24 import INDEX, LISTS, MAX_OBJECTS, OBJECTS, drawn_conditions, held_out

SEED = 1
NUM_TRAIN = 18_009


def scene_kinds(stream: int, indices: Sequence[int]) -> npt.NDArray[np.int64]:
    """The objects (N, 3) of the pictures with these numbers, in the order in which they joined; -1 for none."""
    kinds = np.stack([_three_kinds(stream, index // MAX_OBJECTS) for index in indices])
    kinds[np.arange(MAX_OBJECTS)[None] > np.asarray(indices)[:, None] % MAX_OBJECTS] = -1
    return kinds


def _three_kinds(stream: int, scene: int) -> npt.NDArray[np.int64]:
    rng = np.random.default_rng((SEED, stream, 2, scene))
    while True:
        kinds = rng.permutation(len(OBJECTS))[:MAX_OBJECTS]
        if not held_out() & {frozenset(kinds[:2].tolist()), frozenset(kinds.tolist())}:
            return kinds


def draw(stream: int, indices: Sequence[int], size: int) -> tuple[Uint8Array, Uint8Array]:
    """Scenes uint8 (N, 3, size, size) and multi-hot labels (N, 24); stream 0 is train, 1 is test."""
    kinds = scene_kinds(stream, indices)
    scenes = sample_scene(SEED, stream, [index // MAX_OBJECTS for index in indices], kinds)
    return draw_scene(scenes, size), _multi_hot(kinds)


def label(stream: int, indices: Sequence[int]) -> Uint8Array:
    """The multi-hot labels (N, 24) of the scenes with these numbers."""
    return _multi_hot(scene_kinds(stream, indices))


def _multi_hot(kinds: npt.NDArray[np.int64]) -> Uint8Array:
    labels: Uint8Array = (kinds[:, :, None] == np.arange(len(OBJECTS))).any(axis=1).astype(np.uint8)
    return labels


SOURCE = Drawn(
    name="blocks",
    version=1,
    splits={
        "train": Split(stream=0, standard=NUM_TRAIN, largest=202_599),
        "test": Split(stream=1, standard=3_000, largest=3_000),
    },
    names=OBJECTS,
    draw=draw,
    label=label,
)


def file_name(index: int) -> str:
    """The picture's name in i-CLEVR's manner: scene and stage."""
    return f"CLEVR_train_{index // MAX_OBJECTS:06d}_{index % MAX_OBJECTS}.png"


def write_lists(folder: Path, count: int = NUM_TRAIN) -> None:
    """Writes train.json (of the first `count` pictures), objects.json, test.json and new_test.json as i-CLEVR does."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = scene_kinds(0, range(count))
    train = {file_name(index): [OBJECTS[kind] for kind in row if kind >= 0] for index, row in enumerate(kinds)}
    lists: dict[str, object] = {which: [list(names) for names in drawn_conditions(which)] for which in LISTS}
    files = {"train": train, "objects": dict(INDEX), **lists}
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


def write_folder(folder: Path, count: int = NUM_TRAIN, size: int = 64, progress: Progress | None = None) -> None:
    """Writes the first `count` training pictures, `size` px wide and high, and the four lists as an i-CLEVR folder.

    Files of the same names are replaced; `progress` is called with (done, count).
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    config = DatasetConfig(name="blocks", image_size=size, channels=3)
    for index, (image, _) in enumerate(SOURCE.pictures(config, count)):
        Image.fromarray(image.transpose(1, 2, 0)).save(folder / "images" / file_name(index))
        if progress:
            progress(index + 1, count)
    write_lists(folder, count)
