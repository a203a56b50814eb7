"""Long logs of metrics as columns: a run of a million steps is opened without reading a million lines.

    metrics.columns/000000.safetensors    a float64 column a metric, (SEGMENT,), NaN where it was not measured

Made of metrics.jsonl alone, by who trains, as the log grows: a segment counts as long as it begins where the one before
ends and the log still holds its last line there. Any of them may be deleted; the log is then read instead.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from gan_core.config import strict_json
from gan_core.runs import files

Column = npt.NDArray[np.float64]
SEGMENT = 8192  # recorded steps
MAX_COLUMNS = 200


@dataclass(frozen=True)
class Segment:
    """SEGMENT recorded steps of a log.

    Attributes:
        path: of its file.
        names: the metrics that it has a column of.
        start, end: bytes of the log that it stands for.
        last_line: the last of them, to tell that the log is still the same.
        damaged: lines among them that were skipped.
    """

    path: Path
    names: tuple[str, ...]
    start: int
    end: int
    last_line: bytes
    damaged: int

    def column(self, name: str) -> Column:
        """Its values of a metric, (SEGMENT,)."""
        if name not in self.names:
            return np.full(SEGMENT, np.nan)
        with safe_open(self.path, framework="np") as file:
            found: Column = file.get_tensor(name)
        return found


def folder(log: Path) -> Path:
    """Where the segments of a log stand."""
    return log.with_suffix(".columns")


def read(log: Path, number: int) -> Segment | None:
    """The segment of this number; None if there is none or it is damaged."""
    path = folder(log) / f"{number:06d}.safetensors"
    try:
        with safe_open(path, framework="np") as file:
            about = file.metadata() or {}
            kept = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
            sound = all(column.get_shape() == [SEGMENT] and column.get_dtype() == "F64" for column in kept.values())
        names = strict_json(about["names"])
        start, end, damaged = (int(about[key]) for key in ("start", "end", "damaged"))
        last_line = about["last_line"].encode()
    except (OSError, SafetensorError, KeyError, ValueError):
        return None
    if not sound or sorted(names) != sorted(kept) or "step" not in names or not 0 <= start < end - len(last_line) + 1:
        return None
    return Segment(path, tuple(names), start, end, last_line, damaged)


def following(log: Path, before: Sequence[Segment]) -> Segment | None:
    """The segment after those; None if there is none, it is damaged, or the log is another by now."""
    found = read(log, len(before))
    if found is None or found.start != (before[-1].end if before else 0):
        return None
    try:
        with log.open("rb") as file:
            file.seek(found.end - len(found.last_line))
            return found if file.read(len(found.last_line)) == found.last_line else None
    except OSError:
        return None


def of(log: Path) -> list[Segment]:
    """The segments that a log begins with, in order."""
    found: list[Segment] = []
    while segment := following(log, found):
        found.append(segment)
    return found


def extend(log: Path) -> int:
    """Writes the whole segments that a log has no file of. Returns how many recorded steps follow the last one.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    written = of(log)
    number, start = len(written), written[-1].end if written else 0
    records: list[dict[str, Any]] = []
    damaged, end = 0, start
    for line in files.whole_lines(log, start):
        end += len(line)
        record = files.parsed(line)
        if record is None or not files.is_metrics(record):
            damaged += bool(line.strip())
            continue
        records.append(record)
        if len(records) == SEGMENT:
            columns = columns_of(records)
            about = {
                "start": start,
                "end": end,
                "damaged": damaged,
                "names": json.dumps(list(columns)),
                "last_line": line.decode(),
            }
            folder(log).mkdir(exist_ok=True)
            content = save(columns, {key: str(value) for key, value in about.items()})
            files.write_atomically(folder(log) / f"{number:06d}.safetensors", content)
            records, damaged, start, number = [], 0, end, number + 1
    return len(records)


def columns_of(records: list[dict[str, Any]]) -> dict[str, Column]:
    """Metric -> its values (N,) in so many lines of a log, NaN where a line has none; at most MAX_COLUMNS."""
    names = list(dict.fromkeys(name for record in records for name in record))[:MAX_COLUMNS]
    return {name: np.array([record.get(name, np.nan) for record in records], np.float64) for name in names}
