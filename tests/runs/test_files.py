"""Files that survive a crash."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading

import pytest
from helpers import eventually

from gan_core.config.settings import PROJECT_DIR
from gan_core.runs import files

WRITER = """
import sys, itertools
from pathlib import Path
from gan_core.runs import files
path, what = Path(sys.argv[1]), sys.argv[2]
log = files.LineLog(path) if what == "log" else None
for i in itertools.count():
    if what == "file":
        files.write_atomically(path, bytes([i % 256]) * 300_000)
    else:
        log.append({"step": i, "text": "x" * 2000})
"""


def write_and_kill(path, what: str) -> None:
    """A process that writes for ever, killed once it has begun."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path), what], cwd=PROJECT_DIR)
    before = path.stat() if path.exists() else None
    eventually(lambda: path.exists() and path.stat() != before, "the writer writes")
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.slow
def test_a_file_whose_writer_is_killed_holds_old_or_new_content_whole(tmp_path):
    path = tmp_path / "file"
    for _ in range(8):
        write_and_kill(path, "file")
        content = path.read_bytes()
        assert len(content) == 300_000 and len(set(content)) == 1
    files.sweep(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.slow
def test_a_log_whose_writer_is_killed_goes_on_after_its_last_whole_line(tmp_path):
    path = tmp_path / "log"
    for _ in range(5):
        write_and_kill(path, "log")
        log = files.LineLog(path)
        log.append({"step": -1})
        log.close()
        assert files.read_lines(path)[-1] == {"step": -1}
        assert all(len(line.get("text", "x" * 2000)) == 2000 for line in files.read_lines(path))


def test_writing_atomically_replaces_and_leaves_nothing_aside(tmp_path):
    path = tmp_path / "file"
    files.write_atomically(path, b"old")
    files.write_atomically(path, b"new")
    assert path.read_bytes() == b"new" and len(list(tmp_path.iterdir())) == 1


def test_a_failed_write_keeps_the_old_content_and_leaves_nothing_aside(tmp_path, monkeypatch):
    path = tmp_path / "file"
    files.write_atomically(path, b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.write_atomically(path, b"new")
    assert path.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


def test_threads_may_write_the_same_file_at_once(tmp_path):
    """Two browsers rename a run in the same moment."""
    path, errors = tmp_path / "file", []

    def write(content: bytes) -> None:
        try:
            for _ in range(50):
                files.write_atomically(path, content * 5000)
        except OSError as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(bytes([i]),)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(path.read_bytes()) == 5000 and len(set(path.read_bytes())) == 1


def test_json_files_never_hold_nan(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "file", {"a": float("nan")})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff", b'"text"'])
def test_a_json_object_that_is_none_reads_as_empty(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    assert files.read_json(tmp_path / "file") == files.read_json(tmp_path / "missing") == {}


@pytest.mark.parametrize(
    ("torn", "whole"),
    [
        (b"", b""),
        (b'{"step', b""),
        (b'{"step":1}\n', b'{"step":1}\n'),
        (b'{"step":1}\n{"step":2}', b'{"step":1}\n'),
        (b'{"step":1}\n' + b"x" * 200_000, b'{"step":1}\n'),
    ],
)
def test_a_torn_tail_is_cut_to_the_last_whole_line(tmp_path, torn, whole):
    path = tmp_path / "log"
    path.write_bytes(torn)
    assert files.read_lines(path) == [json.loads(line) for line in whole.splitlines()]
    log = files.LineLog(path)
    log.append({"step": 9})
    log.close()
    assert path.read_bytes() == whole + b'{"step":9}\n'


def test_a_short_write_is_noticed(tmp_path, monkeypatch):
    write = os.write
    log = files.LineLog(tmp_path / "log")
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:5]))
    with pytest.raises(OSError, match=r"Only 5 of 11 bytes were written; the disk may be full"):
        log.append({"step": 1})


def test_a_log_line_is_on_disk_as_soon_as_it_is_appended(tmp_path):
    log = files.LineLog(tmp_path / "log")
    log.append({"step": 1})
    assert files.read_lines(tmp_path / "log") == [{"step": 1}]
    log.close()


def test_a_log_line_never_holds_nan(tmp_path):
    log = files.LineLog(tmp_path / "log")
    with pytest.raises(ValueError, match="not JSON compliant"):
        log.append({"loss/d": float("inf")})
    assert (tmp_path / "log").read_bytes() == b""


@pytest.mark.parametrize(("last", "left"), [(0, 0), (3, 3), (10, 10), (99, 10)])
def test_a_log_is_cut_after_a_step(tmp_path, last, left):
    path = tmp_path / "log"
    lines = [json.dumps({"step": step}) + "\n" for step in range(1, 11)]
    path.write_text("".join(lines) + '{"step": 11')
    files.cut_log(path, last)
    assert path.read_text() == "".join(lines[:left])


def test_cutting_a_missing_log_is_nothing(tmp_path):
    files.cut_log(tmp_path / "log", 3)
    assert list(tmp_path.iterdir()) == []


def test_a_reserve_takes_room_and_gives_it_back(tmp_path):
    with files.Reserve(tmp_path / "reserve", 1000) as reserve:
        assert (tmp_path / "reserve").stat().st_size == 1000
        reserve.release()
        assert list(tmp_path.iterdir()) == []


def test_a_sweep_removes_what_was_left_aside_and_nothing_else(tmp_path):
    (tmp_path / ".tmp-1-file").touch()
    (tmp_path / ".tmp-folder" / "deep").mkdir(parents=True)
    (tmp_path / "file").touch()
    (tmp_path / ".lock").touch()
    files.sweep(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [".lock", "file"]
