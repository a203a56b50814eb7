"""A process that talks: messages both ways, its end, and the sentence for it."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from gan_core.processes.child import Child, ChildDied
from gan_core.processes.process import NICENESS, death, last_line, launch

ECHO = """
import sys
from gan_core.processes.child import Parent
parent = Parent()
print("a library's chatter")
for message in parent.messages():
    if "fail" in message:
        raise SystemExit(message["fail"])
    parent.send({"heard": message})
"""


def echo(**options: object) -> Child:
    return Child(("-c", ECHO), "The echo", **options)  # type: ignore[arg-type]


def test_messages_go_both_ways_and_chatter_goes_with_the_errors() -> None:
    child = echo()
    child.send({"word": "\u00e4\n"})
    assert child.receive() == {"heard": {"word": "\u00e4\n"}}
    assert child.receive(timeout_s=0.01) is None
    child.stop()
    assert child.last_lines == ["a library's chatter"]
    assert not child.alive
    with pytest.raises(ChildDied):
        child.send({})


def test_its_end_is_a_sentence_every_time_it_is_asked() -> None:
    child = echo(advice="Begin again.")
    child.send({"fail": "The disk is full."})
    for _ in range(2):
        with pytest.raises(ChildDied, match=r"^The echo ended with code 1: The disk is full\. Begin again\.$"):
            child.receive()
    child.stop()


def test_a_killed_one_names_the_signal_and_the_likely_cause(tmp_path: Path) -> None:
    child = echo(log=tmp_path / "log", advice="Begin again.")
    child.send({})
    assert child.receive() == {"heard": {}}
    os.kill(child.pid, signal.SIGKILL)
    assert list(child.messages()) == []
    with pytest.raises(ChildDied) as caught:
        child.receive()
    assert str(caught.value) == "The echo was ended by signal SIGKILL, usually for lack of memory. Begin again."
    assert (tmp_path / "log").read_text() == "a library's chatter\n"


def test_one_that_does_not_end_by_itself_is_killed() -> None:
    child = Child(("-c", "import time; print('{}', flush=True); time.sleep(600)"), "It")
    assert child.receive() == {}
    child.stop(timeout_s=0.1)
    assert not psutil.pid_exists(child.pid)


def test_what_gives_way_is_nice_and_has_one_thread() -> None:
    code = "import os; print(os.environ['OMP_NUM_THREADS'], os.environ['MKL_NUM_THREADS'], os.getsid(0) == os.getpid())"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = launch(("-c", f"input(); {code}"), niceness=NICENESS, **pipes)
    assert psutil.Process(process.pid).nice() == min(psutil.Process().nice() + NICENESS, 19)
    assert process.communicate("\n")[0].split() == ["1", "1", "True"]


@pytest.mark.parametrize(
    ("code", "words", "sentence"),
    [
        (3, "no torch here", "It ended with code 3: no torch here."),
        (1, "", "It ended with code 1: it said nothing."),
        (-15, "", "It was ended by signal SIGTERM."),
        (1, "x" * 500, f"It ended with code 1: {'x' * 200}."),
    ],
)
def test_a_death_without_advice(code: int, words: str, sentence: str) -> None:
    assert death("It", code, words) == sentence


def test_the_last_line_of_a_log(tmp_path: Path) -> None:
    assert last_line(tmp_path / "none") == ""
    (tmp_path / "log").write_bytes(b"first\nlast \xff\n\n")
    assert last_line(tmp_path / "log") == "last \ufffd"
