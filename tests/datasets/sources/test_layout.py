"""What the files of a folder or a zip mean: as people have them, understood or refused, and nothing passed over silently."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_core.datasets.sources.layout import MAX_DEPTH, Layout, understand

CLUTTER = ["__MACOSX/a/._1.png", ".DS_Store", "Thumbs.db", "a/desktop.ini", "@eaDir/x.png", ".git/config", "Icon\r"]


def told(layout: Layout) -> dict[str, dict[str, str]]:
    """part -> path -> class."""
    return {part: {picture.path: picture.label for picture in found} for part, found in layout.parts.items()}


@pytest.mark.parametrize(
    ("files", "parts"),
    [
        ("1.png 2.JPG 3.webp 4.jfif", {"": {"1.png": "", "2.JPG": "", "3.webp": "", "4.jfif": ""}}),
        ("cat/1.png dog/x/2.png", {"": {"cat/1.png": "cat", "dog/x/2.png": "dog"}}),
        ("only/1.png", {"": {"only/1.png": ""}}),
        ("d/e/cat/1.png d/e/dog/2.png", {"": {"d/e/cat/1.png": "cat", "d/e/dog/2.png": "dog"}}),
        ("d/d/1.png d/d/2.png", {"": {"d/d/1.png": "", "d/d/2.png": ""}}),
        ("TRAIN/1.png Test/2.png", {"train": {"TRAIN/1.png": ""}, "test": {"Test/2.png": ""}}),
        ("Training/a/1.png Training/b/2.png Testing/b/3.png",
         {"train": {"Training/a/1.png": "a", "Training/b/2.png": "b"}, "test": {"Testing/b/3.png": "b"}}),
        ("train/a/1.png train/b/2.png test/c/3.png",
         {"train": {"train/a/1.png": "a", "train/b/2.png": "b"}, "test": {"test/c/3.png": ""}}),
        ("train/1.png Validation/2.png", {"train": {"train/1.png": ""}, "test": {"Validation/2.png": ""}}),
        ("x/training_set/training_set/1.png x/test_set/test_set/2.png",
         {"train": {"x/training_set/training_set/1.png": ""}, "test": {"x/test_set/test_set/2.png": ""}}),
        ("train2017/1.png val2017/2.png", {"train": {"train2017/1.png": ""}, "test": {"val2017/2.png": ""}}),
        ("train/images/1.png test/images/2.png",
         {"train": {"train/images/1.png": ""}, "test": {"test/images/2.png": ""}}),
        ("訓練/cat/1.png 訓練/dog/2.png 測試/cat/3.png 測試/dog/4.png",
         {"train": {"訓練/cat/1.png": "cat", "訓練/dog/2.png": "dog"}, "test": {"測試/cat/3.png": "cat", "測試/dog/4.png": "dog"}}),
        ("训练集/1.png 验证数据/2.png", {"train": {"训练集/1.png": ""}, "test": {"验证数据/2.png": ""}}),
        ("d/cat/train/1.png d/cat/Test/2.png d/dog/train/x/3.png d/dog/test/4.png",
         {"train": {"d/cat/train/1.png": "cat", "d/dog/train/x/3.png": "dog"},
          "test": {"d/cat/Test/2.png": "cat", "d/dog/test/4.png": "dog"}}),
        ("trainA/1.png trainB/2.png testA/3.png testB/4.png",
         {"train": {"trainA/1.png": "A", "trainB/2.png": "B"}, "test": {"testA/3.png": "A", "testB/4.png": "B"}}),
        ("train_cats/1.png train_dogs/2.png test_cats/3.png",
         {"train": {"train_cats/1.png": "cats", "train_dogs/2.png": "dogs"}, "test": {"test_cats/3.png": "cats"}}),
        ("cats_train/1.png dogs_train/2.png Cats-test/3.png dogs_val/4.png",
         {"train": {"cats_train/1.png": "cats", "dogs_train/2.png": "dogs"}, "test": {"Cats-test/3.png": "cats"}}),
        ("train_cats/1.png test_cats/2.png", {"train": {"train_cats/1.png": ""}, "test": {"test_cats/2.png": ""}}),
        ("train/Cat/1.png train/dog/2.png test/cat/3.png test/DOG/4.png",
         {"train": {"train/Cat/1.png": "Cat", "train/dog/2.png": "dog"},
          "test": {"test/cat/3.png": "Cat", "test/DOG/4.png": "dog"}}),
        ("train/a/1.png train/A/2.png test/a/3.png test/A/4.png",
         {"train": {"train/A/2.png": "A", "train/a/1.png": "a"}, "test": {"test/A/4.png": "A", "test/a/3.png": "a"}}),
        ("#recycle/1.png @Recycle/2.png a/3.png", {"": {"a/3.png": ""}}),
        ("train_station/1.png airport/2.png test_tube/3.png",
         {"": {"airport/2.png": "airport", "test_tube/3.png": "test_tube", "train_station/1.png": "train_station"}}),
        ("train/1.png ship/2.png", {"": {"ship/2.png": "ship", "train/1.png": "train"}}),
        ("valid/1.png invalid/2.png", {"": {"invalid/2.png": "invalid", "valid/1.png": "valid"}}),
        ("fast_train/1.png slow_train/2.png", {"": {"fast_train/1.png": "fast_train", "slow_train/2.png": "slow_train"}}),
    ],
)  # fmt: skip
def test_layouts_that_people_have(files, parts):
    layout = understand(files.split())
    for_validation = {file for file, reason in layout.left_out if "validation" in reason}
    assert told(layout) == parts and len(layout.left_out) == len(for_validation)


@pytest.mark.parametrize(
    ("files", "left_out", "classes"),
    [
        ("cat/1.png dog/2.png cover.png", {"cover.png": "next to the folders of the classes"}, {"cat", "dog"}),
        ("d/cat/1.png d/dog/2.png cover.png", {"cover.png": "next to the folders"}, {"cat", "dog"}),
        ("train/1.png test/2.png x.png", {"x.png": "next to the folders for training"}, set()),
        ("train/1.png test/2.png val/3.png", {"val/3.png": "it is for validation"}, set()),
        ("seg_train/a/1.png seg_train/b/2.png seg_test/a/3.png seg_pred/4.png",
         {"seg_pred/4.png": "neither for training nor for testing"}, {"a", "b"}),
        ("c/train/a/1.png c/train/b/2.png c/test/a/3.png c/c/train/a/1.png",
         {"c/c/train/a/1.png": "neither for training nor for testing"}, {"a", "b"}),
        ("a/1.png a/2.png 3.png", {"3.png": "next to the folder of the others"}, set()),
        ("1.png 2.png a/3.png", {"a/3.png": "is in 'a', next to images"}, set()),
        ("cat/1.png dog/2.heic", {"dog/2.heic": "Nothing in 'dog' is read: it is not a class"}, set()),
        ("cat/1.png dog/ z/ z/x/2.png __MACOSX/ .git/", {"dog/": "an empty folder"}, {"cat", "z"}),
        ("cat/train/1.png cat/test/2.png cat/3.png dog/train/4.png", {"cat/3.png": "next to its class's folders"}, {"cat", "dog"}),
        ("trainA/1.png trainB/2.png testA/3.png other/4.png", {"other/4.png": "neither for training"}, {"A", "B"}),
        ("1.png 2.TIF 3.heic 4.avif 5.svg", {"2.TIF": "in .tif are not read", "3.heic": ".heic", "4.avif": ".avif", "5.svg": ".svg"}, set()),
        ("1.png a.txt b.csv c.zip noname", {"a.txt": "not an image", "b.csv": "not a", "c.zip": "unpack", "noname": "not a"}, set()),
        ("1.png .2.png .cache/3.png", {".2.png": "hidden", ".cache/3.png": "hidden"}, set()),
    ],
)  # fmt: skip
def test_what_is_left_out_is_named_with_its_reason(files, left_out, classes):
    layout = understand(files.split())
    assert {file for file, _reason in layout.left_out} == set(left_out)
    assert all(left_out[file] in reason for file, reason in layout.left_out)
    assert {picture.label for found in layout.parts.values() for picture in found} - {""} == classes


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ("train/1.png test/2.png ship/3.png", "It is unclear whether 'test', 'train' are classes, like 'ship'"),
        ("cat/1.png dog/2.png test/3.png", "It is unclear whether 'test' are classes"),
        ("cat/1.png dog/2.png test/cat/3.png test/dog/4.png", "It is unclear"),
        ("Train/1.png train/2.png test/3.png", "'Train', 'train' are folders for the same part"),
        ("train/train/1.png train/test/2.png test/3.png", "divided again"),
        ("cats_train/1.png dogs_train/2.png owls_test/3.png", "not of the same classes. Make two folders, 'train' and"),
        ("train/1.png test_cats/2.png test_dogs/3.png", "not of the same classes"),
        ("train_cats/1.png test_cats/2.png other/3.png", "not all of them"),
        (
            "cat/train/1.png cat/test/2.png dog/3.png",
            "no folders for training and testing in 'dog', as in other classes",
        ),
        ("1.png a/2.png", "1 images are next to 'a', where there are 1"),
        ("1.png 2.png a/3.png b/4.png", "2 images are next to 'a', 'b', where there are 2"),
    ],
)
def test_what_can_be_understood_in_two_ways_is_refused(files, sentence):
    with pytest.raises(ValueError, match=sentence):
        understand(files.split())


NAMES = st.sampled_from(["a", "b", "cats", "dogs 2", "貓", "x.y"])
TREES = st.lists(
    st.tuples(st.lists(NAMES, max_size=3), st.sampled_from(["1.png", "2.JPEG", "3.jfif", "notes.txt", "4.tif"])).map(
        lambda drawn: "/".join([*drawn[0], drawn[1]])
    ),
    min_size=1, max_size=12, unique=True,
)  # fmt: skip


def meaning(files: list[str], prefix: str = "") -> object:
    """Parts with classes, and what is left out; a refusal is one thing."""
    try:
        layout = understand(files)
    except ValueError:
        return "refused"
    parts = {
        part: {path.removeprefix(prefix): label for path, label in found.items()}
        for part, found in told(layout).items()
    }
    return parts, {(file.removeprefix(prefix), reason) for file, reason in layout.left_out}


@given(TREES)
def test_every_file_is_a_picture_of_the_set_or_left_out_with_a_reason(files):
    found = meaning(files)
    if found != "refused":
        parts, left_out = found
        pictures = [path for part in parts.values() for path in part]
        assert sorted([*pictures, *(file for file, _reason in left_out)]) == sorted(files)


@given(TREES, st.sampled_from(["archive/", "My data/", "a/a/"]), st.permutations(CLUTTER))
def test_a_folder_around_everything_and_what_systems_write_change_nothing(files, around, clutter):
    before = meaning(files)
    assert meaning([*clutter, *files]) == before
    assert meaning([f"{around}{file}" for file in [*files, *clutter]], around) == before
    assert meaning(files[::-1]) == before


@given(TREES, st.sampled_from([("train/", "test/"), ("Training_Set/", "TEST/"), ("x_train/", "x_val/")]))
def test_a_part_means_what_its_folder_means_alone(files, parts):
    alone = meaning(files)
    both = meaning([f"{part}{file}" for part in parts for file in files])
    if alone == "refused" or not alone[0][""]:
        assert both == "refused" or not any(both[0].values())
    else:
        ours = {f"{parts[0]}{path}": label for path, label in alone[0][""].items()}
        assert both[0]["train"] == ours and len(both[0]["test"]) == len(ours)


def test_folders_in_folders_without_end_are_left_out():
    deep = "/".join(["train"] * 30_000) + "/1.png"
    layout = understand([deep, "a/" * (MAX_DEPTH - 1) + "2.png"])
    assert layout.left_out == [(deep, f"it is more than {MAX_DEPTH} folders deep.")] and len(layout.parts[""]) == 1


def test_blanks_around_the_name_of_a_class_are_not_part_of_it():
    assert told(understand(["cat/1.png", "cat /2.png", "dog/3.png"]))[""] == {
        "cat /2.png": "cat", "cat/1.png": "cat", "dog/3.png": "dog",
    }  # fmt: skip
