"""An order and the process that carries it out, seen from the server: progress, cancel, and a deadline of our own.

The Hub's own client has no timeout for most calls and retries for minutes. So the process is ended when it has said
nothing for `Limits.silence_s`, or worked for `Limits.total_s`, whatever it is waiting for. The token goes to it through
a pipe and is kept nowhere on this side.
"""

from __future__ import annotations

import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gan_core.access import Actor, require
from gan_core.config import settings
from gan_core.hub import aside, orders
from gan_core.hub.account import login_allowed
from gan_core.hub.orders import Browse, Order, WhoAmI
from gan_core.jobs.task import Progress
from gan_core.processes.child import Child, ChildDied, Message
from gan_core.processes.process import without_token

WORKER, NAME = ("-m", "gan_core.hub.worker"), "The process that talks to the Hub"
MAX_AT_ONCE = 4
START_S = 60.0  # a cold interpreter on a busy machine
POLL_S = 0.1
SILENT_S = 10.0  # before what was silent is asked again
_THREAD = "ganvas-hub-"
_starting = threading.Lock()
Fill = Callable[[Path], object]


@dataclass(frozen=True)
class Limits:
    """How long a transfer may take.

    Attributes:
        silence_s: without a byte from the Hub or a step of our own.
        total_s: in all.
    """

    silence_s: float = 60.0
    total_s: float = 3600.0


def limits_from_environment() -> Limits:
    """The limits in GANVAS_HUB_SILENCE_S and GANVAS_HUB_TOTAL_S. Raises ValueError unless they are positive numbers."""
    return Limits(settings.seconds("GANVAS_HUB_SILENCE_S"), settings.seconds("GANVAS_HUB_TOTAL_S"))


@dataclass(frozen=True)
class TransferProgress(Progress):
    """Where a transfer stands; `done` and `total` are bytes, and `stage` is in words.

    Attributes:
        result: what a done one brought (see `orders`).
        retry_s: of a failed one: seconds after which the same order may go better; None where it would not.
    """

    state: str = "running"
    stage: str = "Starting"
    result: Mapping[str, Any] = field(default_factory=dict)
    retry_s: float | None = None


class Transfer:
    """One order under way. `progress` may be read from any thread at any time; nothing here ever waits for the Hub."""

    def __init__(self, order: Order, limits: Limits, fill: Fill | None = None) -> None:
        self.order = order
        self.limits = limits
        self._fill = fill
        self.progress = TransferProgress()
        self._cancelled = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether it still works."""
        return self.progress.state == "running"

    def cancel(self) -> None:
        """Ends it soon, leaving nothing behind."""
        self._cancelled.set()

    def wait(self, timeout_s: float | None = None) -> TransferProgress:
        """Where it stands at its end, or after so many seconds."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self.progress

    def _begin(self, token: str | None, runs_dir: Path) -> None:
        self._thread = threading.Thread(
            target=self._run, args=(token, runs_dir), name=_THREAD + secrets.token_hex(4), daemon=True
        )
        self._thread.start()

    def _run(self, token: str | None, runs_dir: Path) -> None:
        try:
            with aside.own_folder(runs_dir) as place:
                if self._fill is not None:
                    self._fill(place)
                self._carry_out(token, place, runs_dir)
        except OSError as failure:
            self._end("failed", f"The runs folder {runs_dir} cannot be written ({failure.strerror or failure}).")

    def _carry_out(self, token: str | None, place: Path, runs_dir: Path) -> None:
        job = {"order": orders.to_dict(self.order), "token": token, "place": str(place), "runs_dir": str(runs_dir)}
        child = Child(WORKER, NAME, environment=_environment(implicit=token is None and login_allowed()))
        try:
            child.send(job)  # its pipe is left open: the child ends when it closes
            self._listen(child)
        except ChildDied as death:
            self._end("failed", str(death).replace(token or "\0", "***"))
        finally:
            child.stop(timeout_s=0.0)

    def _listen(self, child: Child) -> None:
        """Follows the process until it has answered, gone silent, taken too long, or is wanted no more."""
        started = heard = time.monotonic()
        patience = max(START_S, self.limits.silence_s)
        while self.running:
            now = time.monotonic()
            if self._cancelled.is_set():
                self._end("cancelled")
            elif now - heard > patience:
                self._end("failed", f"The Hub has not answered for {patience:g} s. Try again later.", retry_s=SILENT_S)
            elif now - started > self.limits.total_s:
                self._end("failed", f"It took longer than {self.limits.total_s:g} s in all, and was ended. Try again.")
            elif message := child.receive(POLL_S):
                heard, patience = time.monotonic(), self.limits.silence_s
                self._take(message)

    def _take(self, message: Message) -> None:
        if "result" in message:
            self._end("done", result=message["result"])
        elif "error" in message:
            self._end("failed", message["error"], retry_s=message.get("retry_s"))
            if message.get("traceback"):
                print(message["traceback"], file=sys.stderr, flush=True)
        else:
            self.progress = TransferProgress("running", message["stage"], message["done"], message["total"])

    def _end(
        self, state: str, error: str = "", result: Mapping[str, Any] | None = None, retry_s: float | None = None
    ) -> None:
        done, total = self.progress.done, self.progress.total
        self.progress = TransferProgress(state, "", done, total, error=error, result=result or {}, retry_s=retry_s)


def start(
    order: Order,
    *,
    token: str | None = None,
    runs_dir: Path | None = None,
    limits: Limits | None = None,
    actor: Actor | None = None,
    fill: Fill | None = None,
) -> Transfer:
    """Begins to carry out an order in a process of its own; returns at once.

    Args:
        order: what to do.
        token: of the user; None uses the computer's own login if there is one and it may be used.
        runs_dir: where a fetched run goes; the installation's if None.
        limits: how long it may take; the installation's if None.
        actor: on whose behalf; None for `access.current`.
        fill: writes what is sent into the transfer's own folder, which goes when it ends: the page of a `Space`, in PAGE.

    Raises:
        ValueError: if the actor may not use the Hub, or MAX_AT_ONCE transfers are under way.
    """
    require("hub", actor)
    limits = limits or limits_from_environment()
    if isinstance(order, WhoAmI | Browse):
        limits = Limits(min(limits.silence_s, 15.0), min(limits.total_s, 120.0))
    transfer = Transfer(order, limits, fill)
    with _starting:
        if sum(thread.name.startswith(_THREAD) for thread in threading.enumerate()) >= MAX_AT_ONCE:
            raise ValueError(f"{MAX_AT_ONCE} transfers with the Hub are under way already. Wait until one has ended.")
        transfer._begin(token.strip() if token and token.strip() else None, runs_dir or settings.runs_dir())
    return transfer


def _environment(*, implicit: bool) -> dict[str, str]:
    """Environment of the process; `implicit`: whether it may use this computer's own login."""
    environment = {k: v for k, v in os.environ.items() if k not in ("HF_DEBUG", "HF_HUB_VERBOSITY")}
    if not implicit:
        environment = without_token(environment)
    return environment | {
        "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",  # sent only with the worker's own requests
        "HF_HUB_DISABLE_XET": "1",  # plain HTTP: progress, limits and a cut can all be seen
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "GANVAS_HUB_IMPLICIT": "1" if implicit else "",
    }
