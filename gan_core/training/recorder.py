"""Records the metrics of a run: collected as tensors, checked, written to its log."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import torch

from gan_core.datasets.batches import Batches
from gan_core.models.base import Metrics
from gan_core.runs import Run, files, segments
from gan_core.runs.heartbeat import Heartbeat
from gan_core.training.step import check_finite

FLUSH_EVERY_S = 0.5


class Recorder:
    """Collects the metrics of every step and writes them to metrics.jsonl about twice a second.

    `heartbeat` gets the progress at every flush; `seconds` were trained in earlier sessions.
    """

    def __init__(self, run: Run, heartbeat: Heartbeat, batches: Batches, seconds: float) -> None:
        self._log = files.LineLog(run.metrics_path)
        self._path, self._unsegmented = run.metrics_path, 0
        self._extend_segments()
        self._heartbeat = heartbeat
        self._batches = batches
        self._seconds_before = seconds
        self._began = self._flushed = self._synced = time.monotonic()
        self._pending: list[tuple[int, float, Metrics]] = []
        self._speeds: list[tuple[float, int]] = []

    def seconds(self) -> float:
        """Seconds trained, all sessions together."""
        return self._seconds_before + time.monotonic() - self._began

    def add(self, step: int, metrics: Metrics) -> None:
        """Remembers the metrics of a step, as tensors."""
        self._pending.append((step, time.time(), metrics))

    def flush_if_due(self) -> None:
        """Flushes when FLUSH_EVERY_S have passed."""
        if time.monotonic() - self._flushed > FLUSH_EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Reads the tensors (one wait for the device), checks and writes them, and reports progress.

        Raises:
            TrainingFailed: a metric is not finite.
            OSError: the disk is full.
        """
        now = time.monotonic()
        self._flushed = now
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        values = torch.stack([v.float() for _, _, metrics in pending for v in metrics.values()]).tolist()
        position = 0
        for step, moment, metrics in pending:
            named = dict(zip(metrics, values[position : position + len(metrics)], strict=True))
            position += len(metrics)
            check_finite(step, named)
            self._log.append(self._line(step, moment, named))
        if now - self._synced > 1.0:
            self._log.sync()
            self._synced = now
        self._unsegmented += len(pending)
        if self._unsegmented >= segments.SEGMENT:
            self._extend_segments()
        self._report(pending[-1][0], now)

    def _extend_segments(self) -> None:
        self._unsegmented = 0
        with contextlib.suppress(OSError):  # pages then read the log itself
            self._unsegmented = segments.extend(self._path)

    def close(self) -> None:
        """Makes the log durable."""
        self._log.close()

    def _line(self, step: int, moment: float, named: dict[str, float]) -> dict[str, Any]:
        epoch = (step - 1) // self._batches.steps_per_epoch + 1
        seen = self._batches.images_seen(step)
        head = {"step": step, "epoch": epoch, "time": round(moment, 3), "images_seen": seen}
        return head | {name: float(f"{value:.6g}") for name, value in named.items()}

    def _report(self, step: int, now: float) -> None:
        seen = self._batches.images_seen(step)
        self._speeds = [*(s for s in self._speeds if now - s[0] < 5.0), (now, seen)]
        first, seen_first = self._speeds[0]
        speed = (seen - seen_first) / (now - first) if now > first else 0.0
        self._heartbeat.update(
            step=step,
            epoch=(step - 1) // self._batches.steps_per_epoch + 1,
            images_seen=seen,
            images_per_s=round(speed, 1),
            seconds=round(self.seconds(), 2),
        )
