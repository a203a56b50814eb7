"""What stands before Streamlit: headers, and nobody from elsewhere while there is no classroom."""

import asyncio
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from access_helpers import PIN
from helpers import eventually
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket
from sweep_helpers import small

from gan_core.access import classroom
from gan_core.experiments.sweeps import folder as sweeps
from gan_core.jobs.task import Task
from pages.components.shared import server
from pages.components.shared.uploads import BODY_BYTES


def answer(address: str) -> tuple[int, str]:
    """Status and text for a visitor from this address."""
    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("here"))], middleware=server.MIDDLEWARE)
    found = TestClient(app, client=(address, 5000)).get("/")
    assert found.headers["x-content-type-options"] == "nosniff"
    return found.status_code, found.text


@pytest.mark.parametrize("address", ["192.168.0.7", "10.0.0.1", "2001:db8::1", "0.0.0.0", "", "127.0.0.1.evil.example"])
def test_other_computers_are_refused_until_there_is_a_classroom(address: str) -> None:
    assert answer(address) == (403, server.OPEN_DOORS)
    classroom.make(PIN)
    assert answer(address) == (200, "here")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "127.8.9.1", "localhost"])
def test_this_computer_is_answered(address: str) -> None:
    assert answer(address) == (200, "here")


def test_a_damaged_classroom_does_not_shut_the_class_out(tmp_path: Path) -> None:
    classroom.make(PIN)
    classroom.path().write_text("{")
    assert answer("192.168.0.7") == (200, "here")


def leaves_while_sending(close_again: bool) -> None:
    """A browser's visit to a server that finds it gone, and closes the connection twice (as Streamlit does), or breaks."""

    async def endpoint(connection: WebSocket) -> None:
        await connection.accept()
        await connection.close()
        if not close_again:
            raise RuntimeError("broken")
        await connection.close()

    app = Starlette(routes=[WebSocketRoute("/", endpoint)], middleware=server.MIDDLEWARE)
    with TestClient(app, client=("127.0.0.1", 5000)).websocket_connect("/") as connection:
        connection.receive()


def test_a_browser_that_leaves_is_no_error_of_the_server() -> None:
    leaves_while_sending(close_again=True)
    with pytest.raises(RuntimeError, match="broken"):
        leaves_while_sending(close_again=False)


def posted(body: bytes, **headers: str) -> tuple[int, bytes]:
    """Status and answer for what a visitor sends to the page to sign in, which here sends it back."""

    async def echo(request: Request) -> Response:
        return Response(await request.body())

    app = Starlette(routes=[Route("/sign-in", echo, methods=["POST"])], middleware=server.MIDDLEWARE)
    found = TestClient(app, client=("127.0.0.1", 5000)).post("/sign-in", content=body, headers=headers)
    return found.status_code, found.content


def test_a_form_may_be_so_long_and_says_how_long() -> None:
    assert posted(bytes(BODY_BYTES)) == (200, bytes(BODY_BYTES))
    assert posted(bytes(BODY_BYTES + 1)) == (413, b"This takes 8,192 bytes at most; got 8,193.")
    assert posted(b"x", **{"Transfer-Encoding": "chunked", "Content-Length": "1"})[0] == 400


def test_an_upload_in_pieces_of_no_stated_length_is_refused() -> None:
    app = Starlette(middleware=server.MIDDLEWARE)
    headers = {"Transfer-Encoding": "chunked", "Content-Length": "1"}
    found = TestClient(app, client=("127.0.0.1", 5000)).put("/_stcore/upload_file/s/f", content=b"x", headers=headers)
    assert found.status_code == 400 and "transfer-encoding is not taken" in found.text


def test_sweeps_go_on_when_the_server_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ails one of them keeps back neither the others nor the server."""
    monkeypatch.setenv("GANVAS_RUNS_DIR", str(tmp_path))
    for name in ("keep_memory_together", "let_runs_end"):  # they change this process for good
        monkeypatch.setattr(server.sessions, name, lambda: None)
    monkeypatch.setattr(server.supervisor, "ensure_supervisors", lambda settings: None)
    for name in ("bad", "good", "stopped"):
        sweeps.open_folder(tmp_path, small(name=name), sweep_id=name).order("stop" if name == "stopped" else "run")
    begun: list[str] = []

    def start(task: Task, **_: object) -> None:
        begun.append(task.values["id"])
        if task.values["id"] == "bad":
            raise OSError("its folder is gone")

    monkeypatch.setattr(sweeps.tasks, "start", start)

    async def serve() -> None:
        async with server.lifespan(None):
            await asyncio.to_thread(eventually, lambda: len(begun) == 2, "both begin")

    asyncio.run(serve())
    assert sorted(begun) == ["bad", "good"]


HOLDS_AND_LEAVES = """
import gc, psutil
from pages.components.shared.sessions import give_back
gc.disable()
resident = lambda: psutil.Process().memory_info().rss >> 20
class Session:
    def __init__(self):
        self.me, self.content = self, [b"x" * 100_000 for _ in range(2_000)]
before = resident()
Session()
above = b"x" * 100_000  # what is still used lies above what is not
held = resident()
give_back()
print(before, held, resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what the system counts as resident differs")
def test_what_sessions_held_goes_back_to_the_system() -> None:
    root = Path(__file__).parents[2]
    told = subprocess.run(
        [sys.executable, "-c", HOLDS_AND_LEAVES], cwd=root, capture_output=True, text=True, check=True
    )
    before, held, after = map(int, told.stdout.split())
    assert held > before + 150
    assert after < before + 50


THREADS_AND_LARGE_BLOCKS = """
import ctypes, re, sys, tempfile, threading
from pages.components.shared.sessions import keep_memory_together
if sys.argv[1] == "together":
    keep_memory_together()
libc, together = ctypes.CDLL(None), threading.Barrier(24)
libc.fopen.restype = ctypes.c_void_p
def report():
    with tempfile.NamedTemporaryFile() as out:
        file = ctypes.c_void_p(libc.fopen(out.name.encode(), b"w"))
        libc.malloc_info(0, file)
        libc.fclose(file)
        return out.read().decode()
def mapped():
    return int(re.search('type="mmap" count="(\\\\d+)"', report())[1])
def visit():
    held = b"x" * 4096
    together.wait()
threads = [threading.Thread(target=visit) for _ in range(24)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
bytearray(16 << 20)  # freed at once
before = mapped()
figure = bytearray(1 << 20)
print(report().count("<heap nr="), mapped() > before)
"""


@pytest.mark.parametrize(("how", "few", "apart"), [("as it is", False, False), ("together", True, True)])
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_threads_share_arenas_and_large_blocks_are_given_back(how: str, few: bool, apart: bool) -> None:
    told = subprocess.run(
        [sys.executable, "-c", THREADS_AND_LARGE_BLOCKS, how],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True,
    )  # fmt: skip
    arenas, large_apart = told.stdout.split()
    assert (int(arenas) <= 2) == few
    assert (large_apart == "True") == apart
