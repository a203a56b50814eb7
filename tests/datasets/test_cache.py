"""The uint8 cache: built once, never seen half-built, never stale."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from helpers import eventually
from PIL import Image

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.config.settings import PROJECT_DIR
from gan_core.datasets.base import content_digest
from gan_core.datasets.sources import continued, mnist5k
from gan_core.processes import guarded


@pytest.fixture
def cache(tmp_path, monkeypatch):
    place = tmp_path / "cache"
    monkeypatch.setenv("GANVAS_CACHE_DIR", str(place))
    return place


@pytest.fixture
def builds(monkeypatch):
    """Counts how often the digits are decoded."""
    calls, build = [], type(mnist5k.SOURCE).build

    def counted(self, *args):
        calls.append(1)
        return build(self, *args)

    monkeypatch.setattr(type(mnist5k.SOURCE), "build", counted)
    return calls


FEW = DatasetConfig(image_size=8, num_images=50)


def test_a_data_set_is_built_once(cache, builds):
    first, second = datasets.prepare(FEW), datasets.prepare(FEW)
    assert len(builds) == 1
    np.testing.assert_array_equal(first.images, second.images)
    assert isinstance(second.images, np.memmap)


def test_a_data_set_that_many_want_at_once_is_built_once(cache, builds):
    threads = [threading.Thread(target=datasets.prepare, args=(FEW,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(builds) == 1


@pytest.mark.parametrize("change", [{"image_size": 16}, {"channels": 3}, {"num_images": 51}])
def test_another_setting_has_a_cache_of_its_own(cache, builds, change):
    datasets.prepare(FEW)
    datasets.prepare(FEW.model_copy(update=change))
    assert len(builds) == 2


def pictures(folder, count=3) -> DatasetConfig:
    folder.mkdir(exist_ok=True)
    for index in range(count):
        Image.new("L", (8, 8), index).save(folder / f"{index}.png")
    return DatasetConfig(name="folder", root=str(folder), image_size=8)


@pytest.mark.parametrize("change", ["content", "added", "removed", "renamed"])
def test_the_cache_follows_a_folder_that_changes(cache, tmp_path, change):
    folder = tmp_path / "pictures"
    config = pictures(folder)
    assert datasets.prepare(config).images[:, 0, 0, 0].tolist() == [0, 1, 2]
    if change == "content":
        Image.new("L", (8, 8), 99).save(folder / "1.png")
    elif change == "added":
        Image.new("L", (8, 8), 99).save(folder / "3.png")
    elif change == "removed":
        (folder / "1.png").unlink()
    else:
        (folder / "0.png").rename(folder / "9.png")
    expected = {"content": [0, 99, 2], "added": [0, 1, 2, 99], "removed": [0, 2], "renamed": [1, 2, 0]}
    assert datasets.prepare(config).images[:, 0, 0, 0].tolist() == expected[change]


def test_a_refused_folder_leaves_nothing_in_the_cache(cache, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.png").touch()
    with pytest.raises(ValueError, match="None of the 1 pictures"):
        datasets.prepare(DatasetConfig(name="folder", root=str(folder)))
    assert [p.name for p in cache.iterdir() if not p.name.endswith(".lock")] == []


def test_a_cache_folder_that_cannot_be_written_is_refused_with_a_way_out(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("GANVAS_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with pytest.raises(
        ValueError, match=r"The cache folder .* cannot be written \(Not a directory\).*GANVAS_CACHE_DIR"
    ):
        datasets.prepare(FEW)


@pytest.mark.slow
def test_a_builder_that_is_killed_leaves_no_cache_that_is_seen_and_the_next_one_cleans_up(cache):
    code = (
        "import os, signal, numpy as np; from gan_core import datasets; from gan_core.config import DatasetConfig\n"
        "def die(done, total): done and os.kill(os.getpid(), signal.SIGKILL)\n"
        "datasets.prepare(DatasetConfig(image_size=32, num_images=2000), die)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_DIR, env={**os.environ}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [p for p in cache.iterdir() if p.is_dir() and not p.name.startswith(".")] == []
    data = datasets.prepare(DatasetConfig(image_size=32, num_images=2000))
    assert len(data) == 2000 and data.images[-1].any()
    assert [p.name for p in cache.iterdir() if p.is_dir() and p.name.startswith(".")] == []


@pytest.mark.slow
def test_the_next_builder_goes_on_where_a_killed_one_was(cache, tmp_path, monkeypatch):
    config = pictures(tmp_path / "pictures", 60)
    (tmp_path / "pictures" / "15.png").write_bytes(b"no picture")
    code = (
        "import os, signal, sys; from gan_core import datasets; from gan_core.config import DatasetConfig\n"
        "from gan_core.datasets.sources import decoding; decoding.NOTE_EVERY = 10\n"
        "def die(done, total): done >= 50 and os.kill(os.getpid(), signal.SIGKILL)\n"
        f"datasets.prepare(DatasetConfig(**{config.model_dump()!r}), die)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_DIR, env={**os.environ}, check=False)
    assert killed.returncode == -signal.SIGKILL
    (left,) = cache.glob(".*-partial")
    read = json.loads((left / "read.json").read_text())
    assert read["done"] == 40 and [name for name, _ in read["skipped"].values()] == ["15.png"]
    asked = []
    each = guarded.each
    monkeypatch.setattr(
        guarded, "each", lambda work, told, *more, **how: asked.append(told) or each(work, told, *more, **how)
    )
    data = datasets.prepare(config)
    assert len(asked[0]["paths"]) == 20 and data.skipped[0][0] == "15.png"
    assert not list(cache.glob(".*-partial")) and not list(cache.rglob("read.json"))
    monkeypatch.setenv("GANVAS_CACHE_DIR", str(tmp_path / "afresh"))
    afresh = datasets.prepare(config)
    assert len(data) == len(afresh) == 59 and np.array_equal(data.images, afresh.images)
    assert (data.digest, data.unread) == (afresh.digest, afresh.unread)


@pytest.mark.parametrize(
    "content", ["", "[]", '{"done": 99, "skipped": {}}', '{"done": 2, "skipped": {"5": ["a", "b"]}}', '{"done": true}']
)
def test_a_note_that_is_damaged_counts_for_nothing(tmp_path, content):
    images = np.lib.format.open_memmap(tmp_path / "images.npy", mode="w+", dtype=np.uint8, shape=(4, 1, 2, 2))
    assert continued.read_until(images) == (0, {})
    (tmp_path / "read.json").write_text(content)
    assert continued.read_until(images) == (0, {})
    assert continued.images_of(tmp_path, (5, 1, 2, 2)) is None


@pytest.mark.slow
def test_a_second_process_waits_for_the_first_to_build(cache):
    code = (
        "import sys; from gan_core import datasets; from gan_core.config import DatasetConfig\n"
        "seen = []\n"
        "datasets.prepare(DatasetConfig(image_size=32, num_images=3000), lambda done, total: seen.append(done))\n"
        "print(len(seen))\n"
    )
    two = [
        subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT_DIR, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    eventually(lambda: all(p.poll() is not None for p in two), "both end")
    built = [int(p.communicate()[0]) > 0 for p in two]
    assert sorted(built) == [False, True]


def damage(place, kind):
    """Damages a folder of the cache as disks, full disks and people do."""
    images, meta = place / "images.npy", place / "meta.json"
    content = bytearray(images.read_bytes())
    if kind == "one bit":
        content[-100] ^= 1
        images.write_bytes(content)
    elif kind == "one bit of a label":
        content = bytearray((place / "labels.npy").read_bytes())
        content[-1] ^= 1
        (place / "labels.npy").write_bytes(content)
    elif kind == "gone":
        images.unlink()
    elif kind == "a folder":
        images.unlink()
        images.mkdir()
    elif kind == "meta cut":
        meta.write_bytes(meta.read_bytes()[:9])
    elif kind == "meta of deep lists":
        meta.write_text("[" * 10**5)
    elif kind == "without sums":  # as earlier versions wrote it
        (place / "SHA256SUMS").unlink()
    elif kind == "no folder":
        shutil.rmtree(place)
        place.touch()
    else:
        images.write_bytes({"cut": content[:500], "empty": b"", "zeros": bytes(len(content))}[kind])


@pytest.mark.parametrize(
    "kind",
    ["cut", "empty", "zeros", "one bit", "one bit of a label", "gone", "a folder", "meta cut", "meta of deep lists",
     "without sums", "no folder"],
)  # fmt: skip
def test_damaged_prepared_data_are_built_anew_with_a_word(cache, builds, caplog, kind):
    good = datasets.prepare(FEW)
    images, labels = np.array(good.images), np.array(good.labels)
    (place,) = (p for p in cache.iterdir() if p.is_dir())
    damage(place, kind)
    found = datasets.prepare(FEW)
    np.testing.assert_array_equal(found.images, images)
    np.testing.assert_array_equal(found.labels, labels)
    assert len(builds) == 2 and "rebuilt" in caplog.text
    assert {p.name for p in cache.iterdir()} == {place.name, f"{place.name}.lock"}
    assert found.digest == good.digest
    datasets.prepare(FEW)
    assert len(builds) == 2


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"skipped": 3}', b"one bit"])
def test_what_damaged_prepared_data_leave_out_is_not_asked_of_them(cache, tmp_path, content):
    config = pictures(tmp_path / "pictures")
    (tmp_path / "pictures" / "9.png").write_bytes(b"none")
    datasets.prepare(config)
    assert datasets.left_out(config)[1] == 1
    (meta,) = cache.glob("*/meta.json")
    good = meta.read_bytes()
    meta.write_bytes(good.replace(b'"num_skipped": 1', b'"num_skipped": 3') if content == b"one bit" else content)
    assert datasets.left_out(config) == ((), 0)
    assert datasets.prepare(config).num_skipped == 1


def test_the_sums_are_compared_once_a_process(cache, monkeypatch):
    first = datasets.prepare(FEW)
    monkeypatch.setattr("gan_core.datasets.cache._sums", lambda place: pytest.fail("summed again"))
    np.testing.assert_array_equal(datasets.prepare(FEW).images, first.images)


def test_damaged_data_whose_source_went_are_refused_with_both_reasons(cache, monkeypatch):
    datasets.prepare(FEW)
    (place,) = (p for p in cache.iterdir() if p.is_dir())
    damage(place, "cut")

    def gone(self, *args):
        raise ValueError("The pictures are gone.")

    monkeypatch.setattr(type(mnist5k.SOURCE), "build", gone)
    with pytest.raises(ValueError, match=r"damaged .*SHA256SUMS.*cannot be rebuilt: The pictures are gone"):
        datasets.prepare(FEW)


@pytest.mark.parametrize("name", ["mnist5k", "ring8"])
def test_the_digest_is_that_of_images_and_labels(cache, name):
    config = DatasetConfig(name=name, image_size=8, num_images=50)
    first, other = datasets.prepare(config), datasets.prepare(config.model_copy(update={"num_images": 49}))
    assert first.digest == content_digest(np.array(first.images), first.labels, first.label_names) != other.digest
    relabelled = first.labels.copy()
    relabelled[0] = 1 - relabelled[0]
    assert content_digest(first.images, relabelled, first.label_names) != first.digest
