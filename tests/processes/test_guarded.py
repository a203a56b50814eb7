"""Work in a child with bounded memory and time: what is too much is left out by name, and the rest goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from gan_core.config.settings import PROJECT_DIR
from gan_core.processes import guarded
from gan_core.processes.guarded import Patience, Start

HERE = "tests.processes.test_guarded"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux only")


def numbers(arguments: dict[str, Any], start: Start) -> Iterator[Any]:
    """The items 0 to 5; what is to happen at each is in the arguments."""
    for number in range(start.first, 6):
        if number == start.first and start.fault:
            yield [number, start.fault]
            continue
        what = arguments.get(str(number))
        if what == "memory":
            bytes(10**9)
        if what == "time":
            time.sleep(3600)
        if what == "death":
            os.kill(os.getpid(), signal.SIGSEGV)
        if what == "error":
            raise KeyError(number)
        if what == "refusal":
            raise ValueError("The third is forbidden.")
        yield [number, ""]


def told(arguments: dict[str, str], **options: Any) -> list[Any]:
    return list(guarded.each(f"{HERE}:numbers", arguments, **options))


def test_all_items_come_in_order() -> None:
    assert told({}) == [[number, ""] for number in range(6)]


@pytest.mark.parametrize(
    ("what", "reason"),
    [("memory", "256 MiB of memory"), ("time", "longer than 2 s"), ("death", "SIGSEGV"), ("error", "KeyError: 3")],
)
def test_an_item_that_is_too_much_is_named_and_the_others_are_done(what: str, reason: str) -> None:
    found = told({"3": what}, patience=Patience(item_s=2.0))
    assert [number for number, fault in found if not fault] == [0, 1, 2, 4, 5]
    assert reason in found[3][1]


def test_of_several_at_once_the_guilty_one_is_found_alone() -> None:
    found = told({"3": "death"}, at_once=True)
    assert [number for number, fault in found if fault] == [3]


def test_a_refusal_and_a_child_that_cannot_begin_are_value_errors() -> None:
    with pytest.raises(ValueError, match=r"^The third is forbidden\.$"):
        told({"3": "refusal"})
    with pytest.raises(ValueError, match=r"It cannot be read: .*AttributeError"):
        list(guarded.each(f"{HERE}:nothing_of_this_name", {}))


def test_the_time_for_all_ends_it() -> None:
    with pytest.raises(ValueError, match=r"longer than 1\.5 s and was ended"):
        told({"0": "time"}, patience=Patience(item_s=60.0, total_s=1.5))


def test_the_child_ends_with_the_iterator_and_with_its_parent() -> None:
    from helpers import eventually  # not in the child, which imports this file

    code = (
        "import os, signal\n"
        "from gan_core.processes import guarded\n"
        f"items = guarded.each('{HERE}:numbers', {{'1': 'time'}})\n"
        "next(items)\n"
        "import psutil; print(psutil.Process().children()[0].pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_DIR, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    assert eventually(lambda: not _runs(int(done.stdout)), "the child runs")
    before = set(psutil.Process().children())
    items = guarded.each(f"{HERE}:numbers", {})
    next(items)
    (here,) = set(psutil.Process().children()) - before
    items.close()
    assert not _runs(here.pid)


def _runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_only_so_many_work_at_once_and_a_place_is_free_when_one_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "START_S", 0.0)
    at_work = [guarded.each(f"{HERE}:numbers", {}) for _ in range(guarded.AT_ONCE)]
    monkeypatch.setattr(guarded, "_one_child", lambda *_: iter([1, 2]))  # their processes are no matter here
    for items in at_work:
        next(items)
    with pytest.raises(ValueError, match="4 others are reading files already"):
        told({})
    at_work[0].close()
    assert told({}) == [1, 2]
    for items in at_work:
        items.close()


def test_the_child_knows_no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert "hf_secret" not in guarded._environment().values()
