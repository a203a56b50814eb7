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
from gan_core.experiments.sweeps import folder as folders
from gan_core.experiments.sweeps.folder import SweepFolder
from gan_core.experiments.sweeps.loop import Queued, SweepWorker
from gan_core.jobs.task import Arrays, Report
from gan_core.jobs.task_worker import sentence


def sweep(arguments: dict[str, Any], report: Report) -> Arrays:
    """Works on the sweep of `SweepFolder.task`. Its result is empty: what came out is in the study."""
    report("sweep")
    found = folders.find_or_none(Path(arguments["runs_dir"]), arguments["id"])
    if found is not None:
        work(found)
    return {}


def work(folder: SweepFolder) -> None:
    """Works on a sweep until it is done or is to stop; how it ended stands in its orders."""
    with folder.work() as mine:
        if not mine:
            return
        here = replace(settings.from_environment(), runs_dir=folder.runs_dir)

        def find_run(run_id: str) -> runs.Run | None:
            return next((run for run in runs.list_runs(folder.runs_dir) if run.id == run_id), None)

        try:
            worker = SweepWorker(folder.study(), Queued(here), lambda: not folder.wanted, _say, find_run)
            worker.work()
            folder.order("stop")
        except Exception as failure:
            traceback.print_exc()
            folder.order("stop", sentence(failure))


def _say(words: str) -> None:
    print(words, flush=True)
