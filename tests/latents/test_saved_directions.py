"""Directions that people keep: they come back, have names of their own, travel as JSON, and refuse what makes no sense."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from gan_core import runs
from gan_core.latents import saved_directions
from gan_core.latents.saved_directions import (
    Direction,
    check_fits,
    delete,
    exported,
    find,
    imported,
    list_directions,
    rename,
    save,
)

SMILE = Direction("smile", "faces-1", "Faces", 100, (0.5, -1.25, 0.0), "attribute", "Right about 90/100.")


def test_a_saved_direction_comes_back_for_everybody(runs_dir: Path) -> None:
    kept = save(runs_dir, SMILE)
    assert replace(kept, id="", created=0.0) == SMILE
    assert list_directions(runs_dir) == [kept]
    assert find(runs_dir, kept.id) == kept
    assert runs.list_runs(runs_dir) == []  # it is no run


def test_rename_and_delete(runs_dir: Path) -> None:
    kept = save(runs_dir, SMILE)
    assert rename(runs_dir, kept.id, " grin ").name == "grin"
    assert [d.name for d in list_directions(runs_dir)] == ["grin"]
    delete(runs_dir, kept.id)
    delete(runs_dir, kept.id)  # somebody else was quicker
    delete(runs_dir, "../../elsewhere")
    assert list_directions(runs_dir) == []
    with pytest.raises(ValueError, match="no saved direction"):
        rename(runs_dir, kept.id, "laugh")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "  "}, "must not be empty"),
        ({"name": "x" * 61}, "at most 60"),
        ({"vector": (0.0, 0.0)}, "not all 0"),
        ({"vector": ()}, "finite numbers"),
        ({"vector": (float("nan"), 1.0)}, "finite numbers"),
    ],
)
def test_what_is_no_direction_is_refused(runs_dir: Path, change: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        save(runs_dir, replace(SMILE, **change))  # type: ignore[arg-type]
    assert list_directions(runs_dir) == []


def test_a_name_is_taken_once_a_model(runs_dir: Path) -> None:
    save(runs_dir, SMILE)
    save(runs_dir, replace(SMILE, run_id="faces-2"))
    with pytest.raises(ValueError, match="“smile” already"):
        save(runs_dir, SMILE)


def test_another_latent_size_is_refused_in_a_sentence() -> None:
    check_fits(SMILE, 3, "Digits")
    with pytest.raises(ValueError, match=r"moves latents of 3 numbers .*“Digits” have 100\. Choose a model"):
        check_fits(SMILE, 100, "Digits")


def test_export_and_import_keep_every_number(runs_dir: Path, tmp_path: Path) -> None:
    kept = save(runs_dir, SMILE)
    (back,) = imported(exported([kept]))
    assert back == SMILE
    assert save(tmp_path / "other", back).vector == SMILE.vector


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"{}", b'{"schema_version": 1, "directions": []}', b'{"schema_version": 2, "directions": [{}]}',
        b'{"schema_version": 1, "directions": [{"name": "a"}]}', b"\xff\xfe", b"[" * 100_000, b" " * 1_000_001,
    ],
)  # fmt: skip
def test_a_file_that_holds_no_directions_is_a_sentence(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        imported(content)


@pytest.mark.parametrize(
    "fields",
    [
        {"vector": ["1", "2"]}, {"vector": [True, False]}, {"vector": [10**400]}, {"vector": "abc"}, {"found_by": "magic"},
        {"vector": [0, 0]}, {"name": ""}, {"step": "x"}, {"vector": [1] * 5000},
    ],
)  # fmt: skip
def test_a_direction_with_senseless_content_is_refused(fields: dict[str, object]) -> None:
    data = json.loads(exported([SMILE]))
    data["directions"][0] |= fields
    with pytest.raises(ValueError):
        imported(json.dumps(data).encode())


def test_a_damaged_file_is_passed_over(runs_dir: Path) -> None:
    kept = save(runs_dir, SMILE)
    place = runs_dir / saved_directions.FOLDER
    (place / "half.json").write_bytes((place / f"{kept.id}.json").read_bytes()[:40])
    (place / "Odd Name.json").write_bytes((place / f"{kept.id}.json").read_bytes())
    assert [d.id for d in list_directions(runs_dir)] == [kept.id]


def test_many_at_once_all_stay(runs_dir: Path) -> None:
    names = [f"direction {i}" for i in range(8)]
    savers = [threading.Thread(target=save, args=(runs_dir, replace(SMILE, name=name))) for name in names]
    for saver in savers:
        saver.start()
    for saver in savers:
        saver.join()
    assert sorted(d.name for d in list_directions(runs_dir)) == names


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ValueError, match="cannot be written"):
        save(tmp_path / "file", SMILE)
