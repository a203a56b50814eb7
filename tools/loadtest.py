"""What a class does to a server: real websocket sessions on a real server, one training beside them, and a flood of uploads.

    python -m tools.loadtest                                   flood, then 30 browsers for 10 minutes; writes docs/loadtest.*
    python -m tools.loadtest --clients 5 --minutes 1 --seed 3  prints, writes nothing
    python -m tools.loadtest --watch                           30 browsers that only look at the run that trains, 10 minutes
    python -m tools.loadtest --soak                            30 browsers for an hour, written beside the rest
    python -m tools.loadtest --flood                           the flood alone

It fails when there was an error, the training stood still, the server ended, or what it held was not given back 60 s after
all had left. Speeds and latencies are printed with their conditions and decide nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from gan_core import runs
from gan_core.config import with_changes
from gan_core.config.devices import detect
from gan_core.config.settings import PROJECT_DIR
from gan_core.presets import DEFAULT, preset_config
from gan_core.runs import Run
from gan_core.training import queue, supervisor
from gan_core.training.plan import resolve
from tools.load_browser import UPLOAD_ROUTE, Browser, Tally
from tools.load_report import HEADINGS, conditions, passed, percentiles, shown, table, write
from tools.load_student import places, study, watch

BACK_S = 60.0
BACK_MB = 150  # Streamlit keeps each session for two minutes in case its browser comes back
FILES, FILE_MB = 5, 10
PAGES = ("", *sorted(file.stem for file in (PROJECT_DIR / "pages").glob("*.py") if file.stem != "home"))
ENDLESS = {"training.epochs": 100_000}


@dataclass(frozen=True)
class Server:
    """A server on a folder of its own, and the run that trains beside it."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    run: Run

    def sample(self) -> dict[str, float]:
        """Memory in MB, threads and open files of the server's own process."""
        own = psutil.Process(self.process.pid)
        with own.oneshot():
            return {
                "memory_mb": own.memory_info().rss / 2**20,
                "threads": own.num_threads(),
                "files": own.num_fds() if hasattr(own, "num_fds") else own.num_handles(),
            }

    def sessions(self) -> int:
        """How many browsers it believes to be connected."""
        with urllib.request.urlopen(f"{self.url}/_stcore/metrics?families=active_sessions", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return sum(int(float(line.split()[-1])) for line in lines if not line.startswith("#"))

    def tracebacks(self) -> int:
        """How many its log has."""
        return self.log.read_text("utf-8", errors="replace").count("Traceback")


@contextlib.contextmanager
def serve(folder: Path, changes: dict[str, Any]) -> Iterator[Server]:
    """A server that answers, its training begun; both end with the `with` block. `changes` are those to the default preset."""
    places = {f"GANVAS_{name}_DIR": str(folder / name.lower()) for name in ("RUNS", "CACHE", "DATA", "EVALUATORS")}
    os.environ |= places | {"GANVAS_CLASSROOM": str(folder / "classroom.json")}
    config = resolve(with_changes(preset_config(DEFAULT), changes | ENDLESS), detect())
    run = runs.create(folder / "runs", config, "load test")
    queue.enqueue(run)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.headless=true"]
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=PROJECT_DIR,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", process, log, run)
    try:
        until(lambda: answers(server.url) and run.status().step > 0, 120, "a server that answers and trains")
        yield server
    finally:
        supervisor.leave(run, "stop")
        with contextlib.suppress(TimeoutError):
            until(lambda: run.status().state not in ("running", "stopping"), 60, "the end of the training")
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if server.tracebacks():
            kept = PROJECT_DIR / "test-artifacts" / "loadtest-server.log"
            kept.parent.mkdir(exist_ok=True)
            shutil.copyfile(log, kept)
            print(f"The server's log has a traceback; it is kept in {kept}.")


def until(condition: Callable[[], bool], timeout_s: float, what: str) -> float:
    """Waits until a condition holds; the seconds it took. Raises TimeoutError."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > timeout_s:
            raise TimeoutError(f"After {timeout_s:g} s still not: {what}.")
        time.sleep(0.2)
    return time.monotonic() - began


def answers(url: str) -> bool:
    """Whether a server says that it is well, within 30 s."""
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=30) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@dataclass
class Watch:
    """The server's samples while a task is under way."""

    samples: list[dict[str, float]] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def over(self, server: Server, every_s: float, say_s: float, tally: Tally) -> AsyncIterator[None]:
        """Takes a sample every so many seconds, and prints one that often."""

        async def look() -> None:
            said = time.monotonic()
            while True:
                with contextlib.suppress(psutil.Error):
                    self.samples.append(server.sample())
                if say_s and time.monotonic() - said > say_s:
                    said = time.monotonic()
                    print(
                        f"  {server.run.status().step:,} steps; {shown(self.samples[-1])}; errors {dict(tally.errors)}",
                        flush=True,
                    )
                await asyncio.sleep(every_s)

        looking = asyncio.create_task(look())
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)


def speed(run: Run, seconds: float) -> float:
    """Steps a second, over so many seconds."""
    before, began = run.status(), time.monotonic()
    time.sleep(seconds)
    return (run.status().step - before.step) / (time.monotonic() - began)


async def load(
    server: Server,
    clients: int,
    seconds: float,
    seed: int = 0,
    alone_s: float = 30,
    settle_s: float = 60,
    say_s: float = 60,
    warm: bool = True,
    watching: bool = False,
) -> dict[str, Any]:
    """So many students for so long beside one training: the row of the result.

    Args:
        alone_s: how long the training's speed alone is measured, before the first comes and after the last has left.
        settle_s: after the first visitor, until his sessions are closed and what his pages compute is done.
        say_s: a line is printed that often; 0 for never.
        warm: whether a first visitor sees every page, and every place that the class goes to: what is loaded by then is no growth.
        watching: whether everybody stays on the page of the run that trains and touches nothing.
    """
    tally, loop = Tally(), asyncio.get_running_loop()
    shelf = [server.run.id, *(run.id for run in runs.shipped_runs()[:2])]
    alone = await loop.run_in_executor(None, speed, server.run, alone_s)
    await warm_up(
        server, [(page, "") for page in PAGES] + [place[:2] for place in places(shelf)] if warm else [("", "")]
    )
    await asyncio.sleep(settle_s)
    before, step, began = server.sample(), server.run.status().step, time.monotonic()
    looks, processor_s, served_s = Watch(), busy_s(os.getpid()), busy_s(server.process.pid)
    browsers = [Browser(server.url, tally, f"{seed} {number}") for number in range(clients)]
    print(f"  the class comes: {shown(before)}", flush=True)
    async with looks.over(server, 1.0, say_s, tally):
        visits = (
            watch(browser, server.run.id, began + seconds) if watching else study(browser, shelf, began + seconds)
            for browser in browsers
        )  # fmt: skip
        await asyncio.gather(*visits)
    took, done = time.monotonic() - began, server.run.status().step - step
    own, served = busy_s(os.getpid()) - processor_s, busy_s(server.process.pid) - served_s
    reruns = sum(tally.counts[kind] for kind in tally.latency)
    back = await loop.run_in_executor(None, come_back, server, before)
    after_alone = await loop.run_in_executor(None, speed, server.run, alone_s)
    if server.run.status().state != "running" or done <= 0:
        tally.error("training", f"{server.run.status().state}, {done} steps")
    if found := server.tracebacks():
        tally.errors["tracebacks"] += found
    middle = looks.samples[len(looks.samples) // 2] if looks.samples else before
    return {
        "clients": clients, "seconds": round(took, 1), "seed": seed, **tally.counts, "errors": dict(tally.errors), "notes": tally.notes,
        "kilobytes": {kind: percentiles([size / 1000 for size in values]) for kind, values in tally.sizes.items()},
        "server": {"processor_share": served / took, "ms_a_rerun": 1000 * served / max(reruns, 1)},
        "latency_s": {kind: percentiles(values) for kind, values in tally.latency.items()},
        "steps_a_second": {"alone before": alone, "with all": done / took, "alone after": after_alone},
        "ratio": (done / took) / max(statistics.mean([alone, after_alone]), 1e-9),
        "clients_processor_share": own / took,
        "begin": before, "middle": middle, "end": looks.samples[-1] if looks.samples else before, **back,
    }  # fmt: skip


def busy_s(pid: int) -> float:
    """Processor seconds of a process so far, all its threads together, its children not."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


async def warm_up(server: Server, addresses: Collection[tuple[str, str]]) -> None:
    """One visitor sees these pages, each with its query. Raises SystemExit if he already meets errors."""
    tally = Tally()
    browser = Browser(server.url, tally, "warm-up")
    for page, query in addresses:
        async with browser.open(page, query) as tab:
            await tab.move(browser.rng)
    await browser.close()
    if tally.errors:
        raise SystemExit(f"The first visitor already met errors: {tally.notes}")


def come_back(server: Server, before: dict[str, float]) -> dict[str, Any]:
    """What the server holds once all have left, and after how many seconds that was as before; None for not within BACK_S."""

    def is_back() -> bool:
        now = server.sample()
        return (
            server.sessions() == 0
            and now["memory_mb"] <= before["memory_mb"] + BACK_MB
            and now["threads"] <= before["threads"] + 2
            and now["files"] <= before["files"] + 4
        )

    try:
        back_s = round(until(is_back, BACK_S, "as before"), 1)
    except TimeoutError:
        back_s = None
    return {"after": server.sample(), "sessions_after": server.sessions(), "back_s": back_s}


async def flood(server: Server, visitors: int, megabytes: int) -> dict[str, Any]:
    """Each visitor sends FILES files at once, first through an uploader, then to the bare route of a page without one."""
    tally, loop, content = Tally(), asyncio.get_running_loop(), bytes(megabytes << 20)
    await warm_up(server, [("", ""), ("data", "")])
    before, looks = server.sample(), Watch()
    found: dict[str, Counter[int]] = {"uploader": Counter(), "bare route": Counter()}
    slowest = 0.0
    gate = asyncio.Barrier(visitors)

    async def visit(number: int, kind: str) -> None:
        browser = Browser(server.url, tally, number)
        async with browser.open(*(("data", "view=add") if kind == "uploader" else ("",))) as tab:
            names = [f"{number}-{file}.zip" for file in range(FILES)]
            if kind == "uploader":
                routes = [await tab.file_url(name) for name in names]
            else:
                routes = [f"/{UPLOAD_ROUTE}/{tab.session}/{uuid.uuid4()}" for _ in names]
            await gate.wait()
            statuses = await asyncio.gather(
                *(browser.put(route, name, content) for route, name in zip(routes, names, strict=True))
            )
            found[kind].update(statuses)
            arrived = {r.rsplit("/")[-1]: n for r, n, s in zip(routes, names, statuses, strict=True) if s < 300 and s}
            if kind == "uploader" and arrived:
                await tab.claim(dict(list(arrived.items())[-1:]), len(content))
            await gate.wait()
        await browser.close()

    async def health() -> None:
        nonlocal slowest
        while True:
            began = time.monotonic()
            if not await loop.run_in_executor(None, answers, server.url):
                tally.error("health", "the server does not answer")
            slowest = max(slowest, time.monotonic() - began)
            await asyncio.sleep(1)

    asking = asyncio.create_task(health())
    async with looks.over(server, 0.2, 0, tally):
        for kind in found:
            async with asyncio.TaskGroup() as all_at_once:
                for number in range(visitors):
                    all_at_once.create_task(visit(number, kind))
    asking.cancel()
    back = await loop.run_in_executor(None, come_back, server, before)
    for kind, statuses in found.items():
        for status, count in statuses.items():
            if status == 0 or (status in range(500, 600) and status != 507):
                tally.errors[f"{kind} {status}"] += count
    if accepted(found["bare route"]):
        tally.error("bare route", "took a file that no page had asked for")
    if found_tracebacks := server.tracebacks():
        tally.errors["tracebacks"] += found_tracebacks
    return {
        "visitors": visitors, "files": FILES, "file_mb": megabytes,
        **{kind: {"accepted": accepted(c), "refused": c.total() - accepted(c), "statuses": {str(s): n for s, n in sorted(c.items())}}
           for kind, c in found.items()},
        "errors": dict(tally.errors), "notes": tally.notes, "slowest_health_s": round(slowest, 2), "begin": before,
        "peak_mb": max(sample["memory_mb"] for sample in looks.samples), **back,
    }  # fmt: skip


def accepted(statuses: Counter[int]) -> int:
    """How many uploads were taken."""
    return sum(count for status, count in statuses.items() if 200 <= status < 300)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--watch", action="store_true", help="everybody looks at the run that trains, and nothing else")
    parser.add_argument("--soak", action="store_true", help="an hour")
    parser.add_argument("--flood", action="store_true", help="the flood alone")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # its server ends with it
    minutes = 60.0 if chosen.soak else chosen.minutes
    whole = chosen.clients >= 30 and (chosen.flood or minutes >= 10)
    rows, quiet = dict[str, dict[str, Any]](), conditions()
    kinds = [] if chosen.flood else ["watch" if chosen.watch else "soak" if chosen.soak else "load"]
    kinds += ["flood"] if chosen.flood or (whole and kinds == ["load"]) else []
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="loadtest-") as place, serve(Path(place), {}) as server:
            if kind == "flood":
                row = asyncio.run(flood(server, chosen.clients, FILE_MB))
            else:
                say_s = 600 if chosen.soak else 60
                row = asyncio.run(
                    load(server, chosen.clients, 60 * minutes, chosen.seed, say_s=say_s, watching=kind == "watch")
                )
        rows[kind] = row | {"command": " ".join(["python -m tools.loadtest", *sys.argv[1:]]), "conditions": quiet}
        print(
            "\n".join(
                [HEADINGS[kind], *(f"  {name:<36}{value}" for name, value in table(kind, rows[kind])), *row["notes"]]
            )
        )
        if whole:
            write({kind: rows[kind]})
    sys.exit(0 if all(map(passed, rows.values())) else 1)


if __name__ == "__main__":
    main()
