"""A folder of the user's own pictures, good and bad."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.config.settings import PROJECT_DIR


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "pictures"
    place.mkdir()
    return place


def config(folder, **changes) -> DatasetConfig:
    return DatasetConfig(name="folder", root=str(folder), **{"image_size": 8, "channels": 3} | changes)


def picture(path, size=(12, 10), colour=(200, 100, 50), mode="RGB", **options) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    Image.new("RGB", size, colour).convert(mode).save(path, **options)


def test_a_flat_folder_has_images_in_order_of_their_names_and_no_labels(folder):
    for index in (2, 0, 1):
        picture(folder / f"{index}.png", colour=(index, index, index))
    data = datasets.prepare(config(folder))
    assert data.images.shape == (3, 3, 8, 8) and data.label_names == () and data.labels.shape == (3, 0)
    assert data.images[:, 0, 0, 0].tolist() == [0, 1, 2]
    assert datasets.count(config(folder)) == 3


def test_an_image_folder_has_a_label_a_subfolder(folder):
    for name, grey in (("dog", 10), ("cat", 20), ("cat", 30), ("dog", 40)):
        picture(folder / name / f"{grey}.png", colour=(grey, grey, grey))
    data = datasets.prepare(config(folder, channels=1))
    assert data.label_names == ("cat", "dog")
    assert data.images[:, 0, 0, 0].tolist() == [20, 30, 10, 40]
    assert data.labels.tolist() == [[1, 0], [1, 0], [0, 1], [0, 1]]


def test_one_subfolder_makes_no_labels_and_a_picture_beside_two_is_left_out(folder):
    picture(folder / "only" / "a.png")
    assert datasets.prepare(config(folder)).label_names == ()
    picture(folder / "b.png")
    picture(folder / "other" / "c.png")
    data = datasets.prepare(config(folder))
    assert data.label_names == ("only", "other") and len(data) == 2
    assert dict(data.skipped) == {"b.png": "it is next to the folders of the classes; put it into one of them."}


def test_every_mode_and_format_becomes_grey_or_rgb(folder):
    for mode, suffix in (("L", "png"), ("RGBA", "png"), ("P", "gif"), ("RGB", "jpg"), ("CMYK", "jpeg"), ("1", "bmp"),
                         ("LA", "png"), ("RGB", "webp")):  # fmt: skip
        picture(folder / f"{mode}-{suffix}.{suffix}", mode=mode)
    for channels in (1, 3):
        data = datasets.prepare(config(folder, channels=channels))
        assert data.images.shape == (8, channels, 8, 8) and data.skipped == ()


def test_pictures_of_any_size_are_resized_and_cut(folder):
    for index, size in enumerate([(8, 8), (1, 1), (3, 50), (300, 20), (7, 9), (640, 480)]):
        picture(folder / f"{index}.png", size=size)
    assert datasets.prepare(config(folder)).images.shape == (6, 3, 8, 8)


def test_a_picture_taken_sideways_is_turned_upright(folder):
    wide = Image.new("RGB", (20, 10), (0, 0, 0))
    wide.paste((255, 255, 255), (0, 0, 10, 10))  # white left half
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to see it upright: white is then on top
    wide.save(folder / "a.png", exif=exif)
    image = datasets.prepare(config(folder, channels=1)).images[0, 0]
    assert image[0].min() == 255 and image[-1].max() == 0


def test_unreadable_pictures_are_skipped_named_and_counted(folder):
    picture(folder / "good.png")
    picture(folder / "other.jpg")
    (folder / "empty.png").touch()
    (folder / "text.jpg").write_text("hello")
    (folder / "torn.png").write_bytes((folder / "good.png").read_bytes()[:50])
    (folder / "broken link.png").symlink_to(folder / "nowhere")
    Image.new("1", (5000, 4000)).save(folder / "huge.png")  # 20 megapixels
    Image.new("1", (1, 60_000)).save(folder / "thin.png")  # 8 x 480,000 pixels once its width fits
    Image.new("L", (4, 4)).save(folder / "disguised.png", format="TIFF")
    data = datasets.prepare(config(folder, image_size=64))
    assert len(data) == 2 and datasets.count(config(folder)) == 8
    reasons = dict(data.skipped)
    assert sorted(reasons) == [
        *("broken link.png", "disguised.png", "empty.png", "huge.png", "text.jpg", "thin.png", "torn.png"),
    ]
    assert "5000x4000 pixels; at most 16,000,000" in reasons["huge.png"]
    assert "not a readable picture" in reasons["empty.png"]
    assert reasons["broken link.png"] == "a broken link."


def test_no_link_out_of_the_folder_is_followed_and_each_is_named(folder, tmp_path):
    for name in ("inside.png", "../outside.png", "../elsewhere/x.png"):
        picture(folder / name)
    (folder / "again.png").symlink_to("inside.png")
    (folder / "out.png").symlink_to(tmp_path / "outside.png")
    (folder / "all").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(folder / "pipe.png")
    data = datasets.prepare(config(folder))
    assert len(data) == 2 and dict(data.skipped) == {
        "all": "a link to a folder; it is not followed.",
        "out.png": "a link to outside the folder; it is not followed.",
        "pipe.png": "not a readable file.",
    }


def test_a_folder_whose_name_is_no_text_is_refused_as_a_class(folder):
    for name in (b"cat", "貓".encode("cp950")):
        picture(folder / os.fsdecode(name) / "a.png")
    with pytest.raises(ValueError, match="a name that is not in UTF-8"):
        datasets.label_names(config(folder))


def test_names_of_a_mac_are_composed(folder):
    for part, name in (("train", "caf\u0065\u0301"), ("train", "th\u00e9"), ("test", "caf\u00e9")):
        picture(folder / part / name / "a.png")
    assert datasets.label_names(config(folder)) == ("caf\u00e9", "th\u00e9")


def test_labels_stay_with_their_images_when_some_are_skipped(folder):
    for name, grey in (("cat", 10), ("cat", 20), ("dog", 30)):
        picture(folder / name / f"{grey}.png", colour=(grey, grey, grey))
    (folder / "cat" / "10.png").write_text("broken")
    data = datasets.prepare(config(folder, channels=1))
    assert data.labels.tolist() == [[1, 0], [0, 1]]
    assert [name for name, _ in data.skipped] == ["cat/10.png"]


def test_many_unreadable_pictures_are_counted_and_the_first_named(folder):
    picture(folder / "good.png")
    for index in range(230):
        (folder / f"{index:03d}.png").touch()
    data = datasets.prepare(config(folder))
    assert (data.num_skipped, len(data.skipped), data.skipped[-1][0]) == (230, 200, "199.png")


def test_other_files_and_hidden_ones_are_no_pictures(folder):
    picture(folder / "a.png")
    for name in ("notes.txt", ".hidden.png", ".git/b.png", "Thumbs.db"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    data = datasets.prepare(config(folder))
    assert len(data) == 1 and dict(data.skipped) == {
        ".git/b.png": "it is hidden: its name, or a folder's, begins with a dot.",
        ".hidden.png": "it is hidden: its name, or a folder's, begins with a dot.",
        "notes.txt": "not an image.",
    }


def test_the_number_of_images_takes_a_sample_of_every_class_and_keeps_the_labels(folder):
    for index in range(12):
        picture(folder / f"class {index // 4}" / f"{index:02d}.png", colour=(index, index, index))
    one, few, more = (datasets.prepare(config(folder, num_images=number)) for number in (1, 6, 9))
    assert few.label_names == one.label_names == datasets.label_names(config(folder, num_images=1))
    assert few.labels.sum(axis=0).tolist() == [2, 2, 2] and more.labels.sum(axis=0).tolist() == [3, 3, 3]
    taken, of_more = few.images[:, 0, 0, 0].tolist(), more.images[:, 0, 0, 0].tolist()
    assert taken == sorted(taken) and set(taken) < set(of_more)
    assert taken != [0, 1, 4, 5, 8, 9]  # not the first of each
    np.testing.assert_array_equal(datasets.labels(config(folder, num_images=6)), few.labels)


def test_a_class_that_is_added_is_in_the_labels_of_a_part_that_was_cached_before(folder):
    for name in ("a", "b"):
        picture(folder / name / "0.png")
    assert datasets.prepare(config(folder, num_images=1)).label_names == ("a", "b")
    picture(folder / "c" / "0.png")
    assert datasets.prepare(config(folder, num_images=1)).label_names == ("a", "b", "c")


def test_an_unreadable_picture_takes_no_others_place(folder):
    for index in range(12):
        picture(folder / f"{index:02d}.png", colour=(index, index, index))
    ordered = datasets.order(config(folder)).tolist()
    (folder / f"{ordered[1]:02d}.png").write_bytes(b"none")
    for whole in (False, True):
        if whole:
            datasets.prepare(config(folder))
        some = datasets.some(config(folder), 4, after=1)
        assert some.images[:, 0, 0, 0].tolist() == ordered[2:5]
    assert datasets.prepare(config(folder)).unread == (ordered[1],)


@pytest.mark.parametrize("ask", [datasets.prepare, datasets.count, lambda c: datasets.preview(c, 3)])
def test_a_folder_without_pictures_is_refused_with_a_sentence(folder, tmp_path, ask):
    with pytest.raises(ValueError, match=r"holds no pictures\. Files ending in \.png, .* are read"):
        ask(config(folder))
    for root in (tmp_path / "nowhere", "x" * 5000, "a\0b", "~nobody-of-this-name/x"):
        with pytest.raises(ValueError, match="There is no folder"):
            ask(config(root))
    with pytest.raises(ValueError, match=r"needs a folder: set dataset\.root"):
        ask(DatasetConfig(name="folder"))


def test_a_folder_of_nothing_but_unreadable_pictures_names_the_first_and_why(folder):
    (folder / "a.png").write_text("hello")
    (folder / "b.png").touch()
    with pytest.raises(ValueError, match=r"None of the 2 pictures in .* The first, a\.png: not a readable picture"):
        datasets.prepare(config(folder))


def test_a_preview_shows_readable_pictures_before_and_after(folder):
    (folder / "a.png").touch()
    picture(folder / "b.png", size=(30, 20))
    pairs = datasets.preview(config(folder), 5)
    assert [(before.size, after.size) for before, after in pairs] == [((30, 20), (8, 8))]
    np.testing.assert_array_equal(
        datasets.prepare(config(folder)).images[0].transpose(1, 2, 0), np.asarray(pairs[0][1])
    )


def test_progress_ends_at_the_number_of_pictures(folder):
    for index in range(120):
        picture(folder / f"{index}.png")
    seen = []
    datasets.prepare(config(folder), lambda done, total: seen.append((done, total)))
    assert seen == [(50, 120), (100, 120), (120, 120)]


def test_a_folder_of_train_and_test_is_divided(folder):
    for name, grey in (("train/cat/1", 1), ("train/dog/2", 2), ("test/dog/3", 3), ("val/cat/4", 4)):
        picture(folder / f"{name}.png", colour=(grey, grey, grey))
    train, test = (datasets.prepare(config(folder, split=split)) for split in ("train", "test"))
    assert train.label_names == ("cat", "dog")
    assert train.images[:, 0, 0, 0].tolist() == [1, 2] and test.images[:, 0, 0, 0].tolist() == [3]
    assert datasets.label_names(config(folder)) == ("cat", "dog")


def test_folders_called_train_and_test_among_others_are_refused(folder):
    for name in ("train", "test", "ship"):
        picture(folder / name / "a.png")
    with pytest.raises(ValueError, match="It is unclear whether 'test', 'train' are classes, like 'ship', or for"):
        datasets.label_names(config(folder))


def test_the_folder_for_validation_serves_where_there_is_none_for_testing(folder):
    for name in ("train/a", "val/b"):
        picture(folder / f"{name}.png")
    assert datasets.prepare(config(folder, split="test")).skipped == ()
    picture(folder / "test" / "c.png")
    ((file, reason),) = datasets.prepare(config(folder, split="test")).skipped
    assert file == "val/b.png" and "it is for validation" in reason


def test_the_test_part_of_a_folder_that_is_not_divided_is_refused(folder):
    picture(folder / "train" / "a.png")
    for ask in (datasets.prepare, datasets.count, datasets.labels):
        with pytest.raises(ValueError, match="is not divided into 'train' and 'test'"):
            ask(config(folder, split="test"))


def test_labels_and_pairs_need_no_preparing(folder):
    for name, grey in (("a/1", 10), ("b/2", 20), ("b/3", 30)):
        picture(folder / f"{name}.png", colour=(grey, grey, grey))
    (folder / "b" / "2.png").write_bytes(b"spoilt")
    assert datasets.labels(config(folder)).tolist() == [[1, 0], [0, 1], [0, 1]]
    pairs = datasets.pairs(config(folder), [2, 1, 0])
    assert [after.getpixel((0, 0))[0] for _before, after in pairs] == [30, 10]
    assert len(datasets.preview(config(folder), 2)) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux only")
def test_pictures_of_sixteen_megapixels_are_prepared_within_256_mib(folder, tmp_path):
    for index in range(3):
        Image.new("RGBA", (4000, 4000), (index, 2, 3, 4)).save(folder / f"{index}.webp", lossless=True)
    words = ["prepare", "folder", f"--root={folder}", "--image-size", "8", "--channels", "3"]
    environment = {**os.environ, "GANVAS_CACHE_DIR": str(tmp_path / "cache")}
    measure = (  # a small process between: what is forked from this one begins with this one's memory
        "import resource, subprocess, sys\n"
        "print(subprocess.run([sys.executable, '-m', 'gan_core', *sys.argv[1:]], stdout=subprocess.PIPE, text=True).stdout)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = [sys.executable, "-c", measure, *words]
    done = subprocess.run(command, cwd=PROJECT_DIR, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    *said, used = done.stdout.split("\n")[:-1]
    assert "3 images" in " ".join(said)
    assert int(used) <= 256 * 1024  # kB, of the largest of its processes
