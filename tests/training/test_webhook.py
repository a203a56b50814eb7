"""The webhook over a real HTTP server on this computer: what is sent, and that nothing waits for it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from helpers import eventually, tiny_run

from gan_core.config import settings
from gan_core.runs import Run
from gan_core.training import queue, supervisor, webhook

PAGE = "http://lab.example/run?run=one"


class Listener(ThreadingHTTPServer):
    """A server that keeps what it is sent and answers with `status`, after `hold` is set."""

    daemon_threads = True

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status, self.headers, self.hold = status, headers, threading.Event()
        self.received: list[tuple[str, str, Any]] = []
        self.hold.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?token=secret"


class Answer(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append((self.path, self.headers["Content-Type"], content))
        self.server.hold.wait(30)
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_arguments: Any) -> None:
        """Says nothing."""


@contextmanager
def listening(status: int = 204, **headers: str) -> Iterator[Listener]:
    server = Listener(status, headers)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.hold.set()
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_failing", set())


def ended(runs_dir: Path, state: str, error: str = "") -> Run:
    run = tiny_run(runs_dir, "one")
    run.write_status(replace(run.status(), state=state, error=error))
    return run


def told(run: Run) -> None:
    thread = webhook.announce(run, PAGE)
    assert thread is not None
    thread.join(30)
    assert not thread.is_alive()


@pytest.mark.parametrize(("state", "error"), [("finished", ""), ("failed", "loss/g became nan."), ("stopped", "")])
def test_the_end_of_a_run_is_posted_as_json(
    runs_dir: Path, monkeypatch: pytest.MonkeyPatch, state: str, error: str
) -> None:
    with listening() as server:
        monkeypatch.setenv("GANVAS_WEBHOOK", server.url)
        told(ended(runs_dir, state, error))
    content = {"run": "one", "state": state, "reason": error, "url": PAGE}
    assert server.received == [("/hook?token=secret", "application/json", content)]


def test_off_by_default_and_silent_about_what_goes_on(runs_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GANVAS_WEBHOOK", raising=False)
    assert webhook.announce(ended(runs_dir, "finished"), PAGE) is None
    with listening() as server:
        monkeypatch.setenv("GANVAS_WEBHOOK", server.url)
        assert webhook.announce(ended(runs_dir, "paused"), PAGE) is None
        assert server.received == []


def test_nothing_waits_for_an_answer_that_does_not_come(
    runs_dir: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT_S", 0.2)
    with listening() as server:
        server.hold.clear()
        monkeypatch.setenv("GANVAS_WEBHOOK", server.url)
        before = time.monotonic()
        thread = webhook.announce(ended(runs_dir, "finished"), PAGE)
        assert thread is not None and time.monotonic() - before < 5
        thread.join(30)
        assert not thread.is_alive() and not server.hold.is_set()
    assert "timed out" in capfd.readouterr().err


def test_a_failure_stands_in_the_log_once_and_without_the_secret(
    runs_dir: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    run = ended(runs_dir, "finished")
    with listening(500) as server:
        monkeypatch.setenv("GANVAS_WEBHOOK", server.url)
        told(run)
        told(run)
        first = capfd.readouterr().err
        assert first.count("was not told") == 1 and "500" in first and "secret" not in first
        server.status = 200
        told(run)
        server.status = 500
        told(run)
        assert capfd.readouterr().err.count("was not told") == 1  # it had worked in between


def test_a_redirection_is_not_followed(
    runs_dir: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with listening() as other, listening(302, Location=other.url) as server:
        monkeypatch.setenv("GANVAS_WEBHOOK", server.url)
        told(ended(runs_dir, "finished"))
        assert len(server.received) == 1 and other.received == []
    assert "302" in capfd.readouterr().err


@pytest.mark.parametrize("dies", [False, True])
def test_a_supervisor_tells_once_how_a_run_ended(runs_dir: Path, monkeypatch: pytest.MonkeyPatch, dies: bool) -> None:
    """Also when its trainer died."""

    class Toy:
        at_once = 1

        def train(self, run: Run) -> None:
            if dies:
                raise RuntimeError("The training process died.")
            run.write_status(replace(run.status(), state="finished"))

        def warm_up(self) -> None:
            """Nothing."""

    class Enough(BaseException):
        """Ends the thread that never ends."""

    def claim(place: Path, device: str) -> Run | None:
        if not queue.queued_ids(place):
            raise Enough
        return claim_next(place, device)

    claim_next = queue.claim_next
    monkeypatch.setattr(queue, "claim_next", claim)
    monkeypatch.setattr(supervisor, "_followers", [lambda run: webhook.announce(run, PAGE)])
    run = tiny_run(runs_dir, "one")
    run.write_status(replace(run.status(), device="cpu"))
    queue.enqueue(run)
    with listening() as server:
        monkeypatch.setenv("GANVAS_WEBHOOK", server.url)
        with pytest.raises(Enough):
            supervisor._supervise(runs_dir, "cpu", Toy(), [])
        eventually(lambda: server.received, "the webhook is called")
    (content,) = [content for _path, _type, content in server.received]
    assert content["state"] == ("interrupted" if dies else "finished")
    assert ("died" in content["reason"]) == dies


@pytest.mark.parametrize(
    "address", ["http://hooks.example/x", "ftp://localhost/x", "localhost:80", "https://", "http://[::1"]
)
def test_an_address_that_others_can_read_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("GANVAS_WEBHOOK", address)
    with pytest.raises(ValueError, match="GANVAS_WEBHOOK must be an address that begins with https://"):
        settings.check()


@pytest.mark.parametrize(
    "address", ["https://hooks.example/x", "http://localhost:9/", "http://127.0.0.2/", "http://[::1]:9/"]
)
def test_https_and_this_computer_are_accepted(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("GANVAS_WEBHOOK", address)
    assert settings.webhook() == address
