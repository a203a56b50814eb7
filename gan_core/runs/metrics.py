"""Reading a growing metrics.jsonl: each refresh costs what is new, not what there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_core.runs import files

Column = npt.NDArray[np.float64]
MAX_BYTES_A_READ = 64_000_000
MAX_COLUMNS = 200


class MetricsTail:
    """The columns of a metrics log, read forward from where the last `refresh` ended.

    A missing file has no columns; a half-written last line waits for the next refresh; a log that was cut (a run
    resumed from an earlier checkpoint) is read again from its start. A damaged line is left out and counted; metrics beyond
    MAX_COLUMNS are left out.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._forget()

    def _forget(self) -> None:
        self._offset = 0
        self._last_line = b""
        self._count = 0
        self.damaged = 0  # lines that were skipped
        self._columns: dict[str, Column] = {}

    @property
    def revision(self) -> tuple[int, int]:
        """Changes whenever the columns do."""
        return self._offset, self._count

    def refresh(self) -> bool:
        """Reads what is new. Returns whether anything was."""
        before = self._count
        try:
            with self._path.open("rb") as file:
                if not self._continues(file):
                    self._forget()
                file.seek(self._offset)
                content = file.read(MAX_BYTES_A_READ)
        except FileNotFoundError:
            self._forget()
            return before > 0
        whole = content[: content.rfind(b"\n") + 1]
        if not whole and len(content) == MAX_BYTES_A_READ:
            whole = content  # no line is so long
        if not whole:
            return self._count != before
        lines = whole.splitlines(keepends=True)
        records = [record for line in lines if (record := files.parsed(line)) and files.is_metrics(record)]
        self.damaged += sum(bool(line.strip()) for line in lines) - len(records)
        self._append(records)
        self._offset += len(whole)
        self._last_line = lines[-1]
        return True

    def column(self, name: str) -> Column:
        """The values of a metric, one a recorded step, NaN where it was not measured; empty if it never was."""
        values = self._columns.get(name)
        return np.empty(0) if values is None else values[: self._count]

    def names(self) -> list[str]:
        """The names of all columns."""
        return list(self._columns)

    def __len__(self) -> int:
        return self._count

    def _continues(self, file: Any) -> bool:
        """Whether the line read last still stands where it stood."""
        if not self._offset:
            return True
        file.seek(self._offset - len(self._last_line))
        return bool(file.read(len(self._last_line)) == self._last_line)

    def _append(self, records: list[dict[str, Any]]) -> None:
        needed = self._count + len(records)
        for name in dict.fromkeys(name for record in records for name in record):
            if name not in self._columns and len(self._columns) < MAX_COLUMNS:
                self._columns[name] = np.full(max(1024, needed), np.nan)
        for name, values in self._columns.items():
            if len(values) < needed:
                grown = np.full(max(needed, 2 * len(values)), np.nan)
                grown[: self._count] = values[: self._count]
                self._columns[name] = values = grown
            values[self._count : needed] = [record.get(name, np.nan) for record in records]
        self._count = needed
