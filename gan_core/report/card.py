"""The report that every run gets at its end: report.html in its directory, made in a task, switched off by GANVAS_REPORTS=off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gan_core.access import for_owner
from gan_core.config import settings
from gan_core.config.reasons import not_written
from gan_core.config.sentences import LANGUAGES
from gan_core.jobs import task as background
from gan_core.jobs.task import Arrays, Report, Task
from gan_core.report import templates
from gan_core.report.document import NOBODY
from gan_core.report.formats import stamp_of
from gan_core.runs import Run, files

ENDED = ("finished", "stopped", "failed")


def task(run: Run) -> Task:
    """The background work that writes the card of a run as it is now."""
    language = settings.text("GANVAS_LANG")
    return Task.of(
        "gan_core.report.card:make", run=str(run.path), stamp=stamp_of(run),
        language=language if language in LANGUAGES else "en",
    )  # fmt: skip


def begin(run: Run) -> bool:
    """Begins that work in a process of its own, for the run's owner; returns whether it did.

    Not for a run that goes on or recorded nothing, not with GANVAS_REPORTS=off, and not where its owner has as many tasks as
    they may: the run's page makes it then.
    """
    recorded = bool(run.metrics_path.exists() and run.metrics_path.stat().st_size)
    if settings.text("GANVAS_REPORTS") == "off" or run.status().state not in ENDED or not recorded:
        return False
    try:
        background.start(task(run), anew=not run.report_path.is_file(), actor=for_owner(run.owner))
    except ValueError:
        return False
    return True


def make(arguments: dict[str, Any], report: Report) -> Arrays:
    """The work of `task`. Returns `size`: the bytes of the file.

    Raises:
        ValueError: as `building.build`, or the run's directory cannot be written.
    """
    from gan_core.report import building, html

    run = Run(Path(arguments["run"]))
    document = building.build([run], templates.find(templates.DEFAULT), NOBODY, arguments["language"], report)
    content = html.page(document).encode()
    try:
        files.write_atomically(run.report_path, content)
    except OSError as error:
        raise ValueError(not_written(f"The folder of the run '{run.name}'", error)) from error
    return {"size": np.array(len(content))}
