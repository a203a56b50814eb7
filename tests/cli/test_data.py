"""Commands about data: prepare, write-blocks, download's refusals; and a run on varied images, resumed."""

from __future__ import annotations

import json

import pytest
from helpers import outcome, tiny_run
from PIL import Image

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets.base import left_out_in_words
from gan_core.training import loop


def test_prepare_fills_the_cache_and_tells_how_far_it_is(command):
    config = DatasetConfig(name="stacked-mnist", image_size=8, channels=3, num_images=150)
    assert not datasets.is_prepared(config)
    arguments = ("--image-size", 8, "--channels", 3, "--num-images", 150)
    status, out, _ = command("prepare", "stacked-mnist", *arguments, "--json")
    *progress, last = [json.loads(line) for line in out.splitlines()]
    assert status == 0 and progress[-1] == {"done": 150, "total": 150}
    assert last == {"words": "stacked-mnist: 150 images, 30 labels"}
    assert datasets.is_prepared(config)
    assert command("prepare", "stacked-mnist", *arguments)[1].strip() == "stacked-mnist: 150 images, 30 labels"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("prepare", "nothing"), "Unknown data set 'nothing'"),
        (("prepare", "celeba"), "needs a folder"),
        (("prepare", "mnist5k", "--image-size", "1"), "image_size"),
        (("prepare", "mnist5k", "--split", "validation"), "split"),
        (("download",), "Name one data set (mnist, fashion-mnist, cifar10, celeba)"),
        (("download", "mnist", "--from-hub", "a/b"), "Name one data set"),
        (("download", "imagenet"), "Unknown download 'imagenet'. Choose one of: mnist"),
        (("download", "--from-hub", "faces"), "is named owner/name"),
    ],
)
def test_what_cannot_be_is_one_sentence(command, arguments, words):
    status, _, err = command(*arguments)
    assert status == 2
    (line,) = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert words in line


def test_written_blocks_are_a_folder_that_the_iclevr_loader_reads(command, tmp_path):
    status, out, _ = command("write-blocks", tmp_path / "blocks", "--count", 9, "--image-size", 16)
    assert status == 0 and "9 pictures" in out
    config = DatasetConfig(name="iclevr", root=str(tmp_path / "blocks"), image_size=16, channels=3)
    drawn = DatasetConfig(name="blocks", image_size=16, channels=3, num_images=9)
    assert (datasets.prepare(config).images == datasets.prepare(drawn).images).all()
    assert (datasets.labels(config) == datasets.labels(drawn)).all()


def test_preparing_tells_what_is_left_out_by_its_reasons(command, tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "good.png")
    for name in ("1.tif", "2.tif", "3.tif", "4.tif", "notes.txt", "Thumbs.db"):
        (tmp_path / name).touch()
    (tmp_path / "bad.png").touch()
    status, out, _ = command("prepare", "folder", "--root", tmp_path, "--image-size", 8, "--channels", 1)
    assert status == 0 and out.splitlines() == [
        "folder: 1 images",
        "6 files left out:",
        "  bad.png: not a readable picture (UnidentifiedImageError).",
        "  1.tif, 2.tif, 3.tif and 1 more: pictures in .tif are not read; save it as PNG or JPEG.",
        "  notes.txt: not an image.",
    ]
    assert left_out_in_words([(str(number), f"reason {number}.") for number in range(7)], 250).splitlines()[-2:] == [
        "  4: reason 4.",
        "  and 245 more.",
    ]


def test_a_run_on_varied_images_is_resumed_bit_exactly(runs_dir):
    changes = {"dataset__flip": True, "dataset__rotation_degrees": 8.0}
    untouched, left, plain = tiny_run(runs_dir, **changes), tiny_run(runs_dir, **changes), tiny_run(runs_dir)
    calls = iter(range(10**6))
    assert loop.train(left, request=lambda: "pause" if next(calls) == 7 else None).step == 7
    for run in (untouched, left, plain):
        assert loop.train(run).state == "finished"
    assert outcome(left) == outcome(untouched)
    assert outcome(plain)["tensors"] != outcome(untouched)["tensors"]
