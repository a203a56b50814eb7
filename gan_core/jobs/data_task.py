"""Long work on data sets in a process of its own, watched by a thread: prepare, download. The pages only look at it.

The process is `python -m gan_core prepare|download ... --json`: one JSON object a line of progress on standard output,
and if it fails a sentence on standard error. It ends when its server does, for nobody reads what it writes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Literal

from gan_core.config import DatasetConfig, settings

State = Literal["running", "done", "failed", "cancelled"]


class Task:
    """One such process.

    Attributes:
        key: what it works on; one process a key at a time.
        title: for people.
        done, total: how far it is; total is 0 until it has said so.
        state: running, done, failed or cancelled.
        error: why it failed, as a sentence.
        words: what it said at its end.
    """

    def __init__(self, key: str, title: str, arguments: Sequence[str]) -> None:
        self.key, self.title = key, title
        self.done, self.total = 0, 0
        self.state: State = "running"
        self.error = self.words = ""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gan_core", *arguments],
            cwd=settings.PROJECT_DIR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._cancelled = False
        self._errors = threading.Thread(target=self._read_errors, name=f"gan_core-task-errors-{key}", daemon=True)
        self._errors.start()
        self._watcher = threading.Thread(target=self._watch, name=f"gan_core-task-{key}", daemon=True)
        self._watcher.start()

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total else 0.0

    def cancel(self) -> None:
        """Ends it; what it wrote aside is swept the next time."""
        self._cancelled = True
        self._process.terminate()

    def wait(self, timeout_s: float | None = None) -> State:
        """Waits until it has ended. Returns its state."""
        self._watcher.join(timeout_s)
        return self.state

    def _watch(self) -> None:
        output = self._process.stdout
        if output is not None:
            for line in output:
                self._read(line)
        code = self._process.wait()
        self._errors.join()
        if self._cancelled:
            self.state = "cancelled"
        elif code == 0:
            self.state = "done"
        else:
            self.error = self.error or f"The process ended with status {code}."
            self.state = "failed"

    def _read(self, line: str) -> None:
        try:
            said = json.loads(line)
            self.done, self.total = int(said.get("done", self.done)), int(said.get("total", self.total))
            self.words = str(said.get("words", self.words))
        except (ValueError, TypeError, AttributeError):  # not ours: a library's chatter
            return

    def _read_errors(self) -> None:
        for line in self._process.stderr or ():
            if line.startswith("Error: "):
                self.error = line.removeprefix("Error: ").strip()


_tasks: dict[str, Task] = {}
_guard = threading.Lock()


def start(key: str, title: str, arguments: Sequence[str]) -> Task:
    """The running task with this key, or else a new one."""
    with _guard:
        there = _tasks.get(key)
        if there is None or there.state != "running":
            there = _tasks[key] = Task(key, title, arguments)
        return there


def find(key: str) -> Task | None:
    """The newest task with this key, running or not."""
    return _tasks.get(key)


def forget(key: str) -> None:
    """Lets go of a task that has ended."""
    with _guard:
        there = _tasks.get(key)
        if there is not None and there.state != "running":
            del _tasks[key]


def prepare_arguments(config: DatasetConfig) -> list[str]:
    """The command that prepares this data set."""
    return [
        "prepare", config.name, f"--root={config.root}", "--split", config.split, "--image-size", str(config.image_size),
        "--channels", str(config.channels), "--num-images", str(config.num_images), "--json",
    ]  # fmt: skip
