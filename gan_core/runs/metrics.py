"""Reading a growing metrics.jsonl: each refresh costs what is new, not what there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from safetensors import SafetensorError

from gan_core.runs import files, segments
from gan_core.runs.segments import MAX_COLUMNS, Column, Segment

MAX_BYTES_A_READ = 64_000_000


class MetricsTail:
    """The columns of a metrics log, read forward from where the last `refresh` ended.

    A missing file has no columns; a half-written last line waits for the next refresh; a log that was cut (a run
    resumed from an earlier checkpoint) is read again from its start. A damaged line is left out and counted; metrics beyond
    MAX_COLUMNS are left out. Steps that a segment holds are not kept in memory.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.restarts = 0  # how often what was read before ceased to count
        self._forget()

    def _forget(self) -> None:
        self.restarts += 1
        self._segments: list[Segment] = []
        self._offset = 0
        self._last_line = b""
        self._recent = 0  # recorded steps after the last segment
        self.damaged = 0  # lines that were skipped
        self._columns: dict[str, Column] = {}  # of the recent ones

    @property
    def revision(self) -> tuple[int, int]:
        """Changes whenever the columns do."""
        return self._offset, len(self)

    def refresh(self) -> bool:
        """Reads what is new. Returns whether anything was."""
        before = len(self)
        try:
            with self._path.open("rb") as file:
                if not self._continues(file):
                    self._restart()
                file.seek(self._offset)
                content = file.read(MAX_BYTES_A_READ)
        except FileNotFoundError:
            self._forget()
            return before > 0
        whole = content[: content.rfind(b"\n") + 1]
        if not whole and len(content) == MAX_BYTES_A_READ:
            whole = content  # no line is so long
        if not whole:
            return len(self) != before
        lines = whole.splitlines(keepends=True)
        records = [record for line in lines if (record := files.parsed(line)) and files.is_metrics(record)]
        self.damaged += sum(bool(line.strip()) for line in lines) - len(records)
        self._append(records)
        self._offset += len(whole)
        self._last_line = lines[-1]
        self._shed()
        return True

    def catch_up(self) -> None:
        """Reads all that there is, however long the log."""
        while self.refresh():
            pass

    def column(self, name: str) -> Column:
        """The values of a metric, one a recorded step, NaN where it was not measured; empty if it never was."""
        return self.rows(0, (name,)).get(name, np.empty(0))

    def rows(self, first: int, names: tuple[str, ...] = ()) -> dict[str, Column]:
        """Metric -> its values from a recorded step on, counted from 0; of all metrics where none is named."""
        try:
            return self._rows(first, names)
        except (OSError, SafetensorError):  # a segment was deleted or damaged meanwhile: the log has it all
            self._restart()
            self.catch_up()
            return self._rows(first, names)

    def _rows(self, first: int, names: tuple[str, ...]) -> dict[str, Column]:
        skipped = min(first // segments.SEGMENT, len(self._segments))
        kept, begin = self._segments[skipped:], first - skipped * segments.SEGMENT
        found = {}
        for name in names or self.names():
            recent = self._columns.get(name)
            if recent is None and all(name not in one.names for one in self._segments):
                continue
            last = np.full(self._recent, np.nan) if recent is None else recent[: self._recent]
            found[name] = np.concatenate([*(one.column(name) for one in kept), last])[begin:] if kept else last[begin:]
        return found

    def names(self) -> list[str]:
        """The names of all columns."""
        held = [name for one in self._segments for name in one.names]
        return list(dict.fromkeys([*held, *self._columns]))[:MAX_COLUMNS]

    def __len__(self) -> int:
        return segments.SEGMENT * len(self._segments) + self._recent

    def _restart(self) -> None:
        """Begins again, with the segments that the log has by now."""
        self._forget()
        self._segments = segments.of(self._path)
        if self._segments:
            self._offset, self._last_line = self._segments[-1].end, self._segments[-1].last_line
            self.damaged = sum(one.damaged for one in self._segments)

    def _shed(self) -> None:
        """Lets go of steps that have come into a segment."""
        while self._recent >= segments.SEGMENT and (one := segments.following(self._path, self._segments)):
            self._segments.append(one)
            left = {name: values[segments.SEGMENT : self._recent].copy() for name, values in self._columns.items()}
            self._recent -= segments.SEGMENT
            self._columns = {name: values for name, values in left.items() if np.isfinite(values).any()}

    def _continues(self, file: BinaryIO) -> bool:
        """Whether the line read last still stands where it stood."""
        if not self._offset:
            return False
        file.seek(self._offset - len(self._last_line))
        return bool(file.read(len(self._last_line)) == self._last_line)

    def _append(self, records: list[dict[str, Any]]) -> None:
        needed = self._recent + len(records)
        for name in dict.fromkeys(name for record in records for name in record):
            if name not in self._columns and len(self._columns) < MAX_COLUMNS:
                self._columns[name] = np.full(max(1024, needed), np.nan)
        for name, values in self._columns.items():
            if len(values) < needed:
                grown = np.full(max(needed, 2 * len(values)), np.nan)
                grown[: self._recent] = values[: self._recent]
                self._columns[name] = values = grown
            values[self._recent : needed] = [record.get(name, np.nan) for record in records]
        self._recent = needed
