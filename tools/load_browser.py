"""A browser without a screen: speaks Streamlit's own protocol to a real server and counts what comes back.

What Streamlit's front end does, and this does too: cookie and XSRF token from the first answers, the page's scripts once a
browser, `rerun_script` with page, query, widget values and the hashes of large messages that are still there, a timer for every
fragment that asks for one, pictures fetched by their address.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

ANSWER_S = 60.0  # a rerun that takes longer counts as unanswered
UPLOAD_ROUTE = "_stcore/upload_file"
COUNTED = ("sessions", "page", "refresh", "widget", "untold", "messages", "bytes", "requests")
PICTURES = ("imgs", "video", "audio")
_MEDIA = re.compile(rb"/media/[0-9a-f]+\.\w+")
_ASSETS = re.compile(r'(?:src|href)="\./(static/[^"]+)"')


@dataclass
class Tally:
    """What all browsers together did and saw.

    Attributes:
        counts: sessions, page / refresh / widget (reruns by what asked for them), untold (runs of a page whose end was seen only by
            what came after it), messages, bytes, requests.
        errors: kind -> how often.
        notes: the first words about errors.
        latency: page, refresh, widget -> seconds from asking to the end of the script.
        sizes: the same -> bytes of the messages from the beginning to the end of the script, uncompressed.
    """

    counts: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(COUNTED, 0)))
    errors: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    latency: dict[str, list[float]] = field(default_factory=lambda: {"page": [], "refresh": [], "widget": []})
    sizes: dict[str, list[float]] = field(default_factory=lambda: {"page": [], "refresh": [], "widget": []})

    def error(self, kind: str, words: str) -> None:
        """Counts an error and keeps its words if it is among the first."""
        self.errors[kind] += 1
        if len(self.notes) < 20:
            self.notes.append(f"{kind}: {words}"[:500])


@dataclass(frozen=True)
class Drawn:
    """An element on the page, the fragment that drew it ("" for none) and the script run that did."""

    element: Element
    fragment: str
    run: str


class Tab:
    """One websocket session. Make it with `Browser.open`.

    Attributes:
        session: Streamlit's id of it.
        drawn: where -> what the page shows.
    """

    def __init__(self, stream: ClientConnection, browser: Browser, page: str, query: str) -> None:
        self.session = ""
        self.drawn: dict[tuple[int, ...], Drawn] = {}
        self.urls: asyncio.Queue[Any] = asyncio.Queue()  # answers to file_urls_request
        self._stream, self._browser, self._tally = stream, browser, browser.tally
        self._page, self._hash, self._query = page, "", query
        self._pages: dict[str, str] = {}  # name in the address -> hash of its script
        self._cached: dict[str, tuple[ForwardMsg, int]] = {}
        self._runs, self._run, self._oldest, self._received = 0, "", 2, 0
        self._whole_began, self._whole_runs = 0.0, False
        self._overtaken: set[str] = set()  # fragments whose end may have been overtaken in the server's queue
        self._pending: dict[str, tuple[float, str]] = {}  # fragment -> (when, kind) of the rerun that was asked for
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._moved: dict[str, WidgetState] = {}
        self._answered = asyncio.Event()

    async def ask(self, kind: str, fragment: str = "") -> None:
        """Asks for a rerun of the page, or of one of its fragments."""
        message = BackMsg()
        wanted = message.rerun_script
        wanted.query_string, wanted.page_script_hash, wanted.page_name = self._query, self._hash, self._page
        wanted.fragment_id, wanted.is_auto_rerun = fragment, kind == "refresh"
        wanted.widget_states.widgets.extend(self._moved.values())
        wanted.cached_message_hashes.extend(self._cached)
        wanted.context_info.url = f"{self._browser.url}/{self._page}"
        self._tally.counts[kind] += 1
        if not (
            fragment and self._whole_runs
        ):  # the page's own run draws it, and the server drops what it does not know yet
            self._pending.setdefault(fragment, (time.monotonic(), kind))
        with contextlib.suppress(ConnectionClosed):  # `listen` counts it
            await self._stream.send(message.SerializeToString())

    async def go(self, page: str, query: str) -> None:
        """Follows a link to another page of the app, in the same session."""
        self._stop_timers()
        self._page, self._query, self._hash = page, query, self._pages.get(page, "")
        self._moved.clear()
        await self.ask("page")

    async def settled(self, fragment: str = "") -> None:
        """Waits until the page, or one of its fragments, shows what was asked for last; too long is an error."""
        asked = self._pending.get(fragment)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                while asked is not None and self._pending.get(fragment) == asked and self._stream.state.name == "OPEN":
                    self._answered.clear()
                    await self._answered.wait()
                return
        self._tally.error("unanswered", f"/{self._page}?{self._query} for {ANSWER_S:g} s: {asked}")
        self._pending.clear()

    async def move(self, rng: random.Random) -> None:
        """Moves one of the page's widgets, the explorer's sliders first, and waits for what follows."""
        there = [(one, state) for one in self.drawn.values() if (state := moved(one.element, rng)) is not None]
        walks = [pair for pair in there if pair[1].WhichOneof("value") == "json_value"]
        if there:
            one, state = rng.choice(walks if walks and rng.random() < 0.8 else there)
            self._moved[state.id] = state
            await self.ask("widget", one.fragment)
            await self.settled(one.fragment)

    async def file_url(self, name: str) -> str:
        """Where the server wants a file, relative to its root."""
        message = BackMsg()
        message.file_urls_request.request_id, message.file_urls_request.session_id = name, self.session
        message.file_urls_request.file_names.append(name)
        await self._stream.send(message.SerializeToString())
        answer = await asyncio.wait_for(self.urls.get(), ANSWER_S)
        return str(answer.file_urls[0].upload_url)

    async def claim(self, names: dict[str, str], size: int) -> None:
        """Tells the first uploader of the page that these files (id -> name) have arrived, and waits for the rerun."""
        shown = next(one for one in self.drawn.values() if one.element.HasField("file_uploader"))
        state = WidgetState(id=shown.element.file_uploader.id)
        for file_id, name in names.items():
            file = state.file_uploader_state_value.uploaded_file_info.add(file_id=file_id, name=name, size=size)
            file.file_urls.file_id = file_id
        self._moved[state.id] = state
        await self.ask("widget", shown.fragment)
        await self.settled(shown.fragment)

    async def listen(self) -> None:
        """Takes in messages until the connection ends; one that the server ended is an error."""
        try:
            async for raw in self._stream:
                assert isinstance(raw, bytes)
                self._tally.counts.update(messages=1, bytes=len(raw))
                self._received += len(raw)
                self._take(ForwardMsg.FromString(raw))
        except ConnectionClosed:
            pass
        finally:
            self._stop_timers()
            self._answered.set()
        self._tally.error("closed", f"/{self._page} by the server, {self._stream.close_code}")

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type") or ""
        if kind == "ref_hash":
            known = self._cached.get(message.ref_hash)
            if known is None:
                self._tally.error("unknown hash", message.ref_hash)
                return
            self._cached[message.ref_hash] = known[0], self._runs
            self._draw(known[0], tuple(message.metadata.delta_path))
        elif kind == "navigation":
            self._hash = message.navigation.page_script_hash  # not known before where an address was opened directly
            pages = message.navigation.app_pages
            self._pages = {"" if page.is_default else page.url_pathname: page.page_script_hash for page in pages}
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self._start_timer(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._stop_timers(fragment)
        elif kind == "file_urls_response":
            self.urls.put_nowait(message.file_urls_response)
        elif kind == "page_not_found":
            self._tally.error("page not found", self._page)
        elif kind in ("delta", "new_session", "script_finished"):
            {"delta": self._take_delta, "new_session": self._begin, "script_finished": self._finish}[kind](message)

    def _take_delta(self, message: ForwardMsg) -> None:
        if message.metadata.cacheable:
            self._cached[message.hash] = message, self._runs
        self._draw(message, tuple(message.metadata.delta_path))

    def _begin(self, message: ForwardMsg) -> None:
        begun, self._received = message.new_session, message.ByteSize()
        self.session = begun.initialize.session_id
        self._run, self._oldest = message.metadata.run.script_run_id, begun.config.max_cached_message_age
        if fragments := set(message.metadata.run.fragment_ids):  # never interrupts others: those before it were done
            self._answer(self._overtaken - fragments)
            if self._whole_runs:  # so is the page's own run, whose end Streamlit then forgets to tell
                self._tally.counts["untold"] += 1
                self._whole_runs = False
                self._answer(self._asked_before_the_whole())
        else:
            self._stop_timers()
            self.drawn.clear()
            self._hash, self._whole_began, self._whole_runs = begun.page_script_hash, time.monotonic(), True
        self._overtaken = set()

    def _asked_before_the_whole(self) -> set[str]:
        return {fragment for fragment, (asked, _kind) in self._pending.items() if asked <= self._whole_began}

    def _answer(self, fragments: set[str]) -> None:
        for fragment in fragments & self._pending.keys():
            asked, kind = self._pending.pop(fragment)
            self._tally.latency[kind].append(time.monotonic() - asked)
            self._tally.sizes[kind].append(self._received)
        self._answered.set()

    def _finish(self, message: ForwardMsg) -> None:
        status, fragments = message.script_finished, set(message.metadata.run.fragment_ids)
        if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self._tally.error("compile error", self._page)
        self._whole_runs = self._whole_runs and bool(fragments)
        if status == ForwardMsg.FINISHED_EARLY_FOR_RERUN:  # the next run answers, or shows that it was done
            self._overtaken = fragments
            return
        if fragments:
            stale = [p for p, one in self.drawn.items() if one.fragment in fragments and one.run != self._run]
            for place in stale:
                del self.drawn[place]
        else:
            fragments = self._asked_before_the_whole()
            self._runs += 1
            self._cached = {key: kept for key, kept in self._cached.items() if self._runs - kept[1] <= self._oldest}
        there = {getattr(e, e.WhichOneof("type") or "").id for e in self.elements() if movable(e)}
        self._moved = {key: state for key, state in self._moved.items() if key in there}
        self._answer(fragments)

    def elements(self) -> list[Element]:
        """What the page shows."""
        return [one.element for one in self.drawn.values()]

    def _draw(self, message: ForwardMsg, place: tuple[int, ...]) -> None:
        if message.delta.WhichOneof("type") != "new_element":
            return
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            self._tally.error("exception", f"/{self._page}?{self._query}: {element.exception.message}")
        if kind in PICTURES:
            for found in _MEDIA.findall(element.SerializeToString()):
                self._browser.fetch(found.decode())
        self.drawn[place] = Drawn(element, message.delta.fragment_id, self._run)

    def _start_timer(self, fragment: str, interval_s: float) -> None:
        async def tick() -> None:
            while True:
                await asyncio.sleep(interval_s)
                await self.ask("refresh", fragment)

        if fragment not in self._timers:
            self._timers[fragment] = asyncio.create_task(tick())

    def _stop_timers(self, *fragments: str) -> None:
        for fragment in fragments or tuple(self._timers):
            if timer := self._timers.pop(fragment, None):
                timer.cancel()


def movable(element: Element) -> bool:
    """Whether a hand can move it, and it is sent at once."""
    kind = element.WhichOneof("type")
    if kind not in ("slider", "selectbox", "checkbox", "button_group", "bidi_component", "file_uploader"):
        return False
    return not getattr(element, kind).form_id and not getattr(getattr(element, kind), "disabled", False)


def moved(element: Element, rng: random.Random) -> WidgetState | None:
    """Another value of a widget, as a hand would choose it; None for what is no such widget."""
    if not movable(element):
        return None
    kind = element.WhichOneof("type") or ""
    widget = getattr(element, kind)
    state = WidgetState(id=widget.id)
    if kind == "slider" and widget.options:
        state.string_array_value.data.extend(rng.choice(widget.options) for _ in widget.default)
    elif kind == "slider":
        steps = int((widget.max - widget.min) / widget.step)
        values = sorted(widget.min + widget.step * rng.randint(0, steps) for _ in widget.default)
        state.double_array_value.data.extend(min(value, widget.max) for value in values)
    elif kind == "selectbox" and widget.options:
        state.string_value = rng.choice(widget.options)
    elif kind == "checkbox":
        state.bool_value = rng.random() < 0.5
    elif kind == "button_group" and widget.options and not any(o.content_icon for o in widget.options):
        state.string_array_value.data.append(rng.choice(widget.options).content)
    elif kind == "bidi_component" and widget.component_name.endswith("ganvas_latent_explorer"):
        data = json.loads(widget.json)
        values = {s["id"]: rng.uniform(s["minimum"], s["maximum"]) for s in data["sliders"]}
        state.json_value = json.dumps({"values": {"values": values, "sequence": data["sequence"] + 1}})
    else:
        return None
    return state


class Browser:
    """A browser's cookies and cache, and the one tab that it has open.

    Args:
        url: the server's, without a slash at the end.
        seed: decides all that is done at random in it.
    """

    def __init__(self, url: str, tally: Tally, seed: object = 0) -> None:
        self.url, self.tally, self.rng = url, tally, random.Random(f"browser {seed}")
        self.http = httpx2.AsyncClient(base_url=url, timeout=ANSWER_S, limits=httpx2.Limits(max_connections=6))
        self._seen: set[str] = set()
        self._fetching: set[asyncio.Task[str]] = set()

    async def get(self, path: str) -> str:
        """The text at a path; what is no success or redirection is an error."""
        self.tally.counts["requests"] += 1
        try:
            answer = await self._twice("GET", path)
        except httpx2.HTTPError as failure:
            self.tally.error("http", f"{path}: {failure!r}")
            return ""
        self.tally.counts["bytes"] += len(answer.content)
        if answer.status_code >= 400:
            self.tally.error("http", f"{path}: {answer.status_code}")
        return answer.text if answer.headers.get("content-type", "").startswith("text/html") else ""

    async def _twice(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """As browsers do: asks once more where the server had closed an idle connection meanwhile."""
        try:
            return await self.http.request(method, path, **options)
        except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
            return await self.http.request(method, path, **options)

    def fetch(self, path: str) -> None:
        """Gets what a page shows, once a browser."""
        if path not in self._seen:
            self._seen.add(path)
            task = asyncio.create_task(self.get(path))
            self._fetching.add(task)
            task.add_done_callback(self._fetching.discard)

    @contextlib.asynccontextmanager
    async def open(self, page: str, query: str = "") -> AsyncIterator[Tab]:
        """A tab on an address, drawn when handed out."""
        for asset in _ASSETS.findall(await self.get(f"/{page}")):
            self.fetch(f"/{asset}")
        await self.get("/_stcore/host-config")
        await self.get("/_stcore/health")
        cookie = self.cookie()
        self.tally.counts["sessions"] += 1
        async with connect(
            f"ws{self.url.removeprefix('http')}/_stcore/stream",
            subprotocols=[Subprotocol("streamlit"), Subprotocol(cookie)],
            origin=Origin(self.url),
            additional_headers={"Cookie": "; ".join(f"{c.name}={c.value}" for c in self.http.cookies.jar)},
            max_size=None,
            open_timeout=ANSWER_S,
        ) as stream:
            tab = Tab(stream, self, page, query)
            listening = asyncio.create_task(tab.listen())
            try:
                await tab.ask("page")
                await tab.settled()
                yield tab
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    def cookie(self) -> str:
        """The XSRF token, which is both a cookie and a header."""
        return str(self.http.cookies.get("_streamlit_xsrf") or "").strip('"')

    async def put(self, path: str, name: str, content: bytes) -> int:
        """Uploads a file; the HTTP status, 0 when the connection broke."""
        self.tally.counts["requests"] += 1
        head = {"X-Xsrftoken": self.cookie()}
        try:
            answer = await self._twice("PUT", path, files={"file": (name, content)}, headers=head, timeout=300)
        except httpx2.HTTPError as failure:
            self.tally.notes.append(f"{path}: {failure!r}")
            return 0
        return int(answer.status_code)

    async def close(self) -> None:
        """Ends what is under way."""
        await asyncio.gather(*self._fetching, return_exceptions=True)
        await self.http.aclose()
