"""Room for uploads: Streamlit limits one file and not all of them, and keeps a file for anyone who knows its route.

A file is taken only from a visitor whose page has shown an uploader; a visitor has room for FILES files, the newest ones,
and all visitors together for TOTAL_BYTES. A file that no uploader has asked for, or whose visitor has left, is dropped.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from starlette.responses import PlainTextResponse
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

FILES = 2  # of a visitor: no page shows more uploaders
TOTAL_BYTES = 512 * 2**20
BODY_BYTES = 8192  # of a request that is no upload: the form to sign in
DRAINED_BYTES = 64 * 2**20
UNCLAIMED_S, LEFT_S = 60.0, 20.0
SWEEP_S = 5.0
_ROUTE = re.compile(r"/_stcore/upload_file/([^/]+)/([^/]+)$")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGI = Callable[[Message, Receive, Send], Awaitable[None]]


@dataclass
class Room:
    """What visitors may upload, and since when their files are there. Any thread may call it.

    Attributes:
        manager: Streamlit's store of uploaded files.
        is_here: session id -> whether its browser is connected.
        clock: seconds.
    """

    manager: MemoryUploadedFileManager
    is_here: Callable[[str], bool]
    clock: Callable[[], float] = time.monotonic
    _welcome: set[str] = field(default_factory=set)  # sessions that have seen an uploader
    _claimed: set[tuple[str, str]] = field(default_factory=set)
    _since: dict[tuple[str, str], float] = field(default_factory=dict)
    _left: dict[str, float] = field(default_factory=dict)
    _coming: dict[tuple[str, str], int] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def welcome(self, session: str) -> None:
        """Takes files from this session from now on."""
        with self._guard:
            self._welcome.add(session)

    def claim(self, session: str, file: str) -> None:
        """Keeps a file for as long as its visitor stays: an uploader has asked for it."""
        with self._guard:
            self._claimed.add((session, file))

    def admit(self, session: str, file: str, length: int) -> tuple[int, str] | None:
        """Reserves room for a file of `length` bytes; or (HTTP status, sentence) why not."""
        with self._guard:
            if session not in self._welcome:
                return 403, "This page takes no files. Open the page with the uploader and choose the file there."
            if (session, file) in self._coming:  # its room is reserved once
                return 409, "This file is on its way already."
            if sum(key[0] == session for key in self._coming) >= FILES:
                return 429, f"{FILES} files are on their way already. Wait until they have arrived."
            if self._held() + sum(self._coming.values()) + length > TOTAL_BYTES:
                return 507, f"The server's {TOTAL_BYTES >> 20} MB for uploads are taken. Try again in a minute."
            self._coming[session, file] = length
            return None

    def arrived(self, session: str, file: str) -> None:
        """Ends a reservation, whatever came of it; of this visitor's files only the newest FILES stay, and none beyond
        TOTAL_BYTES."""
        with self._guard:
            self._coming.pop((session, file), None)
            self._since.setdefault((session, file), self.clock())
            if self._held() > TOTAL_BYTES:  # more has come than was said
                self._drop((session, file))
            theirs = sorted((k for k in self._since if k[0] == session), key=lambda key: self._since[key])
            for key in theirs[:-FILES]:
                self._drop(key)

    def sweep(self) -> int:
        """Drops the files that nobody has asked for, and those of visitors who have left; how many."""
        with self._guard:
            now, before = self.clock(), len(self._since)
            for session in self._welcome | {key[0] for key in self._since}:
                if self.is_here(session):
                    self._left.pop(session, None)
                elif now - self._left.setdefault(session, now) >= LEFT_S:
                    self.manager.remove_session_files(session)
                    self._welcome.discard(session)
                    del self._left[session]
                    for key in [key for key in self._since if key[0] == session]:
                        self._drop(key)
            for key, since in list(self._since.items()):
                if key not in self._claimed and now - since >= UNCLAIMED_S:
                    self._drop(key)
            return before - len(self._since)

    def _held(self) -> int:
        files = [self.manager.get_files(session, [file]) for session, file in self._since]
        return sum(len(found[0].data) for found in files if found)

    def _drop(self, key: tuple[str, str]) -> None:
        self.manager.remove_file(*key)
        self._claimed.discard(key)
        self._since.pop(key, None)


_rooms: dict[MemoryUploadedFileManager, Room] = {}  # one; a second server in this process has its own
_making = threading.Lock()


def room() -> Room | None:
    """The room of this server; None where no server runs, or one that keeps its files otherwise."""
    manager = runtime.get_instance().uploaded_file_mgr if runtime.exists() else None
    if not isinstance(manager, MemoryUploadedFileManager):
        return None
    with _making:
        return _rooms.setdefault(manager, Room(manager, runtime.get_instance().is_active_session))


def uploader(label: str, **options: Any) -> UploadedFile | None:
    """`st.file_uploader` for one file; files are taken only from visitors who have seen one.

    Args:
        label: above it.
        options: as of `st.file_uploader`.
    """
    context = get_script_run_ctx()
    here = room() if context is not None else None
    if here is not None and context is not None:
        here.welcome(context.session_id)
    file: UploadedFile | None = st.file_uploader(label, **options)
    if here is not None and context is not None and file is not None:
        here.claim(context.session_id, file.file_id)
    return file


class UploadGuard:
    """ASGI middleware that asks `Room.admit` before a byte of an upload is read; all else has BODY_BYTES for what it sends."""

    def __init__(self, app: ASGI) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answers what is refused itself; everything else goes on to the app."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"")
        if b"transfer-encoding" in headers:  # of a length that nobody knows, whatever else is said
            await PlainTextResponse("A request says how long it is; transfer-encoding is not taken.", 400)(
                scope, receive, send
            )
            return
        found = _ROUTE.search(scope["path"]) if scope["method"] == "PUT" else None
        if found is None:
            if length.isdigit() and int(length) > BODY_BYTES:
                words = f"This takes {BODY_BYTES:,} bytes at most; got {int(length):,}."
                await PlainTextResponse(words, 413)(scope, receive, send)
            else:
                await self.app(scope, receive, send)
            return
        if not length.isdigit():
            await PlainTextResponse("An upload says its length.", 411)(scope, receive, send)
            return
        session, file = found.groups()
        here = room()
        starting = (503, "The server is starting. Try again.")
        refusal = here.admit(session, file, int(length)) if here else starting
        if here is None or refusal is not None:
            if int(length) <= DRAINED_BYTES:  # a browser reads no answer before it has sent everything
                while (await receive()).get("more_body"):
                    pass
            status, words = refusal or starting
            await PlainTextResponse(words, status)(scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            here.arrived(session, file)
