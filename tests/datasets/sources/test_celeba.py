"""CelebA's official layout, written small."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets.sources import celeba
from gan_core.figures.imaging import resize_and_crop

NAMES = ("Bald", "Male", "Smiling", "Young")
SPLIT = (0, 0, 0, 0, 0, 1, 1, 2, 2, 2)


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "celeba"
    (root / celeba.IMAGES).mkdir(parents=True)
    rng = np.random.default_rng(0)
    values = rng.integers(0, 2, (len(SPLIT), len(NAMES)))
    lines, parts = [str(len(SPLIT)), " ".join(NAMES) + " "], []
    for number, (row, part) in enumerate(zip(values, SPLIT, strict=True), start=1):
        name = f"{number:06d}.jpg"
        pixels = rng.integers(0, 256, (218, 178, 3), dtype=np.uint8)  # the aligned pictures' size
        Image.fromarray(pixels).save(root / celeba.IMAGES / name, quality=90)
        lines.append(name + " " + " ".join(f"{2 * value - 1:2d}" for value in row))  # two spaces before 1, as there
        parts.append(f"{name} {part}")
    (root / celeba.ATTRIBUTES).write_text("\n".join(lines) + "\n")
    (root / celeba.PARTITION).write_text("\n".join(parts) + "\n")
    np.save(tmp_path / "values.npy", values)
    return root


def config(folder, **changes) -> DatasetConfig:
    return DatasetConfig(name="celeba", root=str(folder), **{"image_size": 16, "channels": 3} | changes)


def edit(file, old, new) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_the_official_splits_are_kept(folder):
    values = np.load(folder.parent / "values.npy")
    train, test = (datasets.prepare(config(folder, split=split)) for split in ("train", "test"))
    assert (len(train), len(test)) == (5, 3) and train.label_names == NAMES
    np.testing.assert_array_equal(train.labels, values[:5])
    np.testing.assert_array_equal(test.labels, values[7:])
    assert datasets.label_names(config(folder)) == NAMES


def test_pictures_are_resized_and_cut_in_the_middle(folder):
    data = datasets.prepare(config(folder))
    for index, image in enumerate(data.images, start=1):
        with Image.open(folder / celeba.IMAGES / f"{index:06d}.jpg") as picture:
            np.testing.assert_array_equal(image, np.asarray(resize_and_crop(picture, 16)).transpose(2, 0, 1))
    assert [b.size for b, _ in datasets.preview(config(folder), 2)] == [(178, 218)] * 2


def test_the_number_of_images_takes_a_sample_of_the_split(folder):
    data = datasets.prepare(config(folder, num_images=2, split="test"))
    taken = np.sort(datasets.order(config(folder, split="test"))[:2])
    np.testing.assert_array_equal(data.labels, np.load(folder.parent / "values.npy")[7:][taken])
    assert datasets.count(config(folder, num_images=99)) == 5


def test_some_attributes_can_be_chosen(folder):
    data = datasets.prepare(config(folder))
    chosen = data.with_labels(("Young", "Male"))
    np.testing.assert_array_equal(chosen.labels, data.labels[:, [3, 1]])
    with pytest.raises(ValueError, match=r"has no label 'Beard'\. It has: Bald, Male, Smiling, Young"):
        data.with_labels(("Beard",))


def test_labels_stay_with_their_images_when_one_is_unreadable(folder):
    (folder / celeba.IMAGES / "000002.jpg").write_text("broken")
    data = datasets.prepare(config(folder))
    np.testing.assert_array_equal(data.labels, np.load(folder.parent / "values.npy")[[0, 2, 3, 4]])
    assert data.skipped[0][0] == "img_align_celeba/000002.jpg"


@pytest.mark.parametrize("missing", [celeba.ATTRIBUTES, celeba.PARTITION])
def test_a_missing_list_is_named(folder, missing):
    (folder / missing).unlink()
    for ask in (datasets.count, datasets.label_names, datasets.prepare):
        with pytest.raises(ValueError, match=f"holds no {missing}. CelebA's folder has img_align_celeba/"):
            ask(config(folder))


def test_of_part_of_the_pictures_those_that_are_there_are_used_and_the_others_named(folder):
    for number in (2, 4):
        (folder / celeba.IMAGES / f"{number:06d}.jpg").unlink()
    Image.new("RGB", (9, 9)).save(folder / celeba.IMAGES / "mine.png")
    data = datasets.prepare(config(folder))
    np.testing.assert_array_equal(data.labels, np.load(folder.parent / "values.npy")[[0, 2, 4]])
    assert dict(data.skipped) == {
        "000002.jpg": "list_eval_partition.txt names it, and it is not there.",
        "000004.jpg": "list_eval_partition.txt names it, and it is not there.",
        "mine.png": "list_attr_celeba.txt has no line for it.",
    }
    for number in (8, 9, 10):
        (folder / celeba.IMAGES / f"{number:06d}.jpg").unlink()
    with pytest.raises(ValueError, match=r"None of the 3 pictures .* split 'test' is in .*000008\.jpg"):
        datasets.count(config(folder, split="test"))


def as_kaggle(folder, mark: str = ",", quote: str = "") -> None:
    """The lists in CSV and the pictures one folder deeper."""
    lines = (folder / celeba.ATTRIBUTES).read_text().splitlines()[1:]
    lines[0] = f"image_id {lines[0]}"
    for name, body in (
        (celeba.ATTRIBUTES, lines),
        (celeba.PARTITION, ["image_id partition", *(folder / celeba.PARTITION).read_text().splitlines()]),
    ):
        (folder / name).unlink()
        rows = [mark.join(f"{quote}{cell}{quote}" for cell in line.split()) for line in body]
        (folder / name.replace(".txt", ".csv")).write_text("\r\n".join(rows) + "\r\n")
    (folder / celeba.IMAGES).rename(folder / "inner")
    (folder / celeba.IMAGES).mkdir()
    (folder / "inner").rename(folder / celeba.IMAGES / celeba.IMAGES)


@pytest.mark.parametrize(("mark", "quote"), [(",", ""), (",", '"'), (";", ""), ("\t", "")])
def test_kaggles_lists_mean_the_same(folder, mark, quote):
    before = datasets.labels(config(folder))
    as_kaggle(folder, mark, quote)
    assert datasets.label_names(config(folder)) == NAMES and celeba.SOURCE.left_out(config(folder)) == []
    np.testing.assert_array_equal(datasets.labels(config(folder)), before)
    assert [before.size for before, _after in datasets.pairs(config(folder), [4, 0])] == [(178, 218)] * 2


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_the_lists_as_editors_save_them_mean_the_same(folder, encoding, end):
    before = datasets.labels(config(folder))
    for name in (celeba.ATTRIBUTES, celeba.PARTITION):
        text = (folder / name).read_text().replace("\n", end)
        mark = "\ufeff" if encoding == "utf-16-be" else ""
        (folder / name).write_bytes((mark + text).encode(encoding))
    np.testing.assert_array_equal(datasets.labels(config(folder)), before)


@pytest.mark.parametrize(
    "places", [("Img", "Anno", "Eval"), ("celeba", "celeba", "celeba"), ("a/b", "a", "a"), ("", "x", "y/z")]
)
def test_the_parts_may_lie_in_folders_of_their_own(folder, tmp_path, places):
    before = datasets.labels(config(folder))
    for place, part in zip(places, (celeba.IMAGES, celeba.ATTRIBUTES, celeba.PARTITION), strict=True):
        target = tmp_path / "mine" / place
        target.mkdir(parents=True, exist_ok=True)
        (folder / part).rename(target / part)
    np.testing.assert_array_equal(datasets.labels(config(tmp_path / "mine")), before)


def test_a_web_page_in_place_of_a_list_or_of_the_pictures_is_told(folder):
    page = "\ufeff\n<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head></html>"
    kept = (folder / celeba.PARTITION).read_text()
    (folder / celeba.PARTITION).write_text(page)
    with pytest.raises(ValueError, match=r"list_eval_partition\.txt' is not the list: it is a web page"):
        datasets.count(config(folder))
    (folder / celeba.PARTITION).write_text(kept)
    (folder / celeba.IMAGES).rename(folder / "elsewhere")
    with pytest.raises(ValueError, match=r"has no folder img_align_celeba with images\. CelebA's folder has"):
        datasets.count(config(folder))
    (folder / celeba.PACKED).write_bytes(b"PK\x03\x04")
    with pytest.raises(ValueError, match=r"Unpack img_align_celeba\.zip there"):
        datasets.count(config(folder))
    (folder / celeba.PACKED).write_text(page)
    with pytest.raises(ValueError, match=r"img_align_celeba\.zip: it is a web page"):
        datasets.count(config(folder))


def without_zeros(folder):
    for name in (celeba.ATTRIBUTES, celeba.PARTITION):
        lines = (folder / name).read_text().splitlines()
        rows = [line.lstrip("0").replace(".jpg", "") if ".jpg" in line else line for line in lines]
        (folder / name).write_text("\n".join(rows))


def as_png(folder):
    for file in (folder / celeba.IMAGES).iterdir():
        file.rename(file.with_suffix(".png"))
    (folder / celeba.IMAGES).rename(folder / f"{celeba.IMAGES}_png")


def in_capitals(folder):
    for file in (folder / celeba.IMAGES).iterdir():
        file.rename(file.with_suffix(".JPG"))


def by_pandas(folder):
    as_kaggle(folder)
    for file in folder.glob("*.csv"):
        lines = file.read_text().splitlines()
        file.write_text("\n".join(f"{number - 1 if number else ''},{line}" for number, line in enumerate(lines)))


def with_zeros(folder):
    file = folder / celeba.ATTRIBUTES
    file.write_text(file.read_text().replace("-1", "0").replace(" 1", " True"))


@pytest.mark.parametrize("change", [without_zeros, as_png, in_capitals, by_pandas, with_zeros])
def test_what_programs_and_people_make_of_it_means_the_same(folder, change):
    before = datasets.labels(config(folder))
    change(folder)
    assert celeba.SOURCE.left_out(config(folder)) == []
    np.testing.assert_array_equal(datasets.labels(config(folder)), before)


@pytest.mark.parametrize(("name", "line"), [(celeba.PARTITION, 11), (celeba.ATTRIBUTES, 13)])
def test_a_picture_with_two_lines_is_refused(folder, name, line):
    lines = (folder / name).read_text().splitlines()
    again = lines[-10].replace("000001.jpg", "1.PNG").removesuffix("0") + ("2" if name == celeba.PARTITION else "")
    (folder / name).write_text("\n".join([*lines, again]).replace("10\nBald", "11\nBald"))
    with pytest.raises(ValueError, match=rf"line {line} repeats the image of line {line - 10}"):
        datasets.count(config(folder))


def test_a_picture_in_no_split_and_one_that_is_there_twice_are_named(folder):
    edit(folder / celeba.PARTITION, "000006.jpg 1\n", "")
    Image.new("RGB", (9, 9)).save(folder / celeba.IMAGES / "000001.png")
    assert dict(celeba.SOURCE.left_out(config(folder))) == {
        "000001.png": "'000001.jpg' is the same image, and is used.",
        "000006.jpg": "list_eval_partition.txt has no line for it.",
    }
    assert datasets.count(config(folder)) == 5


def test_the_folder_of_the_pictures_alone_is_refused_with_the_way_out(folder):
    with pytest.raises(ValueError, match="Name the folder above img_align_celeba"):
        datasets.count(config(folder / celeba.IMAGES))


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        (celeba.ATTRIBUTES, "10\n", "11\n", "says 11 pictures in its first line and lists 10"),
        (celeba.ATTRIBUTES, "10\nBald", "Bald", "must begin with the number of images"),
        (celeba.ATTRIBUTES, " ".join(NAMES) + " \n", "", "lacks the attribute names in its second line"),
        (celeba.ATTRIBUTES, "Bald ", "", "line 3 has 4 values for 3 attributes"),
        (celeba.ATTRIBUTES, "1\n000002", "7\n000002", "line 3: a value must be 1 or -1"),
        (celeba.ATTRIBUTES, "000003.jpg", "../3.jpg", r"line 5 must begin with a plain file name"),
        (celeba.ATTRIBUTES, "000003.jpg", "other.jpg", r"line 3 names an image for which list_attr_celeba\.txt has"),
        (celeba.PARTITION, "000002.jpg 0", "000002.jpg 5", r"line 2 must be a file name and 0, 1 or 2"),
        (celeba.PARTITION, "000002.jpg 0", "000002.jpg", "line 2 must be a file name and 0, 1 or 2"),
    ],
)  # fmt: skip
def test_lists_that_do_not_fit_are_refused_with_a_sentence(folder, file, old, new, sentence):
    edit(folder / file, old, new)
    with pytest.raises(ValueError, match=sentence):
        datasets.count(config(folder))


def test_a_split_without_pictures_is_refused(folder):
    text = (folder / celeba.PARTITION).read_text()
    (folder / celeba.PARTITION).write_text(text.replace(" 2\n", " 1\n"))
    with pytest.raises(ValueError, match="assigns no image to the split 'test'"):
        datasets.count(config(folder, split="test"))


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"There is no folder .* CelebA's folder has"):
        datasets.count(config(tmp_path / "no"))


def test_the_root_of_torchvisions_download_is_read_too(folder):
    assert folder.name == "celeba"  # where torchvision puts it below its root
    above, there = (datasets.prepare(config(place)) for place in (folder.parent, folder))
    np.testing.assert_array_equal(above.images, there.images)
    assert datasets.labels(config(folder.parent)).tolist() == there.labels.tolist()
    assert len(datasets.pairs(config(folder.parent), [4, 0])) == 2
