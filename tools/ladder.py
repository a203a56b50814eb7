"""A ladder of pictures that get worse, and what the metrics say of them in several stages of the evaluators' networks.

    python tools/ladder.py          prints the tables of docs/metrics.md

Blurred: training images through a quarter of their size. Coarse noise: 8 x 8 random patches made smooth. Noise: every value
by itself at random. Grey: one even grey. Each stands against unseen images.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run from anywhere, installed or not
from gan_core.config.settings import PROJECT_DIR
from gan_core.datasets.base import Uint8Array
from gan_core.datasets.batches import to_signed
from gan_core.datasets.sources import blocks, faces, mnist5k
from gan_core.evaluation import extractors
from gan_core.evaluation.evaluators import EvaluatorFolder, read_folder
from gan_core.evaluation.evaluators.evaluator import open_evaluator
from gan_core.evaluation.extractors import Extractor
from gan_core.evaluation.metrics import weighted

METRICS = ("fd", "kd", "precision", "recall", "density", "coverage")
GENERAL = {"general, blocks": "blocks", "general, digits": "digits"}
"""The general-purpose extractor, that of the faces, on pictures of others: colour and grey."""
STAGES = ((4,), (2, 3), (2, 3, 4), (1, 2, 3, 4))


def pictures(name: str, num: int, *, unseen: bool) -> Uint8Array:
    """Pictures (num, C, S, S) of the data set of an evaluator, that it learned from or not."""
    name = GENERAL.get(name, name)
    if name in ("digits", "planes"):
        planes = 3 if name == "planes" else 1
        digits = mnist5k.arrays()[0]
        some = digits[4500:] if unseen else digits[:4500:3]
        drawn = [np.asarray(mnist5k.pad_and_resize(digit, 32)) for digit in some[: num * planes]]
        return np.stack(drawn).reshape(num, planes, 32, 32)
    draw = {"blocks": blocks.draw, "faces": faces.draw}[name]
    return draw(1 if unseen else 0, range(num), 64)[0]


def resized(images: torch.Tensor, size: int) -> torch.Tensor:
    return F.interpolate(images, (size, size), mode="bilinear", antialias=True, align_corners=False)


def rungs(name: str, num: int) -> dict[str, Uint8Array]:
    """The pictures of each rung, (num, C, S, S)."""
    real = pictures(name, num, unseen=False)
    size, rng = real.shape[-1], np.random.default_rng(0)
    patches = rng.integers(0, 256, (*real.shape[:2], 8, 8))
    made = {
        "blurred": resized(resized(torch.tensor(real).float(), size // 4), size),
        "coarse noise": resized(torch.tensor(patches).float(), size),
        "noise": torch.tensor(rng.integers(0, 256, real.shape)),
        "grey": torch.full(real.shape, 128),
    }
    return {"real": real, **{rung: images.round().clamp(0, 255).byte().numpy() for rung, images in made.items()}}


def extractor_of(name: str) -> Extractor:
    """The shipped extractor "digits", "faces" or "blocks"; "planes" is that of stacked digits, and GENERAL has the general one."""
    if name in GENERAL:
        return extractors.open_general(_folder("faces"))
    return extractors.open_folder(_folder(name), planes=name == "planes")


def _folder(name: str) -> EvaluatorFolder:
    return read_folder(PROJECT_DIR / "checkpoints/pretrained/evaluators" / ("digits" if name == "planes" else name))


def by_stages(name: str, num: int) -> list[str]:
    """Lines of a table: precision of each rung, by the stages whose pooled outputs are the features."""
    network = open_evaluator(_folder(name))._network
    seen = {}
    for rung, images in {"unseen": pictures(name, num, unseen=True), **rungs(name, num)}.items():
        with torch.inference_mode():
            parts = [network.pooled(to_signed(torch.tensor(part))) for part in np.array_split(images, 6)]
        seen[rung] = [torch.cat(stage).double().numpy() for stage in zip(*parts, strict=True)]
    lines = []
    for stages in STAGES:
        scaled = {
            rung: np.concatenate([found[s - 1] / seen["real"][s - 1].std(axis=0) for s in stages], axis=1)
            for rung, found in seen.items()
        }
        values = [weighted("precision", scaled["unseen"], scaled[rung]).value for rung in scaled if rung != "unseen"]
        title = "+".join(map(str, stages))
        lines.append(f"| {name} | {title} | " + " | ".join(f"{value:.2f}" for value in values) + " |")
    return lines


def main(num: int = 300) -> None:
    """Prints both tables."""
    torch.set_num_threads(1)
    print("| | | real | blurred | coarse noise | noise | grey |\n|---|---|---|---|---|---|---|")
    for name in ("digits", "faces", "blocks", *GENERAL):
        extractor = extractor_of(name)
        unseen = extractor.features(pictures(name, num, unseen=True)).features
        found = {rung: extractor.features(images).features for rung, images in rungs(name, num).items()}
        for metric in METRICS:
            values = [f"{weighted(metric, unseen, seen).value:.3g}" for seen in found.values()]
            print(f"| {name} | `{metric}` | {' | '.join(values)} |")
    print("\n| | stages | real | blurred | coarse noise | noise | grey |\n|---|---|---|---|---|---|---|")
    for name in ("digits", "faces", "blocks"):
        print("\n".join(by_stages(name, num)), flush=True)


if __name__ == "__main__":
    main()
