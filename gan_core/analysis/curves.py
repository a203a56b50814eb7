"""The same metric of several runs in one picture, over steps, epochs, images or time. Pure functions of columns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

import numpy as np
import plotly.graph_objects as go

from gan_core.analysis.comparing import Compared, is_metric, last_step
from gan_core.datasets.epochs import Epoch
from gan_core.evaluation.metrics import METRICS
from gan_core.figures import layers
from gan_core.figures.charts import CHARTS
from gan_core.figures.style import COLORS, MAX_POINTS, Column, add_curve, lay_out

PAUSE_S = 30.0

AXES = {"step": "step", "epoch": "epoch", "images": "images seen", "time": "minutes of training (pauses left out)"}


def abscissa(compared: Compared, axis: str) -> Column:
    """Where each recorded step lies on an axis of AXES, (N,).

    Epochs are fractions where the steps of an epoch are known. Minutes leave out gaps longer than PAUSE_S that are
    also ten times the usual one: a pause, or the time between a run and its branch.

    Raises ValueError if there is no such axis.
    """
    if axis not in AXES:
        raise ValueError(f"Unknown axis '{axis}'. Choose one of: {', '.join(AXES)}.")
    columns, per_epoch = compared.columns, compared.status.steps_per_epoch
    steps = columns.get("step", np.empty(0))
    if axis == "epoch":
        return steps / per_epoch if per_epoch else columns.get("epoch", steps)
    if axis == "images":
        return columns.get("images_seen", steps * compared.config.training.batch_size)
    if axis == "time":
        times = columns.get("time", np.zeros(len(steps)))
        gaps = np.maximum(np.diff(times), 0.0)
        usual = float(np.median(gaps)) if len(gaps) else 0.0
        gaps = np.where(gaps > max(PAUSE_S, 10 * usual), usual, gaps)
        return np.concatenate([np.zeros(min(1, len(times))), np.cumsum(gaps)]) / 60
    return steps


def images_at(compared: Compared, step: int) -> int:
    """How many training images the run has seen after a step: as recorded, else counted.

    Counted, an epoch is dealt out as `Epoch`; where its size is not known, whole batches are added to what was last
    recorded.
    """
    recorded, batch = compared.columns.get("step", np.empty(0)), compared.config.training.batch_size
    seen = compared.columns.get("images_seen", np.full(len(recorded), np.nan))
    there = np.isfinite(seen)
    place = int(np.searchsorted(recorded[there], step, side="right")) - 1
    known_at, known = (int(recorded[there][place]), int(seen[there][place])) if place >= 0 else (0, 0)
    per_epoch, num_images = compared.status.steps_per_epoch, compared.status.num_images
    if known_at == step or not (per_epoch and num_images):
        return known + (step - known_at) * batch
    return Epoch(num_images, batch, compared.config.remedies.packing).seen(step)


ALIGNMENTS = ("share", "step", "images")


def step_at(compared: Compared, alignment: str, value: float) -> int:
    """The step of a run that lies at the same place as others': a share (0 to 1) of its training, a step, or images seen.

    Of images it is the last step that has not seen more; past its end, the step after its last.

    Raises ValueError if there is no such alignment.
    """
    if alignment not in ALIGNMENTS:
        raise ValueError(f"Unknown alignment '{alignment}'. Choose one of: {', '.join(ALIGNMENTS)}.")
    last = last_step(compared)
    if alignment == "share":
        return round(value * last)
    if alignment == "step":
        return round(value)
    if value > images_at(compared, last):
        return last + 1
    return bisect_right(range(last + 1), value, key=lambda step: images_at(compared, step)) - 1


SPARSE = 3


def is_sparse(values: Column) -> bool:
    """Whether a curve (N,), NaN where not measured, has so few points that they are drawn as dots."""
    count = int(np.isfinite(values).sum())
    return 0 < count <= 2 or 0 < SPARSE * count <= min(len(values), MAX_POINTS // 2)


def metrics_of(compared: Sequence[Compared]) -> dict[str, list[int]]:
    """Metric -> the places of the runs that measured it; those of most runs first, then as the charts order them.

    The layers of a network are one metric, a key of `layers.NETWORKS`.
    """
    order = {trace.column: place for place, trace in enumerate(t for chart in CHARTS for t in chart.traces)}
    found: dict[str, list[int]] = {}
    for place, one in enumerate(compared):
        for name, values in one.columns.items():
            if is_metric(name) and np.isfinite(values).any():
                found.setdefault(name, []).append(place)
        for network in dict.fromkeys(layers.network_of(name) for name in one.columns if layers.network_of(name)):
            found.setdefault(network, []).append(place)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), order.get(item[0], len(order)), item[0])))


TITLES = {
    "loss/g": "Generator's loss",
    "loss/d": "Discriminator's loss",
    "loss/d_real": "Discriminator's loss on real images",
    "loss/d_fake": "Discriminator's loss on generated images",
    "grad_norm/g": "Norm of the generator's gradient",
    "grad_norm/d": "Norm of the discriminator's gradient",
    "loss/vae": "The VAE's loss",
    "average/lag": "Loss of the running average, relative to the weights'",
    "edge/guided": "Share of values at the edge of the range, with guidance",
    "edge/plain": "Share of values at the edge of the range, without guidance",
    "data/spread": "Standard deviation of the data",
    "spread/real": "Variation of real images",
    "spread/fake": "Variation of generated images",
    "nearest/real": "Distance of a real image to its nearest neighbour",
    "nearest/fake": "Distance of a generated image to its nearest neighbour",
    "logit/gap": "Distance between D's logits on real and generated",
}  # shorter than chart and curve


def title_of(metric: str, _: Callable[[str], str] = str) -> str:
    """A metric's name for people, of a curve or of what is measured afterwards; the metric itself when it has no title.

    Args:
        metric: its name in the log.
        _: translates words.
    """
    if title := TITLES.get(metric) or layers.NETWORKS.get(metric):
        return _(title)
    if metric in METRICS:
        return _(METRICS[metric].title)
    for chart in CHARTS:
        for trace in chart.traces:
            if trace.column == metric:
                if metric.startswith("prob/"):  # "D(x): real images" needs no more
                    return _(trace.label)
                if len(chart.traces) == 1:
                    return _(chart.title)
                return _("{chart}: {series}").format(chart=_(chart.title), series=_(trace.label))
    return metric


def figure(
    metric: str, compared: Sequence[Compared], labels: Sequence[str], axis: str = "step", smoothing: float = 0.0,
    log_scale: bool = False, axis_title: str = "", translate: Callable[[str], str] = str,
) -> go.Figure:  # fmt: skip
    """One metric of several runs in one picture, a colour a run.

    Args:
        metric: the column. Runs without it have no curve; their colours stay theirs.
        compared, labels: the runs, and what the legend calls them.
        axis: one of AXES.
        smoothing: weight of the past, 0 to below 1; the raw curve stays visible behind the smoothed one.
        log_scale: logarithmic vertical axis.
        axis_title: the axis in the reader's language; AXES' words when empty.
        translate: into that language, for the other words.
    """
    if metric in layers.NETWORKS:
        return layers.of_runs([one.columns for one in compared], labels, metric, translate)
    fig = go.Figure()
    for place, (one, label) in enumerate(zip(compared, labels, strict=True)):
        values = one.columns.get(metric, np.empty(0))
        x = abscissa(one, axis)
        if len(values) != len(x) or not np.isfinite(values).any():
            continue
        mode = "lines+markers" if is_sparse(values) else "lines"
        add_curve(fig, x, values, label, COLORS[place % len(COLORS)], smoothing=smoothing, limit=MAX_POINTS // 2,
                  group=str(place), mode=mode)  # fmt: skip
    lay_out(fig, axis_title or translate(AXES[axis]), log_scale=log_scale, showlegend=True)
    return fig
