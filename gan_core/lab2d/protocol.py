"""The messages between the server and the process that trains the games: lines of JSON. Free of torch.

to it      {"game": ID, "do": "new", "revision": NAME, "config": {...}, "points": [[x, y], ...] or null}
           {"game": ID, "do": "change", "config": {...}}                     other losses, same weights
           {"game": ID, "do": "play", "who": WHO, "pace": PACE}, {"do": "pause"}
           {"game": ID, "do": "step", "who": WHO}
           {"game": ID, "do": "watch"}                                       a viewer is there
from it    {"ready": true}                                                   torch is loaded
           {"game": ID, "scene": {...}}, {"game": ID, "frame": {...}}        see gan_core.lab2d.camera
           {"game": ID, "gone": true}                                        dropped to make room
"""

from __future__ import annotations

from dataclasses import dataclass

MOVERS = {"both": ("discriminator", "generator"), "d": ("discriminator",), "g": ("generator",)}
"""Who moves in a step -> the networks whose weights change."""

NUM_SHOWN = 600
"""Points of each kind in a picture."""
FRAME_S = 1 / 15
"""Time from one picture of a game that plays to the next; the aim is 10 a second or better in the browser."""
HALF_FRAME_S = 0.7
MAX_PLAYING = 4
"""Games that play at once; together they take one core at most, and give way to what trains."""
MAX_GAMES = 40
WATCHED_S = 5.0
"""A game without a command for so long is paused."""


@dataclass(frozen=True)
class Pace:
    """How fast a game plays.

    Attributes:
        steps: between two frames; 0 for as many as fit.
        frame_s: time between two frames.
        halves: a frame after D's move and one after G's, instead of one a step.
    """

    steps: int
    frame_s: float = FRAME_S
    halves: bool = False


PACES = {"slow": Pace(1, HALF_FRAME_S, halves=True), **{str(n): Pace(n) for n in (1, 2, 5, 10, 20)}, "all": Pace(0)}
"""Name -> pace, the slowest first."""
DEFAULT_PACE = "10"
