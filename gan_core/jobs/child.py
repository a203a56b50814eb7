"""A worker process seen from the server: start it, send it lines, read its answers, notice its death."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from gan_core.config.settings import PROJECT_DIR


class WorkerDied(RuntimeError):
    """The worker process ended; the message says how, for people."""


class Worker:
    """One process of `gan_core.training.worker`.

    Args:
        log: file for what it writes to standard error.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gan_core.training.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=PROJECT_DIR,
                start_new_session=True,  # Ctrl-C in the server's terminal must not end a training run
                text=True,
            )
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, name=f"ganvas-worker-{self._process.pid}", daemon=True).start()

    def hello(self) -> dict[str, Any]:
        """Waits until it has loaded torch; returns what it says of the machine.

        Raises:
            WorkerDied: it ended first.
        """
        message = None
        while message is None:
            message = self.receive(timeout_s=1.0)
        machine: dict[str, Any] = message["hello"]
        return machine

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def send(self, message: dict[str, Any]) -> None:
        """Gives it something to do.

        Raises:
            WorkerDied: there is nobody to read it.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except OSError:
            raise WorkerDied(self._last_words()) from None

    def receive(self, timeout_s: float) -> dict[str, Any] | None:
        """Its next message, or None if none comes in time.

        Raises:
            WorkerDied: it ended.
        """
        try:
            line = self._lines.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if line is None:
            raise WorkerDied(self._last_words())
        message: dict[str, Any] = json.loads(line)
        return message

    def kill(self) -> None:
        """Ends it at once."""
        self._process.kill()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                self._lines.put(line)
        self._lines.put(None)

    def _last_words(self) -> str:
        code = self._process.wait()
        if code < 0:
            name = signal.Signals(-code).name
            cause = ", most often for lack of memory" if -code == signal.SIGKILL else ""
            return (
                f"The training process was ended by signal {name}{cause}. "
                "Everything up to the last checkpoint is kept: resume to go on from there."
            )
        words = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"The training process ended with code {code}: {words[-1] if words else 'it said nothing'}"
