"""`evaluate RUN --metrics ...`: measures a run's generator, prints the values, keeps them with the run."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from gan_core.cli.terminal import bar, console, show_rows
from gan_core.config.numbers import significant
from gan_core.evaluation import measure as measuring
from gan_core.evaluation.extractors import CHOICES
from gan_core.evaluation.measure import FEWEST, MOST, Measurement
from gan_core.evaluation.metrics import METRICS
from gan_core.runs import Run

Metrics = Annotated[
    str,
    typer.Option(
        help=f"Measure any run: all, or some of these, separated by commas: {', '.join(METRICS)}.", show_default=False
    ),
]
NumImages = Annotated[int, typer.Option(help=f"Images to draw for --metrics, {FEWEST} to {MOST:,}.")]
ExtractorName = Annotated[str, typer.Option(help=f"Network whose features --metrics uses: {' or '.join(CHOICES)}.")]

InceptionWeights = Annotated[Path | None, typer.Option(help="File of Inception's weights, for --extractor inception.")]


def measure(
    run: Run,
    metrics: str,
    step: int | None,
    num_images: int,
    seed: int | None,
    extractor: str,
    inception_weights: Path | None,
    as_json: bool,
) -> None:
    """Measures a run, prints the values and keeps them with it.

    Raises:
        ValueError: as `measuring.measure`.
    """
    requested = None if metrics == "all" else [name.strip() for name in metrics.split(",") if name.strip()]
    seed = run.config().training.seed if seed is None else seed
    with bar("Measuring") if console.is_terminal else nullcontext(lambda done, total, detail: None) as move:
        rows = measuring.measure(
            run, step, num_images, seed, lambda stage, done=0, total=0, value=None: move(done, max(1, total), stage),
            metrics=requested, extractor="inception" if inception_weights else extractor, inception_weights=inception_weights,
        )  # fmt: skip
    if not measuring.keep(run, rows):
        print("This run comes with Ganvas, so the result is not kept with it.", file=sys.stderr)
    missing = [name for name in requested or METRICS if name not in {row.metric for row in rows}]
    if missing:
        print(f"Cannot be measured of this run: {', '.join(missing)}.", file=sys.stderr)
    _show(rows, as_json)


def _show(rows: list[Measurement], as_json: bool) -> None:
    if as_json:
        print(json.dumps([row.evaluation().record() for row in rows], indent=2))
        return
    shown = [
        {
            "metric": row.metric,
            "value": significant(row.value, 4),
            "interval": f"{significant(row.estimate.low, 4)} to {significant(row.estimate.high, 4)}",
            "real": "-" if row.real is None else significant(row.real, 4),
        }
        for row in rows
    ]
    show_rows(shown, ("metric", "value", "interval", "real"), as_json=False)
    if rows:
        print(measuring.conditions(rows))
