"""One run over several processes, from the command line: started here by torchrun, or by torchrun's own command."""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated

import typer

Processes = Annotated[
    int,
    typer.Option(
        help="Train in so many processes on this computer, one for each GPU; each sees its share of every batch.",
        min=1,
        max=64,
    ),
]


def elsewhere(processes: int) -> bool:
    """Starts the processes, or follows the one that leads; returns whether there is nothing left for this one to do.

    Raises:
        ValueError: this process cannot take part, or the leader has ended.
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        if processes > 1:
            _start(processes)
        return False
    from gan_core.processes import shards
    from gan_core.training import together

    if not shards.join():
        return False
    for number in (signal.SIGINT, signal.SIGTERM):  # the leader answers them, and tells the others when to end
        signal.signal(number, signal.SIG_IGN)
    try:
        together.follow()
    except RuntimeError as failure:
        if not shards.is_lost(failure):
            raise
        raise ValueError("The process that leads this training has ended.") from failure
    return True


def _start(processes: int) -> None:
    """Gives this process's place to torchrun, which starts the same command so many times."""
    arguments = sys.argv[1:]
    place = next(i for i, text in enumerate(arguments) if text.partition("=")[0] == "--processes")
    kept = arguments[:place] + arguments[place + (1 if "=" in arguments[place] else 2) :]
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as torchrun would, with a warning
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *torchrun, "-m", "gan_core", *kept])
