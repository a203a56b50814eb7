"""Several runs side by side: where their settings differ, what cannot be compared, what was measured of each.

Everything is read from run directories; nothing is trained or sampled here. Their curves: `curves`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_core.config import RunConfig, get
from gan_core.config.registry import Registry
from gan_core.datasets import DATASETS
from gan_core.datasets.base import DatasetEntry
from gan_core.datasets.uploads import name_of
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.figures import imaging
from gan_core.figures.imaging import Uint8Array
from gan_core.figures.layers import PREFIX
from gan_core.figures.style import COLORS, Column
from gan_core.models.kinds import KINDS, applying
from gan_core.models.networks import NETWORKS
from gan_core.models.objectives import OBJECTIVES, Objective
from gan_core.runs import Run, Status
from gan_core.runs.evaluations import Evaluation
from gan_core.runs.metrics import MetricsTail
from gan_core.training import plan

MAX_RUNS = len(COLORS)  # each run has a colour of its own
LAST_STEPS = 100
SHOWN_LENGTH = 60  # characters of a value in a sentence
GAP_PX = 2  # between the images of a sample grid
ENDED_EARLY = ("stopped", "failed", "interrupted")
COUNTERS = ("step", "epoch", "time", "images_seen")


@dataclass(frozen=True)
class Compared:
    """A run as it is compared.

    Attributes:
        run, config, status: as its directory has them.
        columns: metric name -> (N,), NaN where not measured; empty before the first step.
    """

    run: Run
    config: RunConfig
    status: Status
    columns: Mapping[str, Column]


def read(run: Run) -> Compared:
    """A run, read from its directory, however far it is.

    A damaged line of its log is left out. Raises ValueError if its configuration cannot be read.
    """
    tail = MetricsTail(run.metrics_path)
    tail.catch_up()
    return Compared(run, run.config(), run.status(), {name: tail.column(name) for name in tail.names()})


def is_metric(name: str) -> bool:
    """Whether a column of the log is a measurement with a curve of its own: no counter, and no layer's gradient (`figures.layers`)."""
    return name not in COUNTERS and not name.startswith(("hits/", "requested/", PREFIX))


# settings


def differing(configs: Sequence[RunConfig], steps: Sequence[int] = ()) -> dict[str, tuple[Any, ...]]:
    """Dotted names of the fields in which any two configurations differ -> the value of each.

    Fields without a meaning for these kinds of model are left out. The preset's name is left out, too: it only says where the
    other settings came from; and so are intervals that every run has from the number of its steps, where `steps` gives that.
    """
    values = {name: tuple(get(config, name) for config in configs) for name in applying(configs) if name != "preset"}
    automatic = [plan.automatic_intervals(count) for count in steps]
    return {
        name: found
        for name, found in values.items()
        if any(value != found[0] for value in found)
        and not (automatic and name in automatic[0] and found == tuple(intervals[name] for intervals in automatic))
    }


@dataclass(frozen=True)
class Departure:
    """What happened in a run's training that its configuration does not say.

    Attributes:
        step: when.
        changes: dotted name -> value of settings changed live; empty when the run ended here, before its last step.
    """

    step: int
    changes: Mapping[str, float]


def departures(run: Run) -> list[Departure]:
    """Every live change of a run, and its early end, in their order."""
    found = [Departure(event["step"], event["changes"]) for event in run.events() if event["type"] == "override"]
    status = run.status()
    if status.state in ENDED_EARLY and status.step < status.total_steps:
        found.append(Departure(status.step, {}))
    return found


def distances(configs: Sequence[RunConfig], steps: Sequence[int] = ()) -> dict[tuple[int, int], int]:
    """In how many settings each pair of configurations differs, by their places; `steps` as in `differing`."""
    found = differing(configs, steps).values()
    return {(i, j): sum(row[i] != row[j] for row in found) for i, j in combinations(range(len(configs)), 2)}


@dataclass(frozen=True)
class Obstacle:
    """A reason why not everything of these runs can be compared.

    Attributes:
        name: a key of OBSTACLES.
        values: what differs, without repetition, in the runs' order.
    """

    name: str
    values: tuple[str, ...]

    def said(self, translate: Callable[[str], str] = str) -> str:
        """What differs, and what is still shown, in the language of `translate`."""
        values = translate(", ").join(_shortened(translate(value)) for value in self.values)
        return translate(OBSTACLES[self.name][1]).format(values=values)


def _shortened(labels: str) -> str:
    """A value that fits a sentence: of many labels the first ones."""
    head, cut, _rest = labels[:SHOWN_LENGTH].rpartition(" + ")
    return labels if len(labels) <= SHOWN_LENGTH else f"{head}{cut}…" if cut else f"{labels[: SHOWN_LENGTH - 1]}…"


def _title(entries: Registry[DatasetEntry] | Registry[Objective], name: str) -> str:
    """What people call an entry; a name that this version does not know stays."""
    return entries[name].title if name in entries else name


OBSTACLES: dict[str, tuple[Callable[[RunConfig], str], str]] = {
    "data": (
        lambda config: (
            f"{name_of(config.dataset)} ({config.dataset.root})"
            if config.dataset.root
            else _title(DATASETS, config.dataset.name)
        ),
        "They were trained on different data ({values}). Settings, curves and images are shown, but neither losses nor images "
        "say which run is better, and measured distances use different real images.",
    ),
    "size": (
        lambda config: (
            f"{config.dataset.image_size} px grey"
            if config.dataset.channels == 1
            else f"{config.dataset.image_size} px colour"
        ),
        "Their images differ in size or colour ({values}). Curves are shown. Images are scaled to one width, but their pixels "
        "do not correspond.",
    ),
    "latents": (
        lambda config: f"{config.network.latent_dim:,}",
        "Their latents z have different lengths ({values}), so no z fits all of them. Each run's own images are still shown.",
    ),
    "model": (
        lambda config: (
            KINDS[NETWORKS[config.network.name].model].short if config.network.name in NETWORKS else config.network.name
        ),
        "They are different kinds of model ({values}) without a common loss. Settings, images and what both record are shown.",
    ),
    "objective": (
        lambda config: _title(OBJECTIVES, config.objective.name),
        "They minimise different objectives ({values}), so their loss values are not comparable. Compare shapes, D's parts and the "
        "images.",
    ),
    "labels": (
        lambda config: " + ".join(config.conditioning.labels) if config.conditioning.name != "none" else "no labels",
        "They have different labels ({values}). Images at the same position may share z, but not the label.",
    ),
}  # a value of the configuration, and the sentence when the values differ


def obstacles(configs: Sequence[RunConfig]) -> list[Obstacle]:
    """The obstacles to comparing these runs, the gravest first; empty when there are none."""
    found = {}
    for name, (value_of, _sentence) in OBSTACLES.items():
        values = tuple(dict.fromkeys(value_of(config) for config in configs))
        if len(values) > 1 and not (
            name == "objective" and "model" in found
        ):  # kinds of model have no objective in common
            found[name] = Obstacle(name, values)
    return list(found.values())


def same_pinned_latents(configs: Sequence[RunConfig]) -> bool:
    """Whether the runs' own sample grids show the same z in the same place: they come from the seed and their length."""
    return len({(config.network.latent_dim, config.training.seed) for config in configs}) == 1


# measurements


def estimate_of(found: Evaluation) -> Estimate:
    """A recorded value with its interval, where it has one."""
    if found.interval is None:
        return Estimate.bare(found.value, found.num_samples)
    return Estimate(found.value, *found.interval, found.num_samples, "recorded")


@dataclass(frozen=True)
class Ending:
    """A metric at the end of a run: mean and 10th to 90th percentile of its last recorded values, and how many.

    The percentiles say how far the curve swings, not how sure the mean is: neighbouring steps are not independent.
    """

    mean: float
    low: float
    high: float
    count: int


def endings(columns: Mapping[str, Column], last_steps: int = LAST_STEPS) -> dict[str, Ending]:
    """Metric -> its end, over the last recorded steps; metrics that were not measured there are left out."""
    found = {}
    for name, values in columns.items():
        last = values[-last_steps:]
        last = last[np.isfinite(last)]
        if not is_metric(name) or not len(last):
            continue
        low, high = np.percentile(last, (10, 90))
        found[name] = Ending(float(last.mean()), float(low), float(high), len(last))
    return found


def common_labels(compared: Sequence[Compared], count: int) -> npt.NDArray[np.float32] | None:
    """Labels float32 (count, L) that all runs can be asked for: the first run's pinned ones, over and over.

    None when the runs know different labels, or none.
    """
    names = compared[0].config.conditioning.labels
    pinned = compared[0].run.pinned_labels()
    if not names or len({one.config.conditioning.labels for one in compared}) > 1:
        return None
    if not pinned or len(pinned[0]) != len(names):
        return None
    return np.array(pinned, np.float32)[np.arange(count) % len(pinned)]


def last_step(compared: Compared) -> int:
    """The last step that a run will have, or has, whichever is known."""
    recorded = compared.columns.get("step", np.empty(0))
    return max(
        compared.status.total_steps, int(recorded[-1]) if len(recorded) else 0, *compared.run.sample_steps()[-1:], 0
    )


def sample_before(run: Run, step: int) -> int | None:
    """The step of the last sample grid drawn by then; the first if none was; None without any."""
    steps = run.sample_steps()
    shown = [drawn for drawn in steps if drawn <= step][-1:] or steps[:1]
    return shown[0] if shown else None


def first_tiles(grid: Uint8Array, config: RunConfig, count: int) -> Uint8Array:
    """The first images of a sample grid as a grid of their own: those of the first latents, whatever the grid's width.

    Args:
        grid: uint8 (height, width, 3), as `imaging.grid` made it of `recording.num_samples` images.
        config: the run's.
        count: how many at most; a grid of another shape, or of points, comes back as it is.
    """
    found = tiles(grid, config)
    return grid if found is None or count >= len(found) else imaging.grid(found[:count], gap_px=GAP_PX)


def tiles(grid: Uint8Array, config: RunConfig) -> Uint8Array | None:
    """The images (N, 3, H, W) of a sample grid, as `first_tiles` takes it; None for one of another shape, or of points."""
    side, num = config.dataset.image_size, config.recording.num_samples
    columns, rest = divmod(grid.shape[1] - GAP_PX, side + GAP_PX)  # earlier versions had others for some counts
    rows = math.ceil(num / max(1, columns))
    if rest or columns < 1 or grid.shape[0] != rows * (side + GAP_PX) + GAP_PX:
        return None
    places = (divmod(number, columns) for number in range(num))
    corners = ((GAP_PX + row * (side + GAP_PX), GAP_PX + column * (side + GAP_PX)) for row, column in places)
    return np.stack([grid[top : top + side, left : left + side].transpose(2, 0, 1) for top, left in corners])


def table(configs: Sequence[RunConfig], rows: str, columns: str) -> tuple[list[Any], list[Any], dict[Any, list[int]]]:
    """Runs sorted into a table by two fields, as R4's by batch size and epochs.

    Args:
        configs: of the runs.
        rows, columns: dotted names of fields; "" for a single row or column.

    Returns:
        The rows' values and the columns' values, ascending, and (row, column) -> the places of the runs in that cell.
    """
    cells: dict[Any, list[int]] = {}
    for place, config in enumerate(configs):
        cell = tuple(get(config, name) if name else "" for name in (rows, columns))
        cells.setdefault(cell, []).append(place)
    return _ordered({row for row, _ in cells}), _ordered({column for _, column in cells}), cells


def _ordered(values: set[Any]) -> list[Any]:
    numbers = all(isinstance(value, int | float) for value in values)
    return sorted(values) if numbers else sorted(values, key=str)
