"""Trains the presets on embedded pictures that RUNS_DIR lacks, one after the other on one thread, and writes docs/presets.md.

    python tools/presets_page.py RUNS_DIR [--only r1-dcgan-lite,r5-vae-lite] [--steps N] [--out FOLDER]

The figures go to docs/presets.json, the pictures to docs/presets/; a preset without a finished run in RUNS_DIR keeps the figures
that it had. Minutes are processor time of the whole command, preparing and probes included. With --steps a look at the page
takes seconds, and the figures mean nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run from anywhere, installed or not
from PIL import Image

from gan_core import datasets, runs
from gan_core.config import RunConfig
from gan_core.datasets import DATASETS
from gan_core.evaluation import extractors, metrics
from gan_core.evaluation import measure as measuring
from gan_core.evaluation.conditional import evaluate
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.intervals import mean_of
from gan_core.figures import imaging
from gan_core.models.kinds import kind_of
from gan_core.presets import PRESETS
from gan_core.runs import Run
from gan_core.runs import sampler as sampling
from gan_core.runs.autoencoder import open_autoencoder

DOCS = Path(__file__).resolve().parent.parent / "docs"
NUM_IMAGES = 1000
SHOWN, COLUMNS, SEED = 24, 12, 1
PROCESSOR_SECONDS = ".processor-seconds"  # folder beside the runs: of each one's training
MEASURED = ("fd", "precision", "recall", "coverage")
SAW = {
    "r1-dcgan": "G's loss very high at first, settles after 2 of 10 epochs",
    "r1-dcgan-1000": "useless: too little data",
    "r2-cgan": "38/72 = 0.528 on test.json after 75 epochs",
    "r2-ratio-1-1": "learns",
    "r2-ratio-3-7": "learns",
    "r2-ratio-0-1": "never learns: a zero weight",
    "r2-ratio-7-3": "slightly better than 1:1 (one run; standard error 0.059)",
    "r2-ratio-1-0": "never learns: a zero weight",
    "r3-dcgan": "20 samples, best and worst marked; no figure",
    "r3-wgan": "20 samples, best and worst marked; no figure",
    "r3-collapse": "near-identical hair shape, eyes and face angle",
    "r3-fixed": "variety restored",
    "r3-wgan-gp": "(the assignment's other choice; no figure)",
    "r3-lsgan": "(the assignment's other choice; no figure)",
    "r3-sngan": "(the assignment's other choice; no figure)",
    "r4-a": "rough outlines; D 1.21, G 11.30",
    "r4-b": "G's loss declining; D 1.02, G 6.89",
    "r4-c": "sex and hair visible; D 3.33, G 8.04",
    "r4-d": "some faces clear, one of the two best; D 0.18, G 5.25",
    "r4-e": "dead: D 0.0000, G 86.46, all images identical",
    "r4-f": "like paintings; D 0.52, G 4.86",
    "r4-g": "one of the two best; D 0.22, G 2.84",
    "r4-h": "D 0.36, G 2.51",
    "r5-vae": "test MSE 0.0076 on 2,621 photographs",
    "r5-gan": "sharper than the VAE, harder to train; D wins in the end",
    "r5-acgan": "the attribute loss falls faster than the adversarial one",
}


def main() -> None:
    """Trains what is missing, measures it and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs_dir", type=Path, help="where the runs are, or will be")
    parser.add_argument("--only", default="", help="which presets, separated by commas")
    parser.add_argument("--steps", type=int, help="so many steps of each, to try the page")
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of presets.json, presets.md and presets/")
    args = parser.parse_args()
    names = args.only.split(",") if args.only else trained_here()
    if strange := set(names) - set(trained_here()):
        parser.error(f"Presets of this page are {', '.join(trained_here())}; not {', '.join(sorted(strange))}.")
    torch.set_num_threads(1)
    for name in names:
        run = finished(args.runs_dir, name)
        if run is None:
            run = train(args.runs_dir, name, args.steps)
        rows = kept(args.out)
        if not as_it_is(rows.get(name, {}), run):
            row = measured(name, run, args.out)
            rows = {**kept(args.out), name: row}  # another process may have added its own meanwhile
            (args.out / "presets.json").write_text(json.dumps(rows, indent=1) + "\n")
            print(name, row["score"], flush=True)
    (args.out / "presets.md").write_text(page(kept(args.out)), encoding="utf-8")


def kept(out: Path) -> dict[str, Any]:
    """The rows so far."""
    file = out / "presets.json"
    return dict(json.loads(file.read_text())) if file.exists() else {}


def train(runs_dir: Path, name: str, steps: int | None) -> Run:
    """Trains a preset as it stands, on one thread, and notes its processor time beside the run. Raises RuntimeError if it fails."""
    command = [sys.executable, "-m", "gan_core", "train", name, "--name", name, "--runs-dir", str(runs_dir)]
    command += ["--set", "training.threads=1"] + ([] if steps is None else ["--set", f"training.max_steps={steps}"])
    pid = os.posix_spawn(command[0], command, {**os.environ, "OMP_NUM_THREADS": "1"})
    _, status, used = os.wait4(pid, 0)
    run = finished(runs_dir, name)
    if status or run is None:
        raise RuntimeError(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}.")
    note = runs_dir / PROCESSOR_SECONDS / run.id
    note.parent.mkdir(exist_ok=True)
    note.write_text(f"{used.ru_utime + used.ru_stime:.0f}")
    return run


def as_it_is(row: dict[str, Any], run: Run) -> bool:
    """Whether a row is of this run, in the features of today's extractor."""
    return row.get("run") == run.id and row["extractor"] == extractors.open_extractor(run.config()).name


def trained_here() -> list[str]:
    """The presets of this page, in their order: those on embedded pictures."""
    return [
        name
        for name, preset in PRESETS.items()
        if preset.minutes and DATASETS[preset.config.dataset.name].domain != "points"
    ]


def finished(folder: Path, name: str) -> Run | None:
    """The newest finished run of a preset, exactly as the preset is."""
    for run in runs.list_runs(folder):
        if run.config().preset == name and run.name == name and run.status().state == "finished":
            return run
    return None


def measured(name: str, run: Run, out: Path) -> dict[str, Any]:
    """What is said of one run."""
    config, status = run.config(), run.status()
    last = json.loads(run.metrics_path.read_text().splitlines()[-1])
    sampler = sampling.open_sampler(run)
    shown = sampler.images(sampling.latents(SHOWN, sampler.latent_dim, SEED), labels_for(sampler, config))
    (out / "presets").mkdir(exist_ok=True)
    Image.fromarray(imaging.grid(shown, columns=COLUMNS)).save(out / "presets" / f"{name}.jpg", quality=88)
    rows = measuring.measure(run, num_images=NUM_IMAGES, seed=SEED, metrics=MEASURED)
    noted = run.path.parent / PROCESSOR_SECONDS / run.id
    return {
        "run": run.id,
        "minutes": round(int(noted.read_text()) / 60, 1) if noted.exists() else None,
        "steps": status.step,
        "images_seen": status.images_seen,
        "num_images": status.num_images,
        "last": {key: last[key] for key in last if key.startswith(("loss/", "prob/", "score/"))},
        "extractor": rows[0].extractor,
        "score": scores(run, config),
        **{row.metric: {**vars(row.estimate), "real": row.real, "num_real": row.num_real} for row in rows},
    }


def labels_for(sampler: sampling.Sampler, config: RunConfig) -> npt.NDArray[np.float32] | None:
    """Labels as they are in the training images, so that the mixture is the data's own."""
    if not config.conditioning.labels:
        return None
    data = datasets.prepare(config.dataset).with_labels(config.conditioning.labels)
    return np.asarray(data.labels[np.arange(SHOWN)], np.float32)


def scores(run: Run, config: RunConfig) -> str:
    """The score that the preset's own task has, in words; empty where it has none."""
    if kind_of(config).encodes:
        coder = open_autoencoder(run)
        test = datasets.prepare(config.dataset.model_copy(update={"split": "test", "num_images": 0})).images
        _, errors = coder.measure(np.array(test))
        found = mean_of(errors)
        return f"test MSE {found.value:.4f} ± {found.high - found.value:.4f} on {found.count:,}"
    if not config.conditioning.labels:
        return ""
    lists = evaluate(run).lists.items()
    return "; ".join(f"{name} {found.score}, chance {found.chance:.3f}" for name, found in lists)


def page(rows: dict[str, Any]) -> str:
    """The Markdown page."""
    parts = [INTRODUCTION, *twins(rows)]
    for name in trained_here():
        if name not in rows:
            continue
        row = rows[name]
        preset = PRESETS[name]
        losses = ", ".join(f"{key} {value:.3g}" for key, value in row["last"].items() if key.startswith("loss/"))
        probabilities = ", ".join(f"{key} {value:.2f}" for key, value in row["last"].items() if key.startswith("prob/"))
        counts = f"{row['num_images']:,} images, {row['steps']:,} steps, {row['images_seen']:,} images seen"
        minutes = "" if row["minutes"] is None else f", **{row['minutes']} min**"
        lines = [
            f"## `{name}`\n\n{preset.title}. {counts}{minutes}.\n\n![Samples of {name}](presets/{name}.jpg)\n\n| | |\n|---|---|",
            f"| the report saw | {SAW.get(name.removesuffix('-lite'), '')} |",
            f"| look for | {preset.look_for} |",
            f"| score | {row['score']} |",
            f"| against real images | {marks(row)} |",
            f"| last step | {losses}{'; ' if probabilities else ''}{probabilities} |\n",
        ]
        parts.append("\n".join(line for line in lines if not line.endswith("|  |")))
    return "\n".join(parts)


def twins(rows: dict[str, Any]) -> list[str]:
    """What two rows of one experiment say of the luck of a run; nothing unless both are there."""
    names = ("r2-cgan-lite", "r2-ratio-1-1-lite")
    if not set(names) <= set(rows):
        return []
    first, second = (
        f"Fréchet distance {rows[name]['fd']['value']:.3g}, {rows[name]['score'].split(' (')[0]}, last loss/d {rows[name]['last']['loss/d']:.2g}"
        for name in names
    )
    return [
        "**One experiment, twice.** `r2-cgan-lite` weighs D's two losses 1:1 and `r2-ratio-1-1-lite` 0.5:0.5. Adam divides each gradient by its own "
        "running size, so a common factor cancels (Kingma and Ba 2015, section 2.1; only its 1e-8 in the denominator and rounding are left): with the same "
        f"seed these are the same run, until rounding has grown. They ended with {first}, and {second}. So much is luck, and no difference of that size between two other "
        "rows of this page says anything of their settings. In R3 the halving of D's loss, the mean of its two halves, changes as little.\n"
    ]


def marks(row: dict[str, Any]) -> str:
    """The metrics of a row."""
    return "<br>".join(f"{metrics.METRICS[key].title} {_estimate(row[key])}" for key in MEASURED)


def _estimate(values: dict[str, Any]) -> str:
    """A metric with its interval and the best value to expect."""
    found = Estimate(values["value"], values["low"], values["high"], values["count"], values["method"])
    return f"{found}; real images {values['real']:.3g}"


INTRODUCTION = f"""# The lite presets, trained

Each preset on embedded pictures was trained to its end as it stands, on a CPU, with one thread. Minutes are processor time of one thread, with
preparing and probes. The pictures are the first {SHOWN} samples of seed {SEED}, not chosen.

*Against real images*: {NUM_IMAGES:,} samples against held-out images, in the features of the
extractor of that data set ([metrics.md](metrics.md), "Who looks"), with 95 % intervals from half-samples; beside each the value of real (training) images in
the samples' place, the best to expect. Only rows on the same data set can be compared; they are no FID. One run each, one
seed: the intervals hold the sampling of images, not the luck of training.

Made by `python tools/presets_page.py RUNS_DIR`; the figures are in [presets.json](presets.json).
"""

if __name__ == "__main__":
    main()
