"""The list of a visitor's own data sets: a damaged one is named and ends no list."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_core.config import DatasetConfig, settings
from gan_core.datasets import uploads


@pytest.mark.parametrize("content", [b"[" * 10**5, b"{}", b'{"name": "x", "skipped": 3}', b"\xff", b'{"made_at": NaN}'])
def test_a_damaged_upload_is_named_and_the_sound_one_listed(content: bytes) -> None:
    sound = uploads.add_points([[x / 10, 0.5] for x in range(64)], "sound")
    place = settings.data_dir() / "points-20260101-000000-abcdef"
    place.mkdir(parents=True)
    (place / "upload.json").write_bytes(content)
    assert [own.name for own in uploads.list_own()] == [sound.name]
    (told,) = uploads.damaged()
    assert place.name in told


def test_a_data_set_is_called_what_its_owner_calls_it(tmp_path: Path) -> None:
    own = uploads.add_points([(n, n) for n in range(60)], "Two moons")
    assert uploads.name_of(DatasetConfig(name="points", root=own.root)) == "Two moons"
    assert uploads.name_of(DatasetConfig(name="folder", root=str(tmp_path / "My cats"))) == "My cats"
    assert uploads.name_of(DatasetConfig(name="celeba", root=str(tmp_path / "downloads"))) == "celeba"
    assert uploads.name_of(DatasetConfig(name="folder")) == "folder"
