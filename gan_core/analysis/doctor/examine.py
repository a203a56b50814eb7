"""The doctor at a run directory: any run, also a downloaded or a half-written one."""

from __future__ import annotations

import contextlib

from gan_core.analysis.doctor import Finding, Measured, Trace, diagnose
from gan_core.runs import Run, files
from gan_core.runs.metrics import MetricsTail
from gan_core.training import plan


def trace_of(run: Run) -> Trace:
    """What is known of a run so far.

    Raises:
        ValueError: its configuration or its log of metrics cannot be read.
    """
    config, status, tail = run.config(), run.status(), MetricsTail(run.metrics_path)
    try:
        tail.refresh()
    except (ValueError, AttributeError) as damage:
        raise ValueError(f"The log of metrics of '{run.id}' is damaged ({damage}).") from damage
    columns = {name: tail.column(name) for name in tail.names()}
    per_epoch = status.steps_per_epoch
    if not per_epoch and status.num_images:
        per_epoch = plan.steps_per_epoch(status.num_images, config.training.batch_size)
    error = status.error if status.state == "failed" else ""
    return Trace(columns, config, status.num_images, per_epoch, error, _measured(run))


def _measured(run: Run) -> dict[str, Measured]:
    """The newest measurement of each metric; lines that say something else are passed over."""
    found = {}
    for line in files.read_lines(run.evaluations_path):
        with contextlib.suppress(KeyError, TypeError, ValueError):
            low, high = map(float, line["interval"])
            found[str(line["metric"])] = Measured(float(line["value"]), low, high, int(line["step"]))
    return found


def examine(run: Run) -> list[Finding]:
    """Everything that is found in a run, the gravest first.

    Raises:
        ValueError: its configuration or its log of metrics cannot be read.
    """
    return diagnose(trace_of(run))
