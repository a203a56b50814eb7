"""The list of sweeps: sound ones are shown, a damaged one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_core.experiments.sweeps import folder as folders


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
