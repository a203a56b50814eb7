"""Tailing a metrics log: whatever way it grows, the columns are those of the whole file."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gan_core.runs import files
from gan_core.runs.metrics import MetricsTail


def lines(first: int, last: int, time: float = 0.0) -> bytes:
    """A log of steps first..last; every third has a further metric."""
    rows = [
        {"step": step, "time": time, "loss/d": step / 3} | ({"fid": float(step)} if step % 3 == 0 else {})
        for step in range(first, last + 1)
    ]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def columns(tail: MetricsTail) -> dict[str, list[float]]:
    return {name: tail.column(name).tolist() for name in sorted(tail.names())}


def whole(path: Path) -> dict[str, list[float]]:
    tail = MetricsTail(path)
    tail.refresh()
    return columns(tail)


def test_columns_are_the_logs_values_with_nan_where_nothing_was_measured(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(lines(1, 4))
    tail = MetricsTail(path)
    assert tail.refresh() and len(tail) == 4
    assert tail.column("step").tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(tail.column("fid"), [np.nan, np.nan, 3, np.nan])
    assert tail.column("never measured").tolist() == []


def test_a_missing_log_has_no_columns_and_may_appear_and_vanish(tmp_path):
    path = tmp_path / "log"
    tail = MetricsTail(path)
    assert not tail.refresh() and tail.names() == []
    path.write_bytes(lines(1, 2))
    assert tail.refresh() and len(tail) == 2
    path.unlink()
    assert tail.refresh() and len(tail) == 0 and tail.names() == []
    assert not tail.refresh()


def test_a_half_written_line_waits_for_its_end(tmp_path):
    path = tmp_path / "log"
    content = lines(1, 3)
    path.write_bytes(content[:-7])
    tail = MetricsTail(path)
    assert tail.refresh() and len(tail) == 2
    assert not tail.refresh()
    path.write_bytes(content)
    assert tail.refresh() and len(tail) == 3


def test_a_cut_log_is_read_again_from_its_start(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(lines(1, 10))
    tail = MetricsTail(path)
    tail.refresh()
    path.write_bytes(lines(1, 4))
    assert tail.refresh() and tail.column("step").tolist() == [1, 2, 3, 4]


def test_a_log_cut_to_nothing_is_noticed(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(lines(1, 10))
    tail = MetricsTail(path)
    tail.refresh()
    path.write_bytes(b"")
    assert tail.refresh() and len(tail) == 0
    assert not tail.refresh()


def test_a_log_cut_and_grown_beyond_its_old_end_between_two_looks_is_noticed(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(lines(1, 10))
    tail = MetricsTail(path)
    tail.refresh()
    path.write_bytes(lines(1, 4) + lines(5, 30, time=9.0))  # the resumed stretch was made at another time
    tail.refresh()
    assert str(columns(tail)) == str(whole(path))


def test_a_refresh_reads_only_what_is_new(tmp_path, monkeypatch):
    path = tmp_path / "log"
    path.write_bytes(lines(1, 1000))
    tail = MetricsTail(path)
    tail.refresh()
    parsed, parse = [], files.parsed
    monkeypatch.setattr(files, "parsed", lambda line: parsed.append(line) or parse(line))
    path.write_bytes(lines(1, 1003))
    tail.refresh()
    assert len(parsed) == 3 and len(tail) == 1003


def test_the_revision_changes_exactly_when_the_columns_do(tmp_path):
    path = tmp_path / "log"
    tail = MetricsTail(path)
    seen = [tail.revision]
    for content in (lines(1, 2), lines(1, 3), lines(1, 3) + b'{"st'):
        path.write_bytes(content)
        tail.refresh()
        seen.append(tail.revision)
    assert len(set(seen)) == 3 and seen[2] == seen[3]


@given(st.lists(st.integers(1, 400), max_size=20), st.integers(1, 60))
def test_any_way_of_growing_gives_the_columns_of_the_whole(chunks, last):
    content = lines(1, last)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        tail, written = MetricsTail(path), 0
        for size in [*chunks, len(content)]:
            with path.open("ab") as file:
                file.write(content[written : written + size])
            written += size
            tail.refresh()
        assert str(columns(tail)) == str(whole(path))
        assert tail.column("step").tolist() == list(range(1, last + 1))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40)), max_size=6))
def test_any_way_of_cutting_and_growing_gives_the_columns_of_the_whole(moves):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.touch()
        tail, content = MetricsTail(path), b""
        for session, (cut, grow) in enumerate(moves):
            rows = content.splitlines(keepends=True)[:cut]
            content = b"".join(rows) + lines(len(rows) + 1, len(rows) + grow, time=float(session))
            path.write_bytes(content)
            tail.refresh()
            assert str(columns(tail)) == str(whole(path))
