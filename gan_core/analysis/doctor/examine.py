"""The doctor's findings for a run directory: any run, also a downloaded or a half-written one."""

from __future__ import annotations

from gan_core.analysis.comparing import Compared, read
from gan_core.analysis.doctor import Finding, RunTrace, diagnose
from gan_core.runs import Run, evaluations
from gan_core.training import plan


def trace_of(run: Run, record: Compared | None = None) -> RunTrace:
    """What is known of a run so far, of its record where that is read already. Raises ValueError if its configuration cannot be read."""
    record = record or read(run)
    config, status = record.config, record.status
    per_epoch = status.steps_per_epoch
    if not per_epoch and status.num_images:
        per_epoch = plan.epoch_of(config, status.num_images).steps
    error = status.error if status.state == "failed" else ""
    measured = {found.metric: found for found in evaluations.read(run) if found.interval}
    return RunTrace(record.columns, config, status.num_images, per_epoch, error, measured)


def examine(run: Run, record: Compared | None = None) -> list[Finding]:
    """Everything that is found in a run, the gravest first; `record` as `trace_of` takes it.

    Raises ValueError if its configuration cannot be read.
    """
    return diagnose(trace_of(run, record))
