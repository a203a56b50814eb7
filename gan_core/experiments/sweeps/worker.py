"""The process of a sweep that a page began: submits its runs to the server's queue, watches and judges them.

    python -m gan_core.experiments.sweeps.worker RUNS_DIR ID

It outlives the server that started it; while none trains, it waits.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from dataclasses import replace
from pathlib import Path

from gan_core import runs
from gan_core.config import settings
from gan_core.experiments.sweeps import home as homes
from gan_core.experiments.sweeps.home import Home
from gan_core.experiments.sweeps.working import Queued, Worker

NICENESS = 5  # its measuring gives way to what trains


def work(home: Home) -> None:
    """Works on a sweep until it is done or is to stop; how it ended stands in its orders."""
    with home.work() as mine:
        if not mine:
            return
        here = replace(settings.from_environment(), runs_dir=home.runs_dir)

        def find_run(run_id: str) -> runs.Run | None:
            return next((run for run in runs.list_runs(home.runs_dir) if run.id == run_id), None)

        try:
            worker = Worker(home.book(), Queued(here), lambda: not home.wanted, _say, find_run)
            worker.work()
            home.order("stop")
        except (ValueError, OSError) as refusal:
            traceback.print_exc()
            home.order("stop", str(refusal))
        except Exception as failure:
            traceback.print_exc()
            home.order("stop", f"An error inside the program ended it ({type(failure).__name__}: {failure}).")


def _say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded: training should keep its cores
    found = homes.find_or_none(Path(sys.argv[1]), sys.argv[2])
    if found is not None:
        work(found)
