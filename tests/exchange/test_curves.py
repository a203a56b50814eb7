"""CSV and TensorBoard's event files, read back: every recorded value, under its name and at its step."""

from __future__ import annotations

import csv
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import tiny_run

from gan_core.exchange import curves, formats
from gan_core.exchange.formats import export
from gan_core.runs import Run

LINES = [
    {"step": 1, "time": 1700000000.125, "loss/g": 0.5, "loss/d": 1e299},
    {"step": 300, "time": 1700000001.5, "loss/g": -2.25, "grad_norm/g": 3},
]


@pytest.fixture
def recorded(runs_dir: Path) -> Run:
    run = tiny_run(runs_dir, "curves")
    run.metrics_path.write_text("".join(f"{json.dumps(line)}\n" for line in LINES))
    return run


@pytest.mark.parametrize(
    ("content", "known"),  # RFC 3720, appendix B.4, and the check value of the catalogues of CRCs
    [
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"123456789", 0xE3069283),
    ],
)
def test_the_checksum_is_that_of_the_rfc(content: bytes, known: int) -> None:
    assert curves.crc32c(content) == known


def test_csv_has_a_column_a_metric_and_an_empty_field_where_it_was_not_recorded(recorded: Run, tmp_path: Path) -> None:
    export(recorded, "csv", tmp_path / "metrics.csv")
    with (tmp_path / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [{k: float(v) for k, v in row.items() if v} for row in rows] == LINES
    assert rows[1]["loss/d"] == rows[0]["grad_norm/g"] == ""


def records(path: Path) -> Iterator[bytes]:
    """The contents of a TFRecord file, both checksums of each verified."""
    data = path.read_bytes()
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        content = data[12 : 12 + length]
        for part, told in ((data[:8], data[8:12]), (content, data[12 + length : 16 + length])):
            crc = curves.crc32c(part)
            assert struct.unpack("<I", told)[0] == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
        yield content
        data = data[16 + length :]


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """(number, value) of a protocol buffer's fields: varints, and 64-bit, 32-bit and length-delimited ones."""

    def varint(at: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            value |= (message[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if message[at - 1] < 0x80:
                return value, at

    at = 0
    while at < len(message):
        key, at = varint(at)
        size = {1: 8, 5: 4}.get(key & 7, 0)
        value: Any
        if key & 7 == 0:
            value, at = varint(at)
        else:
            if key & 7 == 2:
                size, at = varint(at)
            value, at = message[at : at + size], at + size
        yield key >> 3, value


def test_an_event_file_holds_every_value_at_its_step_and_time(recorded: Run, tmp_path: Path) -> None:
    export(recorded, "tensorboard", tmp_path / "logs")
    (file,) = (tmp_path / "logs").iterdir()
    assert "tfevents" in file.name
    version, *events = [dict(fields(content)) for content in records(file)]
    assert version[3] == b"brain.Event:2"
    for event, line in zip(events, LINES, strict=True):
        values = [dict(fields(value)) for number, value in fields(event[5]) if number == 1]
        scalars = {value[1].decode(): struct.unpack("<f", value[2])[0] for value in values}
        told = {"step": event[2], "time": struct.unpack("<d", event[1])[0], **scalars}
        assert told == {k: curves.LARGEST_FLOAT32 if v == 1e299 else v for k, v in line.items()}


def test_an_export_overwrites_nothing_and_leaves_nothing_half_written(recorded: Run, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    for form, name, rule in [
        ("tensorboard", "logs", "logs exists already"),
        ("csv", "metrics.txt", r"ends in \.csv; got 'metrics.txt'"),
        ("csv", "missing/metrics.csv", "missing cannot be written"),
        ("xlsx", "metrics.xlsx", "Unknown format 'xlsx'"),
    ]:
        with pytest.raises(ValueError, match=rule):
            export(recorded, form, tmp_path / name)
    recorded.metrics_path.unlink()
    with pytest.raises(ValueError, match="no recorded step yet"):
        export(recorded, "csv", tmp_path / "metrics.csv")
    with pytest.raises(ValueError, match="'step' is not an option of the format 'csv'; it belongs to: zip"):
        export(recorded, "csv", tmp_path / "metrics.csv", step=3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs", "runs"]


def test_a_full_disk_is_a_sentence(recorded: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ValueError, match=r"cannot be written \(No space left on device\)\. Free some space"):
        export(recorded, "csv", tmp_path / "metrics.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_the_log_table_has_every_recorded_step_and_the_csv_of_a_page_is_that_of_the_file(
    command, stopped: Run, tmp_path: Path
) -> None:
    assert command("export", stopped.id, "--as", "log", "--out", tmp_path / "log.txt")[0] == 0
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert len(lines) == 10 and all(" D(x): " in line and " D(G(z)): " in line for line in lines)
    assert [line[: line.index(" ")] for line in lines[3:5]] == ["[1/5][4/4]", "[2/5][1/4]"]
    assert command("export", stopped.id, "--as", "log", "--per-epoch", "--out", tmp_path / "epochs.txt")[0] == 0
    assert (tmp_path / "epochs.txt").read_text().splitlines() == [lines[3], lines[7], lines[9]]
    export(stopped, "csv", tmp_path / "curves.csv")
    assert (tmp_path / "curves.csv").read_bytes().decode() == curves.csv_text(stopped)


def test_a_file_that_is_too_large_for_a_page_names_the_command(recorded: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = formats.task(recorded, "csv").values
    assert formats.make(arguments, lambda *told: None)["content"].tobytes().startswith(b"step,time,loss/g")
    monkeypatch.setattr(formats, "MAX_BYTES", 10)
    with pytest.raises(
        ValueError, match=f"at most 10. Write it with: python -m gan_core export {recorded.id} --as csv"
    ):
        formats.make(arguments, lambda *told: None)
