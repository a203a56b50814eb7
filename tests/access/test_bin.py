"""What is deleted can be taken back for seven days."""

import errno
import time
from pathlib import Path

import pytest
from helpers import tiny_run

from gan_core import runs
from gan_core.access import bin
from gan_core.access.bin import KEPT_DAYS, KEPT_S
from gan_core.datasets import uploads


def test_a_deleted_run_comes_back_whole(tmp_path: Path) -> None:
    run = tiny_run(tmp_path, "dear")
    before = sorted((str(f.relative_to(run.path)), f.read_bytes()) for f in run.path.rglob("*") if f.is_file())
    run.delete()
    assert runs.list_runs(tmp_path) == [] and not run.path.exists()
    (thing,) = bin.binned(tmp_path)
    assert (thing.name, thing.id, thing.days_left) == ("dear", run.id, 7)
    bin.restore(thing)
    (found,) = runs.list_runs(tmp_path)
    after = sorted((str(f.relative_to(run.path)), f.read_bytes()) for f in found.path.rglob("*") if f.is_file())
    assert [pair for pair in after if not pair[0].startswith(".lock")] == [
        p for p in before if not p[0].startswith(".lock")
    ]
    assert bin.binned(tmp_path) == []


def test_the_bin_empties_itself_after_seven_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("old", "new"):
        tiny_run(tmp_path, name).delete()
        if name == "old":
            (thing,) = bin.binned(tmp_path)
            thing.path.rename(thing.path.with_name(f"{int(time.time() - KEPT_S)}.{thing.id}"))
    today = time.time()
    for day in range(KEPT_DAYS):
        assert len(bin.binned(tmp_path)) == 2
        monkeypatch.setattr(time, "time", lambda day=day: today + day * 86_400)
        emptied = bin.empty(tmp_path) + bin.empty(tmp_path)
    assert emptied == 1
    assert [thing.name for thing in bin.binned(tmp_path)] == ["new"]


@pytest.mark.parametrize("jump_s", [8 * 86_400.0, 10**9])
def test_a_clock_that_jumps_ahead_empties_no_bin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump_s: float
) -> None:
    tiny_run(tmp_path, "dear").delete()
    assert bin.empty(tmp_path) == 0
    ahead = time.time() + jump_s
    monkeypatch.setattr(time, "time", lambda: ahead)
    assert bin.empty(tmp_path) == 0
    assert [thing.name for thing in bin.binned(tmp_path)] == ["dear"]


def test_what_is_deleted_under_a_clock_of_1970_is_in_the_bin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tiny_run(tmp_path, "dear")
    with monkeypatch.context() as early:
        early.setattr(time, "time", lambda: 1234.0)
        run.delete()
    assert bin.empty(tmp_path) == 0
    (thing,) = bin.binned(tmp_path)
    bin.restore(thing)
    assert [found.name for found in runs.list_runs(tmp_path)] == ["dear"]


def test_things_of_one_name_deleted_in_one_second_are_all_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_764_000_000.0)
    for content in "ab":
        (tmp_path / "same.json").write_text(content)
        bin.discard(tmp_path / "same.json", name=content)
    assert {(t.name, (t.path / t.id).read_text()) for t in bin.binned(tmp_path)} == {("a", "a"), ("b", "b")}


def test_a_full_disk_keeps_nothing_from_being_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tiny_run(tmp_path, "dear")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    run.delete()
    assert not run.path.exists() and bin.binned(tmp_path)[0].id == run.id
    monkeypatch.setattr(Path, "mkdir", full)
    other = tmp_path / "other.json"
    other.touch()
    with pytest.raises(ValueError, match=r"The bin of .* cannot be written .*Free some space"):
        bin.discard(other)
    assert other.exists()


def test_what_is_there_again_is_not_overwritten(tmp_path: Path) -> None:
    run = tiny_run(tmp_path)
    run.delete()
    (thing,) = bin.binned(tmp_path)
    run.path.mkdir()
    with pytest.raises(ValueError, match="exists again already"):
        bin.restore(thing)
    bin.remove(thing)
    assert bin.binned(tmp_path) == [] and run.path.is_dir()


def test_data_comes_back_too_and_odd_names_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_DATA_DIR", str(tmp_path))
    own = uploads.add_points([[0.0, 1.0]] * 12, "bars")
    uploads.delete(own.id)
    assert uploads.list_own() == []
    for odd in ("x", "1.y", "99999999999.", "1764000000...", ".hidden"):
        (tmp_path / ".bin" / odd).mkdir()
    (thing,) = bin.binned(tmp_path)
    assert thing.name == "bars"
    bin.restore(thing)
    assert [one.name for one in uploads.list_own()] == ["bars"]


def test_a_damaged_record_is_no_obstacle(tmp_path: Path) -> None:
    run = tiny_run(tmp_path)
    run.delete()
    for content in (b"", b"[]", b"{", b"[" * 100_000, b'{"name": 3}'):
        (bin.binned(tmp_path)[0].path / bin.RECORD).write_bytes(content)
        (thing,) = bin.binned(tmp_path)
        assert thing.name in (run.id, "3") and thing.owner == ""
    bin.restore(thing)
    assert run.config() == runs.list_runs(tmp_path)[0].config()


def test_a_folder_without_a_bin_has_an_empty_one(tmp_path: Path) -> None:
    assert bin.binned(tmp_path / "missing") == [] and bin.empty(tmp_path / "missing") == 0
