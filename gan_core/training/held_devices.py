"""Which devices of this computer train: each has one run at a time, also one that several devices train together."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from gan_core.runs import Run


class Devices:
    """The devices in use: a run of several processes waits until it has all of its own, in the order in which runs ask."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._busy: set[str] = set()
        self._waiting: list[frozenset[str]] = []

    @contextlib.contextmanager
    def held(self, run: Run) -> Iterator[None]:
        """Holds a run's devices; waits for them first."""
        device, processes = run.status().device, run.control().processes
        kind = device.partition(":")[0]
        names = {device, *(f"{kind}:{number}" for number in range(processes) if processes > 1 and kind != "cpu")}
        wanted = frozenset(f"{run.path.parent}:{name}" for name in names)
        with self._changed:
            self._waiting.append(wanted)
            self._changed.wait_for(lambda: not wanted & self._busy.union(*self._before(wanted)))
            self._waiting[:] = [other for other in self._waiting if other is not wanted]
            self._busy |= wanted
        try:
            yield
        finally:
            with self._changed:
                self._busy -= wanted
                self._changed.notify_all()

    def _before(self, wanted: frozenset[str]) -> list[frozenset[str]]:
        """What those want who asked earlier."""
        return self._waiting[: next(place for place, other in enumerate(self._waiting) if other is wanted)]
