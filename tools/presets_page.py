"""Writes docs/presets.md: every lite preset as it was really trained, beside what its report saw.

    for p in $(python -m gan_core presets --json | python -c "import json,sys; [print(r['name']) for r in json.load(sys.stdin)
        if r['name'].endswith('-lite') or r['name'] == 'mnist-dcgan']"); do
      python -m gan_core train $p --set training.threads=1 --name $p --runs-dir RUNS_DIR
    done
    python tools/presets_page.py RUNS_DIR

The figures go to docs/presets.json, the pictures to docs/presets/; a preset without a finished run in RUNS_DIR keeps the figures
that it had.
"""

from __future__ import annotations

import json
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
from gan_core.evaluation import extractors, metrics
from gan_core.evaluation.conditional import evaluate
from gan_core.evaluation.extractors import Extractor
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
MEASURED = ("fd", "precision", "recall", "coverage")
SAW = {
    "mnist-dcgan": "(not a report's: the first two minutes)",
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
    """Measures the runs of a folder and writes the page."""
    torch.set_num_threads(2)
    file = DOCS / "presets.json"
    rows: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    for name in lite_presets():
        run = finished(Path(sys.argv[1]), name)
        if run is not None and not as_it_is(rows.get(name, {}), run):
            rows[name] = measured(name, run)
            print(name, rows[name]["score"], flush=True)
            file.write_text(json.dumps(rows, indent=1) + "\n")
    (DOCS / "presets.md").write_text(page(rows), encoding="utf-8")


def as_it_is(row: dict[str, Any], run: Run) -> bool:
    """Whether a row is of this run, in the features of today's extractor."""
    return row.get("run") == run.id and row["extractor"] == extractors.open_extractor(run.config()).name


def lite_presets() -> list[str]:
    """The presets that are trained here, in their order."""
    return [name for name in PRESETS if name.endswith("-lite") or name == "mnist-dcgan"]


def finished(folder: Path, name: str) -> Run | None:
    """The newest finished run of a preset, exactly as the preset is."""
    for run in runs.list_runs(folder):
        if run.config().preset == name and run.name == name and run.status().state == "finished":
            return run
    return None


def measured(name: str, run: Run) -> dict[str, Any]:
    """What is said of one run."""
    config, status = run.config(), run.status()
    last = json.loads(run.metrics_path.read_text().splitlines()[-1])
    sampler = sampling.open_sampler(run)
    fake = sampler.images(sampling.latents(NUM_IMAGES, sampler.latent_dim, SEED), labels_for(sampler, config))
    picture = Image.fromarray(imaging.grid(fake[:SHOWN], columns=COLUMNS))
    picture.save(DOCS / "presets" / f"{name}.jpg", quality=88)
    extractor = extractors.open_extractor(config)
    return {
        "run": run.id,
        "minutes": round(status.seconds / 60, 1),
        "steps": status.step,
        "images_seen": status.images_seen,
        "num_images": status.num_images,
        "last": {key: last[key] for key in last if key.startswith(("loss/", "prob/", "score/"))},
        "extractor": extractor.name,
        "score": scores(run, config),
        **{key: vars(value) for key, value in distances(config, extractor, fake).items()},
    }


def labels_for(sampler: sampling.Sampler, config: RunConfig) -> npt.NDArray[np.float32] | None:
    """Labels as they are in the training images, so that the mixture is the data's own."""
    if not config.conditioning.labels:
        return None
    data = datasets.prepare(config.dataset).with_labels(config.conditioning.labels)
    return np.asarray(data.labels[np.arange(NUM_IMAGES) % len(data)], np.float32)


def distances(config: RunConfig, extractor: Extractor, fake: Any) -> dict[str, Estimate]:
    """Each metric of generated images against real ones that the model never saw."""
    test = config.dataset.model_copy(update={"split": "test", "num_images": 0})
    real = datasets.prepare(test).images[:NUM_IMAGES]
    features = [extractor.features(np.asarray(images)).features for images in (real, fake)]
    return {name: metrics.estimate(name, *features, repeats=20) for name in MEASURED}


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
    for name in lite_presets():
        if name not in rows:
            continue
        row = rows[name]
        preset = PRESETS[name]
        losses = ", ".join(f"{key} {value:.3g}" for key, value in row["last"].items() if key.startswith("loss/"))
        probabilities = ", ".join(f"{key} {value:.2f}" for key, value in row["last"].items() if key.startswith("prob/"))
        marks = "; ".join(f"{metrics.METRICS[key].title} {_estimate(key, row[key])}" for key in MEASURED)
        parts.append(
            f"## `{name}`\n\n{preset.title}. {row['num_images']:,} images, {row['steps']:,} steps, {row['images_seen']:,} images "
            f"seen, **{row['minutes']} min**.\n\n![Samples of {name}](presets/{name}.jpg)\n\n"
            "| | |\n|---|---|\n"
            f"| the report saw | {SAW[name.removesuffix('-lite')]} |\n"
            f"| look for | {preset.look_for} |\n"
            + (f"| score | {row['score']} |\n" if row["score"] else "")
            + f"| against real images | {marks} |\n"
            f"| last step | {losses}{'; ' if probabilities else ''}{probabilities} |\n"
        )
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


def _estimate(name: str, values: dict[str, float]) -> str:
    """A metric with its interval, which goes no further than the metric can."""
    low, high = max(values["low"], metrics.METRICS[name].lowest), min(values["high"], metrics.METRICS[name].highest)
    return str(Estimate(values["value"], low, high, NUM_IMAGES, values["method"]))


INTRODUCTION = f"""# The lite presets, trained

Each lite preset was trained to its end as it stands, on a CPU, with one thread; both cores were busy with other work, so the
minutes are rough and on the high side. The pictures are the first {SHOWN} samples of seed {SEED}, not chosen.

*Against real images*: {NUM_IMAGES:,} samples against {NUM_IMAGES:,} real images of the test part (digits: 500 of them), in the features of the
extractor of that data set (docs/metrics.md, "Who looks"), with 95 % intervals from half-samples. Only rows on the same data set
can be compared; they are no FID. One run each, one seed: the intervals hold the sampling of images, not the luck of training.

Made by `python tools/presets_page.py RUNS_DIR`; the figures are in [presets.json](presets.json).

What agrees with the reports, and what does not: a zero weight for real or generated images never learns (R2); the clip of 0.1 draws worse
and less varied pictures than 0.01, though in so short a run they are broken rather than alike (R3); `r3-fixed` is `r3-wgan` again, to the last
bit, as it should be; more epochs help as in R4, but `r4-e` does not die here: D has nearly won (D(x) 0.99) and G repeats its 448 drawings; the
VAE copies truly and blurs, the GAN is sharper (R5). In `r5-acgan-lite` the label loss falls first, as in R5, yet a person, and the evaluator,
would not see the label in the pictures: G satisfies D's label head with less. `faces-acgan`, trained longer, does show it. The conditional runs
of R2 are well above chance and far from the report's 0.528, which took seven times as many steps. Runs marked with many minutes shared their core
with tests.
"""

if __name__ == "__main__":
    main()
