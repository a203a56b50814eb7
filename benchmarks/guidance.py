"""What guidance does to a diffusion model of the 24 objects: how much of what is asked for is there, and what it costs in variety.

    python -m benchmarks.guidance [RUN] [--images 500] [--out FOLDER]

RUN is a run's folder, the shipped blocks-ddpm if none is named. docs/guidance.json and docs/guidance.md are written at the end; about
twenty minutes of one core. The strength is chosen on requests that no test list has, and the test lists are read with all of them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gan_core import datasets
from gan_core.config.settings import APP_DIR, pretrained_dir
from gan_core.evaluation import evaluators, extractors
from gan_core.evaluation.conditional import Labels, condition_lists, score_model
from gan_core.evaluation.evaluators.evaluator import Evaluator, open_evaluator
from gan_core.evaluation.evaluators.scoring import Score, score_images
from gan_core.evaluation.measure import measure_sampler
from gan_core.evaluation.metrics import METRICS
from gan_core.evaluation.statistics.intervals import wilson
from gan_core.latents.denoising import with_dials
from gan_core.runs import Run
from gan_core.runs.sampler import Sampler, open_sampler

FILE = APP_DIR / "docs" / "guidance.json"
GUIDANCES = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
NUM_REQUESTS = 200
MEASURED = ("fd", "recall")


def requests(run: Run, evaluator: Evaluator) -> Labels:
    """What training pictures show (NUM_REQUESTS, L), each set of objects once, none of them on a test list; at random, the same each time.

    Raises ValueError if the run's data have too few.
    """
    config = run.config()
    tested = np.concatenate(list(condition_lists(config, evaluator).values()))
    data = datasets.prepare(config.dataset).with_labels(config.conditioning.labels)
    shown = np.unique(np.asarray(data.labels, np.float32), axis=0)
    free = shown[~(shown[:, None] == tested).all(axis=2).any(axis=1)]
    if len(free) < NUM_REQUESTS:
        raise ValueError(
            f"The training pictures show {len(free)} sets of objects beside the tested ones; {NUM_REQUESTS} are needed."
        )
    return np.random.default_rng(0).permutation(free)[:NUM_REQUESTS]


def row(run: Run, sampler: Sampler, evaluator: Evaluator, asked: Labels, num_images: int) -> dict[str, Any]:
    """What one strength does."""
    names = run.config().conditioning.labels
    drawn = sampler.draw_labelled(asked, run.config().training.seed, len(asked))
    chosen, _ = score_images(evaluator, drawn, asked, names)
    tested = score_model(sampler.forward, sampler.config, evaluator, run.config().training.seed)
    rows = measure_sampler(
        run, sampler, extractors.open_extractor(run.config()), num_images, metrics=[METRICS[name] for name in MEASURED]
    )
    return {
        "guidance": sampler.config.diffusion.guidance,
        **{name: [score.hits, score.requested] for name, score in {"training": chosen, **tested}.items()},
        **{found.metric: [found.estimate.low, found.value, found.estimate.high] for found in rows},
        "real": {found.metric: found.real for found in rows},
        "images": rows[0].estimate.count,
    }


def page(found: dict[str, Any]) -> str:
    """docs/guidance.md from the content of FILE."""
    rows = found["rows"]
    lists = [name for name in rows[0] if name in ("training", "test", "new_test")]
    parts = [
        INTRODUCTION.format(
            sets=found["sets"],
            size=rows[0]["training"][1] / found["sets"],
            nearest=min(rows, key=lambda one: one["fd"][1])["guidance"],
            best=f"{best(rows):g}",
            own=f"{found['guidance']:g}",
            images=rows[0]["images"],
            steps=found["sampling_steps"],
            run=found["run"],
            real=rows[0]["real"],
        ),
        f"| guidance | {' | '.join(lists)} | Fréchet distance | recall |\n" + "|---" * (3 + len(lists)) + "|",
    ]
    for one in rows:
        cells = [_share(Score(*one[name])) for name in lists]
        cells += [f"{value:.3g} ({low:.3g} to {high:.3g})" for low, value, high in (one[name] for name in MEASURED)]
        parts.append(f"| {one['guidance']:g} | {' | '.join(cells)} |")
    return "\n".join(parts) + "\n"


def best(rows: list[dict[str, Any]]) -> float:
    """The strength that finds most of the training pictures' requests; of two alike the weaker."""
    return float(max(rows, key=lambda one: one["training"][0] / one["training"][1])["guidance"])


def _share(score: Score) -> str:
    found = wilson(score)
    return f"{score.hits}/{score.requested} = {found.value:.2f} ({found.low:.2f} to {found.high:.2f})"


INTRODUCTION = """\
# What guidance does

Classifier-free guidance (Ho and Salimans 2022): the denoiser's answer is moved away from its answer without labels, the further the stronger. 0 ignores
the labels, 1 is the plain model. Below: the share of the objects asked for that the shipped evaluator finds in the pictures of
"{run}" ({steps} steps of DDIM), with 95 % intervals (Wilson); *training* asks for {sets:,} sets of
objects that training pictures show and no test list has ({size:.1f} objects each on average), one picture each. By that list alone the
strength **{best}** would be chosen; the model's own is **{own}**, set before it was trained. *test* and *new_test* are R2's lists.
Fréchet distance and recall are of {images:,} pictures with the labels of training pictures against held-out ones (of real pictures in
their place: {real[fd]:.3g} and {real[recall]:.3g}), with 95 % intervals from half-samples. The
distance is smallest at **{nearest:g}**, and grows with more guidance than that: pictures move away from the data, and colours saturate.

Made by `python -m benchmarks.guidance`; the figures are in [guidance.json](guidance.json). One model, one seed.
"""


def main() -> None:
    """Draws with every strength, measures, and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="?", default=pretrained_dir() / "blocks-ddpm", help="the run's folder")
    parser.add_argument("--images", type=int, default=500, help="drawn for distance and recall")
    parser.add_argument("--out", type=Path, default=FILE.parent, help="folder of guidance.json and guidance.md")
    args = parser.parse_args()
    torch.set_num_threads(1)
    run = Run(args.run)
    sampler = open_sampler(run)
    evaluator = open_evaluator(evaluators.require(run.config(), run.name))
    asked, rows = requests(run, evaluator), []
    for guidance in GUIDANCES:
        rows.append(row(run, with_dials(sampler, guidance=guidance), evaluator, asked, args.images))
        print(json.dumps(rows[-1]), flush=True)
    found = {
        "run": run.name,
        "sampling_steps": sampler.config.diffusion.sampling_steps,
        "guidance": sampler.config.diffusion.guidance,
        "sets": len(asked),
        "rows": rows,
    }
    (args.out / FILE.name).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (args.out / FILE.with_suffix(".md").name).write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
