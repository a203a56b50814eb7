"""Work on files of unknown origin, item by item, in a child process with bounded memory and time.

A picture or an archive may be made to fill the memory, to take for ever or to crash its decoder. `each` does such work
elsewhere; the item that was too much is left out with a reason, and the others go on in a new process.

    python -m gan_core.processes.guarded     the child: one order by standard input, an answer an item
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from gan_core.config.registry import load
from gan_core.processes.child import Child, ChildDied, Parent
from gan_core.processes.process import WATCHED

MEMORY_BYTES = 262_000_000  # of the child in all; 256 MiB with what the system counts beside it
START_S = 60.0  # a cold interpreter on a busy machine
ALONE = 256  # items that are worked on one at a time after several at once were too much
AT_ONCE = 4  # children of one server: a gigabyte
TOO_MUCH = "it needs more than the 256 MiB of memory that reading may take."
NAME = "The process that reads untrusted files"
_places = threading.BoundedSemaphore(AT_ONCE)
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "TEMP", "SYSTEMROOT", "LD_LIBRARY_PATH", "PYTHONPATH")


@dataclass(frozen=True)
class Patience:
    """How long the work may take: for one item without an answer, and in all, in seconds."""

    item_s: float = 20.0
    total_s: float = 120.0


@dataclass(frozen=True)
class Start:
    """Where the child begins.

    Attributes:
        first: the number of the first item, from 0; those before it are done.
        fault: why that item is to be left out; "" if it is not.
        alone: for how many items from the first no other may be worked on at the same time.
    """

    first: int = 0
    fault: str = ""
    alone: int = 0


Work = Callable[[dict[str, Any], Start], Iterator[Any]]
"""(arguments, where to begin) -> a JSON value an item, in order; a ValueError refuses the whole."""


def each(
    function: str, arguments: dict[str, Any], patience: Patience = Patience(), *, at_once: bool = False
) -> Generator[Any, None, None]:
    """What a `Work` yields, item by item; the process ends with the iterator.

    Args:
        function: the `Work`, as "gan_core.module:function"; imported in the child only.
        arguments: JSON values.
        patience: an item that takes longer, or whose process dies, is left out by the function, which is told why.
        at_once: whether the function works on several items at once where it may; who was too much is found out alone.

    Raises:
        ValueError: the function refuses, the time for all is over, the process dies before the first item, or AT_ONCE
            others are still at work after START_S.
    """
    if not _places.acquire(timeout=START_S):
        raise ValueError(f"{AT_ONCE} others are reading files already, the most at once. Try again in a minute.")
    try:
        yield from _in_turn(function, arguments, patience, at_once)
    finally:
        _places.release()


def _in_turn(function: str, arguments: dict[str, Any], patience: Patience, at_once: bool) -> Iterator[Any]:
    ends = time.monotonic() + patience.total_s
    start = Start()
    while True:
        done = 0
        try:
            for item in _one_child(function, arguments, start, patience.item_s, ends):
                done += 1
                yield item
            return
        except _Ended as end:
            reason = str(end)
        if time.monotonic() >= ends:
            raise ValueError(
                f"Reading it took longer than {patience.total_s:g} s and was ended. Take fewer or smaller files."
            )
        if start.fault and not done:  # the same again, although the item was left out
            raise ValueError(f"It cannot be read: {reason}")
        first = start.first + done
        guilty = not at_once or first < start.first + start.alone
        start = Start(first, reason if guilty else "", ALONE)


class _Ended(Exception):
    """The child ended, or was ended, before its work did; the message says why."""


def _one_child(function: str, arguments: dict[str, Any], start: Start, item_s: float, ends: float) -> Iterator[Any]:
    child = Child(("-m", "gan_core.processes.guarded"), NAME, niceness=WATCHED, environment=_environment())
    try:
        child.send({"function": function, "arguments": arguments, "start": asdict(start)})
        patience = START_S
        while True:
            answer = child.receive(max(0.0, min(patience, ends - time.monotonic())))
            if answer is None:
                raise _Ended(f"it took longer than {patience:g} s.")
            if "refused" in answer:
                raise ValueError(answer["refused"])
            if "too much" in answer:
                raise _Ended(answer["too much"])
            if "end" in answer:
                return
            patience = item_s
            if "item" in answer:
                yield answer["item"]
    except ChildDied as death:
        raise _Ended(str(death)) from None
    finally:
        child.stop(0.0)


def _environment() -> dict[str, str]:
    """What the child may know: no tokens. glibc gives what was freed back at once, so that limits mean what they say."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("GANVAS_")}
    return kept | {"MALLOC_MMAP_THRESHOLD_": "1048576", "MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1"}


def main() -> None:
    """The child's work: one order, its answers, the end."""
    parent = Parent()
    order = next(parent.messages())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    work: Work = load(order["function"])
    parent.send({"ready": True})
    threading.stack_size(1 << 20)  # a stack counts whole, used or not
    bound_memory(MEMORY_BYTES)
    try:
        for item in work(order["arguments"], Start(**order["start"])):
            parent.send({"item": item})
        parent.send({"end": True})
    except ValueError as refusal:
        parent.send({"refused": str(refusal)})
    except MemoryError:
        parent.send({"too much": TOO_MUCH})
    sys.stderr.flush()
    os._exit(0)  # a thread that waits for standard input cannot be joined


def bound_memory(total_bytes: int) -> None:
    """Holds this process to so much memory, what it has by now included. No effect where the system cannot."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        with open("/proc/self/status", encoding="ascii") as file:  # noqa: PTH123
            have = {line.split(":")[0]: line.split()[1] for line in file if line.startswith(("VmData", "VmRSS"))}
        room = max(0, total_bytes - 1024 * int(have["VmRSS"]))
        resource.setrlimit(resource.RLIMIT_DATA, (1024 * int(have["VmData"]) + room,) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
