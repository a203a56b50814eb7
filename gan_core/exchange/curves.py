"""The recorded metrics of a run for other programs: CSV, and the event files of TensorBoard.

An event file is a sequence of records as TensorFlow frames them (TFRecord): the length as uint64, its checksum, the content,
its checksum; all little-endian. A checksum is CRC-32C (RFC 3720, appendix B.4), rotated right by 15 bits plus 0xa282ead8.
The content is an `Event` of tensorflow/core/util/event.proto, written here field by field.
"""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gan_core.exchange import output
from gan_core.runs import Run

LARGEST_FLOAT32 = 3.4028234663852886e38
NOT_SCALARS = ("step", "time")  # an event has fields of their own for these


def write_csv(run: Run, path: Path) -> str:
    """Writes the recorded metrics as a table, a line a recorded step; a metric that was not recorded there is left empty.

    Returns:
        What it holds, in words.

    Raises:
        ValueError: none is recorded; `output.new`.
    """
    lines = _recorded(run)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(dict.fromkeys(name for line in lines for name in line)))
    writer.writeheader()
    writer.writerows(lines)
    with output.new(path) as place:
        place.write_bytes(text.getvalue().encode())
    return f"{len(lines):,} recorded steps of '{run.name}'"


def write_tensorboard(run: Run, path: Path) -> str:
    """Writes the recorded metrics as a folder with one event file, for `tensorboard --logdir`.

    Returns, and raises, as `write_csv`.
    """
    lines = _recorded(run)
    with output.new(path) as place:
        place.mkdir()
        began = float(lines[0].get("time", 0.0))
        with (place / f"events.out.tfevents.{int(began):010d}.ganvas").open("wb") as file:
            for event in _events(lines, began):
                file.write(record(event))
    return f"{len(lines):,} recorded steps of '{run.name}'"


def _recorded(run: Run) -> list[dict[str, Any]]:
    lines = run.metrics()
    if not lines:
        raise ValueError(f"The run '{run.name}' has no recorded step yet. Train it for a while first.")
    return lines


def _events(lines: list[dict[str, Any]], began: float) -> Iterator[bytes]:
    """The serialised events: one that names the version of the format, then one a recorded step."""
    yield _time(began) + _message(3, b"brain.Event:2")  # Event.file_version
    for line in lines:
        scalars = {name: value for name, value in line.items() if name not in NOT_SCALARS}
        yield _time(line.get("time", began)) + b"\x10" + _varint(line["step"]) + _message(5, _summary(scalars))


def _time(seconds: float) -> bytes:
    return b"\x09" + struct.pack("<d", seconds)  # Event.wall_time = 1


def _summary(scalars: Mapping[str, float]) -> bytes:
    """A `Summary`: of each value its tag (field 1) and its simple_value (field 2), rounded to float32."""
    values = []
    for name, value in scalars.items():
        bounded = max(-LARGEST_FLOAT32, min(float(value), LARGEST_FLOAT32))
        values.append(_message(1, _message(1, name.encode()) + b"\x15" + struct.pack("<f", bounded)))
    return b"".join(values)


def _message(field: int, content: bytes) -> bytes:
    """A field with a length: a message or a string."""
    return bytes([field << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def record(content: bytes) -> bytes:
    """A content framed as a TFRecord."""
    length = struct.pack("<Q", len(content))
    return length + _checksum(length) + content + _checksum(content)


def _checksum(content: bytes) -> bytes:
    crc = crc32c(content)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def crc32c(content: bytes) -> int:
    """CRC-32C (Castagnoli), reflected, of polynomial 0x1EDC6F41. Source: RFC 3720, appendix B.4."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _table_entry(byte: int) -> int:
    for _bit in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)  # the polynomial, its bits in reverse
    return byte


_TABLE = tuple(map(_table_entry, range(256)))
