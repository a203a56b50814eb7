"""A ladder of pictures that get worse: what claims quality must say so, with every extractor that is shipped.

Blurred: training images through a quarter of their size. Coarse noise: 8 x 8 random patches made smooth. Noise: every value
by itself at random. Grey: one even grey.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gan_core.config.settings import PROJECT_DIR
from gan_core.datasets.base import Uint8Array
from gan_core.datasets.sources import blocks, faces, mnist5k
from gan_core.evaluation import extractors
from gan_core.evaluation.evaluators import read_folder
from gan_core.evaluation.features import ImageFeatures
from gan_core.evaluation.metrics import METRICS, Material, silent

NUM = 150
EXTRACTORS = ("digits", *(pytest.param(name, marks=pytest.mark.slow) for name in ("faces", "blocks", "planes")))
NO_BETTER_THAN_NOTHING = 0.05


def pictures(name: str, *, unseen: bool) -> Uint8Array:
    """NUM pictures (N, C, S, S) of the data set of an evaluator, that it learned from or not."""
    if name in ("digits", "planes"):
        planes = 3 if name == "planes" else 1
        digits = mnist5k.arrays()[0]
        some = digits[4500:] if unseen else digits[:4500:3]
        drawn = [np.asarray(mnist5k.pad_and_resize(digit, 32)) for digit in some[: NUM * planes]]
        drawn = [drawn[i % len(drawn)] for i in range(NUM * planes)]
        return np.stack(drawn).reshape(NUM, planes, 32, 32)
    draw = {"blocks": blocks.draw, "faces": faces.draw}[name]
    return draw(1 if unseen else 0, range(NUM), 64)[0]


def resized(images: torch.Tensor, size: int) -> torch.Tensor:
    return F.interpolate(images, (size, size), mode="bilinear", antialias=True, align_corners=False)


def rungs(name: str) -> dict[str, Uint8Array]:
    """The pictures of each rung, (NUM, C, S, S)."""
    real = pictures(name, unseen=False)
    size, rng = real.shape[-1], np.random.default_rng(0)
    patches = rng.integers(0, 256, (*real.shape[:2], 8, 8))
    made = {
        "blurred": resized(resized(torch.tensor(real).float(), size // 4), size),
        "coarse noise": resized(torch.tensor(patches).float(), size),
        "noise": torch.tensor(rng.integers(0, 256, real.shape)),
        "grey": torch.full(real.shape, 128),
    }
    return {"real": real, **{rung: images.round().clamp(0, 255).byte().numpy() for rung, images in made.items()}}


@pytest.fixture(scope="module", params=EXTRACTORS)
def ladder(request: pytest.FixtureRequest) -> tuple[str, dict[str, dict[str, float]]]:
    """The extractor's name, and each metric of its features at every rung: {metric: {rung: value}}."""
    torch.set_num_threads(1)
    name = request.param
    folder = read_folder(PROJECT_DIR / "checkpoints/pretrained/evaluators" / ("digits" if name == "planes" else name))
    extractor = extractors.open_folder(folder, planes=name == "planes")
    unseen = extractor.features(pictures(name, unseen=True))
    found = {rung: extractor.features(images) for rung, images in rungs(name).items()}
    return name, {
        metric: {rung: value(metric, unseen, seen) for rung, seen in found.items()}
        for metric in ("fd", "kd", "precision", "density", "coverage")
    }


def value(metric: str, real: ImageFeatures, fake: ImageFeatures) -> float:
    weighted = METRICS[metric].weighted(Material(real, fake), silent)
    assert weighted is not None
    return weighted.value


@pytest.mark.parametrize("metric", ["fd", "kd"])
def test_a_distance_grows_down_to_noise(ladder, metric: str):
    name, values = ladder
    at = values[metric]
    assert at["real"] < at["blurred"] < at["coarse noise"] < at["noise"]
    assert at["grey"] > 2 * at["blurred"]
    if name == "faces":  # digits on black and blocks before grey are nearer to an even grey than to noise
        assert at["noise"] < at["grey"]


@pytest.mark.parametrize("metric", ["precision", "density", "coverage"])
def test_a_share_of_good_pictures_falls_down_to_nothing(ladder, metric: str):
    _, values = ladder
    at = values[metric]
    assert at["real"] > at["blurred"] > at["coarse noise"] >= at["noise"] >= at["grey"] == 0
    assert at["real"] > 0.75 and at["noise"] < NO_BETTER_THAN_NOTHING
