"""i-CLEVR folders: what `blocks` writes is read back; what does not fit is refused with a sentence."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets.sources import blocks
from gan_core.datasets.sources.iclevr import conditions
from gan_core.datasets.sources.objects24 import OBJECTS, drawn_conditions


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("written") / "iclevr"
    blocks.write_folder(folder, count=12, size=32)
    return folder


@pytest.fixture
def folder(written, tmp_path):
    """A copy that a test may spoil."""
    return shutil.copytree(written, tmp_path / "iclevr")


def config(folder, **changes) -> DatasetConfig:
    return DatasetConfig(name="iclevr", root=str(folder), **{"image_size": 32, "channels": 3} | changes)


def spoil(file, change) -> None:
    content = json.loads(file.read_text())
    file.write_text(json.dumps(change(content) or content))


def test_a_written_folder_gives_back_the_same_images_and_labels(written):
    back = datasets.prepare(config(written))
    drawn = datasets.prepare(DatasetConfig(name="blocks", image_size=32, channels=3, num_images=12))
    np.testing.assert_array_equal(back.images, drawn.images)
    np.testing.assert_array_equal(back.labels, drawn.labels)
    assert back.label_names == drawn.label_names == OBJECTS == datasets.label_names(config(written))


def test_writing_tells_its_progress(tmp_path):
    told = []
    blocks.write_folder(tmp_path / "x", count=3, size=8, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_pictures_of_the_real_shape_are_resized_and_cut(folder):
    from PIL import Image

    for file in (folder / "images").iterdir():
        Image.open(file).resize((320, 240)).save(file)
    data = datasets.prepare(config(folder, image_size=64, num_images=5))
    assert data.images.shape == (5, 3, 64, 64) and datasets.count(config(folder)) == 12
    assert [(b.size, a.size) for b, a in datasets.preview(config(folder), 2)] == [((320, 240), (32, 32))] * 2


def test_the_order_of_objects_json_is_kept(folder):
    turned = {name: 23 - place for place, name in enumerate(OBJECTS)}
    (folder / "objects.json").write_text(json.dumps(turned))
    data = datasets.prepare(config(folder))
    assert data.label_names == OBJECTS[::-1]
    np.testing.assert_array_equal(data.labels[:, ::-1], datasets.prepare(config(folder)).labels[:, ::-1])
    names, hot = conditions(folder, "test")
    assert [{OBJECTS[23 - i] for i in np.flatnonzero(row)} for row in hot] == [set(n) for n in names]


@pytest.mark.parametrize("which", ["test", "new_test"])
def test_conditions_of_a_written_folder_are_those_of_the_twin(written, which):
    names, hot = conditions(None, which)
    again, hot_again = conditions(written, which)
    assert names == again == [list(c) for c in drawn_conditions(which)]
    np.testing.assert_array_equal(hot, hot_again)
    assert hot.shape == (32, 24) and hot.dtype == np.uint8
    assert [set(np.flatnonzero(row)) for row in hot] == [{OBJECTS.index(n) for n in c} for c in names]


@pytest.mark.parametrize("missing", ["train.json", "objects.json"])
def test_a_missing_list_is_named(folder, missing):
    (folder / missing).unlink()
    for ask in (datasets.count, datasets.prepare):
        with pytest.raises(ValueError, match=f"holds no {missing}. An i-CLEVR folder has images/, train.json"):
            ask(config(folder))


def test_a_missing_test_list_is_named_when_it_is_needed(folder):
    (folder / "test.json").unlink()
    assert datasets.count(config(folder)) == 12
    with pytest.raises(ValueError, match=r"holds no test\.json"):
        conditions(folder, "test")


def test_pictures_that_are_listed_and_missing_are_counted(folder):
    (folder / "images" / "CLEVR_train_000003_0.png").unlink()
    with pytest.raises(ValueError, match=r"train\.json names 12 images of which 1 are not .* CLEVR_train|images"):
        datasets.count(config(folder))


@pytest.mark.parametrize(
    ("file", "change", "sentence"),
    [
        (
            "train.json",
            lambda c: c.update({"CLEVR_train_000000_0.png": ["pink cube"]}),
            r"entry 1: unknown object\. Name",
        ),
        ("train.json", lambda c: c.update({"CLEVR_train_000000_0.png": list(OBJECTS[:4])}), "1 to 3 objects; got 4"),
        ("train.json", lambda c: c.update({"CLEVR_train_000000_0.png": "red cube"}), "a list of object names"),
        ("train.json", lambda c: c.update({"../x.png": ["red cube"]}), "plain file names"),
        ("train.json", list, "must map file names to lists of object names"),
        ("objects.json", lambda c: c.pop("red cube") and None, "must name the 24 objects .* it lacks red cube"),
        ("objects.json", lambda c: c.update({"red cube": 2}), "must number the objects 0 to 23, each number once"),
        ("objects.json", lambda c: c.update({"red cube": "1"}), "must number the objects 0 to 23"),
        ("objects.json", lambda c: [1], "must name the 24 objects"),
    ],
)
def test_lists_that_do_not_fit_are_refused_with_a_sentence(folder, file, change, sentence):
    spoil(folder / file, change)
    with pytest.raises(ValueError, match=sentence):
        datasets.count(config(folder))


def test_conditions_that_do_not_fit_are_refused_with_their_number(folder):
    spoil(folder / "test.json", lambda c: [*c[:2], ["red cube", "mauve sphere"]])
    with pytest.raises(ValueError, match=r"test\.json, condition 3: unknown object\."):
        conditions(folder, "test")
    (folder / "test.json").write_text("{}")
    with pytest.raises(ValueError, match="must hold a list of conditions"):
        conditions(folder, "test")


@pytest.mark.parametrize("text", ["", "[1,", "\xff", "[" * 100_000])
def test_what_is_not_json_is_refused_with_a_sentence(folder, text):
    (folder / "train.json").write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match=r"train\.json' is not JSON"):
        datasets.count(config(folder))


def test_a_list_that_changes_is_read_again(folder):
    assert datasets.count(config(folder)) == 12
    spoil(folder / "train.json", lambda c: dict(list(c.items())[:4]))
    assert datasets.count(config(folder)) == 4


def test_it_has_no_test_pictures(folder):
    with pytest.raises(ValueError, match=r"images for training only.* Set dataset\.split to train"):
        datasets.prepare(config(folder, split="test"))


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    for ask in (lambda: datasets.count(config(tmp_path / "no")), lambda: conditions(tmp_path / "no", "test")):
        with pytest.raises(ValueError, match=r"There is no folder .* i-CLEVR folder"):
            ask()
