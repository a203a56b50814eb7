"""What was measured of a run after its training: the lines of evaluations.jsonl, their writer and their reader."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gan_core.runs import files
from gan_core.runs.run import Run

METRIC_NAME = re.compile(r"[A-Za-z0-9_]+(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_EXTRACTOR = re.compile(r"[A-Za-z0-9_.@/+, -]{1,120}", re.ASCII)
MAX_CHARACTERS = 120


@dataclass(frozen=True)
class Evaluation:
    """One metric, measured of one checkpoint.

    Attributes:
        metric, value: what was measured.
        interval: (low, high), 95 %; None where none was recorded.
        step: of the checkpoint.
        num_samples: images that it rests on; 0 where not recorded.
        extractor, seed: which network computed its features, and of which latents.
        num_real: real images that it was compared with.
        real: the same metric of real images in the generated ones' place.
        reference: which real images, in words; empty where it was compared with none.
        note: bias, and what these counts do to it.
        hits, requested: of a ratio, what it is the ratio of.
    """

    metric: str
    value: float
    interval: tuple[float, float] | None
    step: int
    num_samples: int
    extractor: str
    seed: int | None = None
    num_real: int | None = None
    real: float | None = None
    reference: str = ""
    note: str = ""
    hits: int | None = None
    requested: int | None = None

    @property
    def low(self) -> float:
        """The lower end of its interval; -inf without one."""
        return -math.inf if self.interval is None else self.interval[0]

    @property
    def high(self) -> float:
        """The upper end of its interval; inf without one."""
        return math.inf if self.interval is None else self.interval[1]

    def record(self) -> dict[str, Any]:
        """Its line: what is not known is left out, but `real` of one that was compared with real images."""
        return {
            name: value
            for name, value in asdict(self).items()
            if value not in (None, "") or (name == "real" and self.reference)
        }


def add(run: Run, evaluations: Sequence[Evaluation]) -> bool:
    """Appends to a run's log of evaluations. Returns whether it did: a run that comes with the program stays as it is."""
    if run.shipped:
        return False
    run.add_evaluations([evaluation.record() for evaluation in evaluations])
    return True


def read(run: Run) -> list[Evaluation]:
    """What was measured of a run, in the order of the log. A line that is no measurement (another program's) is passed over.

    Raises:
        ValueError: a line that is not JSON.
    """
    found = map(_parse, files.read_lines(run.evaluations_path))
    return [evaluation for evaluation in found if evaluation]


def latest(run: Run) -> list[Evaluation]:
    """Of each metric, extractor and number of images the evaluation of the latest step.

    Raises:
        ValueError: as `read`.
    """
    return newest(read(run))


def newest(evaluations: Iterable[Evaluation]) -> list[Evaluation]:
    """Of each metric, extractor and number of images the evaluation of the latest step; of one step the last."""
    newest: dict[tuple[str, str, int], Evaluation] = {}
    for found in evaluations:
        key = (found.metric, found.extractor, found.num_samples)
        if key not in newest or newest[key].step <= found.step:
            newest[key] = found
    return list(newest.values())


def until(lines: Iterable[Mapping[str, Any]], step: int) -> list[dict[str, Any]]:
    """What was measured of the checkpoints up to `step`; records without a metric, a value and a count are left out."""
    kept = []
    for line in lines:
        numbers = {k: line.get(k) for k in ("value", "step", "num_samples", "seed", "hits", "requested")}
        record: dict[str, Any] = {k: v for k, v in numbers.items() if files.is_number(v)}
        metric, interval, extractor = line.get("metric"), line.get("interval"), line.get("extractor")
        if isinstance(interval, list) and len(interval) == 2 and all(map(files.is_number, interval)):
            record["interval"] = interval
        if isinstance(extractor, str) and _EXTRACTOR.fullmatch(extractor):
            record["extractor"] = extractor
        whole = {"value", "step", "num_samples"} <= record.keys() and isinstance(record["step"], int)
        if whole and 0 <= record["step"] <= step and isinstance(metric, str) and METRIC_NAME.fullmatch(metric[:64]):
            kept.append({"metric": metric[:64], **record})
    return kept


def _parse(line: Mapping[str, Any]) -> Evaluation | None:
    """A line as an evaluation; None where it has no metric or no finite value."""
    try:
        ends = line.get("interval")
        counts = ("seed", "num_real", "hits", "requested")
        found = Evaluation(
            metric=str(line["metric"])[:MAX_CHARACTERS],
            value=float(line["value"]),
            interval=(float(ends[0]), float(ends[1])) if isinstance(ends, list) and len(ends) == 2 else None,
            step=int(line.get("step") or 0),
            num_samples=int(line.get("num_samples") or 0),
            extractor=str(line.get("extractor") or "")[:MAX_CHARACTERS],
            real=None if line.get("real") is None else float(line["real"]),
            reference=str(line.get("reference") or ""),
            note=str(line.get("note") or ""),
            **{name: int(line[name]) for name in counts if line.get(name) is not None},
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found.value) else None
