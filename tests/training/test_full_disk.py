"""A full disk ends a run with a sentence, never a half-written file, and it goes on once there is space."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys

import pytest
from helpers import outcome, tiny, tiny_run

from gan_core.config.settings import PROJECT_DIR
from gan_core.runs import Run, create, files
from gan_core.training import loop


@pytest.fixture
def small_disk(tmp_path):
    """An empty file system of 4 MB; needs the right to mount."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {made.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(disk, leave_bytes: int):
    """Fills the disk up to `leave_bytes` with one file, and returns it."""
    stat = os.statvfs(disk)
    filler = disk / "filler"
    filler.write_bytes(b"x" * (stat.f_bavail * stat.f_frsize - leave_bytes))
    return filler


SLOW = pytest.mark.slow


@pytest.mark.parametrize("leave_kb", [0, *(pytest.param(kb, marks=SLOW) for kb in (4, 8, 16, 200)), 64])
def test_a_disk_that_fills_while_it_trains_fails_the_run_and_keeps_what_was_whole(runs_dir, small_disk, leave_kb):
    run, plain = create(small_disk / "runs", tiny(), ""), tiny_run(runs_dir)
    loop.train(plain)
    calls, filler = iter(range(10**6)), []

    def request():
        if next(calls) == 7:
            filler.append(fill(small_disk, leave_kb * 1024))

    status = loop.train(run, request=request)
    assert status.state == run.status().state and status.error == run.status().error
    assert status.state in ("failed", "finished")
    assert status.state == "finished" or "The disk is full" in status.error
    assert [p.name for p in run.path.rglob(".tmp-*") if p.is_dir()] == []
    assert {5} <= set(run.checkpoint_steps())
    json.loads((run.path / "status.json").read_bytes())
    filler[0].unlink()
    assert loop.train(run).state == "finished"
    assert outcome(run) == outcome(plain)


def test_a_full_disk_is_reported_by_train_as_a_failed_status(small_disk):
    run = create(small_disk / "runs", tiny(), "")
    calls = iter(range(10**6))

    def request():
        if next(calls) == 7:
            fill(small_disk, 0)

    status = loop.train(run, request=request)
    assert status.state == "failed"
    assert "The disk is full" in status.error and "resume" in status.error


def test_a_full_disk_is_named_also_when_others_take_the_reserve(small_disk, monkeypatch):
    run = create(small_disk / "runs", tiny(), "")
    release = files.Reserve.release

    def taken(reserve):
        release(reserve)
        with contextlib.suppress(OSError), (small_disk / "more").open("ab", buffering=0) as file:
            while file.write(bytes(4096)):
                pass

    calls = iter(range(10**6))

    def request():
        if next(calls) == 7:
            fill(small_disk, 0)

    monkeypatch.setattr(files.Reserve, "release", taken)
    status = loop.train(run, request=request)
    assert status.state == run.status().state == "failed"
    assert "The disk is full" in run.status().error == status.error


def test_a_run_cannot_be_created_on_a_full_disk_and_leaves_nothing(small_disk):
    runs = small_disk / "runs"
    runs.mkdir()
    fill(small_disk, 0)
    with pytest.raises(ValueError, match=r"cannot be written \(No space left on device\)"):
        create(runs, tiny(), "")
    assert list(runs.iterdir()) == []


def test_a_cache_that_does_not_fit_is_refused_with_a_sentence_and_leaves_nothing(small_disk):
    """A mapped file on a full disk would end the process with SIGBUS: its space must be reserved first."""
    code = (
        "from gan_core import datasets; from gan_core.config import DatasetConfig\n"
        "try: datasets.prepare(DatasetConfig(image_size=32))\n"  # 5 MB of digits
        "except ValueError as refusal: print(refusal)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT_DIR,
        env={**os.environ, "GANVAS_CACHE_DIR": str(small_disk / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "cannot be written" in done.stdout and "GANVAS_CACHE_DIR" in done.stdout
    assert [p.name for p in (small_disk / "cache").iterdir() if not p.name.endswith(".lock")] == []


def test_a_log_line_that_was_written_in_part_fails_the_run(runs_dir, monkeypatch):
    """A full disk shows as a short write that raises nothing."""
    run, write = tiny_run(runs_dir), os.write

    def short(handle, data):
        return write(handle, data[:20]) if b'"step":9,' in data else write(handle, data)

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", short)
        status = loop.train(run)
    assert status.state == "failed" and "The disk is full" in status.error
    resumed = loop.train(Run(run.path))
    assert resumed.state == "finished"
    assert [json.loads(line)["step"] for line in run.metrics_path.read_text().splitlines()] == list(range(1, 21))
