"""How honest the intervals are: every metric of made-up images whose truth is known, again and again.

    python -m benchmarks.intervals [--trials 200]      writes docs/intervals.json and docs/intervals.md
    python -m benchmarks.intervals --trials 2 --out FOLDER

A trial draws new real and new generated images and measures all metrics with their intervals, for two generators: one that is
a little off, and one that copies training images in 30 % of its draws. Then the measures of copying for known copiers, and
how often two generators that are equal are told apart (Holm).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from gan_core.config.settings import PROJECT_DIR
from gan_core.evaluation.features import ImageFeatures
from gan_core.evaluation.metrics import METRICS, Material, Metric, silent
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.half_samples import half_sample_estimate
from gan_core.evaluation.statistics.intervals import Count, wilson
from gan_core.evaluation.statistics.tests import of_replicates, together

Array = npt.NDArray[np.float64]
SEED, TRIALS, REPEATS = 0, 200, 50
COUNT, WIDTH, LEARNED, KINDS, SIDE = 400, 8, 2000, 10, 12
SHIFT, SCALE = 0.2, 0.8  # of the generator; real features are standard normal
SHARES = np.arange(1, KINDS + 1) / np.arange(1, KINDS + 1).sum()  # of the kinds that it draws; real ones are equal
COPIED, KNOWN = 0.3, 200  # share of copies in what the second generator draws, and of how many training images
GENERATORS = {"a little off": 0.0, "copies 30 %": COPIED}
COPIERS = {"copier": 1.0, "30 % copier": 0.3, "no copies": 0.0}
COPIER_COUNTS, COPIER_TRIALS = (4500, 500, 1000), 20  # training, held-out and generated images
MEASURES_OF_COPYING = ("copying", "authpct", "ct")


def _kernel_distance() -> float:
    """The kernel distance of both populations: moments of the product of two of their images, up to the third."""
    square, variance = WIDTH * SHIFT**2, SCALE**2
    second = square**2 + 2 * variance * square + WIDTH * variance**2
    third = square**3 + 3 * variance * square * (2 * square + (WIDTH + 2) * variance)
    fake = 1 + 3 * square / WIDTH + 3 * second / WIDTH**2 + third / WIDTH**3
    return 1 + 3 / WIDTH + fake - 2 * (1 + 3 * (SHIFT**2 + variance) / WIDTH)


TRUTH = {
    "fd": WIDTH * (SHIFT**2 + (1 - SCALE) ** 2),
    "fd_inf": WIDTH * (SHIFT**2 + (1 - SCALE) ** 2),
    "kd": _kernel_distance(),
    "diversity": SCALE,
    "mode_kl": float((SHARES * np.log(SHARES * KINDS)).sum()),
}  # of the first generator, of infinitely many images


def images(rng: np.random.Generator, count: int, features: Array, shares: Array) -> tuple[ImageFeatures, Any]:
    """Images with these features (N, WIDTH): their verdicts and kinds, and pixels, uint8 (N, 1, SIDE, SIDE)."""
    kinds = rng.choice(KINDS, size=count, p=shares)
    verdicts = np.exp(4 * np.eye(KINDS)[kinds] + rng.normal(size=(count, KINDS)))
    pixels = 128 + 20 * features[:, :1, None, None] + rng.normal(0, 20, (count, 1, SIDE, SIDE))
    found = ImageFeatures(features, verdicts / verdicts.sum(axis=1, keepdims=True), kinds)
    return found, pixels.clip(0, 255).astype(np.uint8)


def generated(rng: np.random.Generator, count: int, copied: float, known: Array) -> Array:
    """Features that a generator draws (N, WIDTH), of which a share are near copies of some of the known ones."""
    features = SHIFT + SCALE * rng.normal(size=(count, WIDTH))
    copies = known[rng.integers(len(known), size=count)] + rng.normal(0, 1e-3, (count, WIDTH))
    return np.where(rng.random((count, 1)) < copied, copies, features)


def materials(rng: np.random.Generator, copied: float, learned: Array) -> Iterable[Material]:
    """The same new real images with two sets of images of one generator."""
    real, real_pixels = images(rng, COUNT, rng.normal(size=(COUNT, WIDTH)), np.full(KINDS, 1 / KINDS))
    for _ in range(2):
        fake, pixels = images(rng, COUNT, generated(rng, COUNT, copied, learned[:KNOWN]), SHARES)
        yield Material(real, fake, real_pixels, pixels, learned=learned, training_kinds=np.arange(KINDS))


def measured(metric: Metric, material: Material) -> tuple[Estimate, Array]:
    """A metric's value with its interval, and its replicates."""
    found = metric.weighted(material, silent)
    if found is None:
        raise ValueError(f"'{metric.name}' cannot be computed of these images.")
    replicates = found.replicates(REPEATS, SEED)
    return half_sample_estimate(
        found.value, replicates, COUNT, metric.lowest, min(metric.highest, found.highest)
    ), replicates


def intervals(name: str, trials: int) -> tuple[list[dict[str, Any]], Count]:
    """A row for each metric of one of GENERATORS, and in how many trials its two sets were told apart in any metric."""
    copied, rng = GENERATORS[name], np.random.default_rng([SEED, *name.encode()])
    learned = rng.normal(size=(LEARNED, WIDTH))
    kept: dict[str, list[tuple[Estimate, float]]] = {metric: [] for metric in METRICS}
    wrong = 0
    for _ in range(trials):
        first, second = (
            {key: measured(metric, made) for key, metric in METRICS.items()} for made in materials(rng, copied, learned)
        )
        wrong += any(found.differs for found in together(of_replicates(first[key], second[key]) for key in METRICS))
        for key, (estimate, replicates) in first.items():
            kept[key].append((estimate, float(np.std(replicates, ddof=1))))
    truth = {} if copied else TRUTH
    return [_row(key, name, kept[key], truth.get(key)) for key in METRICS], Count(wrong, trials)


def _row(metric: str, generator: str, found: list[tuple[Estimate, float]], truth: float | None) -> dict[str, Any]:
    values = np.array([estimate.value for estimate, _ in found])
    spread, claimed = float(values.std(ddof=1)), float(np.mean([sd for _, sd in found]))
    row = {"metric": metric, "generator": generator, "mean": float(values.mean()), "sd": spread, "claimed": claimed}
    row["ratio"] = claimed / spread if spread else None
    row["covers_mean"] = _covers(found, float(values.mean()))
    return row | ({} if truth is None else {"truth": truth, "covers_truth": _covers(found, truth)})


def _covers(found: list[tuple[Estimate, float]], truth: float) -> list[float]:
    """The share of the intervals that hold the truth, with its own 95 % interval (Wilson)."""
    share = wilson(Count(sum(one.low <= truth <= one.high for one, _ in found), len(found)))
    return [share.value, share.low, share.high]


def copiers(trials: int) -> list[dict[str, Any]]:
    """The measures of copying for generators that copy a known share of all their training images, and for one that is far off."""
    rows = []
    for name, copied in {**COPIERS, "far off": 0.0}.items():
        rng = np.random.default_rng([SEED, *name.encode()])
        values: dict[str, list[Estimate]] = {key: [] for key in MEASURES_OF_COPYING}
        for _ in range(trials):
            learned, held_out, fake = (rng.normal(size=(count, WIDTH)) for count in COPIER_COUNTS)
            copies = learned[rng.integers(len(learned), size=len(fake))]
            fake = np.where(rng.random((len(fake), 1)) < copied, copies, fake) + (3.0 if name == "far off" else 0.0)
            made = Material(ImageFeatures.alone(held_out), ImageFeatures.alone(fake), learned=learned)
            for key, found in values.items():
                found.append(measured(METRICS[key], made)[0])
        means = {key: float(np.mean([one.value for one in found])) for key, found in values.items()}
        spreads = {f"{key}_sd": float(np.std([one.value for one in found], ddof=1)) for key, found in values.items()}
        rows.append(
            {
                "generator": name,
                **means,
                **spreads,
                "above_0.6": sum(one.low > 0.6 for one in values["copying"]) / trials,
            }
        )
    return rows


def page(found: dict[str, Any]) -> str:
    """docs/intervals.md."""

    def share(covers: list[float] | None) -> str:
        return "" if covers is None else f"{covers[0]:.0%} ({covers[1]:.0%} to {covers[2]:.0%})"

    lines = [
        "# Are the intervals honest?",
        "",
        f"Made by `{found['command']}` (seed {found['seed']}): {found['trials']} trials, in each {COUNT} new real and {COUNT} new "
        f"generated images of {WIDTH} numbers, measured as the program does it, with {REPEATS} half-samples. “Claimed” is the standard "
        "deviation behind the interval, “true” that of the values over the trials. “Covers” says how often the 95 % interval holds "
        "the mean of the values at this count, and the value for infinitely many images where it is known; in brackets Wilson's "
        "95 % interval for so many trials.",
        "",
        "| metric | generator | mean | true sd | claimed sd | ratio | covers the mean | for infinitely many | covers it |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in found["rows"]:
        ratio = "–" if row["ratio"] is None else f"{row['ratio']:.2f}"
        truth = f"{row['truth']:.3g}" if "truth" in row else ""
        lines.append(
            f"| `{row['metric']}` | {row['generator']} | {row['mean']:.3g} | {row['sd']:.2g} | {row['claimed']:.2g} | {ratio} | "
            f"{share(row['covers_mean'])} | {truth} | {share(row.get('covers_truth'))} |"
        )
    training, held_out, fake = COPIER_COUNTS
    lines += [
        "",
        "## Copiers",
        "",
        f"{training:,} training, {held_out:,} held-out and {fake:,} generated images; means over {found['copier_trials']} trials (standard deviation).",
        "",
        "| generator | `copying` | `authpct` | `ct` | interval of `copying` above 0.6 |",
        "|---|---|---|---|---|",
    ]
    for row in found["copiers"]:
        values = " | ".join(f"{row[key]:.3f} ({row[f'{key}_sd']:.3f})" for key in MEASURES_OF_COPYING)
        lines.append(f"| {row['generator']} | {values} | {row['above_0.6']:.0%} |")
    lines += ["", "## False verdicts", ""]
    for name, covers in found["false_verdicts"].items():
        lines.append(
            f"- Two sets of images of one generator ({name}), the same real images and seed, all {len({row['metric'] for row in found['rows']})} metrics after Holm's correction: "
            f"told apart in {share(covers)} of the trials; at most 5 % are promised."
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--out", type=Path, default=PROJECT_DIR / "docs")
    options = parser.parse_args()
    copier_trials = min(COPIER_TRIALS, options.trials)
    rows, verdicts = [], {}
    with threadpool_limits(1):
        for name in GENERATORS:
            made, wrong = intervals(name, options.trials)
            rows += made
            verdicts[name] = [wilson(wrong).value, *wilson(wrong).interval]
        found = {
            "command": "python -m benchmarks.intervals" + (f" --trials {options.trials}" if options.trials != TRIALS else ""),
            "seed": SEED, "trials": options.trials, "repeats": REPEATS, "copier_trials": copier_trials, "rows": rows,
            "copiers": copiers(copier_trials), "false_verdicts": verdicts,
        }  # fmt: skip
    (options.out / "intervals.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (options.out / "intervals.md").write_text(page(found), encoding="utf-8")
    print(page(found))


if __name__ == "__main__":
    main()
