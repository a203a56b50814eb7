"""The server around the pages: what stands between a visitor and Streamlit, and what begins before the first visitor."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from streamlit import config

from gan_core.access import classroom
from gan_core.config import settings
from gan_core.training import supervisor
from pages.components.shared import uploads
from pages.components.shared.uploads import ASGI, Message, UploadGuard

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    # Nothing from elsewhere is shown, and no other site shows us; scripts are Streamlit's own business.
    "Content-Security-Policy": "img-src 'self' data: blob:; media-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'",
}


class SecurityHeaders:
    """ASGI middleware that adds HEADERS to every answer."""

    def __init__(self, app: ASGI) -> None:
        self.app = app

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        """Passes everything on."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)


MIDDLEWARE = [Middleware(SecurityHeaders), Middleware(UploadGuard)]


@contextlib.asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Goes on with the queue at once, and keeps the room for uploads tidy."""
    supervisor.ensure_supervisors(settings.from_environment())
    sweeping = asyncio.create_task(_sweep())
    try:
        yield
    finally:
        sweeping.cancel()


async def _sweep() -> None:
    while True:
        await asyncio.sleep(uploads.SWEEP_S)
        if room := uploads.room():
            room.sweep()


def refuse_open_doors() -> None:
    """Ends a server that others can reach while it has no classroom: they could do everything.

    Raises:
        SystemExit: with what to do.
    """
    try:
        alone = classroom.read() is None
    except ValueError as damage:
        raise SystemExit(f"Ganvas does not start: {damage}") from None
    if alone and not is_local():
        address = config.get_option("server.address") or "every address of this computer"
        raise SystemExit(
            f"Ganvas does not start: others can reach it ({address}), and it has no classroom, so that anybody could do "
            "everything. Make one first: python -m gan_core classroom. Or set server.address to 127.0.0.1."
        )


def is_local() -> bool:
    """Whether the server answers to this computer only."""
    address = str(config.get_option("server.address") or "")
    try:
        return address == "localhost" or ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False
