"""A real Chromium and a real Streamlit server, each as a context manager; no pytest in here."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Response, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LOG_TAIL_CHARACTERS = 6000
OWN_PROBE = re.compile(r"://[^/]+(/\w+)+/_stcore/(health|host-config)")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a fresh profile: the system's Chromium if there is one, else Playwright's own.

    May be nested: Playwright allows one driver a thread, so an inner browser is started by the outer's.
    """
    names = ("chromium", "chromium-browser", "google-chrome")
    executable = next((path for path in map(shutil.which, names) if path), None)
    with _driver() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(CHROMIUM_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


_running: list[Playwright] = []


@contextmanager
def _driver() -> Iterator[Playwright]:
    if _running:
        yield _running[0]
        return
    with sync_playwright() as playwright:
        _running.append(playwright)
        try:
            yield playwright
        finally:
            _running.clear()


@dataclass(frozen=True)
class Server:
    """A running Streamlit server.

    Attributes:
        url: where its pages begin, base path included, no slash at the end.
        port, pid: of this very process.
        log_path: all it writes, standard output and errors together.
    """

    url: str
    port: int
    pid: int
    log_path: Path

    def log(self) -> str:
        """The end of what the server wrote so far."""
        return self.log_path.read_text("utf-8", errors="replace")[-LOG_TAIL_CHARACTERS:]


@contextmanager
def streamlit_server(
    script: Path,
    *,
    folder: Path,
    env: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
    base_path: str = "",
    start_timeout_s: float = 60.0,
) -> Iterator[Server]:
    """A server for one script on a free port, healthy when handed out, ended by its own pid.

    It runs in the project's root, so the project's `.streamlit/config.toml` holds. On an error in the `with`
    block, the end of its log is printed.

    Args:
        script: the app's entry file.
        folder: existing folder for the log.
        env: added to the environment.
        options: further arguments of `streamlit run`, such as "--server.maxUploadSize=1".
        base_path: `server.baseUrlPath`, without slashes at its ends.
        start_timeout_s: time until it must answer.

    Raises:
        RuntimeError: it ended, or did not answer in time; the message carries its log.
    """
    port = free_port()
    log_path = folder / f"server-{port}.log"
    command = [
        sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}", "--server.headless=true",
        *([f"--server.baseUrlPath={base_path}"] if base_path else []), *options,
    ]  # fmt: skip
    python_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": python_path, "PYTHONUNBUFFERED": "1"}
    environment |= {
        "GANVAS_PRETRAINED_DIR": str(folder / "none-pretrained"),
        "GANVAS_EVALUATORS_DIR": str(folder / "none-evaluators"),
        "GANVAS_DATA_DIR": str(folder / "data"),
        "GANVAS_REPORTS": "off",
        "GANVAS_CLASSROOM": str(folder / "no-classroom.json"),
        **(env or {}),
    }
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
    url = "/".join(filter(None, [f"http://127.0.0.1:{port}", base_path]))
    server = Server(url, port, process.pid, log_path)
    try:
        _wait_until_healthy(server, process, start_timeout_s)
        yield server
    except BaseException:
        print(f"--- end of {log_path} ---\n{server.log()}")
        raise
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(server: Server, process: subprocess.Popen[bytes], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with code {process.returncode}:\n{server.log()}")
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=1) as reply:
                if reply.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"The server did not answer within {timeout_s:g} s:\n{server.log()}")


@dataclass
class Faults:
    """What went wrong in a page while it was watched: failed requests, console errors, uncaught exceptions."""

    found: list[str] = field(default_factory=list)

    def check(self, *, ignore: Sequence[str] = ()) -> None:
        """Raises:
        AssertionError: there was a fault that contains none of the strings to ignore. On a sub-page Streamlit itself first
            asks for its server below that page, and finds it on the second try: that is none.
        """
        left = [f for f in self.found if not OWN_PROBE.search(f) and not any(part in f for part in ignore)]
        if left:
            raise AssertionError("The page had faults:\n" + "\n".join(left))


def watch(page: Page) -> Faults:
    """Collects every fault of this page from now on."""
    faults = Faults()

    def on_response(response: Response) -> None:
        if response.status >= 400:
            faults.found.append(f"{response.status} {response.url}")

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.found.append(f"console: {message.text} ({message.location.get('url', '')})")

    page.on("response", on_response)
    page.on("console", on_console)
    page.on("pageerror", lambda error: faults.found.append(f"uncaught: {error}"))
    return faults
