"""What the tests of sweeps share: a ring of points on which a run takes a fraction of a second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gan_core.experiments.sweeps.folder import SweepFolder, open_folder
from gan_core.experiments.sweeps.loop import InProcess, Runner, SweepWorker
from gan_core.experiments.sweeps.plan import Axis, Sweep, listed, sweep_from
from gan_core.experiments.sweeps.study import SweepStudy

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


def folder_of(runs_dir: Path, sweep: Sweep, storage: str = "") -> SweepFolder:
    """A sweep's folder, its trials written down."""
    return open_folder(runs_dir, sweep, storage, "small")


def worker(
    folder: SweepFolder,
    study: SweepStudy | None = None,
    runner: Runner | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> SweepWorker:
    """Somebody who works on it, and looks at a run at every step."""
    here = runner or InProcess(folder.runs_dir)
    return SweepWorker(study or folder.study(), here, stopping, lambda words: None, folder.runs_dir, examine_s=0.0)
