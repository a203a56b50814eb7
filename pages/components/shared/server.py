"""The server around the pages: what stands between a visitor and Streamlit, and what begins before the first visitor."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from streamlit import config, runtime
from streamlit.runtime.pages_manager import PagesManager

from gan_core.access import classroom
from gan_core.config import settings
from gan_core.config.settings import is_loopback
from gan_core.experiments.sweeps import folder as sweeps
from gan_core.report import card
from gan_core.runs import Run
from gan_core.training import supervisor, webhook
from pages.components.shared import sessions, uploads
from pages.components.shared.uploads import ASGI, Message, Receive, Send, UploadGuard
from pages.components.shared.visitor import WayBack, base_path

OPEN_DOORS = (
    "There is no classroom, so anybody could do everything. Make one first: python -m gan_core classroom. Or set "
    "server.address to 127.0.0.1, and open it on this computer."
)
CLOSED_TWICE = "once a close message has been sent"
GIVE_BACK_S = 20.0  # at most so often, since all threads wait for it (some tenths of a second)
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

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Passes everything on."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class LocalOnly:
    """ASGI middleware that answers to this computer alone while there is no classroom, however the server was started."""

    def __init__(self, app: ASGI) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Refuses other computers with 403."""
        host = (scope.get("client") or ("",))[0]
        if scope["type"] in ("http", "websocket") and not is_loopback(host) and not _has_classroom():
            if scope["type"] == "http":
                await PlainTextResponse(OPEN_DOORS, 403)(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
            return
        await self.app(scope, receive, send)


class Departures:
    """ASGI middleware for browsers that leave while something is sent to them: Streamlit then closes what is closed already, and
    the error that Starlette raises at that would stand in the log as one of the server's.
    """

    def __init__(self, app: ASGI) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Passes everything on, but that error."""
        try:
            await self.app(scope, receive, send)
        except RuntimeError as error:
            if scope["type"] != "websocket" or CLOSED_TWICE not in str(error):
                raise


MIDDLEWARE = [Middleware(one) for one in (Departures, SecurityHeaders, LocalOnly, UploadGuard, WayBack)]


@contextlib.asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Goes on with the queue and the sweeps at once, and gives back what visitors leave behind."""
    PagesManager.uses_pages_directory = (
        False  # as st.navigation says at its first run: until then a click runs a file alone
    )
    sessions.keep_memory_together()
    sessions.let_runs_end()
    chosen = settings.from_environment()
    supervisor.after_each_run(card.begin)
    supervisor.after_each_run(tell)
    supervisor.ensure_supervisors(chosen)
    threading.Thread(target=sweeps.resume_all, args=(chosen.runs_dir,), name="ganvas-sweeps", daemon=True).start()
    sweeping = asyncio.create_task(_sweep())
    try:
        yield
    finally:
        sweeping.cancel()


def tell(run: Run) -> None:
    """Tells GANVAS_WEBHOOK of the end of a run, with the address of its page."""
    webhook.announce(run, f"{address()}/run?run={run.id}")


def address() -> str:
    """Where browsers find this server, as `browser.serverAddress` and `browser.serverPort` say."""
    host, port = config.get_option("browser.serverAddress"), int(config.get_option("browser.serverPort"))
    scheme = "https" if port == 443 or config.get_option("server.sslCertFile") else "http"
    return f"{scheme}://{host}{'' if port in (80, 443) else f':{port}'}{base_path()}"


async def _sweep() -> None:
    gone: dict[str, float] = {}
    owed, last = 0, 0.0
    while True:
        await asyncio.sleep(uploads.SWEEP_S)
        if room := uploads.room():
            owed += room.sweep()
        if runtime.exists():
            owed += sessions.close_left(gone)
        if owed and time.monotonic() - last >= GIVE_BACK_S:
            await asyncio.to_thread(sessions.give_back)
            owed, last = 0, time.monotonic()


def refuse_open_doors() -> None:
    """Ends a server whose settings are not valid, or that others can reach while it has no classroom: they could do everything.

    Raises:
        SystemExit: with what to do.
    """
    try:
        for warning in settings.check():
            print(warning, file=sys.stderr)
        alone = classroom.read() is None
    except ValueError as damage:
        raise SystemExit(f"Ganvas does not start: {damage}") from None
    address = str(config.get_option("server.address") or "")
    if alone and not is_loopback(address):
        raise SystemExit(f"Ganvas does not start: others can reach it ({address or 'at every address'}). {OPEN_DOORS}")


def _has_classroom() -> bool:
    try:
        return classroom.read() is not None
    except ValueError:  # damaged: everybody watches
        return True
