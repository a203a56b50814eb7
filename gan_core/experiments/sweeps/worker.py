"""The task of a sweep that a page started: submits its runs to the server's queue, and measures them.

It outlives the server that started it, and waits while no server trains.
"""

from __future__ import annotations

import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

from gan_core.config import settings
from gan_core.experiments.sweeps import folder as folders
from gan_core.experiments.sweeps.folder import SweepFolder
from gan_core.experiments.sweeps.loop import Queued, SweepWorker, work_at_once
from gan_core.jobs.task import Arrays, Report
from gan_core.jobs.task_worker import sentence
from gan_core.training import places


def sweep(arguments: dict[str, Any], report: Report) -> Arrays:
    """Works on the sweep of `SweepFolder.task`. Its result is empty: values are stored in the study."""
    report("sweep")
    found = folders.find_or_none(Path(arguments["runs_dir"]), arguments["id"])
    if found is not None:
        work(found)
    return {}


def work(folder: SweepFolder) -> None:
    """Works on a sweep until it is done or is to stop; an error is stored in order.json."""
    with folder.work() as mine:
        if not mine:
            return
        here = replace(settings.from_environment(), runs_dir=folder.runs_dir)

        try:
            count = min(places.at_once(here), folder.sweep.trials)
            work_at_once(
                [
                    SweepWorker(folder.study(), Queued(here), lambda: not folder.should_run, _log, folder.runs_dir)
                    for _ in range(count)
                ]
            )
            folder.order("stop")
        except Exception as failure:
            traceback.print_exc()
            folder.order("stop", sentence(failure))


def _log(sentence: str) -> None:
    print(sentence, flush=True)
