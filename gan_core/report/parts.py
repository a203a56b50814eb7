"""The parts of a report that a run's record gives: settings, curves, logs, findings, measurements. Nothing is drawn by the model."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gan_core import datasets
from gan_core.analysis import comparing, marked
from gan_core.analysis.curves import title_of
from gan_core.analysis.doctor.examine import examine
from gan_core.config import differences, get
from gan_core.config.numbers import significant
from gan_core.datasets import DATASETS, preprocessing
from gan_core.figures import charts, diagram, imaging
from gan_core.models.kinds import applying, kind_of
from gan_core.presets import PRESETS, preset_config
from gan_core.report.document import CodeLines, Paragraph, Part, Tabular
from gan_core.report.source import Reported
from gan_core.runs import environment, evaluations
from gan_core.training.log_line import log_lines
from gan_core.training.plan import automatic_intervals

SMOOTHING = 0.9
LOG_ROWS = 30  # of the log table; the first and the last among them
STRIP_MOMENTS, STRIP_TILES = 8, 4  # of the process of training
PREPARED = 4  # pictures before and after
RESOLVED = ("training.device", "training.precision", "training.threads")  # decided by the machine


def _(words: str) -> str:
    """Marks words for translation where there is no language yet."""
    return words


SEVERITIES = {"failure": _("failing"), "warning": _("warning"), "note": _("note")}


@dataclass(frozen=True)
class PartEntry:
    """A line of the table of parts.

    Attributes:
        title: for people.
        make: its content; raises ValueError, with the reason, where a run has no such thing.
        fits: whether a model of that kind can have it.
    """

    title: str
    make: Callable[[Reported], list[Part]]
    fits: Callable[[Reported], bool] = lambda _reported: True


def about(r: Reported) -> list[Part]:
    """What was trained on what, with the true counts."""
    _, config, status = r.translate, r.config, r.record.status
    data = DATASETS.find(config.dataset.name)
    preset = PRESETS[config.preset].title if config.preset in PRESETS else config.preset
    trained = next((event["time"] for event in r.run.events() if event["type"] == "started" and "time" in event), None)
    rows = [
        (_("Experiment"), f"{config.preset}: {_(preset)}"),
        (_("Model"), f"{_(kind_of(config).title)}, {config.network.name}"),
        (_("Data"), f"{_(data.title)}, {status.num_images:,}"),
        (_("Steps"), _("{done:,} of {all:,}").format(done=status.step, all=status.total_steps)),
        (_("Batch size, epochs"), f"{config.training.batch_size:,}, {config.training.epochs:,}"),
        (_("Steps per epoch, images seen"), f"{status.steps_per_epoch:,}, {status.images_seen:,}"),
        (_("State"), _(status.state)),
    ]
    if trained is not None:
        rows.append((_("Begun"), time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(trained))))
    parts: list[Part] = [
        Tabular(_("The run '{run}'").format(run=r.run.called(_)), (_("What"), _("Value")), tuple(rows))
    ]
    return parts + [
        Paragraph(_departure(r, step, changes)) for step, changes in _departures(r)
    ]  # what the settings do not say


def _departures(r: Reported) -> list[tuple[int, str]]:
    return [
        (one.step, ", ".join(f"{name} = {value:g}" for name, value in one.changes.items()))
        for one in comparing.departures(r.run)
    ]


def _departure(r: Reported, step: int, changes: str) -> str:
    _ = r.translate
    words = _("Changed at step {step:,}: {changes}.") if changes else _("Ended early, at step {step:,}.")
    return words.format(step=step, changes=changes)


def prepared(r: Reported) -> list[Part]:
    """Pictures before and after preprocessing, with their true sizes."""
    _, config = r.translate, r.config.dataset
    pairs = datasets.preview(config, PREPARED)
    if not pairs:
        raise ValueError(_("The data are points, which are used as they are."))
    befores = [before.convert("RGB") for before, _after in pairs]
    high = max(picture.height for picture in befores)
    tiles = [
        np.asarray(picture.convert("RGB").resize((round(picture.width * high / picture.height), high)))
        for pair in pairs
        for picture in pair
    ]
    joined = imaging.to_picture(np.concatenate(tiles, axis=1))
    words = _("Before and after preprocessing, in pairs: {what}; values in [-1, 1].")
    return [r.picture("preprocessing", words.format(what=_(preprocessing.in_words(pairs[0], config))), joined)]


def networks(r: Reported) -> list[Part]:
    """Each network as a diagram, then layer by layer."""
    from gan_core.models.architecture import describe, diagrams  # loads torch

    _ = r.translate
    drawn, parts = diagrams(r.config), list[Part]()
    for name, layers in describe(r.config).items():
        total = sum(layer.num_parameters for layer in layers)
        title = _("{name}: {n:,} parameters").format(name=_(name), n=total)
        parts.append(r.drawing(f"network_{name}", title, diagram.svg(title, drawn[name], _), diagram.width_px()))
        rows = [
            (layer.kind, layer.detail, " x ".join(map(str, layer.output_shape)), f"{layer.num_parameters:,}")
            for layer in layers
        ]
        parts.append(Tabular(title, (_("layer"), _("settings"), _("output"), _("parameters")), tuple(rows)))
    return parts


def settings(r: Reported) -> list[Part]:
    """Every setting that has a meaning for the model."""
    _ = r.translate
    rows = [(name, _value(r, name)) for name in applying([r.config]) if name != "preset"]
    return [Tabular(_("Hyperparameters and settings"), (_("setting"), _("value")), tuple(rows))]


def _value(r: Reported, name: str) -> str:
    """A setting for a reader elsewhere: of the data's folder only the last name."""
    value = get(r.config, name)
    return str(value).replace("\\", "/").rpartition("/")[2] if name == "dataset.root" else str(value)


def hardware(r: Reported) -> list[Part]:
    """What it was trained on, and for how long."""
    line = environment.hardware_line(r.run, r.translate)
    if not line:
        raise ValueError(
            r.translate("What it was trained on is not known: an earlier version of the program trained it.")
        )
    return [Paragraph(r.translate(line))]


def command(r: Reported) -> list[Part]:
    """The command that repeats the run."""
    words = r.translate(
        "The command that repeats this run; it is exact where versions, processor and data are the same."
    )
    return [CodeLines(repeating(r), words)]


def repeating(r: Reported) -> str:
    """`python -m gan_core train ...` with every setting in which the run differs from its preset."""
    config, steps = r.config, r.record.status.total_steps
    preset = config.preset if config.preset in PRESETS else "mnist-dcgan"
    changed = differences(preset_config(preset), config)
    automatic = automatic_intervals(steps) if steps else {}
    parts = ["python -m gan_core train", preset]
    for name in changed:
        value = _value(r, name)
        decided = automatic.get(name) == get(config, name) or name in RESOLVED
        if decided or name in ("preset", "conditioning.labels", "conditioning.exclusive"):
            continue
        parts.append(f"--set {shlex.quote(f'{name}={value}')}")
    return " \\\n    ".join(parts)


def losses(r: Reported) -> list[Part]:
    """The charts that show how training went: those that the kind of model names, and D's parts and beliefs."""
    return _charts(r, _loss_keys(r))


def _loss_keys(r: Reported) -> tuple[str, ...]:
    return (*kind_of(r.config).main_charts, "discriminator", "judgement", "scores", "labels", "accuracy")


def gradients(r: Reported) -> list[Part]:
    """How long the gradients were."""
    return _charts(r, [chart.key for chart in charts.CHARTS if "gradient" in chart.key])


def other_curves(r: Reported) -> list[Part]:
    """Every recorded chart that `losses` and `gradients` do not show."""
    shown = _loss_keys(r)
    return _charts(r, [c.key for c in charts.CHARTS if c.key not in shown and "gradient" not in c.key])


def _charts(r: Reported, keys: Sequence[str]) -> list[Part]:
    _, columns = r.translate, r.record.columns
    found = list[Part]()
    for chart in charts.available([name for name in columns if np.isfinite(columns[name]).any()]):
        if chart.key in keys:
            count = int(np.isfinite(columns["step"]).sum())
            words = _("{title}. {n:,} recorded steps, smoothed (0.9) over the recorded values.")
            figure = charts.figure(chart, columns, SMOOTHING, translate=_)
            found.append(r.chart(chart.key, words.format(title=_(chart.title), n=count), figure))
    if not found:
        raise ValueError(_("None of its curves was recorded."))
    return found


def log(r: Reported) -> list[Part]:
    """The log table in the form of PyTorch's DCGAN example, an epoch a row."""
    _, status, columns = r.translate, r.record.status, r.record.columns
    epochs = columns.get("epoch", np.empty(0))
    if not len(epochs):
        raise ValueError(_("No step was recorded yet."))
    ends = np.flatnonzero(np.append(np.diff(epochs) != 0, True))  # the last recorded step of each epoch
    rows = [
        {name: int(v[i]) if name in ("step", "epoch") else float(v[i]) for name, v in columns.items()}
        for i in ends[_spread(len(ends), LOG_ROWS)]
    ]
    kept = log_lines(rows, r.config.training.epochs, status.steps_per_epoch)
    words = _(
        "The log, {n:,} of {all:,} epochs. The two values of D(G(z)): before and after the discriminator's update."
    )
    return [CodeLines("\n".join(kept), words.format(n=len(kept), all=len(ends)))]


def _spread(count: int, most: int) -> list[int]:
    """At most so many places of `count`, evenly spread, the first and the last among them."""
    return [round(i) for i in np.linspace(0, count - 1, min(most, count))] if count else []


def findings(r: Reported) -> list[Part]:
    """What the doctor found."""
    _ = r.translate
    found = examine(r.run, r.record)
    if not found:
        return [Paragraph(_("The doctor finds nothing wrong in this run's record."))]
    rows = [(_(SEVERITIES[one.severity]), _(one.title), f"{one.since:,}", _(one.evidence)) for one in found]
    return [Tabular(_("The doctor's findings"), (_("kind"), _("finding"), _("since step"), _("evidence")), tuple(rows))]


def measured(r: Reported) -> list[Part]:
    """What was measured of it afterwards, with intervals and counts."""
    _ = r.translate
    rows = []
    for one in evaluations.latest(r.run):
        hits = f"{one.hits}/{one.requested}" if one.hits is not None and one.requested else ""
        between = " – ".join(significant(end, 4) for end in one.interval or ())
        rows.append((title_of(one.metric, _), significant(one.value, 4), between, hits, f"{one.num_samples:,}", f"{one.step:,}",
                     one.extractor))  # fmt: skip
    if not rows:
        raise ValueError(_("Nothing was measured of it. Measure it on its page, or with: python -m gan_core evaluate"))
    head = (_("measure"), _("value"), _("95 % interval"), _("hits"), _("images"), _("step"), _("evaluator"))
    return [Tabular(_("Measured after training"), head, tuple(rows))]


def training_strip(r: Reported) -> list[Part]:
    """The first pinned latents at moments of the training, evenly spread."""
    _ = r.translate
    steps = r.run.sample_steps()
    kept = [steps[i] for i in _spread(len(steps), STRIP_MOMENTS)]
    grids = [(step, grid[:STRIP_TILES]) for step in kept if (grid := marked.grid_tiles(r.run, step)) is not None]
    if not grids:
        raise ValueError(_("It has no sample grid of pictures."))
    tiles = np.stack([tiles for _step, tiles in grids], axis=1)  # latents in rows, moments in columns
    words = _("The same {n} latents while it trained, at the steps {steps}.")
    caption = words.format(n=tiles.shape[0], steps=", ".join(f"{step:,}" for step, _tiles in grids))
    sheet = imaging.grid(tiles.reshape(-1, *tiles.shape[2:]), columns=len(grids))
    return [r.picture("film", caption, imaging.to_picture(sheet))]


def best_and_worst(r: Reported) -> list[Part]:
    """The pictures that the student marked, with the reasons."""
    _ = r.translate
    found = marked.marked(r.run)
    if not found:
        raise ValueError(_("No picture is marked as best or worst. Mark some on the run's page."))
    words = {"best": _("best"), "worst": _("worst"), "place": _("number {number}, step {step:,}")}
    caption = _("Best and worst pictures, marked by hand, with the reasons.")
    return [r.picture("marked", caption, marked.sheet(found, words, ""))]


def own_words(r: Reported) -> list[Part]:
    """The student's note on the run."""
    if not r.run.note:
        raise ValueError(r.translate("There is no note on the run. Write one on its page."))
    return [Paragraph(r.run.note, "remark")]


RECORDED = {
    "about": PartEntry(_("The run"), about),
    "prepared": PartEntry(_("Preprocessing"), prepared),
    "networks": PartEntry(_("The networks"), networks),
    "settings": PartEntry(_("Settings"), settings),
    "hardware": PartEntry(_("Hardware"), hardware),
    "command": PartEntry(_("How to repeat it"), command),
    "losses": PartEntry(_("Curves of training"), losses),
    "gradients": PartEntry(_("Gradients"), gradients),
    "other_curves": PartEntry(_("Other curves"), other_curves),
    "log": PartEntry(_("Log table"), log),
    "findings": PartEntry(_("Findings"), findings),
    "measured": PartEntry(_("Measurements"), measured),
    "training_strip": PartEntry(_("Pictures while it trained"), training_strip),
    "best_and_worst": PartEntry(_("Best and worst"), best_and_worst),
    "own_words": PartEntry(_("Observations"), own_words),
}
