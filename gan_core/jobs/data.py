"""Preparing and fetching data sets as tasks: what the Data page begins, and all its viewers watch.

They outlive the server that began them. Temporary files of a cancelled one are removed the next time.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gan_core import datasets
from gan_core.access import Actor, require
from gan_core.access.classroom import check_folder
from gan_core.config import DatasetConfig
from gan_core.datasets import downloads
from gan_core.datasets.base import Progress
from gan_core.jobs.task import Arrays, Cancelled, Report, Task


def preparation(config: DatasetConfig) -> Task:
    """The task that puts a data set into the cache of prepared ones. Its result: `count` (), the number of samples."""
    return _task("gan_core.jobs.data:prepare", config=config.model_dump(mode="json"))


def download(name: str, root: Path) -> Task:
    """The task that fetches an entry of `downloads.DOWNLOADS` into `root`. Its result is empty."""
    return _task("gan_core.jobs.data:fetch", name=name, root=str(root))


def hub_download(repo: str, root: Path) -> Task:
    """The task that fetches a data set of the Hugging Face Hub into `root`. Its result: `count` (), how many pictures."""
    return _task("gan_core.jobs.data:fetch_from_hub", repo=repo, root=str(root))


def check_hub_download(repo: str, *, actor: Actor | None = None) -> None:
    """Raises ValueError if the actor may not use the Hub, or the name of a repository is none."""
    require("hub", actor)
    downloads.check_repo(repo)


def prepare(arguments: dict[str, Any], report: Report) -> Arrays:
    """Decodes and resizes; see `preparation`."""
    prepared = datasets.prepare(DatasetConfig(**arguments["config"]), lambda done, total: report("images", done, total))
    return {"count": np.array(len(prepared))}


def fetch(arguments: dict[str, Any], report: Report) -> Arrays:
    """Fetches through torchvision; see `download`."""
    check_folder(arguments["root"])
    downloads.download(arguments["name"], Path(arguments["root"]), _bytes(report))
    return {}


def fetch_from_hub(arguments: dict[str, Any], report: Report) -> Arrays:
    """Fetches from the Hub; see `hub_download`."""
    require("hub")
    check_folder(arguments["root"])
    return {"count": np.array(downloads.from_hub(arguments["repo"], Path(arguments["root"]), _bytes(report)))}


def _task(function: str, **arguments: Any) -> Task:
    return replace(Task.of(function, **arguments), in_turn=False)


def _bytes(report: Report) -> Progress:
    """Bytes are counted in a thread, from where a transfer cannot be stopped: the task's process is ended instead."""

    def report_bytes(done: int, total: int) -> None:
        with contextlib.suppress(Cancelled):
            report("bytes", done, total)

    return report_bytes
