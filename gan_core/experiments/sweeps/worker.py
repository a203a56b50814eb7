"""The task of a sweep that a page began: submits its runs to the server's queue, watches and judges them.

It outlives the server that started it; while none trains, it waits.
"""

from __future__ import annotations

import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

from gan_core import runs
from gan_core.config import settings
from gan_core.experiments.sweeps import home as homes
from gan_core.experiments.sweeps.home import Home
from gan_core.experiments.sweeps.working import Queued, Worker
from gan_core.jobs.task import Arrays, Report
from gan_core.jobs.task_worker import sentence


def sweep(arguments: dict[str, Any], report: Report) -> Arrays:
    """Works on the sweep of `Home.task`. Its result is empty: what came out is in the study."""
    report("sweep")
    found = homes.find_or_none(Path(arguments["runs_dir"]), arguments["id"])
    if found is not None:
        work(found)
    return {}


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
        except Exception as failure:
            traceback.print_exc()
            home.order("stop", sentence(failure))


def _say(words: str) -> None:
    print(words, flush=True)
