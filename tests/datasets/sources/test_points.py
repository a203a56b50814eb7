"""Points of the user's own: files good and bad, drawn ones, and the known 2-D sets beside them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets import uploads
from gan_core.datasets.sources import points, toys

CIRCLE = [[float(np.cos(a)), float(np.sin(a))] for a in np.linspace(0, 6, 30)]


def config(file: Path | str, **changes) -> DatasetConfig:
    return DatasetConfig(name="points", root=str(file), **changes)


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"{x},{y}" for x, y in CIRCLE),
        "x;y\r\n" + "\r\n".join(f"{x};{y}" for x, y in CIRCLE),
        "\ufeffx\ty\n" + "\n\n".join(f" {x}\t{y} " for x, y in CIRCLE),
        json.dumps(CIRCLE),
        json.dumps({"name": "circle", "points": CIRCLE}),
        json.dumps({"x": [x for x, _ in CIRCLE], "y": [y for _, y in CIRCLE]}),
    ],
    ids=["csv", "semicolons and names", "tabs and blank lines", "pairs", "with a name", "two lists"],
)
def test_every_layout_gives_the_same_points(tmp_path, text):
    file = tmp_path / "circle.txt"
    file.write_text(text, encoding="utf-8")
    data = datasets.prepare(config(file))
    assert data.images.dtype == np.float32 and data.label_names == () and data.labels.shape == (30, 0)
    np.testing.assert_allclose(data.images, CIRCLE, rtol=1e-6)
    assert datasets.count(config(file)) == 30 and datasets.image_shape(config(file)) == (2,)
    assert len(datasets.prepare(config(file, num_images=12))) == 12
    assert datasets.is_prepared(config(file)) and datasets.preview(config(file), 3) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a,b\nc,d\n", "line 2: a point is two numbers"),
        ("1,2,3\n" * 20, "line 1: a point is two numbers, x and y; got 3"),
        ("1\n" * 20, "a point is two numbers, x and y; got 1"),
        ("1,2\n" * 9, "has 9 points; between 10 and 100,000 are needed"),
        ("", "has 0 points"),
        ("1,nan\n" * 12, "point 1: x and y must be finite"),
        ("1,1e39\n" * 12, "x and y must be finite, and at most 1e30"),
        (json.dumps({"x": [1, 2, 3], "y": [1, 2]}), "has 3 numbers in x and 2 in y"),
        (json.dumps([[1, "two"]] * 12), "point 1: x and y must be numbers"),
        (json.dumps([[1, True]] * 12), "point 1: x and y must be numbers"),
        (json.dumps([[1, 2], [1]] * 12), "point 2: a point is two numbers"),
        (json.dumps({"z": 1}), "must hold a list of pairs"),
        ("[[1, 2], ", "is not valid JSON"),
        ("[" * 100_000, "is not valid JSON"),
        ("[" + "1" * 5_000 + "]", "is not valid JSON"),
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path, text, sentence):
    file = tmp_path / "bad.csv"
    file.write_text(text)
    for ask in (datasets.prepare, datasets.count, datasets.label_names):
        with pytest.raises(ValueError, match=r"^'bad\.csv'") as caught:
            ask(config(file))
        assert sentence in str(caught.value)


def test_no_file_no_text_and_too_large_a_file(tmp_path, monkeypatch):
    for root in (tmp_path / "no", tmp_path, "x" * 5000, "a\0b", "~nobody-of-this-name/x"):
        with pytest.raises(ValueError, match=r"There is no file|cannot be (read|found)"):
            datasets.prepare(config(root))
    (tmp_path / "picture").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(ValueError, match="not a text file"):
        datasets.prepare(config(tmp_path / "picture"))
    monkeypatch.setattr(points, "MAX_BYTES", 3)
    with pytest.raises(ValueError, match="has 6 bytes; at most 3"):
        datasets.prepare(config(tmp_path / "picture"))
    with pytest.raises(ValueError, match=r"needs a file: set dataset\.root"):
        datasets.count(DatasetConfig(name="points"))


def test_points_that_fit_stay_as_they_are_and_others_are_scaled_as_one():
    inside = np.array([[0.5, -4], [1, 2]], np.float32)
    np.testing.assert_array_equal(points.fitted(inside), inside)
    far = points.fitted(np.array([[100, 200], [300, 240]], np.float32))
    np.testing.assert_allclose(far, [[-4, -0.8], [4, 0.8]], rtol=1e-5)
    near = points.fitted(np.array([[0, 0], [0.1, 0.2]], np.float32))
    np.testing.assert_allclose(near, [[-2, -4], [2, 4]], rtol=1e-5)
    np.testing.assert_array_equal(points.fitted(np.full((3, 2), 9, np.float32)), np.zeros((3, 2)))


def test_drawn_points_are_kept_as_a_data_set():
    own = uploads.add_points(CIRCLE, "My ring")
    assert (own.kind, own.dataset, own.count, own.name) == ("points", "points", 30, "My ring")
    np.testing.assert_allclose(datasets.prepare(config(own.root)).images, CIRCLE, atol=1e-5)
    with pytest.raises(ValueError, match="has 2 points"):
        uploads.add_points(CIRCLE[:2], "few")
    assert len(uploads.list_own()) == 1


def test_what_points_cannot_do_is_refused(tmp_path):
    own = uploads.add_points(CIRCLE, "ring")
    with pytest.raises(ValueError, match="no test split"):
        datasets.count(config(own.root, split="test"))
    for changes in ({"flip": True}, {"rotation_degrees": 5}):
        for name in ("points", "ring8"):
            with pytest.raises(ValueError, match="Points in the plane are used as they are"):
                datasets.count(DatasetConfig(name=name, root=own.root, **changes))


def test_the_rings_spots_are_where_they_should_be():
    data = datasets.prepare(DatasetConfig(name="ring8", num_images=4_000))
    assert data.label_names == tuple(f"mode {i}" for i in range(8))
    centres = toys.ring_centres()[data.labels.argmax(1)]
    assert np.abs(data.images - centres).max() < 6 * toys.RING_SPREAD
    np.testing.assert_array_equal(datasets.labels(DatasetConfig(name="ring8", num_images=4_000)), data.labels)
    test = datasets.prepare(DatasetConfig(name="ring8", split="test", num_images=4_000))
    assert not np.array_equal(test.images, data.images)


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN-----\nSECRET\n-----END-----\n",
        "1,2\nSECRET,3\n",
        '{"token": "SECRET"}',
        '["SECRET"]' + " " * 9,
        json.dumps(["SECRET"] * 12),
        json.dumps([["SECRET", 1]] * 12),
        json.dumps({"x": ["SECRET"] * 12, "y": [1] * 12}),
        '{"SECRET": ',
    ],
)
def test_a_refusal_shows_nothing_of_the_file(tmp_path, text):
    (tmp_path / "named").write_text(text)
    with pytest.raises(ValueError, match="named") as refusal:
        datasets.prepare(config(tmp_path / "named"))
    assert "SECRET" not in str(refusal.value)
