"""The list of sweeps: sound ones are shown, a damaged one is named."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from sweep_helpers import small

from gan_core.experiments.sweeps import folder as folders
from gan_core.runs import files


def test_a_full_disk_leaves_nothing_of_a_new_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as filled:
        filled.setattr(files, "write_json", full)
        with pytest.raises(ValueError, match=r"cannot be written \(No space left on device\)\. Free some space"):
            folders.open_folder(tmp_path, small(name="a"))
    assert folders.damaged_folders(tmp_path) == [] and list((tmp_path / folders.FOLDER).iterdir()) == []
    folder = folders.open_folder(tmp_path, small(name="a"))
    assert [found.id for found in folders.list_folders(tmp_path)] == [folder.id]


@pytest.mark.parametrize(
    "content", ["[" * 10**5, '{"sweep": 1e999}', "{}", "[]", '{"sweep": {}, "storage": "", "created": 1}']
)
def test_a_damaged_sweep_is_named_with_its_reason(tmp_path: Path, content: str) -> None:
    place = tmp_path / folders.FOLDER / "broken"
    place.mkdir(parents=True)
    (place / folders.PLAN).write_text(content)
    assert folders.list_folders(tmp_path) == [] and folders.find_or_none(tmp_path, "broken") is None
    (told,) = folders.damaged_folders(tmp_path)
    assert told.startswith("The sweep 'broken' cannot be read: ")
