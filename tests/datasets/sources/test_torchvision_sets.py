"""MNIST, Fashion-MNIST and CIFAR-10 as torchvision keeps them, written small in the real formats."""

from __future__ import annotations

import hashlib
import pickle
import struct
import subprocess
import sys

import numpy as np
import pytest

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.config.settings import PROJECT_DIR
from gan_core.datasets.sources import torchvision_sets
from gan_core.datasets.sources.torchvision_sets import GARMENTS, THINGS

COUNTS = {"train": 12, "t10k": 7}


def write_idx(root, name) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """MNIST's four files with a few random pictures."""
    raw = root / name / "raw"
    raw.mkdir(parents=True)
    rng = np.random.default_rng(0)
    content = {}
    for part, count in COUNTS.items():
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        classes = rng.integers(0, 10, count, dtype=np.uint8)
        header = struct.pack(">iiii", 2051, count, 28, 28)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(header + images.tobytes())
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">ii", 2049, count) + classes.tobytes())
        content[part] = images, classes
    return content


@pytest.fixture
def cifar(tmp_path, monkeypatch):
    """CIFAR-10's folder with three pictures a batch; torchvision is told their checksums."""
    from torchvision.datasets import CIFAR10

    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    rng = np.random.default_rng(0)

    def write(name, content):
        (folder / name).write_bytes(pickle.dumps(content))
        return [name, hashlib.md5((folder / name).read_bytes()).hexdigest()]

    pixels = {
        name: rng.integers(0, 256, (3, 3072), dtype=np.uint8) for name in (*(f"data_batch_{n}" for n in range(1, 6)),)
    }
    pixels["test_batch"] = rng.integers(0, 256, (3, 3072), dtype=np.uint8)
    sums = [write(name, {"data": data, "labels": [n, n + 1, 9]}) for n, (name, data) in enumerate(pixels.items())]
    meta = write("batches.meta", {"label_names": list(THINGS)})
    monkeypatch.setattr(CIFAR10, "train_list", sums[:5])
    monkeypatch.setattr(CIFAR10, "test_list", sums[5:])
    monkeypatch.setattr(CIFAR10, "meta", {"filename": meta[0], "key": "label_names", "md5": meta[1]})
    object.__setattr__(torchvision_sets.CIFAR10, "batch_size", 3)
    yield tmp_path, pixels
    object.__setattr__(torchvision_sets.CIFAR10, "batch_size", 10_000)


def config(name, root, **changes) -> DatasetConfig:
    return DatasetConfig(name=name, root=str(root), **{"image_size": 32, "channels": 1} | changes)


@pytest.mark.parametrize(("name", "folder"), [("mnist", "MNIST"), ("fashion-mnist", "FashionMNIST")])
def test_digits_and_garments_are_read_and_padded(tmp_path, name, folder):
    content = write_idx(tmp_path, folder)
    for split, part in (("train", "train"), ("test", "t10k")):
        data = datasets.prepare(config(name, tmp_path, split=split))
        images, classes = content[part]
        np.testing.assert_array_equal(data.images[:, 0], np.pad(images, ((0, 0), (2, 2), (2, 2))))
        np.testing.assert_array_equal(data.labels.argmax(axis=1), classes)
        assert (data.labels.sum(axis=1) == 1).all()
        assert datasets.count(config(name, tmp_path, split=split)) == COUNTS[part]
    assert data.label_names == datasets.label_names(config(name, tmp_path))
    assert data.label_names == (GARMENTS if name == "fashion-mnist" else tuple("0123456789"))


def test_the_number_of_images_takes_a_sample_and_colour_repeats_the_grey(tmp_path):
    content = write_idx(tmp_path, "MNIST")
    data = datasets.prepare(config("mnist", tmp_path, num_images=4, channels=3))
    assert data.images.shape == (4, 3, 32, 32)
    taken = np.sort(datasets.order(config("mnist", tmp_path))[:4])
    np.testing.assert_array_equal(data.images[:, 2, 2:30, 2:30], content["train"][0][taken])
    np.testing.assert_array_equal(data.labels.argmax(axis=1), content["train"][1][taken])
    assert [(b.size, a.size) for b, a in datasets.preview(config("mnist", tmp_path, image_size=16), 2)] == [
        ((28, 28), (16, 16))
    ] * 2


def test_cifar_is_read_in_colour(cifar):
    root, pixels = cifar
    train = datasets.prepare(config("cifar10", root, channels=3))
    expected = np.concatenate([pixels[f"data_batch_{n}"] for n in range(1, 6)]).reshape(-1, 3, 32, 32)
    np.testing.assert_array_equal(train.images, expected)
    assert train.labels.argmax(axis=1).tolist() == [c for n in range(5) for c in (n, n + 1, 9)]
    assert train.label_names == THINGS and datasets.count(config("cifar10", root)) == 15
    test = datasets.prepare(config("cifar10", root, channels=3, split="test", num_images=2))
    taken = np.sort(datasets.order(config("cifar10", root, split="test"))[:2])
    np.testing.assert_array_equal(test.images, pixels["test_batch"][taken].reshape(-1, 3, 32, 32))
    assert datasets.prepare(config("cifar10", root, image_size=16)).images.shape == (15, 1, 16, 16)


def test_a_changed_cifar_file_is_never_unpickled(cifar):
    root, _ = cifar
    (root / "cifar-10-batches-py" / "data_batch_2").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(ValueError, match=r"torchvision cannot read CIFAR10 .* gan_core download cifar10"):
        datasets.prepare(config("cifar10", root))


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "cifar10"])
def test_missing_files_are_named_with_the_way_to_get_them(tmp_path, name):
    for ask in (datasets.count, datasets.prepare, lambda c: datasets.preview(c, 3)):
        with pytest.raises(
            ValueError, match=rf"holds no .*\. To download the files: python -m gan_core download {name} --root"
        ):
            ask(config(name, tmp_path))
        with pytest.raises(ValueError, match=rf"There is no folder .*gan_core download {name}"):
            ask(config(name, tmp_path / "no"))


def test_files_cut_short_or_at_odds_are_refused_with_a_sentence(tmp_path):
    content = write_idx(tmp_path, "MNIST")
    images = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    whole = images.read_bytes()
    images.write_bytes(whole[:3000])
    with pytest.raises(ValueError, match="torchvision cannot read MNIST"):
        datasets.prepare(config("mnist", tmp_path))
    images.write_bytes(whole[:5])
    with pytest.raises(ValueError, match="is cut short"):
        datasets.count(config("mnist", tmp_path))
    images.write_bytes(struct.pack(">iiii", 2051, 3, 28, 28) + content["train"][0][:3].tobytes())
    with pytest.raises(ValueError, match="has 3 pictures and 12 labels"):
        datasets.prepare(config("mnist", tmp_path))


def test_counting_needs_no_torch(tmp_path):
    write_idx(tmp_path, "MNIST")
    code = (
        "import sys; from gan_core import datasets; from gan_core.config import DatasetConfig;"
        f"print(datasets.count(DatasetConfig(name='mnist', root={str(tmp_path)!r})), 'torch' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_DIR, capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.split() == ["12", "False"]
