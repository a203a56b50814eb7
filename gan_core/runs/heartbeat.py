"""The status file of a run while it trains: progress when there is some, a sign of life every two seconds."""

from __future__ import annotations

import contextlib
import os
import platform
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gan_core.runs.run import Run
from gan_core.runs.status import HEARTBEAT_S, Status


class Heartbeat:
    """Keeps status.json fresh from a thread of its own, also through a step, a checkpoint or a download that takes long.

    The caller holds the run's lock. `observer` is called with every new status, on the caller's thread.
    """

    def __init__(self, run: Run, status: Status, observer: Callable[[Status], None] | None = None) -> None:
        self._run = run
        self._observer = observer
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self.status = replace(status, state="running", owner=f"{platform.node()}:{os.getpid()}")
        self._thread = threading.Thread(target=self._beat, name=f"ganvas-heartbeat-{run.id}", daemon=True)

    def update(self, **changes: Any) -> None:
        """Changes fields of the status and writes it."""
        with self._guard:
            self.status = replace(self.status, **changes)
            self._run.write_status(self.status)
        if self._observer:
            self._observer(self.status)

    def end(self, state: str, error: str = "") -> None:
        """The last status, written even on a full disk where there is any way."""
        self.status = replace(self.status, state=state, phase="", error=error, images_per_s=0.0)
        self._run.write_last_status(self.status)
        if self._observer:
            self._observer(self.status)

    def __enter__(self) -> Heartbeat:
        self.update()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_S):
            with self._guard, contextlib.suppress(OSError):  # a full disk: the loop reports it
                self._run.write_status(self.status)
