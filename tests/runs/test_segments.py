"""Segments of a metrics log: with them or without, and whatever happened to either, the columns are those of the log."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_core.runs import files, segments
from gan_core.runs.metrics import MetricsTail
from gan_core.training import loop
from tests.helpers import tiny_run
from tests.runs.test_metrics import columns, lines

SHORT = 8


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(segments, "SEGMENT", SHORT)


def plain(path: Path) -> dict[str, list[float]]:
    """The columns of a log without any segment, straight from its lines."""
    read = segments.columns_of(files.read_log(path, files.is_metrics)[0])
    return {name: read[name].tolist() for name in sorted(read)}


def seen(path: Path) -> dict[str, list[float]]:
    tail = MetricsTail(path)
    tail.refresh()
    return columns(tail)


def numbers(path: Path) -> list[str]:
    return sorted(file.stem for file in segments.folder(path).glob("*"))


def test_whole_segments_are_written_and_the_rest_is_counted(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(lines(1, 2 * SHORT + 3))
    assert segments.extend(path) == 3 and numbers(path) == ["000000", "000001"]
    assert segments.folder(path) == tmp_path / "metrics.columns"
    assert str(seen(path)) == str(plain(path))


def test_steps_of_a_segment_are_not_parsed_again(tmp_path, monkeypatch):
    path = tmp_path / "log"
    path.write_bytes(lines(1, 3 * SHORT + 2))
    segments.extend(path)
    parsed, parse = [], files.parsed
    monkeypatch.setattr(files, "parsed", lambda line: parsed.append(line) or parse(line))
    assert seen(path)["step"] == list(range(1, 3 * SHORT + 3)) and len(parsed) == 2


@pytest.mark.parametrize("first", [0, 3, SHORT, SHORT + 5, 2 * SHORT, 2 * SHORT + 1, 2 * SHORT + 5])
def test_rows_from_any_step_on_are_the_end_of_the_columns(tmp_path, first):
    path = tmp_path / "log"
    path.write_bytes(lines(1, 2 * SHORT + 4))
    segments.extend(path)
    tail = MetricsTail(path)
    tail.refresh()
    found = tail.rows(first)
    assert set(found) == set(tail.names())
    for name, values in found.items():
        np.testing.assert_array_equal(values, tail.column(name)[first:])


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40), st.booleans()), max_size=6))
def test_any_way_of_cutting_growing_and_segmenting_gives_the_columns_of_the_log(moves):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.touch()
        tail, content = MetricsTail(path), b""
        for session, (cut, grow, segmented) in enumerate(moves):
            rows = content.splitlines(keepends=True)[:cut]
            content = b"".join(rows) + lines(len(rows) + 1, len(rows) + grow, time=float(session))
            path.write_bytes(content)
            tail.refresh()
            if segmented:
                segments.extend(path)
            tail.refresh()
            assert str(columns(tail)) == str(plain(path)) == str(seen(path))


def test_a_watcher_lets_go_of_what_has_come_into_segments(tmp_path):
    path = tmp_path / "log"
    tail = MetricsTail(path)
    for last in range(1, 40):
        path.write_bytes(lines(1, last))
        segments.extend(path)
        tail.refresh()
        assert str(columns(tail)) == str(plain(path)) and len(tail) == last
    assert len(tail._segments) == 4 and tail._recent == 7


def test_damaged_lines_before_and_after_a_segment_are_counted_once(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(lines(1, 5) + b"{torn\n" + lines(6, SHORT + 2) + b"[]\n" + lines(SHORT + 3, SHORT + 4))
    assert segments.extend(path) == 4
    tail = MetricsTail(path)
    tail.refresh()
    assert tail.damaged == 2 and tail.column("step").tolist() == list(range(1, SHORT + 5))


@pytest.mark.parametrize("harm", ["flip", "cut", "empty", "foreign", "gone"])
def test_a_damaged_segment_gives_way_to_the_log(tmp_path, harm):
    path = tmp_path / "log"
    path.write_bytes(lines(1, 3 * SHORT))
    segments.extend(path)
    file = segments.folder(path) / "000001.safetensors"
    content = file.read_bytes()
    match harm:
        case "flip":
            file.write_bytes(content[:3] + bytes([content[3] ^ 0xFF]) + content[4:])
        case "cut":
            file.write_bytes(content[: len(content) // 2])
        case "empty":
            file.write_bytes(b"")
        case "foreign":
            file.write_bytes((segments.folder(path) / "000002.safetensors").read_bytes())
        case "gone":
            file.unlink()
    assert str(seen(path)) == str(plain(path))
    segments.extend(path)
    assert len(segments.of(path)) == 3


@pytest.mark.parametrize("harm", ["gone", "cut"])
def test_a_reader_survives_the_loss_of_a_segment_that_it_knows(tmp_path, harm):
    path = tmp_path / "log"
    path.write_bytes(lines(1, 3 * SHORT))
    segments.extend(path)
    tail = MetricsTail(path)
    tail.refresh()
    file = segments.folder(path) / "000001.safetensors"
    if harm == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:5])
    assert tail.column("step").tolist() == list(range(1, 3 * SHORT + 1))
    assert str(columns(tail)) == str(plain(path))


def test_training_leaves_segments_behind(tmp_path):
    run = tiny_run(tmp_path)
    assert loop.train(run).state == "finished"
    assert len(segments.of(run.metrics_path)) == len(run.metrics()) // SHORT > 0
    assert str(seen(run.metrics_path)) == str(plain(run.metrics_path))
