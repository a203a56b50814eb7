"""The games in the plane from the server's side: one process plays them all; pages give orders and take frames.

The process starts with the first order and needs some seconds for torch; the server itself stays without. It ends with
the server.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gan_core.config.settings import PROJECT_DIR

KEPT_FRAMES = 30  # two seconds of play; who looks less often misses some

Frame = dict[str, Any]


@dataclass
class Seen:
    """What the process has told of one game.

    Attributes:
        scene: what stays as it is; empty until the game has begun.
        frames: the newest ones, the oldest of them first.
        refusals: how many times something was refused; `refusal` is the last one's sentence.
        lost: whether the game is no longer there.
    """

    scene: dict[str, Any] = field(default_factory=dict)
    frames: deque[Frame] = field(default_factory=lambda: deque(maxlen=KEPT_FRAMES))
    refusals: int = 0
    refusal: str = ""
    lost: bool = False


class Engine:
    """The process and what it told, for all sessions of this server.

    Args:
        command: starts the process; another one in tests.
    """

    def __init__(self, command: tuple[str, ...] = (sys.executable, "-m", "gan_core.lab2d.worker")) -> None:
        self._command = command
        self._process: subprocess.Popen[str] | None = None
        self._ready = False
        self._seen: dict[str, Seen] = {}
        self._changed = threading.Condition()
        self._numbers = itertools.count(1)

    @property
    def pid(self) -> int | None:
        """Of the process; None when there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def is_ready(self) -> bool:
        """Whether the process has loaded torch."""
        return self._ready and self.pid is not None

    def warm_up(self) -> None:
        """Starts the process, unless it runs. Returns at once."""
        with self._changed:
            if self.pid is None:
                self._start()

    def begin(self, game: str, config: dict[str, Any], points: list[tuple[float, float]] | None) -> None:
        """A new game at step 0, in the place of one of that name; see `gan_core.lab2d.game.Game`."""
        self.warm_up()
        with self._changed:
            self._seen[game] = Seen()
            revision = f"{game}-{next(self._numbers)}"
        self.order(game, do="new", revision=revision, config=config, points=points)

    def order(self, game: str, **order: Any) -> None:
        """Gives an order, as `gan_core.lab2d.protocol` lists them. What is refused is told in `seen`."""
        with self._changed:
            if self.pid is None:
                self._start()
            assert self._process is not None and self._process.stdin is not None
            try:
                self._process.stdin.write(json.dumps({"game": game, **order}) + "\n")
                self._process.stdin.flush()
            except OSError:  # it ended this very moment: `_read` notices
                self._seen.setdefault(game, Seen()).lost = True

    def knows(self, game: str) -> bool:
        """Whether this game was begun and is still there."""
        seen = self._seen.get(game)
        return seen is not None and not seen.lost and self.pid is not None

    def seen(self, game: str) -> Seen:
        """What is known of a game."""
        return self._seen.get(game, Seen(lost=True))

    def wait(self, game: str, condition: Callable[[Seen], bool], timeout_s: float) -> bool:
        """Waits until something is seen of a game; returns whether it was."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not condition(self.seen(game)):
                left = deadline - time.monotonic()
                if left <= 0 or not self.knows(game):
                    return False
                self._changed.wait(left)
        return True

    def stop(self) -> None:
        """Ends the process; its games are lost."""
        with self._changed:
            process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self) -> None:
        self._ready = False
        self._lose_all()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=PROJECT_DIR,
            start_new_session=True,  # Ctrl-C in the server's terminal reaches the server alone, which then closes the pipe
            text=True,
        )
        threading.Thread(target=self._read, args=(self._process,), name="ganvas-twin", daemon=True).start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{"):
                message = json.loads(line)
                with self._changed:
                    if process is self._process:  # else another has taken its place meanwhile
                        self._take(message)
                        self._changed.notify_all()
        process.wait()
        with self._changed:
            if process is self._process:
                self._lose_all()

    def _lose_all(self) -> None:
        for seen in self._seen.values():
            seen.lost = True
        self._changed.notify_all()

    def _take(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            self._ready = True
            return
        seen = self._seen.setdefault(message["game"], Seen())
        if "scene" in message:
            seen.scene = message["scene"]
            seen.frames.clear()
        elif "frame" in message:
            seen.frames.append(message["frame"])
        elif "refused" in message:
            seen.refusals += 1
            seen.refusal = message["refused"]
        else:
            seen.lost = True


_engine: Engine | None = None
_guard = threading.Lock()


def engine() -> Engine:
    """The server's own, made at the first call."""
    global _engine  # noqa: PLW0603 - one process for all sessions
    with _guard:
        if _engine is None:
            _engine = Engine()
        return _engine
