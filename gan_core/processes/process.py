"""How every process of the program is started, and the sentence that says how one ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from gan_core.config.settings import PROJECT_DIR

WATCHED, NICENESS = 5, 10
"""Of work that somebody watches, and of background work: a quarter and a tenth of a core that trains, all of an idle one."""
TOKENS = (
    "HF_TOKEN",
    "HUGGING_FACE_HUB_TOKEN",
    "HF_OIDC_RESOURCE",
)  # for the process that talks to the Hub, and no other
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")  # read once, when numpy and torch are loaded


def launch(
    arguments: Sequence[str],
    *,
    stdin: int,
    stdout: int | IO[bytes],
    stderr: int | IO[bytes],
    niceness: int = 0,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[str]:
    """Starts Python in the program's folder. Ctrl-C in this process's terminal does not reach it.

    Args:
        arguments: of Python, for example ("-m", "gan_core.training.worker").
        stdin, stdout, stderr: as of `subprocess.Popen`; pipes carry UTF-8 text.
        niceness: above 0, training has priority over it: WATCHED or NICENESS, of the process and of the session that it leads (Linux
            shares the processor among sessions first, sched(7)), and one thread of numpy and torch.
        environment: in place of this process's, which is handed on without the Hub's token.
    """
    variables = dict(environment) if environment is not None else without_token(os.environ)
    if niceness:
        variables |= dict.fromkeys(THREADS, "1")
    process = subprocess.Popen(
        [sys.executable, *arguments], stdin=stdin, stdout=stdout, stderr=stderr, cwd=PROJECT_DIR, env=variables,
        start_new_session=True, encoding="utf-8", errors="replace",
    )  # fmt: skip
    if niceness:
        with contextlib.suppress(OSError, AttributeError):  # it ended at once; a system without niceness
            os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + niceness)
        with contextlib.suppress(OSError):  # no Linux, or one that compares processes and not sessions
            Path(f"/proc/{process.pid}/autogroup").write_text(str(niceness))
    return process


def without_token(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without the Hub's token, in which the Hub's own code sends no login of this computer."""
    kept = {name: value for name, value in environment.items() if name not in TOKENS}
    return kept | {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}


def death(name: str, code: int, last_words: str = "", advice: str = "") -> str:
    """How a process ended that should not have, as a sentence.

    Args:
        name: what it is called in sentences: "The training process".
        code: its exit status; -N when signal N ended it.
        last_words: the last line that it wrote of errors.
        advice: a sentence on what to do.
    """
    if code < 0:
        cause = ", usually for lack of memory" if -code == signal.SIGKILL else ""
        how = f"was ended by signal {signal.Signals(-code).name}{cause}"
    else:
        how = f"ended with code {code}: {last_words[:200].rstrip('.') or 'it said nothing'}"
    return f"{name} {how}. {advice}".rstrip()


def last_line(log: Path) -> str:
    """The last line of a log that is not empty; "" if there is none."""
    return next((line.strip() for line in reversed(last_text(log).split("\n")) if line.strip()), "")


def last_text(log: Path) -> str:
    """The end of a log, at most 64,000 bytes; "" if it cannot be read."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 64_000))
            return file.read(64_000).decode(errors="replace")
    except OSError:
        return ""
