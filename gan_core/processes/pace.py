"""How often a server refreshes what many watch: less often while it is busy, so that clicks are still answered at once.

A refresh costs the server some milliseconds of one core, which Python's threads share. Thirty browsers that each refresh five
parts of a page every second would take all of it, and everybody would wait for everybody.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

SAMPLE_S = 10.0
TARGET = 0.45  # of one core: what refreshing may take, with the rest free for clicks
BUSY, IDLE = 0.6, 0.3  # in between the pace is kept
SLOWEST = 4.0


class RefreshPace:
    """By how much the intervals between refreshes are to be stretched now: 1 on a quiet server, at most SLOWEST.

    The processor time of a sample is spent in proportion to the refreshes, so the stretch that would have met the target is
    `share / TARGET` times the present one.

    Args:
        clock: seconds that never go back.
        spent: processor seconds of this process so far, all threads.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, spent: Callable[[], float] = time.process_time
    ) -> None:
        self._clock, self._spent = clock, spent
        self._since, self._before = clock(), spent()
        self._stretch = 1.0
        self._guard = threading.Lock()

    def stretch(self) -> float:
        """The factor, after a look at the last SAMPLE_S seconds where that many have passed."""
        with self._guard:
            now = self._clock()
            if now - self._since >= SAMPLE_S:
                spent = self._spent()
                share = (spent - self._before) / (now - self._since)
                self._since, self._before = now, spent
                if not IDLE <= share <= BUSY:
                    by = min(2.0, max(0.5, share / TARGET))  # a page that is opened is no reason for more
                    self._stretch = min(SLOWEST, max(1.0, self._stretch * by))
            return self._stretch
