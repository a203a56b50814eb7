"""How many pictures does a GAN need, and what does augmentation change? The study of `gan_core.experiments.few_pictures`, measured.

    python -m benchmarks.few_pictures RUNS_DIR [--seeds 3] [--counts 100,300]

Trains the study's runs that RUNS_DIR lacks, one after the other on one thread, seed by seed, and measures each. docs/few-data.json
and docs/few-data.md are written after every run, docs/few-data.jpg at the end: stop it when you like, start it again to go on. All 36 take about 2.6
hours of one core: 0.08 s a step without augmentation, 0.10 s with it, and 12 s to measure a run.
"""

from __future__ import annotations

import argparse
import io
import json
import os
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.lessons import trained
from gan_core.config import get, read_strictly
from gan_core.config.numbers import significant
from gan_core.evaluation import measure
from gan_core.evaluation.metrics import METRICS
from gan_core.evaluation.statistics.tests import Difference
from gan_core.experiments.few_pictures import (
    COMPARISON,
    COUNTS,
    FILE,
    GAP,
    MEASURES,
    METHODS,
    PICTURE,
    SEEDS,
    TITLE,
    differences,
    rows,
)
from gan_core.figures import imaging
from gan_core.runs import Run
from gan_core.runs.files import write_atomically
from gan_core.runs.metrics import MetricsTail
from gan_core.runs.sampler import latents, open_sampler
from gan_core.training import worker

NUM_IMAGES = 1_000
LAST = 0.1  # of the run, over which D's gap is averaged
SIDE = 4  # of a square of samples


def measured(run: Run) -> dict[str, float]:
    """The measures of a finished run: measure -> value."""
    found = measure.measure(run, num_images=NUM_IMAGES, metrics=[name for name in MEASURES if name in METRICS])
    tail = MetricsTail(run.metrics_path)
    tail.refresh()
    gap = tail.column(GAP)
    last = gap[-int(np.ceil(LAST * len(gap))) :]
    return {row.metric: float(f"{row.value:.6g}") for row in found} | {GAP: float(f"{np.nanmean(last):.6g}")}


def picture(runs_dir: Path) -> Image.Image:
    """What the first seed's generators draw from the same latents: a row for each method, a column for each count."""
    blocks = []
    for method in METHODS:
        for count in COUNTS:
            arm = COMPARISON.arm(f"{method}-{count}-{SEEDS[0]}")
            sampler = open_sampler(trained(COMPARISON, arm, runs_dir, TITLE))
            images = sampler.images(latents(SIDE**2, sampler.latent_dim, SEEDS[0]))
            blocks.append(imaging.grid(images, columns=SIDE, gap_px=1).transpose(2, 0, 1))
    return Image.fromarray(imaging.grid(np.stack(blocks), columns=len(COUNTS), gap_px=6))


def page(found: Mapping[str, Any]) -> str:
    """docs/few-data.md from the content of FILE."""
    lines = rows(found)
    titles = [METRICS[name].title if name in METRICS else "D's gap, training to held-out" for name in MEASURES]
    parts = [INTRODUCTION, f"| pictures | method | seeds | {' | '.join(titles)} |", "|---" * (3 + len(MEASURES)) + "|"]
    for row in lines:
        cells = [str(row.estimate(name)) for name in MEASURES]
        seeds = len(row.values[GAP])
        parts.append(f"| {row.count:,} | {METHODS[row.method].title} | {seeds} | {' | '.join(cells)} |")
    for name, title in zip(MEASURES, titles, strict=True):
        if told := [_told(count, one) for count, one in differences(lines, name) if one.differs]:
            parts.append(f"\n**{title}**, told apart from no augmentation: {'; '.join(told)}.")
    return "\n".join(parts) + "\n"


def _told(count: int, one: Difference) -> str:
    return f"{METHODS[one.first].title} on {count:,} ({'+' * (one.value >= 0)}{significant(one.value, 3)}, p = {one.corrected:.2g})"


INTRODUCTION = f"""\
# How many pictures?

The same DCGAN (drawn faces of {COMPARISON.base.dataset.image_size} px, {COMPARISON.base.training.max_steps:,} steps of {COMPARISON.base.training.batch_size}
pictures) on few and on many pictures: without augmentation, with color, translation and cutout on all that D sees (DiffAugment, Zhao et al. 2020),
and on an adaptive share of it (ADA, Karras et al. 2020, here from 0 to 1 within {METHODS["ada"].settings["augmentation.ramp_images"]:,} pictures). {NUM_IMAGES:,} generated
against as many held-out pictures. In brackets: the 95 % t interval over seeds; three seeds make it wide. Differences from no augmentation are Welch's
t-tests, corrected for all of a measure (Holm). What the columns mean stands in [metrics.md](metrics.md).

Made by `python -m benchmarks.few_pictures RUNS_DIR`; the figures are in [few-data.json](few-data.json).

![Samples of every method and count](few-data.jpg)

Samples of the first seed, from the same latents. Rows: {", ".join(entry.title for entry in METHODS.values())}. Columns:
{", ".join(f"{count:,}" for count in COUNTS)} pictures.
"""


def main() -> None:
    """Makes what is missing, and the page after every run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs_dir", type=Path, help="where the runs are, or will be")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="how many, from 0 on")
    parser.add_argument("--counts", default=",".join(map(str, COUNTS)), help="pictures, separated by commas")
    parser.add_argument("--out", type=Path, default=FILE.parent, help="folder of few-data.json and few-data.md")
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    worker.keep_freed_memory()
    file, counts = args.out / FILE.name, {int(count) for count in args.counts.split(",")}
    found: dict[str, Any] = read_strictly(file) if file.exists() else {"rows": []}
    done = {(row["method"], row["count"], row["seed"]) for row in found["rows"]}
    for arm in COMPARISON.arms:
        config = COMPARISON.config(arm)
        method, count, seed = arm.name.partition("-")[0], config.dataset.num_images, get(config, "training.seed")
        if (method, count, seed) in done or seed >= args.seeds or count not in counts:
            continue
        values = measured(trained(COMPARISON, arm, args.runs_dir, TITLE))
        found["rows"].append({"method": method, "count": count, "seed": seed, "values": values})
        write_atomically(file, (json.dumps(found, indent=1) + "\n").encode())
        write_atomically(file.with_suffix(".md"), page(found).encode())
        print(f"{arm.title}: {values}", flush=True)
    if {(row["method"], row["count"]) for row in found["rows"] if row["seed"] == SEEDS[0]} >= set(
        product(METHODS, COUNTS)
    ):
        drawn = io.BytesIO()
        picture(args.runs_dir).save(drawn, "JPEG", quality=90)
        write_atomically(args.out / PICTURE.name, drawn.getvalue())


if __name__ == "__main__":
    main()
