"""The HTTP client under the Hub's own client, watched: every byte is counted, and no fault is repeated for long.

The Hub's client retries for 15 to 23 s and then reports some faults as a missing file; here the first 429, the second
5xx and the third cut end the transfer with their own sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx2

from gan_core.hub.faults import CUT, RETRY_S, HubFault, of_status
from gan_core.hub.orders import Order

CONNECT_S = 10.0
MAX_ANSWER_BYTES = 32_000_000  # of anything but a file that we asked for
PIECE_BYTES = 262_144
MAX_FAULTS = 2  # answers 5xx
MAX_CUTS = 3


class Watch:
    """Counts what passes and ends what goes wrong. One for each order.

    Attributes:
        sent, received: bytes of content, headers left out.
        budget: bytes of files that may still be received; set once the files' sizes are known.
    """

    def __init__(self, order: Order, moved: Callable[[], None]) -> None:
        self.sent = 0
        self.received = 0
        self.budget = 0
        self.with_token = False
        self._order = order
        self._moved = moved
        self._faults = 0
        self._cuts = 0

    def client(self) -> httpx2.Client:
        """An HTTP client under this watch, for `huggingface_hub.set_client_factory`."""
        return httpx2.Client(
            event_hooks={"request": [self._on_request], "response": [self._on_response]},
            follow_redirects=True,
            timeout=httpx2.Timeout(None, connect=CONNECT_S),  # silence is the deadline's matter: see transfer
        )

    def _on_request(self, request: httpx2.Request) -> None:
        request.stream = _Stream(request.stream, self._sent)

    def _on_response(self, response: httpx2.Response) -> None:
        self._moved()
        status = response.status_code
        self._faults += status >= 500
        if status == 429 or (status >= 500 and self._faults >= MAX_FAULTS):
            told = response.headers.get("retry-after", "").strip()
            wait_s = int(told) if told.isdecimal() and len(told) < 7 else None
            words = of_status(status, self._order, with_token=self.with_token, wait_s=wait_s)
            raise HubFault(words, RETRY_S if wait_s is None else wait_s)
        is_file = "/resolve/" in response.request.url.path or response.history or self.budget
        limit = None if is_file else MAX_ANSWER_BYTES
        response.stream = _Stream(response.stream, lambda count: self._got(count, limit), self._cut)

    def _sent(self, count: int) -> None:
        self.sent += count
        self._moved()

    def _got(self, count: int, limit: int | None) -> None:
        self.received += count
        if limit is None and self.budget and self.received > self.budget:
            raise HubFault("The Hub sends more than the files that it lists. The transfer was ended.")
        if limit is not None and self.received > limit:
            raise HubFault("The Hub's answer is too large to be one. The transfer was ended.")
        self._moved()

    def _cut(self) -> None:
        self._cuts += 1
        if self._cuts >= MAX_CUTS:
            raise HubFault(CUT, RETRY_S)


class _Stream(httpx2.SyncByteStream):
    """A body in pieces, each of them counted."""

    def __init__(self, inner: Any, count: Callable[[int], None], cut: Callable[[], None] | None = None) -> None:
        self._inner = inner
        self._count = count
        self._cut = cut

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._inner:
                for start in range(0, len(chunk), PIECE_BYTES):
                    piece = chunk[start : start + PIECE_BYTES]
                    self._count(len(piece))
                    yield piece
        except (httpx2.RemoteProtocolError, httpx2.ReadError):
            if self._cut is not None:
                self._cut()
            raise

    def close(self) -> None:
        """Closes the connection's side of it."""
        close = getattr(self._inner, "close", None)
        if close is not None:
            close()
