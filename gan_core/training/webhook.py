"""Tells another program when a run ends or fails: JSON, posted to the address in GANVAS_WEBHOOK.

{"run": name, "state": finished | stopped | failed | interrupted, "reason": the sentence that ended it or "", "url": its page}
"""

from __future__ import annotations

import json
import sys
import threading
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from gan_core.config import settings
from gan_core.runs import Run

TIMEOUT_S = 5.0
ENDED = ("finished", "stopped", "failed", "interrupted")
_failing: set[str] = set()  # addresses whose failure stands in the log


def announce(run: Run, url: str) -> threading.Thread | None:
    """Tells of a run that has ended, in a thread of its own: nobody waits for the answer.

    Args:
        run: which; one that goes on, or is paused, is not told.
        url: address of its page.

    Returns:
        The thread; None if there is nothing to tell, or nobody.

    Raises:
        ValueError: GANVAS_WEBHOOK is not valid.
    """
    target, status = settings.webhook(), run.status()
    if not target or status.state not in ENDED:
        return None
    content = {"run": run.name, "state": status.state, "reason": status.error, "url": url}
    thread = threading.Thread(target=_send, args=(target, content), name="ganvas-webhook", daemon=True)
    thread.start()
    return thread


def _send(target: str, content: dict[str, str]) -> None:
    """Posts it; the first of several failures stands in the log, without what may be secret in the address."""
    headers = {"Content-Type": "application/json", "User-Agent": "Ganvas"}
    host = urlsplit(target).hostname or ""
    try:
        with _opener(host).open(Request(target, json.dumps(content).encode(), headers), timeout=TIMEOUT_S):
            _failing.discard(target)
    except (OSError, ValueError, HTTPException) as failure:
        if target not in _failing:
            _failing.add(target)
            print(f"GANVAS_WEBHOOK: {host} was not told that a run ended: {failure}", file=sys.stderr, flush=True)


class _NoRedirect(HTTPRedirectHandler):
    """What is told goes to the address that was checked, and to no other."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """None: the redirection is a failure."""
        return None


def _opener(host: str) -> OpenerDirector:
    direct: list[Any] = [ProxyHandler({})] if settings.is_loopback(host) else []
    return build_opener(_NoRedirect, *direct)
