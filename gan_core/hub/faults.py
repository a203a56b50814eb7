"""What went wrong with the Hub, as one sentence for people: which of its many ways to fail, and what to do."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
from huggingface_hub import constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from gan_core.config.reasons import reason
from gan_core.hub.orders import Browse, Order, Pull, Push, Space

_NO_SUCH_HOST = ("Name or service", "getaddrinfo", "name resolution", "nodename", "No address")
RETRY_S = 10.0
CUT = "The connection to the Hub was cut in the middle of a transfer; nothing of it was kept. Try again."


class HubFault(Exception):
    """A fault that already is a sentence for people.

    No ValueError on purpose: the Hub's client catches those here and there.

    Attributes:
        retry_s: seconds after which another try may go better; None where it would not.
    """

    def __init__(self, words: str, retry_s: float | None = None) -> None:
        super().__init__(words)
        self.retry_s = retry_s


class Unexpected(Exception):
    """Something that has no sentence of its own; `str` is a general one."""


def sentence(error: BaseException, order: Order, *, with_token: bool) -> str:
    """The fault behind an exception, which may be wrapped in others.

    Args:
        error: as it came from the Hub's client or from us.
        order: what was asked.
        with_token: whether the Hub was told who asks.

    Raises:
        Unexpected: if it is none of the known ones.
    """
    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, HubFault):
            return str(cause)
    for cause in chain:
        if found := _of_http(cause, order, with_token=with_token) or _of_network(cause):
            return found
    if isinstance(error, json.JSONDecodeError):
        host = urlsplit(constants.ENDPOINT).netloc
        return f"What the Hub sent cannot be read ({error}): the repository is damaged, or {host} is no Hub."
    if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
        return str(error)
    if why := reason(error):
        return why
    raise Unexpected(
        f"An error inside the program ended it ({type(error).__name__}). The server's log has the details."
    )


def retry_s(error: BaseException) -> float | None:
    """Seconds after which another try may go better: of what passes by itself. None of anything else."""
    for cause in _causes(error):
        if isinstance(cause, HubFault):
            return cause.retry_s
        if isinstance(cause, HfHubHTTPError) and cause.response is not None:
            return RETRY_S if cause.response.status_code >= 500 else None
        if isinstance(cause, httpx2.TransportError):
            return RETRY_S
    return None


def unreachable(error: BaseException) -> bool:
    """Whether the Hub could not be asked at all: offline, no connection, no such host."""
    kinds = (OfflineModeIsEnabled, socket.gaierror, httpx2.ConnectError, httpx2.ConnectTimeout)
    return any(isinstance(cause, kinds) for cause in _causes(error))


def of_status(status: int, order: Order, *, with_token: bool, wait_s: int | None = None) -> str:
    """The sentence for an answer with an HTTP status of 400 or more."""
    if isinstance(order, Browse) and order.collection and status in (403, 404):
        return of_collection(status, order.collection)
    repo = _repo(order)
    there = "or the token may not see it" if with_token else "or it is private and needs a token"
    wait = f"{wait_s} s" if wait_s is not None else "a few minutes"
    sentences = {
        401: (
            "The Hub does not accept the token (401): it is mistyped, expired or revoked. "
            f"Make a new one on {constants.ENDPOINT}/settings/tokens."
            if with_token
            else "The Hub asks who you are (401): give a token, or log in on this computer with: hf auth login."
        ),
        403: (
            f"The token may not read '{repo}' (403): ask its owner, or use a token that may."
            if isinstance(order, Pull)
            else f"The token may not write to '{repo}' (403): it needs the right to write, and the name must begin with "
            "your own or that of an organisation of yours."
        ),
        404: f"There is no repository '{repo}' on the Hub (404), {there}. Check its name.",
        429: f"The Hub has had too many requests from here (429). Wait {wait}, then try again.",
    }
    if status >= 500:
        return f"The Hub has a fault of its own ({status}). Nothing is wrong here: try again in a few minutes."
    return sentences.get(status, f"The Hub refused with status {status}.")


def of_collection(status: int, name: str) -> str:
    """The sentence for a refusal with this HTTP status that is about a collection."""
    if status == 404:
        return (
            f"There is no collection '{name}' on the Hub (404), or the token may not see it. Give the end of its address: "
            "user/name-id."
        )
    return (
        f"The token may not use the collection '{name}' ({status}): it needs the right to write to collections, and the "
        "collection must be yours or your organisation's."
    )


def _repo(order: Order) -> str:
    return order.repo if isinstance(order, Push | Pull | Space) else ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    now: BaseException | None = error
    while now is not None and id(now) not in seen:
        seen.add(id(now))
        yield now
        now = now.__cause__ or now.__context__


def _of_http(error: BaseException, order: Order, *, with_token: bool) -> str:
    repo = _repo(order)
    if isinstance(error, GatedRepoError):
        return f"The repository '{repo}' is gated: ask for access on its page on the Hub first, then use your token."
    if isinstance(error, RevisionNotFoundError):
        revision = order.revision if isinstance(order, Pull) else ""
        return f"The repository '{repo}' has no revision '{revision or 'main'}'. Leave it empty for the newest."
    if isinstance(error, RemoteEntryNotFoundError):
        return f"A file that the Hub lists for '{repo}' is not there (404). Try again, or choose another revision."
    if isinstance(error, RepositoryNotFoundError):
        return of_status(404, order, with_token=with_token)
    if isinstance(error, HfHubHTTPError) and error.response is not None:
        return of_status(error.response.status_code, order, with_token=with_token)
    return ""


def _of_network(error: BaseException) -> str:
    host = urlsplit(constants.ENDPOINT).netloc
    no_such_host = f"The Hub's address {host} cannot be found. Is this computer connected to the internet?"
    if isinstance(error, httpx2.ConnectError) and any(words in str(error) for words in _NO_SUCH_HOST):
        return no_such_host
    if isinstance(error, OSError) and "Consistency check failed" in str(error):
        return CUT
    kinds: dict[type[BaseException] | tuple[type[BaseException], ...], str] = {
        OfflineModeIsEnabled: "The Hub's client is set to offline: unset HF_HUB_OFFLINE to use the Hub.",
        socket.gaierror: no_such_host,
        httpx2.ConnectTimeout: f"The Hub at {host} does not answer at all. Is this computer connected to the internet?",
        httpx2.TimeoutException: "The Hub began to answer and then fell silent. Try again later.",
        httpx2.ConnectError: f"There is no connection to the Hub at {host}. Is this computer connected to the internet?",
        (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError): CUT,
    }
    return next((words for kind, words in kinds.items() if isinstance(error, kind)), "")
