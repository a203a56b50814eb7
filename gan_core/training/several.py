"""One of several processes that train a run together; torchrun starts them.

    python -m torch.distributed.run --standalone --nproc-per-node=N -m gan_core.training.several RUN_FOLDER

A SIGTERM to the one that leads leaves the run queued, with a checkpoint, for others to continue.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from gan_core.runs import Run
from gan_core.training import together


def main() -> None:
    """Leads the training, or takes part in it.

    Raises:
        ValueError: this process cannot take part, or the leader has ended.
    """
    if together.take_part():
        return
    from gan_core.training import loop, worker

    worker.keep_freed_memory()
    received: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: received.append(number))
    loop.train(Run(Path(sys.argv[1])), request=lambda: "requeue" if received else None)


if __name__ == "__main__":
    main()
