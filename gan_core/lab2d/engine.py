"""The server's side of the 2-D lab: one process trains all games; pages send commands and read frames.

The process starts with the first order and needs some seconds for torch; the server itself stays without. It ends with
the server.
"""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gan_core.processes.child import Child, ChildDied, Message
from gan_core.processes.process import WATCHED

KEPT_FRAMES = 30  # two seconds of training

Frame = dict[str, Any]


@dataclass
class GameRecord:
    """What the process has sent of one game.

    Attributes:
        scene: what stays as it is; empty until the game has begun.
        frames: the newest ones, the oldest of them first.
        refusals: number of refused commands; `refusal` is the last one's sentence.
        lost: whether the game is no longer in the process.
    """

    scene: dict[str, Any] = field(default_factory=dict)
    frames: deque[Frame] = field(default_factory=lambda: deque(maxlen=KEPT_FRAMES))
    refusals: int = 0
    refusal: str = ""
    lost: bool = False


class Engine:
    """The process and its messages, for all sessions of this server.

    Args:
        arguments: of Python, to start the process; others in tests.
    """

    def __init__(self, arguments: Sequence[str] = ("-m", "gan_core.lab2d.worker")) -> None:
        self._arguments = arguments
        self._child: Child | None = None
        self._ready = False
        self._seen: dict[str, GameRecord] = {}
        self._changed = threading.Condition()
        self._numbers = itertools.count(1)

    @property
    def pid(self) -> int | None:
        """Of the process; None when there is none."""
        child = self._child
        return child.pid if child is not None and child.alive else None

    @property
    def is_ready(self) -> bool:
        """Whether the process has loaded torch."""
        return self._ready and self.pid is not None

    def warm_up(self) -> None:
        """Starts the process, unless it runs. Returns at once."""
        with self._changed:
            self._started()

    def begin(self, game: str, config: dict[str, Any], points: list[tuple[float, float]] | None) -> None:
        """A new game at step 0, in the place of one of that name; see `gan_core.lab2d.game.Game`."""
        self.warm_up()
        with self._changed:
            self._seen[game] = GameRecord()
            revision = f"{game}-{next(self._numbers)}"
        self.order(game, do="new", revision=revision, config=config, points=points)

    def order(self, game: str, **order: Any) -> None:
        """Sends a command of `gan_core.lab2d.protocol`. A refusal appears in `seen`."""
        with self._changed:
            try:
                self._started().send({"game": game, **order})
            except ChildDied:  # it ended just now
                self._seen.pop(game, None)

    def knows(self, game: str) -> bool:
        """Whether this game was begun and is still there."""
        return game in self._seen and self.pid is not None

    def seen(self, game: str) -> GameRecord:
        """The record of a game; one that is lost if it is unknown."""
        return self._seen.get(game, GameRecord(lost=True))

    def wait(self, game: str, condition: Callable[[GameRecord], bool], timeout_s: float) -> bool:
        """Waits until a condition on a game's record holds; returns whether it does."""
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
            child, self._child = self._child, None
        if child is not None:
            child.stop()

    def _started(self) -> Child:
        if self._child is None or not self._child.alive:
            self._ready = False
            self._lose_all()
            self._child = Child(self._arguments, "The process of the 2-D lab", niceness=WATCHED)
            threading.Thread(target=self._listen, args=(self._child,), name="ganvas-lab2d", daemon=True).start()
        return self._child

    def _listen(self, child: Child) -> None:
        for message in child.messages():
            with self._changed:
                if child is self._child:  # else it was replaced meanwhile
                    self._take(message)
                    self._changed.notify_all()
        with self._changed:
            if child is self._child:
                self._lose_all()
        for line in child.last_lines:
            print(line, file=sys.stderr, flush=True)

    def _lose_all(self) -> None:
        self._seen.clear()
        self._changed.notify_all()

    def _take(self, message: Message) -> None:
        if "ready" in message:
            self._ready = True
            return
        seen = self._seen.get(message["game"])
        if seen is None:  # lost meanwhile
            return
        if "scene" in message:
            seen.scene = message["scene"]
            seen.frames.clear()
        elif "frame" in message:
            seen.frames.append(message["frame"])
        elif "refused" in message:
            seen.refusals += 1
            seen.refusal = message["refused"]
        else:
            del self._seen[message["game"]]


_engine: Engine | None = None
_guard = threading.Lock()


def engine() -> Engine:
    """The server's own, made at the first call."""
    global _engine  # noqa: PLW0603 - one process for all sessions
    with _guard:
        if _engine is None:
            _engine = Engine()
        return _engine
