"""Makes tests/analysis/doctor/traces: the curves that the doctor reads, of recorded runs, reduced to what a test needs.

    python tools/doctor_traces.py RUNS_FOLDER...

Every run of the folders becomes a file NAME.npz of its recorded columns, as float32 with a fifth of a percent of precision
(11,200 steps are 100 kB), and a line of cases.json with its configuration. What a run truly shows is decided by a
person who looked at its samples, and stands in cases.json under `shows` and `seen`: lines that are there keep theirs.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gan_core.analysis.doctor.examine import trace_of
from gan_core.analysis.doctor.trace import Column
from gan_core.config.settings import PROJECT_DIR
from gan_core.runs import list_runs

PLACE = PROJECT_DIR / "tests" / "analysis" / "doctor" / "traces"
READ = (
    "step", "loss/g", "loss/d", "loss/vae", "loss/kl", "loss/reconstruction", "prob/real", "prob/fake_before", "grad_norm/g",
    "grad_norm/d", "grad_norm/vae", "spread/real", "spread/fake", "data/spread", "clip/saturation", "accuracy/test", "accuracy/labels",
    "memory/train", "memory/held_out", "memory/gap", "nearest/real", "nearest/fake", "logit/gap", "score/real", "score/fake_before",
    "loss/penalty", "loss/label_real", "loss/label_fake", "loss/diffusion", "loss/blind", "loss/quarter_1", "loss/quarter_2",
    "loss/quarter_3", "loss/quarter_4", "average/lag", "edge/guided", "edge/plain", "grad_norm/diffusion",
)  # fmt: skip
KEPT_BITS = 8  # of the 23 of a float32's fraction


def main() -> None:
    """Adds the runs of the folders that are named on the command line."""
    PLACE.mkdir(parents=True, exist_ok=True)
    file = PLACE / "cases.json"
    cases = {case["name"]: case for case in json.loads(file.read_text("utf-8"))} if file.exists() else {}
    for folder in sys.argv[1:]:
        for run in list_runs(Path(folder)):
            trace = trace_of(run)
            name = re.sub(r"[^a-z0-9-]+", "-", f"{run.name}-{run.id[-4:]}".lower())
            np.savez_compressed(PLACE / f"{name}.npz", **reduced(trace.columns))
            cases[name] = {"shows": None, "seen": "", **cases.get(name, {}), "name": name} | {
                "num_images": trace.num_images,
                "steps_per_epoch": trace.steps_per_epoch,
                "error": trace.error,
                "config": run.config().model_dump(mode="json", exclude_defaults=True),
            }
    file.write_text(json.dumps([cases[name] for name in sorted(cases)], indent=1) + "\n", "utf-8")
    unknown = [name for name in sorted(cases) if cases[name]["shows"] is None]
    print(f"{len(cases)} traces; look at the samples of: {', '.join(unknown) or 'none'}")


def reduced(columns: Mapping[str, Column], bits: int = KEPT_BITS) -> dict[str, Any]:
    """What the doctor reads of a run's columns, rounded to so many bits of their fractions, by their names in a file."""
    return {key.replace("/", "."): _rounded(columns[key], bits) for key in READ if key in columns}


def _rounded(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], bits: int
) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The values with a shorter fraction, which compresses well; steps stay exact, being small whole numbers."""
    if np.array_equal(values, np.arange(1, len(values) + 1)):
        return values.astype(np.float32)
    drop = 23 - bits
    whole = values.astype(np.float32).view(np.uint32)
    finite = np.isfinite(values)
    return np.where(finite, (whole + (1 << (drop - 1))) >> drop << drop, whole).astype(np.uint32).view(np.float32)


if __name__ == "__main__":
    main()
