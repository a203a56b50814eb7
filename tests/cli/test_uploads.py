"""uploads, add-data, delete: the data sets of the page Data."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from gan_core.datasets import uploads
from tests.cli.test_main import refused

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of two classes, three pictures, and a text."""
    folder = tmp_path / "pets"
    for number, place in enumerate(("cats/a.png", "cats/b.png", "dogs/a.png")):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (80 * number, 0, 0)).save(folder / place)
    (folder / "cats" / "read me.txt").write_text("no picture")
    return folder


def test_a_folder_and_its_zip_are_the_same_data_set(command: Command, pictures: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        for path in sorted(pictures.rglob("*.*")):
            archive.write(path, path.relative_to(pictures))
    status, out, err = command("add-data", pictures)
    assert status == 0 and "pets: 3 pictures. Train with: --set dataset.name=folder" in out, err
    assert "read me.txt" in out
    assert command("add-data", tmp_path / "pets.zip", "--name", "zipped")[0] == 0
    zipped, folder = json.loads(command("uploads", "--json")[1])
    assert zipped["name"] == "zipped" and folder["name"] == "pets"
    assert zipped["classes"] == folder["classes"] == ["cats", "dogs"] and zipped["count"] == folder["count"] == 3
    contents = [sorted(p.read_bytes() for p in Path(each["root"]).rglob("*.png")) for each in (zipped, folder)]
    assert contents[0] == contents[1] and len(contents[0]) == 3


def test_points_are_added_deleted_and_taken_back(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "ring.csv"
    file.write_text("".join(f"0.{n},0.{9 - n}\n" for n in range(10)) * 5)
    status, out, err = command("add-data", file)
    assert status == 0 and "ring: 50 points. Train with: --set dataset.name=points" in out, err
    (own,) = uploads.list_own()
    status, out, _ = command("delete", "ring")
    assert status == 0 and f"python -m gan_core restore {own.id} --kind data-set" in out and uploads.list_own() == []
    assert command("restore", "ring")[1].strip() == "ring: the data set is back." and uploads.list_own() == [own]
    assert command("add-data", file)[0] == 0
    refused(command("delete", "ring"), "2 data sets are called 'ring'", own.id)


def test_what_cannot_be_added_or_deleted_is_refused(command: Command, tmp_path: Path, pictures: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"no zip")
    (tmp_path / "words.docx").write_bytes(b"words")
    refused(command("add-data", tmp_path / "words.docx"), "add-data takes a folder, a .zip, or points")
    refused(command("add-data", tmp_path / "broken.zip"), "zip")
    refused(command("add-data", tmp_path / "nothing.zip"), "nothing.zip")
    refused(command("add-data", pictures, "--encoding", "cp950"), "--encoding is for a zip")
    refused(command("add-data", pictures, "--name", "n" * 81), "81 characters")
    refused(command("delete", "nothing", "--kind", "data-set"), "There is no data set 'nothing' to delete", "uploads")
    assert uploads.list_own() == []
