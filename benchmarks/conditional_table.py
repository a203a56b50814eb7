"""R2's question of five families at equal budget: the study of `gan_core.experiments.conditional_table`, measured.

    python -m benchmarks.conditional_table RUNS_DIR [--seeds 3] [--methods cgan,diffusion]

Trains the runs that RUNS_DIR lacks, one after the other on one thread, seed by seed, and scores each with the shipped evaluator.
docs/conditional.json and docs/conditional.md are written after every run: stop it when you like, start it again to go on.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.lessons import trained
from gan_core.config import read_strictly
from gan_core.evaluation import conditional
from gan_core.experiments.conditional_table import COMPARISON, FILE, LISTS, METHODS, PUBLISHED, SEEDS, rows
from gan_core.runs.files import write_atomically
from gan_core.training import worker

TITLE = "R2's table"


def page(found: Mapping[str, Any]) -> str:
    """docs/conditional.md from the content of FILE."""
    parts = [
        INTRODUCTION,
        f"| method | seeds | {' | '.join(LISTS)} | seconds of the quickest run | how |",
        "|---" * (4 + len(LISTS)) + "|",
    ]
    for row in rows(found):
        method, cells = METHODS[row.method], " | ".join(str(row.estimate(name)) for name in LISTS)
        parts.append(f"| {method.title} | {len(row.values[LISTS[0]])} | {cells} | {row.seconds:,.0f} | {method.note} |")
    return "\n".join(parts) + "\n"


INTRODUCTION = f"""\
# R2's question, asked of five families

24 objects on demand: the share of the objects asked for that the shipped evaluator finds, on R2's list `test` and on `new_test`, whose combinations no
training picture shows; 32 conditions each, chance about 0.1. Rendered blocks of {COMPARISON.base.dataset.image_size} px; each method sees
{COMPARISON.base.dataset.num_images:,} pictures {COMPARISON.base.training.epochs} times with a recipe of its own (equal budget: pictures seen, not time). In brackets: the 95 % t
interval over seeds, cut to 0 and 1; with one seed it is all of that.

Published, with another evaluator on i-CLEVR and much longer trainings: {PUBLISHED}. The figures are not comparable with these, and nor is the
order: WGAN-GP makes one step of G for five of D, a fifth of the cGAN's in the same pictures.

Made by `python -m benchmarks.conditional_table RUNS_DIR`; the figures are in [conditional.json](conditional.json).
"""


def main() -> None:
    """Makes what is missing, and the page after every run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs_dir", type=Path, help="where the runs are, or will be")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="how many, from 0 on")
    parser.add_argument("--methods", default=",".join(METHODS), help="which, separated by commas")
    parser.add_argument("--out", type=Path, default=FILE.parent, help="folder of conditional.json and conditional.md")
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    worker.keep_freed_memory()
    file, methods = args.out / FILE.name, [name for name in args.methods.split(",") if METHODS.find(name)]
    found: dict[str, Any] = read_strictly(file) if file.exists() else {"rows": []}
    done = {(row["method"], row["seed"]) for row in found["rows"]}
    for arm in COMPARISON.arms:
        method, _, seed = arm.name.rpartition("-")
        if (method, int(seed)) in done or int(seed) >= args.seeds or method not in methods:
            continue
        run = trained(COMPARISON, arm, args.runs_dir, TITLE)
        scores = conditional.evaluate(run).lists
        values = {name: round(scores[name].score.ratio, 6) for name in LISTS}
        seconds = round(run.status().seconds, 1)
        found["rows"].append({"method": method, "seed": int(seed), "seconds": seconds, "values": values})
        write_atomically(file, (json.dumps(found, indent=1) + "\n").encode())
        write_atomically(file.with_suffix(".md"), page(found).encode())
        print(f"{arm.title}: {values}, {seconds:,.0f} s", flush=True)


if __name__ == "__main__":
    main()
