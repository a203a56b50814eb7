"""What a crash may cost: nothing. Every kind of accident is done on purpose to real runs, again and again.

    python -m tools.crash_drill                    all suites; writes docs/crash-drill.json and docs/crash-drill.md
    python -m tools.crash_drill --only flips       suites whose name contains this; prints, writes nothing
    python -m tools.crash_drill --at-most 3        so many accidents of each suite; prints, writes nothing

Each suite says how many accidents it made (injected), after how many all was as promised (survived), how often damage was
taken for sound (accepted), and how often the program ended with an error of its own (crashed). It fails when it made fewer
than it states, when one was not survived, or when one was accepted. Every family of models takes part, each with a tiny run.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import itertools
import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from gan_core.config.reasons import reason
from gan_core.config.settings import PROJECT_DIR
from gan_core.runs import Run, files
from gan_core.runs.metrics import MetricsTail
from gan_core.training import loop
from tools.crash_numbers import POISONS, train_poisoned
from tools.crash_runs import PROCESSES, Counts, Untouched, cycle, families, leave_at, loads, made, train_in_process
from tools.crash_servers import hangs, server_kills, stops, terminated, two_servers

DOCS = PROJECT_DIR / "docs"
COLUMNS = ("injected", "survived", "accepted", "crashed", "seconds")

Suite = Callable[[Path, int, Counts], None]


def kills(place: Path, count: int, found: Counts) -> None:
    """The worker is killed three times in each run, in each third run first before its first checkpoint."""
    untouched = Untouched(place)
    for number, run in zip(range(0, count, 3), cycle(place), strict=False):
        deaths = [{"at_step": random.randrange(1, 11)}, {"at_step": random.randrange(1, 11)}]
        deaths.insert(0, {"at_fsync": 0} if number % 9 == 0 else {"at_step": random.randrange(1, 10)})
        killed = sum(train_in_process(run, **death) == -signal.SIGKILL for death in deaths[: count - number])
        good = loop.train(run).state == "finished" and untouched.equals(run)
        for _ in range(killed):
            found.add(good, f"{run.id} is another run")


def writes(place: Path, count: int, found: Counts) -> None:
    """The worker is killed at each durable write of its checkpoints in turn."""
    untouched, new = Untouched(place), cycle(place)
    run, fsync = next(new), 0
    while found.injected < count:
        if train_in_process(run, at_fsync=fsync) == 0:
            if not untouched.equals(run):
                raise RuntimeError(f"{run.id} is another run")
            run, fsync = next(new), 0
            continue
        fsync += 1
        found.add(all(loads(run, step) for step in run.checkpoint_steps()), f"{run.id} has an unreadable checkpoint")


def _damage(place: Path, count: int, found: Counts, harm: Callable[[bytearray], None]) -> None:
    """Damages a file of the newest checkpoint; it must be refused and the one before still taken."""
    trained = [run for run, _ in zip(cycle(place), families(), strict=False)]
    for run in trained:
        loop.train(run)
    for number in range(count):
        run = trained[number % len(trained)]
        *_, older, newest = run.checkpoint_steps()
        file = random.choice(sorted(run.checkpoint_dir(newest).iterdir()))
        sound = file.read_bytes()
        content = bytearray(sound)
        harm(content)
        file.write_bytes(content)
        accepted = loads(run, newest)
        found.accepted += accepted
        found.add(not accepted and loads(run, older), f"{file.name} of {run.id}")
        file.write_bytes(sound)


def cuts(place: Path, count: int, found: Counts) -> None:
    """A checkpoint's file is cut at any byte."""
    _damage(place, count, found, lambda content: content.__delitem__(slice(random.randrange(len(content)), None)))


def flips(place: Path, count: int, found: Counts) -> None:
    """One bit of a checkpoint's file is turned."""

    def flip(content: bytearray) -> None:
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)

    _damage(place, count, found, flip)


def tails(place: Path, count: int, found: Counts) -> None:
    """A log ends in a torn line or in garbage: the whole points are shown, and appending goes on."""
    place.mkdir()
    log = place / "metrics.jsonl"
    line = json.dumps({"step": 4, "loss/d": 0.25, "loss/g": 1.5}).encode()
    for number in range(count):
        tail = line[: random.randrange(1, len(line))] if number % 2 else random.randbytes(random.randrange(1, 400))
        if number % 4 == 2:
            tail += b"\n"
        log.write_bytes(b"".join(line.replace(b"4", str(step).encode(), 1) + b"\n" for step in (1, 2, 3)) + tail)
        shown = MetricsTail(log)
        shown.refresh()
        before = shown.column("step").tolist()
        files.append_lines(log, [{"step": 4}])
        after = [record["step"] for record in files.read_log(log, files.is_metrics)[0]]
        found.add(before == [1, 2, 3] and after == [1, 2, 3, 4], f"{tail!r}: {before}, {after}")


def disk(place: Path, count: int, found: Counts) -> None:
    """A small disk becomes full, or is read-only, at four places of a run each: the cause is named, the checkpoint whole."""
    place.mkdir()
    for number in range(count):
        mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            found.notes.append("skipped: no small disk can be mounted without the rights of root")
            return
        try:
            run = made(place / "runs")
            loop.train(run, request=leave_at(10))
            run.command("run")
            words = _full(run, place, (1, 4, 9, 15)[number // 2]) if number % 2 else _read_only(run, place)
            good = ("The disk is full" if number % 2 else "read-only") in words and loads(run, 10)
            found.add(good, f"{words[:200]}")
        finally:
            subprocess.run(["umount", "-l", str(place)], check=True)


def _full(run: Run, place: Path, step: int) -> str:
    calls = itertools.count()

    def request() -> None:
        if next(calls) == step:
            with contextlib.suppress(OSError), (place / "filler").open("ab", buffering=0) as file:
                while file.write(bytes(4096)):
                    pass

    loop.train(run, request=request)
    return run.status().error


def _read_only(run: Run, place: Path) -> str:
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    try:
        return loop.train(run).error
    except OSError as failure:
        return reason(failure) or str(failure)


def not_a_number(place: Path, count: int, found: Counts) -> None:
    """NaN or infinity at six places of each family: no optimiser steps on it, and the run fails with a sound checkpoint."""
    for (which, what), network in itertools.product(list(POISONS.items())[:count], families().values()):
        run, at = made(place, network__name=network), random.randrange(11, 20)
        weights, kept = train_poisoned(run, at, what)
        same = all(torch.equal(a.view(torch.int32), b.view(torch.int32)) for a, b in zip(weights, kept, strict=True))
        status = run.status()
        good = status.state == "failed" and f"at step {at + 1}: " in status.error and bool(kept) and same
        good &= run.checkpoint_steps() == [0, 10] and loads(run, 10)
        found.add(
            good, f"{which} of {network}, step {at + 1}: {status.state} {status.error[:100]}, weights kept: {same}"
        )


def data_removed(place: Path, count: int, found: Counts) -> None:
    """The prepared data vanish while a run trains: it goes on, or ends with a sentence."""
    for _number, run in zip(range(count), cycle(place), strict=False):
        calls = itertools.count()

        def request(calls: Iterator[int] = calls) -> None:
            if next(calls) == 12:
                shutil.rmtree(os.environ["GANVAS_CACHE_DIR"], ignore_errors=True)

        status = loop.train(run, request=request)
        found.add("error inside" not in status.error and loads(run, 10), status.error[:200])


def memory(place: Path, count: int, found: Counts) -> None:
    """The worker may use little more memory than it has: the run says so, and its checkpoint stays."""
    for number in range(count):
        run = made(place, network__width=256, dataset__image_size=32, training__batch_size=48)
        code = train_in_process(run, memory=(16 + 16 * (number % 4)) << 20)
        error = run.status().error
        found.add(code == 0 and "ran out of memory" in error, f"exit {code}: {error[:200]}")


def clock(place: Path, count: int, found: Counts) -> None:
    """The trainer dies and the clock is set back: the run is known to be dead, and goes on."""
    for _number, run in zip(range(count), cycle(place), strict=False):
        train_in_process(run, at_step=12)
        ahead = dataclasses.replace(run.status(), state="running")
        files.write_json(run.path / "status.json", dataclasses.asdict(ahead) | {"updated_at": time.time() + 86_400})
        found.add(run.status().state == "interrupted" and loop.train(run).state == "finished", run.status().state)


def leftovers(place: Path, count: int, found: Counts) -> None:
    """What writers that died left aside is gone after the next start."""
    for _number, run in zip(range(count), cycle(place), strict=False):
        for folder in (run.path, run.samples_dir, run.checkpoints_dir):
            (folder / f"{files.TEMPORARY}step-00000010").mkdir()
            (folder / f"{files.TEMPORARY}ab12-file").write_bytes(b"half")
        good = loop.train(run).state == "finished"
        found.add(good and not list(run.path.rglob(f"{files.TEMPORARY}*")), "something is left over")


SUITES: dict[str, tuple[int, Suite]] = {
    "kills": (36, kills), "checkpoint writes": (40, writes), "server kills": (10, server_kills), "cuts": (200, cuts),
    "flips": (500, flips), "log tails": (220, tails), "disk": (8, disk), "not a number": (6, not_a_number),
    "data removed": (4, data_removed), "memory": (4, memory), "two servers": (20, two_servers), "clock": (4, clock),
    "SIGTERM": (4, terminated), "stops": (20, stops), "hanging workers": (4, hangs), "leftovers": (4, leftovers),
}  # fmt: skip


def drill(name: str, at_most: int | None = None) -> dict[str, Any]:
    """One suite's row: its counts, and whether it passed."""
    stated, suite = SUITES[name]
    wanted = min(stated, at_most or stated)
    found, began = Counts(), time.monotonic()
    random.seed(name)
    with tempfile.TemporaryDirectory(prefix="crash-drill-") as place:
        os.environ["GANVAS_CACHE_DIR"] = f"{place}/cache"
        try:
            suite(Path(place) / "runs", wanted, found)
        except Exception as failure:  # of the program, not of an accident
            found.crashed += 1
            found.notes.append(f"{type(failure).__name__}: {failure}"[:300])
    skipped = not found.injected and found.notes[:1] != [] and found.notes[0].startswith("skipped")
    whole = found.injected >= wanted and found.survived == found.injected and not found.accepted and not found.crashed
    return {
        "suite": name,
        "stated": stated,
        **dataclasses.asdict(found),
        "seconds": round(time.monotonic() - began, 1),
        "passed": whole or skipped,
        "skipped": skipped,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="part of a suite's name")
    parser.add_argument("--at-most", type=int, help="accidents of each suite")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    PROCESSES.set_forkserver_preload(["gan_core.training.loop"])
    rows = []
    for name in (name for name in SUITES if arguments.only in name):
        rows.append(row := drill(name, arguments.at_most))
        words = [f"{row[column]:>10}" for column in COLUMNS] + ["" if row["passed"] else "FAILED", row["measured"]]
        print(f"{name:<20}", *words, *row["notes"][:3], flush=True)
    if not arguments.only and not arguments.at_most:
        write(rows)
    sys.exit(0 if all(row["passed"] for row in rows) else 1)


def write(rows: list[dict[str, Any]]) -> None:
    """Puts the result into docs/crash-drill.json and docs/crash-drill.md."""
    conditions = {
        "made by": "make crash-drill",
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cores": os.cpu_count(),
        "load at the end": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "seconds": round(sum(row["seconds"] for row in rows)),
    }
    (DOCS / "crash-drill.json").write_text(json.dumps({**conditions, "suites": rows}, indent=1) + "\n", "utf-8")
    said = ", ".join(f"{name} {value}" for name, value in conditions.items())
    columns = ("suite", *COLUMNS, "measured")
    table = [
        f"# Crash drill\n\n{said}.",
        "What each suite does to real runs and processes is said in `tools/crash_drill.py` and `tools/crash_servers.py`. It fails",
        "unless all that was injected was survived and nothing damaged was accepted.\n",
        f"| {' | '.join(columns)} |",
        "|---" * len(columns) + "|",
        *("| " + " | ".join(str(row[column]) for column in columns) + " |" for row in rows),
    ]
    (DOCS / "crash-drill.md").write_text("\n".join(table) + "\n", "utf-8")


if __name__ == "__main__":
    main()
