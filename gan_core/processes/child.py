"""A child process with messages through its pipes, one JSON object a line. `Child` is the server's end, `Parent` the other.

The state of such a process is in its memory, so it is no task in a folder (`gan_core.jobs.task`): the training worker
keeps torch loaded, the 2-D lab keeps its games, and the Hub's token may be in no file.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from gan_core.processes.process import death, last_line, launch

Message = dict[str, Any]
Send = Callable[[Message], None]
LAST_LINES = 20
MAX_CHARACTERS = 64_000_000  # of a message


class ChildDied(RuntimeError):
    """The process ended; the message says how, for people."""


class Child:
    """A process that was started here.

    Args:
        arguments: of Python, as `process.launch` takes them.
        name, advice: see `process.death`.
        log: file for its standard error; it may outlive this process then. None keeps the last lines in memory.
        niceness, environment: see `process.launch`.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        name: str,
        *,
        advice: str = "",
        log: Path | None = None,
        niceness: int = 0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._name, self._advice, self._log = name, advice, log
        with log.open("wb") if log else contextlib.nullcontext(subprocess.PIPE) as errors:
            self._process = launch(
                arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                niceness=niceness, environment=environment,
            )  # fmt: skip
        self._messages: queue.Queue[Message | None] = queue.Queue()
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._readers = [threading.Thread(target=self._read, daemon=True)]
        if log is None:
            self._readers.append(threading.Thread(target=self._read_errors, daemon=True))
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def last_lines(self) -> list[str]:
        """The newest lines of its standard error; none when they go to a log."""
        return list(self._last_lines)

    def send(self, message: Message) -> None:
        """Sends a message.

        Raises:
            ChildDied: the process has ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError):  # its end is closed, or ours is
            raise ChildDied(self._death()) from None

    def receive(self, timeout_s: float | None = None) -> Message | None:
        """Its next message, or None if none comes in time.

        Raises:
            ChildDied: it ended, and all its messages have been received.
        """
        try:
            message = self._messages.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if message is None:
            self._messages.put(None)
            raise ChildDied(self._death())
        return message

    def messages(self) -> Iterator[Message]:
        """Its messages, until it ends."""
        with contextlib.suppress(ChildDied):
            while message := self.receive():
                yield message

    def stop(self, timeout_s: float = 5.0) -> None:
        """Ends it: closes its standard input, and kills it if it still runs after so long. 0 kills it at once."""
        if timeout_s:
            _close(self._process.stdin)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout_s)
        self._process.kill()
        self._process.wait()
        for reader in self._readers:
            reader.join(5.0)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            _close(pipe)

    def _read(self) -> None:
        for line in self._process.stdout or ():
            if (message := _parsed(line)) is not None:
                self._messages.put(message)
        self._messages.put(None)

    def _read_errors(self) -> None:
        self._last_lines.extend(line.rstrip() for line in self._process.stderr or () if line.strip())

    def _death(self) -> str:
        code = self._process.wait()
        if self._log is not None:
            words = last_line(self._log)
        else:
            self._readers[-1].join(1.0)
            words = self._last_lines[-1] if self._last_lines else ""
        return death(self._name, code, words, self._advice)


class Parent:
    """The process that started this one: its messages come by standard input, answers go by standard output.

    From when it is made, what libraries print goes with the errors.
    """

    def __init__(self) -> None:
        self._out = os.dup(1)
        os.dup2(2, 1)
        self._guard = threading.Lock()

    def messages(self) -> Iterator[Message]:
        """Its messages, until it closes the pipe or ends."""
        for line in sys.stdin:
            if (message := _parsed(line)) is not None:
                yield message

    def send(self, message: Message) -> None:
        """Sends a message. No effect when it has ended."""
        line = json.dumps(message).encode() + b"\n"
        with self._guard, contextlib.suppress(BrokenPipeError):
            while line:
                line = line[os.write(self._out, line) :]


def _parsed(line: str) -> Message | None:
    """A message, which may hold NaN; None for a line that is none: what a library printed."""
    if not line.startswith("{") or len(line) > MAX_CHARACTERS:
        return None
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def _close(pipe: IO[str] | None) -> None:
    if pipe is not None:
        with contextlib.suppress(OSError):
            pipe.close()
