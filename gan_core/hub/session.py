"""One order's session with the Hub: the Hub's own client, the token, and the byte counter."""

from __future__ import annotations

import os
import time
from typing import Any

import huggingface_hub
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import OfflineModeIsEnabled

from gan_core import __version__
from gan_core.hub.orders import Order
from gan_core.hub.wire import Watch
from gan_core.processes.child import Send

SAY_EVERY_S = 0.2  # pages refresh no faster


class Session:
    """What an order needs to be carried out.

    Attributes:
        order: which.
        token: None without one.
        api: the Hub's client; it sends the token, if there is one.
        watch: counts what passes.
        say: sends progress to the server.
    """

    def __init__(self, order: Order, token: str | None, say: Send) -> None:
        self.order = order
        self._say = say
        self._stage, self._total, self._before, self._said_at = "Starting", 0, 0, 0.0
        self.watch = Watch(order, self._moved)
        self.token = token
        self.api = HfApi()

    def open(self) -> None:
        """Finds the token if none was given, and the computer's own may be used; from here on the Hub can be asked."""
        if constants.is_offline_mode():
            raise OfflineModeIsEnabled
        huggingface_hub.set_client_factory(self.watch.client)
        if self.token is None and os.environ.get("GANVAS_HUB_IMPLICIT"):
            self.token = huggingface_hub.get_token()
        self.watch.with_token = self.token is not None
        self.api = HfApi(token=self.token or False, library_name="ganvas", library_version=__version__)

    def scrubbed(self, text: str) -> str:
        """The text without the token."""
        return text.replace(self.token, "***") if self.token else text

    def phase(self, words: str, total: int = 0) -> None:
        """Begins a phase; `total` bytes are to be moved in it."""
        self._stage, self._total, self._before = words, total, self.watch.sent + self.watch.received
        self._tell()

    def whoami(self) -> dict[str, Any]:
        """The token's user and organisations. Raises ValueError if there is no token."""
        self.phase("Asking the Hub")
        if self.token is None:
            raise ValueError("There is no token yet: give one, or log in on this computer with: hf auth login.")
        told = self.api.whoami()
        organisations = [str(o.get("name")) for o in told.get("orgs") or [] if isinstance(o, dict)]
        return {"name": str(told.get("name") or ""), "organisations": organisations}

    def _moved(self) -> None:
        if time.monotonic() - self._said_at >= SAY_EVERY_S:
            self._tell()

    def _tell(self) -> None:
        self._said_at = time.monotonic()
        moved = self.watch.sent + self.watch.received - self._before
        self._say({"stage": self._stage, "done": min(moved, self._total), "total": self._total})
