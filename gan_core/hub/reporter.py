"""What the worker process says of its progress, as lines for the server."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from typing import IO, Any

SAY_EVERY_S = 0.2


class Reporter:
    """Tells the server where the order stands."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._phase, self._done, self._total = "Starting", 0, 0
        self._said_at = 0.0
        self._guard = threading.Lock()

    def phase(self, words: str, total: int = 0) -> None:
        """Begins a phase of so many bytes; 0 when there is nothing to count."""
        self._phase, self._done, self._total = words, 0, total
        self._say_where()

    def moved(self, done: int) -> None:
        """Says that so many bytes of the phase are done, not more often than anybody looks."""
        self._done = min(done, self._total)
        if time.monotonic() - self._said_at >= SAY_EVERY_S:
            self._say_where()

    def say(self, message: dict[str, Any]) -> None:
        """Sends a message; the last one is a result or an error."""
        with self._guard, contextlib.suppress(BrokenPipeError):
            self._out.write(json.dumps(message) + "\n")
            self._out.flush()

    def _say_where(self) -> None:
        self._said_at = time.monotonic()
        self.say({"phase": self._phase, "done": self._done, "total": self._total})
