"""What the tests of sweeps share: a ring of points on which a run takes a fraction of a second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gan_core import runs
from gan_core.experiments.sweeps.book import Book
from gan_core.experiments.sweeps.home import Home, settle
from gan_core.experiments.sweeps.plan import Axis, Sweep, listed
from gan_core.experiments.sweeps.reading import sweep_from
from gan_core.experiments.sweeps.working import Here, Way, Worker
from gan_core.runs import Run

POINTS = {
    "dataset.name": "ring8",
    "network.name": "mlp",
    "dataset.num_images": 200,
    "network.width": 8,
    "network.latent_dim": 2,
    "training.batch_size": 20,
    "training.max_steps": 10,
    "training.threads": 1,
    "training.device": "cpu",
    "training.precision": "fp32",
    "recording.num_samples": 4,
    "recording.probe_every_steps": 0,
    "recording.sample_every_steps": 100,
    "recording.checkpoint_every_steps": 5,
}


def small(*axes: Axis, name: str = "Small", **options: Any) -> Sweep:
    """A sweep over points; `changes` are added to POINTS."""
    changes = POINTS | options.pop("changes", {})
    wanted = {"metric": "fd", "images": 100, **options}
    return sweep_from(name=name, preset="mnist-dcgan", axes=axes or (BATCHES,), changes=changes, **wanted)


BATCHES = listed("training.batch_size", [10, 20])


def home_of(runs_dir: Path, sweep: Sweep, storage: str = "") -> Home:
    """A sweep's place, its trials written down."""
    return settle(runs_dir, sweep, storage, "small")


def finder(runs_dir: Path) -> Callable[[str], Run | None]:
    """run id -> the run in this folder."""
    return lambda run_id: next((run for run in runs.list_runs(runs_dir) if run.id == run_id), None)


def worker(
    home: Home, book: Book | None = None, way: Way | None = None, leaving: Callable[[], bool] = lambda: False
) -> Worker:
    """Somebody who works on it, and looks at a run at every step."""
    here = way or Here(home.runs_dir)
    return Worker(book or home.book(), here, leaving, lambda words: None, finder(home.runs_dir), examine_s=0.0)
