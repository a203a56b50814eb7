"""Several runs in one report: where their settings differ, how they ended, their curves in one picture, their pictures."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from gan_core.analysis import comparing, curves
from gan_core.config.numbers import significant
from gan_core.figures import sheets
from gan_core.report.document import Paragraph, Part, Tabular
from gan_core.report.parts import SMOOTHING
from gan_core.report.source import Reported
from gan_core.runs import evaluations

MOST_CURVES = 4


def compare(read: Sequence[Reported]) -> list[Part]:
    """Table of runs, table of differing settings, what cannot be compared, common curves, newest sample grids.

    Args:
        read: at least two.
    """
    _, records = read[0].translate, [one.record for one in read]
    names = [one.run.called(_) for one in read]
    configs = [one.config for one in read]
    steps = [comparing.last_step(record) for record in records]
    parts: list[Part] = [_table(read)]
    rows = [(field, *map(str, values)) for field, values in comparing.differing(configs, steps).items()]
    if rows:
        shown = tuple((field, *(words.rpartition("/")[2] for words in values)) for field, *values in rows)
        parts.append(Tabular(_("Settings in which they differ"), (_("setting"), *names), shown))
    parts += [Paragraph(obstacle.said(_)) for obstacle in comparing.obstacles(configs)]
    common = [name for name, places in curves.metrics_of(records).items() if len(places) == len(read)]
    for metric in common[:MOST_CURVES]:
        figure = curves.figure(metric, records, names, smoothing=SMOOTHING, translate=_)
        parts.append(read[0].chart(f"all_{metric.replace('/', '_')}", curves.title_of(metric, _), figure))
    pictures = [picture for one in read if (picture := _newest(one)) is not None]
    if len(pictures) == len(read):
        caption = _("The newest sample grid of each run: {names}.").format(names=_(", ").join(names))
        parts.append(read[0].picture("all_samples", caption, sheets.side_by_side(pictures, names)))
    return parts


def _table(read: Sequence[Reported]) -> Tabular:
    _ = read[0].translate
    measures = list(dict.fromkeys(one.metric for r in read for one in evaluations.latest(r.run)))
    rows = []
    for r in read:
        status, training = r.record.status, r.config.training
        found = {one.metric: one for one in evaluations.latest(r.run)}
        values = []
        for metric in measures:
            one = found.get(metric)
            ends = " – ".join(significant(end, 4) for end in one.interval or ()) if one else ""
            values.append(significant(one.value, 4) + (f" ({ends})" if ends else "") if one else "")
        rows.append((r.run.called(_), _(status.state), f"{status.step:,}", f"{status.num_images:,}", f"{training.batch_size:,}",
                     f"{training.epochs:,}", *values))  # fmt: skip
    head = (_("run"), _("state"), _("step"), _("images"), _("batch size"), _("epochs"))
    return Tabular(_("The runs"), (*head, *(curves.title_of(metric, _) for metric in measures)), tuple(rows))


def _newest(r: Reported) -> Image.Image | None:
    """The newest sample grid; None where there is none that can be read."""
    try:
        with Image.open(r.run.sample_path(r.run.sample_steps()[-1]), formats=("PNG",)) as stored:
            return stored.convert("RGB")
    except (IndexError, OSError, SyntaxError, ValueError):
        return None
