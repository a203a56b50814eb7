"""The process that trains the games of a server: by turns, on one thread, and only those with viewers.

    python -m gan_core.lab2d.worker        lines in and out: see gan_core.lab2d.protocol

It ends when there is nothing more to read, that is with its server.
"""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from gan_core.config import parse_config
from gan_core.lab2d.camera import Camera
from gan_core.lab2d.game import Game
from gan_core.lab2d.protocol import DEFAULT_PACE, FRAME_S, MAX_GAMES, MAX_PLAYING, PACES, WATCHED_S
from gan_core.processes.child import Message, Parent, Send


class GameSession:
    """A game, its pace, and when it was last viewed. `send` takes its messages to the server."""

    def __init__(self, name: str, send: Send) -> None:
        self.name = name
        self.playing = False
        self.due = 0.0  # when its next frame is
        self.watched = time.monotonic()
        self._send = send
        self._revision = ""
        self._number = 0
        self._ordered = 0  # single steps asked for in this game
        self._camera: Camera | None = None
        self._who, self._pace = "both", DEFAULT_PACE
        self._step: Iterator[str] | None = None  # a step that is halted after D's update
        self._moved = ""  # whose update that was
        self._rate = 0.0  # steps a second
        self._frame_s = 0.0  # that the last frame took
        self._since = (0.0, 0)

    def begin(self, revision: str, config: dict[str, Any], points: list[list[float]] | None) -> None:
        """A new game at step 0. Raises: ValueError as `Game`."""
        self._camera = Camera(Game(parse_config(config), None if points is None else np.array(points, np.float32)))
        self._revision, self._ordered = revision, 0
        self.playing, self._step = False, None
        self._send({"game": self.name, "scene": self._camera.scene() | {"revision": self._revision}})
        self.show()

    def change(self, config: dict[str, Any]) -> None:
        """Other losses or learning rates. Raises: ValueError as `Game.change`."""
        self._finish_half()
        self.camera.game.change(parse_config(config))
        self.show()

    def play(self, who: str, pace: str) -> None:
        """Plays until it is paused, over or without viewers."""
        self._finish_half()
        self._who, self._pace, self.playing = who, pace, True
        self.due = time.monotonic()
        self._since = (self.due, self.camera.game.step)

    def pause(self, said: str = "") -> None:
        """Stops playing; `said` is the reason: "over", "unwatched", or empty for a command."""
        self._finish_half()
        self.playing = False
        self.show(said)

    def step(self, who: str) -> None:
        """One whole step."""
        self.playing = False
        self._ordered += 1
        self._finish_half()
        self._who = who
        self.camera.game.play(who)
        self.show()

    def advance(self, budget_s: float) -> None:
        """Plays up to its next frame and shows it; both together take about so long, or one step's time."""
        game, pace = self.camera.game, PACES[self._pace]
        begun = time.monotonic()
        self.due = max(self.due + pace.frame_s, begun)
        if pace.halves:
            self._advance_half()
        else:
            for _ in itertools.islice(itertools.count(), pace.steps or None):
                game.play(self._who)
                if game.is_over or time.monotonic() - begun > budget_s - self._frame_s:
                    break
        now, (then, steps) = time.monotonic(), self._since
        if now - then >= 1.0:
            self._rate, self._since = (game.step - steps) / (now - then), (now, game.step)
        if game.is_over and self._step is None:
            self.pause("over")
        else:
            self.show()

    def show(self, said: str = "") -> None:
        """Sends the current frame."""
        begun = time.monotonic()
        self._number += 1
        game = self.camera.game
        frame = self.camera.frame(intervals=not self.playing) | {
            "number": self._number,
            "revision": self._revision,
            "time": time.monotonic(),
            "step": game.step + int(self._step is not None),  # with the one that is being made
            "total_steps": game.config.training.max_steps,
            "moves": dict(game.moves),
            "ordered": self._ordered,
            "moved": self._moved if self._step is not None else "",
            "playing": self.playing,
            "who": self._who,
            "pace": self._pace,
            "rate": self._rate if self.playing else 0.0,
            "said": said,
        }
        self._send({"game": self.name, "frame": frame})
        self._frame_s = time.monotonic() - begun

    def refuse(self, refusal: str) -> None:
        """Stops, and sends why; the last frame stays."""
        self.playing, self._step = False, None
        self._send({"game": self.name, "refused": refusal})

    @property
    def camera(self) -> Camera:
        """Of its game. Raises: ValueError when none was begun."""
        if self._camera is None:
            raise ValueError("No game has begun yet.")
        return self._camera

    def _advance_half(self) -> None:
        """To the next change of weights, which may be that of a new step."""
        game = self.camera.game
        self._moved = "" if self._step is None else next(self._step, "")
        if not self._moved:
            ended, self._step = self._step is not None, None
            if ended and game.is_over:
                return
            self._step = game.half_moves(self._who)
            self._moved = next(self._step, "")

    def _finish_half(self) -> None:
        if self._step is not None:
            for _ in self._step:
                pass
            self._step = None


class GameServer:
    """All sessions: handles commands, advances by turns those that play. `send` takes messages to the server."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._sessions: dict[str, GameSession] = {}

    def handle(self, order: dict[str, Any]) -> None:
        """Executes a command; a refusal is sent with its sentence."""
        name, what = order["game"], order["do"]
        session = self._sessions.get(name)
        if session is None:
            if what != "new":
                self._send({"game": name, "gone": True})
                return
            self._make_room()
            session = self._sessions[name] = GameSession(name, self._send)
        session.watched = time.monotonic()
        try:
            self._do(session, what, order)
        except ValueError as refusal:
            session.refuse(str(refusal))

    def wait_s(self) -> float:
        """Time until the next frame is due; a second when none plays."""
        due = [session.due for session in self._playing()]
        return min(1.0, max(0.0, min(due) - time.monotonic())) if due else 1.0

    def advance(self) -> None:
        """Lets every game whose frame is due play up to it; pauses those without viewers."""
        playing = self._playing()
        for session in playing:
            now = time.monotonic()
            try:
                if now - session.watched > WATCHED_S:
                    session.pause("unwatched")
                elif session.due <= now:
                    session.advance(FRAME_S / len(playing))
            except ValueError as refusal:
                session.refuse(str(refusal))

    def _playing(self) -> list[GameSession]:
        return [session for session in self._sessions.values() if session.playing]

    def _do(self, session: GameSession, what: str, order: dict[str, Any]) -> None:
        match what:
            case "new":
                session.begin(order["revision"], order["config"], order["points"])
            case "change":
                session.change(order["config"])
            case "play":
                others = [other for other in self._playing() if other is not session]
                if len(others) >= MAX_PLAYING:
                    raise ValueError(
                        f"{MAX_PLAYING} games play on this server now, as many as it lets play at once. Wait until one is "
                        "paused; single steps work meanwhile."
                    )
                session.play(order["who"], order["pace"])
            case "step":
                session.step(order["who"])
            case "pause":
                session.pause()

    def _make_room(self) -> None:
        if len(self._sessions) >= MAX_GAMES:
            oldest = min(self._sessions.values(), key=lambda session: session.watched)
            del self._sessions[oldest.name]
            self._send({"game": oldest.name, "gone": True})


def main() -> None:
    """Plays until there is nothing more to read."""
    parent = Parent()
    orders: queue.Queue[Message | None] = queue.Queue()

    def read() -> None:
        for message in parent.messages():
            orders.put(message)
        orders.put(None)

    threading.Thread(target=read, name="ganvas-lab2d-orders", daemon=True).start()
    hall = GameServer(parent.send)
    parent.send({"ready": True})
    while True:
        try:
            order = orders.get(timeout=hall.wait_s())
        except queue.Empty:
            hall.advance()
            continue
        if order is None:
            return
        hall.handle(order)
        hall.advance()


if __name__ == "__main__":
    main()
